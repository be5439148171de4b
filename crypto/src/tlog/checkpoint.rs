//! Checkpoints (C2SP tlog-checkpoint): what a log says of itself, as the text of a signed note.

use std::fmt;
use std::str::FromStr;

use super::merkle::EMPTY;
use super::text::{decimal, is_plain};
use super::{Hash, Note, TlogError};

/// Which log, how many leaves, and the root of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The checkpoint of a log without extension lines, which are not for new logs.
    ///
    /// # Errors
    /// [`TlogError::Checkpoint`] when the origin is not one line of text, or when a tree without leaves has another root than it
    /// can have.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, TlogError> {
        let one_line = !origin.is_empty() && is_plain(origin) && !origin.contains('\n');
        if !one_line || (size == 0 && root != EMPTY) {
            return Err(TlogError::Checkpoint);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// The checkpoint that a note is about, whoever signed it.
    ///
    /// # Errors
    /// [`TlogError::Checkpoint`].
    pub fn of(note: &Note) -> Result<Self, TlogError> {
        note.text().parse()
    }

    /// As a note for signing.
    ///
    /// # Errors
    /// [`TlogError::NoteLength`] when origin and extensions are very long.
    pub fn note(&self) -> Result<Note, TlogError> {
        Note::new(&self.to_string())
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves its tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of its tree.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Lines of which nothing is known here.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl FromStr for Checkpoint {
    type Err = TlogError;

    fn from_str(text: &str) -> Result<Self, TlogError> {
        if !is_plain(text) {
            return Err(TlogError::Checkpoint);
        }
        let mut lines = text.strip_suffix('\n').ok_or(TlogError::Checkpoint)?.split('\n');
        let mut next = || lines.next().ok_or(TlogError::Checkpoint);
        let (origin, size, root) = (next()?, next()?, next()?);
        let size = decimal(size).ok_or(TlogError::Checkpoint)?;
        let root = root.parse().or(Err(TlogError::Checkpoint))?;
        let mut read = Self::new(origin, size, root)?;
        read.extensions = lines.map(str::to_owned).collect();
        if read.extensions.iter().any(String::is_empty) { Err(TlogError::Checkpoint) } else { Ok(read) }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification.
    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_checkpoint_is_read_as_it_is_written() {
        for text in [TEXT, &format!("{TEXT}extra line\nand another\n"), &TEXT.replace("example.com", "with space+plus 证照")] {
            let read: Checkpoint = text.parse().unwrap();
            assert_eq!((read.to_string().as_str(), read.size()), (text, 20_852_163));
            assert_eq!(Checkpoint::of(&read.note().unwrap()), Ok(read));
        }
        let empty = Checkpoint::new("log", 0, EMPTY).unwrap();
        assert_eq!(empty.to_string().parse(), Ok(empty));
    }

    #[test]
    fn there_is_one_form_alone() {
        for bad in [
            String::new(),
            TEXT.trim_end().to_owned(),
            format!("{TEXT}\n"),
            format!("{TEXT}x\n\ny\n"),
            format!("\n{TEXT}"),
            TEXT.replace("2085", "02085"),
            TEXT.replace("20852163", "+20852163"),
            TEXT.replace("20852163", "18446744073709551616"),
            TEXT.replace("20852163", "0"),
            TEXT.replace("q2I=", "q2J="),
            TEXT.replace("q2I=", "q2I"),
            TEXT.replace('\n', "\r\n"),
            TEXT.replace("example.com/behind-the-sofa", ""),
        ] {
            assert_eq!(bad.parse::<Checkpoint>(), Err(TlogError::Checkpoint), "{bad:?}");
        }
        assert!(Checkpoint::new("two\nlines", 1, EMPTY).is_err());
    }
}
