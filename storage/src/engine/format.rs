//! The format of a store: a plain row that says its number, which program wrote it, and what a program must be able to do to read it.

use serde::{Deserialize, Serialize};

use super::OpenError;

/// The key of the format, in [`Space::Hot`](super::Space::Hot) of part 0.
pub const FORMAT_KEY: &[u8] = b"format";

/// The newest format, which this program writes.
pub const FORMAT_NEWEST: u32 = 2;

/// What a store may need of a program, and this program is able to do.
const ABLE: [&str; 1] = ["keyring"];

/// What a store says of its format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// Its number.
    pub format: u32,
    /// The version of the program that wrote it.
    pub written_by: String,
    /// What a program must be able to do to read it.
    pub needs: Vec<String>,
}

impl Format {
    /// What a store of the first format says, and every new database before it is brought to the newest.
    pub(crate) const FIRST: &[u8] = b"1";

    /// The format of this number, as this program writes it.
    #[must_use]
    pub fn of(format: u32) -> Self {
        let needs = if format < 2 { Vec::new() } else { ABLE.map(str::to_owned).to_vec() };
        Self { format, written_by: env!("CARGO_PKG_VERSION").to_owned(), needs }
    }

    /// What a row says.
    ///
    /// # Errors
    /// [`OpenError`] when this program does not know the format, or is not able to do what the store needs.
    pub fn read(row: &[u8]) -> Result<Self, OpenError> {
        if row == Self::FIRST {
            return Ok(Self { format: 1, written_by: "0.1.0".to_owned(), needs: Vec::new() });
        }
        let Ok(told) = serde_json::from_slice::<Self>(row) else {
            let found = String::from_utf8_lossy(row).chars().take(32).collect();
            return Err(OpenError::UnknownFormat { found });
        };
        let unknown: Vec<String> =
            told.needs.iter().filter(|need| !ABLE.contains(&need.as_str())).map(|need| short(need)).collect();
        if told.format > FORMAT_NEWEST || !unknown.is_empty() {
            return Err(OpenError::Newer { format: told.format, written_by: short(&told.written_by), unknown });
        }
        Ok(told)
    }

    /// The row.
    pub(crate) fn row(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What another program wrote, fit to be shown.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_are_written() {
        for number in 2..=FORMAT_NEWEST {
            let format = Format::of(number);
            assert_eq!(Format::read(&format.row()).unwrap(), format);
        }
        assert_eq!(Format::read(Format::FIRST).unwrap().format, 1);
        let row = String::from_utf8(Format::of(2).row()).unwrap();
        assert_eq!(row, format!(r#"{{"format":2,"written_by":"{}","needs":["keyring"]}}"#, env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn what_is_newer_is_refused_by_name() {
        let refused = |row: &str| Format::read(row.as_bytes()).unwrap_err().to_string();
        let newer = refused(r#"{"format":7,"written_by":"0.9.1","needs":["keyring"],"more":1}"#);
        assert!(newer.starts_with("the store was made by licet 0.9.1 in format 7; this is licet "), "{newer}");
        assert!(newer.ends_with(&format!("which knows formats up to {FORMAT_NEWEST}")), "{newer}");
        let needs = refused(r#"{"format":2,"written_by":"0.9.1","needs":["keyring","sm9"]}"#);
        assert!(needs.contains("in format 2, which needs sm9; this is"), "{needs}");
        for strange in ["2", "", "format", r#"{"format":-1}"#] {
            assert!(matches!(Format::read(strange.as_bytes()), Err(OpenError::UnknownFormat { .. })), "{strange}");
        }
    }
}
