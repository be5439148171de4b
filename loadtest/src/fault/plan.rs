//! What goes wrong on the disk.

/// One fault, counted from when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// A sync fails (EIO), and those after it seem to succeed: what it should have written is gone.
    SyncFails {
        /// Syncs that go well before it.
        after: u32,
    },
    /// A sync does not come back until the fault is taken away.
    SyncHangs {
        /// Syncs that go well before it.
        after: u32,
    },
    /// A write fails (EIO).
    WriteFails {
        /// Writes that go well before it.
        after: u32,
    },
    /// There is room for so many bytes more (ENOSPC), until the fault is taken away.
    Full {
        /// How many.
        bytes: u32,
    },
    /// The file system says that there is so much room, and takes whatever is written, until the fault is taken away.
    SaysFull {
        /// MiB.
        free_mib: u32,
    },
    /// Syncs succeed and write nothing, until the fault is taken away. No gateway can stand it: it shows that it is found.
    Forgets,
    /// Writes take half of what they are given, which is no failure.
    ShortWrites {
        /// How many of them.
        many: u32,
    },
}

impl DiskFault {
    /// The words of the control page that ask for it: which, how much goes well before, how many.
    pub(super) const fn words(self) -> [u32; 3] {
        match self {
            Self::SyncFails { after } => [1, after, 0],
            Self::SyncHangs { after } => [2, after, 0],
            Self::WriteFails { after } => [3, after, 0],
            Self::Full { bytes } => [4, bytes, 0],
            Self::ShortWrites { many } => [5, 0, many],
            Self::SaysFull { free_mib } => [6, free_mib, 0],
            Self::Forgets => [7, 0, 0],
        }
    }
}
