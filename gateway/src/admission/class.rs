//! What kinds of requests there are when not all of them can be answered.

/// A kind of request, by how much it matters that it is answered now. A column of the table of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What operators do: they get in whatever others ask.
    Operate,
    /// Whether something is genuine and in force.
    Verify,
    /// What puts something on file or changes it: licences handed in, revocations, uses of seals.
    Change,
    /// What is known of a person, and codes that stand for it.
    LookUp,
    /// Reading what is on file or on record.
    Read,
    /// What is put together of much: it can be asked for later as well.
    Export,
}

impl Class {
    /// Every class there is.
    pub const ALL: [Self; 6] = [Self::Operate, Self::Verify, Self::Change, Self::LookUp, Self::Read, Self::Export];

    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Verify => "verify",
            Self::Change => "change",
            Self::LookUp => "look-up",
            Self::Read => "read",
            Self::Export => "export",
        }
    }

    /// How full the gateway may be, in thousandths, for this class to be let in still: what can wait leaves room to what cannot.
    #[must_use]
    pub const fn permille(self) -> u32 {
        match self {
            Self::Operate => 1000,
            Self::Verify | Self::Change => 950,
            Self::LookUp => 800,
            Self::Read => 600,
            Self::Export => 250,
        }
    }

    /// Whether it has to wait until there is memory again.
    #[must_use]
    pub const fn waits_for_memory(self) -> bool {
        matches!(self, Self::Read | Self::Export)
    }
}
