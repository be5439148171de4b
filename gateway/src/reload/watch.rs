//! Whether the files of the configuration have changed, seen from their outside: what is in them is compared when they are read.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// How files look, each by what changes when it is written, replaced, or reached by another link.
pub(super) type Look = Vec<(PathBuf, Option<Stat>)>;

/// How one file looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    place: (u64, u64),
    size: u64,
    modified: (i64, i64),
}

/// How files look now.
pub(super) fn look(files: Vec<PathBuf>) -> Look {
    let stat = |file: &PathBuf| {
        let found = fs::metadata(file).ok()?;
        Some(Stat { place: (found.dev(), found.ino()), size: found.size(), modified: (found.mtime(), found.mtime_nsec()) })
    };
    files.into_iter().map(|file| (file.clone(), stat(&file))).collect()
}

/// Remembers how files looked.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// When they were read last.
    read: Option<Look>,
    /// The last time.
    last: Option<Look>,
}

impl Watch {
    /// Whether to read them, seen how they look now: they look other than when they were read last, and as they did the last time. So a
    /// file that is being written is not read before it is whole.
    pub(super) fn is_due(&mut self, now: Look) -> bool {
        let is_quiet = self.last.as_ref() == Some(&now);
        let is_due = is_quiet && self.read.as_ref() != Some(&now);
        if is_due {
            self.read = Some(now.clone());
        }
        self.last = Some(now);
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(size: u64) -> Look {
        vec![(PathBuf::from("a"), Some(Stat { place: (1, 1), size, modified: (0, 0) }))]
    }

    #[test]
    fn files_are_read_once_they_are_quiet_and_once_for_each_change() {
        let mut watch = Watch::default();
        let sizes = [1, 1, 1, 2, 3, 3, 3, 1, 1];
        let due: Vec<bool> = sizes.into_iter().map(|size| watch.is_due(looks(size))).collect();
        assert_eq!(due, [false, true, false, false, false, true, false, false, true]);
    }

    #[test]
    fn a_file_that_is_gone_looks_different() {
        let folder = std::env::temp_dir();
        let [(_, there), (_, gone)] = [folder.clone(), folder.join("licet: no such file")].map(|path| look(vec![path]).remove(0));
        assert!(there.is_some() && gone.is_none());
    }
}
