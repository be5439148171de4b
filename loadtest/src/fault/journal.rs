//! What the shim wrote down, read: how much of each file was synced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is known of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// So many bytes of it were synced.
    pub(super) synced: u64,
    /// A sync of it failed: what it says of later ones is worth nothing.
    pub(super) is_doubtful: bool,
    /// It is new, and its folder was not synced since.
    pub(super) is_unnamed: bool,
}

/// All files that were written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Journal(pub(super) BTreeMap<PathBuf, Known>);

impl Journal {
    /// Reads it. What is behind the last whole line was not written to its end.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut journal = Self::default();
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            journal.take(line).ok_or_else(|| format!("a line of the journal of faults cannot be read: {line}"))?;
        }
        Ok(journal)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut fields = line.split('\t');
        let (what, size, path, other) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?, fields.next()?);
        let path = Path::new(path);
        match what {
            "N" => drop(self.0.insert(path.to_owned(), Known { is_unnamed: true, ..Known::default() })),
            // Of what was there before, all is taken to be on the disk.
            "O" => drop(self.0.entry(path.to_owned()).or_insert_with(|| Known { synced: size, ..Known::default() })),
            "S" => {
                let known = self.0.entry(path.to_owned()).or_default();
                if !known.is_doubtful {
                    known.synced = known.synced.max(size);
                }
            }
            "F" => self.0.entry(path.to_owned()).or_default().is_doubtful = true,
            "T" => {
                let known = self.0.entry(path.to_owned()).or_default();
                known.synced = known.synced.min(size);
            }
            "D" => {
                let within = self.0.iter_mut().filter(|(file, _)| file.parent() == Some(path));
                within.for_each(|(_, file)| file.is_unnamed = false);
            }
            // A name that was given anew stands for what it is given to: what had it before is not brought back.
            "R" => {
                if let Some(known) = self.0.remove(path) {
                    self.0.insert(PathBuf::from(other), Known { is_unnamed: false, ..known });
                }
            }
            "U" => drop(self.0.remove(path)),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str, path: &str) -> Option<(u64, bool, bool)> {
        let journal = Journal::read(text).unwrap();
        journal.0.get(Path::new(path)).map(|known| (known.synced, known.is_doubtful, known.is_unnamed))
    }

    #[test]
    fn what_was_synced_is_known() {
        let made = "N\t0\t/d/a\t\nS\t10\t/d/a\t\nS\t30\t/d/a\t\n";
        assert_eq!(known(made, "/d/a"), Some((30, false, true)));
        assert_eq!(known(&format!("{made}D\t0\t/d\t\n"), "/d/a"), Some((30, false, false)));
        assert_eq!(known(&format!("{made}D\t0\t/e\t\n"), "/d/a"), Some((30, false, true)));
        assert_eq!(known(&format!("{made}T\t20\t/d/a\t\n"), "/d/a"), Some((20, false, true)));
        assert_eq!(known(&format!("{made}U\t0\t/d/a\t\n"), "/d/a"), None);
        assert_eq!(known(&format!("{made}R\t0\t/d/a\t/d/b\n"), "/d/b"), Some((30, false, false)));
        assert_eq!(known("O\t7\t/d/a\t\nS\t9\t/d/a\t\nO\t40\t/d/a\t\n", "/d/a"), Some((9, false, false)));
        // The last line was not written to its end.
        assert_eq!(known("S\t10\t/d/a\t\nS\t30\t/d/a", "/d/a"), Some((10, false, false)));
        assert!(Journal::read("X\t1\t/d\t\n").is_err() && Journal::read("S\tx\t/d\t\n").is_err());
    }

    #[test]
    fn behind_a_sync_that_failed_none_is_believed() {
        assert_eq!(known("S\t10\t/d/a\t\nF\t30\t/d/a\t\nS\t40\t/d/a\t\n", "/d/a"), Some((10, true, false)));
    }
}
