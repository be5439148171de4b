//! A record as far as it can be made without its number: by the threads of those who ask for it, not by the one that all wait for.

use crypto::digest::Sha256;
use crypto::record::{Commitment, KeyKind, LogName, Opening, Part, Salt};
use crypto::time::Timestamp;
use serde::Serialize;

use super::term::Terms;
use super::{Draft, LINKS_MAX};
use crate::error::StorageError;
use crate::keys::{self, Key};
use crate::records::Layout as _;
use crate::vault::{Blind, Vault};

/// The longest facts and subject part together, in bytes: with their quotes escaped, twice, they fit into one value.
const TEXT_BYTES_MAX: usize = 60 * 1024;

/// A part, written as it is in its record, and what stands for it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    json: String,
    text_bytes: usize,
    pub(crate) commitment: Commitment,
}

impl Made {
    pub(crate) fn new(salt: Salt, value: &impl Serialize) -> Result<Self, StorageError> {
        let text = serde_json::to_string(value).map_err(|_error| StorageError::Internal)?;
        let text_bytes = text.len();
        let part = Part::Open { salt, text };
        let json = serde_json::to_string(&part).map_err(|_error| StorageError::Internal)?;
        Ok(Self { json, text_bytes, commitment: part.commitment() })
    }

    /// The bytes of the record of these parts, as [`Opening`] encodes them.
    pub(crate) fn encode(parts: &[&Self]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + parts.iter().map(|made| made.json.len() + 1).sum::<usize>());
        bytes.push(Opening::VERSION);
        bytes.extend(br#"{"parts":["#);
        for (place, made) in parts.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            bytes.extend(made.json.as_bytes());
        }
        bytes.extend(b"]}");
        bytes
    }
}

/// A record without its number.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) log: LogName,
    pub(crate) at: Timestamp,
    pub(crate) facts: Made,
    pub(crate) subject: Made,
    /// Of the stamp, and of each link.
    pub(crate) salts: Vec<Salt>,
    /// The keys of the seals that it is linked to.
    pub(crate) seals: Vec<Sha256>,
    /// Where the pseudonyms of those whom it concerns are.
    pub(crate) holders: Vec<Blind>,
    pub(crate) terms: Terms,
    /// Where it is looked up whether the request has been made before.
    pub(crate) once: Option<Key>,
}

impl Prepared {
    /// Makes what can be made of a draft.
    pub(crate) fn of(draft: &Draft, vault: &Vault) -> Result<Self, StorageError> {
        // People first: nobody is left out when one of them is to be erased.
        let mut holders: Vec<Blind> = Vec::new();
        for number in &draft.holders {
            let blind = keys::subject(vault, number);
            if holders.len() < LINKS_MAX && !holders.contains(&blind) {
                holders.push(blind);
            }
        }
        let mut seals: Vec<Sha256> = Vec::new();
        for seal in &draft.facts.seals {
            let key = seal_key(vault, &seal.id);
            if seals.len() + holders.len() < LINKS_MAX && !seals.contains(&key) {
                seals.push(key);
            }
        }
        let mut salts = salts(vault, 3 + seals.len() + holders.len())?.into_iter();
        let mut salt = || salts.next().ok_or(StorageError::Internal);
        let (facts, subject) = (Made::new(salt()?, &draft.facts)?, Made::new(salt()?, &draft.subject)?);
        if facts.text_bytes + subject.text_bytes > TEXT_BYTES_MAX {
            return Err(StorageError::TooLarge);
        }
        Ok(Self {
            log: draft.log,
            at: draft.at,
            facts,
            subject,
            salts: salts.collect(),
            seals,
            holders,
            terms: Terms::of(draft, vault),
            once: draft.once.as_ref().map(|once| keys::once(vault, &once.caller, &once.name)),
        })
    }

    /// The rows that decide what becomes of it, and that somebody else may be changing.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Key> {
        let seals = self.seals.iter().map(|key| keys::chain(self.log, KeyKind::Seal, key));
        seals.chain(self.holders.iter().map(keys::pseudonym)).chain(self.once.clone())
    }

    /// How many rows it writes, about.
    pub(crate) const fn writes(&self) -> usize {
        3 + self.seals.len() + 2 * self.holders.len()
    }

    /// How many bytes it writes, about.
    pub(crate) fn bytes(&self) -> usize {
        1024 + self.facts.text_bytes + self.subject.text_bytes
    }
}

/// The key of a seal's chain.
pub(crate) fn seal_key(vault: &Vault, id: &str) -> Sha256 {
    Sha256(vault.chain(b"log chain of a seal", id.as_bytes()))
}

fn salts(vault: &Vault, count: usize) -> Result<Vec<Salt>, StorageError> {
    let mut bytes = vec![0; 16 * count];
    vault.random(&mut bytes).map_err(|error| StorageError::of_vault(error, "salt"))?;
    Ok(bytes.as_chunks::<16>().0.iter().map(|salt| Salt(*salt)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_encoded_as_its_opening_is() {
        let texts = ["a \"quoted\" text", "\\ \n \u{1} 杭州", ""];
        for count in 1..=texts.len() {
            let made: Vec<Made> = texts[..count].iter().map(|text| Made::new(Salt([7; 16]), text).unwrap()).collect();
            let parts =
                texts[..count].iter().map(|text| Part::Open { salt: Salt([7; 16]), text: serde_json::to_string(text).unwrap() });
            let opening = Opening { parts: parts.collect() };
            assert_eq!(Made::encode(&made.iter().collect::<Vec<_>>()), opening.encode().unwrap());
            assert_eq!(
                made.iter().map(|made| made.commitment).collect::<Vec<_>>(),
                opening.parts.iter().map(Part::commitment).collect::<Vec<_>>()
            );
        }
    }
}
