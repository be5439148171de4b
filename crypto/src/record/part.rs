//! Parts, and the entry that commits to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::{Sha256, from_hex, to_hex};

/// 16 random bytes that hide what a commitment is to. Serialised as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Salt(pub [u8; 16]);

/// What stands for a part: `SHA-256("licet part v1\n" ‖ salt ‖ text)`.
pub type Commitment = Sha256;

/// What the tree holds of a record: `SHA-256("licet entry v1\n" ‖ number of parts in one byte ‖ commitments)`.
pub type Entry = Sha256;

/// One part of a record: shown, or only committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum Part {
    /// Its text.
    Open {
        /// What hides it from who has the commitment alone.
        salt: Salt,
        /// JSON, byte for byte as it was committed to.
        text: String,
    },
    /// Erased, or not for whoever reads this.
    Closed {
        /// What it was.
        commitment: Commitment,
    },
}

impl Part {
    /// The commitment to the part.
    #[must_use]
    pub fn commitment(&self) -> Commitment {
        match self {
            Self::Open { salt, text } => Sha256::of(&[b"licet part v1\n", &salt.0, text.as_bytes()]),
            Self::Closed { commitment } => *commitment,
        }
    }

    /// The same part without its text.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self::Closed { commitment: self.commitment() }
    }

    /// Its text, if it is open.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Open { text, .. } => Some(text),
            Self::Closed { .. } => None,
        }
    }
}

/// A record, as far as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Stamp, facts, subject, links.
    pub parts: Vec<Part>,
}

impl Opening {
    /// The place of the stamp among the parts.
    pub const STAMP: usize = 0;
    /// The place of the facts.
    pub const FACTS: usize = 1;
    /// The place of what is about a citizen.
    pub const SUBJECT: usize = 2;
    /// The place of the first link.
    pub const LINKS: usize = 3;
    /// The most parts that a record has.
    pub const PARTS_MAX: usize = 19;

    /// The entry that commits to the record.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Self::entry_of(&self.parts.iter().map(Part::commitment).collect::<Vec<_>>())
    }

    /// The entry that commits to parts with these commitments.
    #[must_use]
    pub fn entry_of(commitments: &[Commitment]) -> Entry {
        let count = u8::try_from(commitments.len()).unwrap_or(u8::MAX);
        let commitments: Vec<u8> = commitments.iter().flat_map(|commitment| commitment.0).collect();
        Sha256::of(&[b"licet entry v1\n", &[count], &commitments])
    }

    /// The part at a place, read as what it should be. Nothing where it is closed or missing or something else.
    #[must_use]
    pub fn read<'a, T: Deserialize<'a>>(&'a self, place: usize) -> Option<T> {
        serde_json::from_str(self.parts.get(place)?.text()?).ok()
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        to_hex(&salt.0)
    }
}

impl TryFrom<String> for Salt {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        from_hex(&text).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("a salt has 32 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_a_part_keeps_the_entry() {
        let open = Part::Open { salt: Salt([7; 16]), text: "{}".to_owned() };
        let whole = Opening { parts: vec![open.clone(), open.clone()] };
        let partly = Opening { parts: vec![open.clone(), open.closed()] };
        assert_eq!(whole.entry(), partly.entry());
        assert_ne!(whole.entry(), Opening { parts: vec![open] }.entry());
    }

    #[test]
    fn a_part_is_read_as_it_was_written() {
        let json = r#"{"parts":[{"salt":"07070707070707070707070707070707","text":"{}"},{"commitment":"0000000000000000000000000000000000000000000000000000000000000000"}]}"#;
        let opening: Opening = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&opening).unwrap(), json);
        assert!(serde_json::from_str::<Opening>(r#"{"parts":[{"salt":"07","text":"{}"}]}"#).is_err());
    }
}
