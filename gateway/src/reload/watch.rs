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
    /// How many attempts had been refused when they were read last.
    refusals: u64,
}

impl Watch {
    /// Whether to read them, seen how they look now: they look other than when they were read last, and as they did the last time. So a
    /// file that is being written is not read before it is whole. They are read as well when somebody else has been refused since: what
    /// was wrong then may have come and gone between two looks. `refusals` are the attempts that were refused, where the last one was.
    pub(super) fn is_due(&mut self, now: Look, refusals: Option<u64>) -> bool {
        let is_quiet = self.last.as_ref() == Some(&now);
        let is_other = self.read.as_ref() != Some(&now) || refusals.is_some_and(|refusals| refusals != self.refusals);
        let is_due = is_quiet && is_other;
        if is_due {
            self.read = Some(now.clone());
        }
        self.last = Some(now);
        is_due
    }

    /// They were read, and so many attempts have been refused by now, where this one was.
    pub(super) fn has_read(&mut self, refusals: Option<u64>) {
        self.refusals = refusals.unwrap_or(self.refusals);
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
        let due: Vec<bool> = sizes.into_iter().map(|size| watch.is_due(looks(size), None)).collect();
        assert_eq!(due, [false, true, false, false, false, true, false, false, true]);
    }

    #[test]
    fn what_somebody_else_was_refused_is_read_once_more() {
        let mut watch = Watch::default();
        let mut look = |size, refusals| watch.is_due(looks(size), refusals);
        assert_eq!([look(1, None), look(1, None), look(1, None)], [false, true, false]);
        // Another file was refused between two looks, and the one of before is back.
        assert!(look(1, Some(1)));
        watch.has_read(None);
        assert!(!watch.is_due(looks(1), None));
        // One that stays refused is read once for each change, whoever was refused.
        assert_eq!([watch.is_due(looks(2), Some(2)), watch.is_due(looks(2), Some(2))], [false, true]);
        watch.has_read(Some(3));
        assert!(!watch.is_due(looks(2), Some(3)));
        assert!(watch.is_due(looks(2), Some(4)));
    }

    #[test]
    fn a_file_that_is_gone_looks_different() {
        let folder = std::env::temp_dir();
        let [(_, there), (_, gone)] = [folder.clone(), folder.join("licet: no such file")].map(|path| look(vec![path]).remove(0));
        assert!(there.is_some() && gone.is_none());
    }
}
