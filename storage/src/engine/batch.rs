//! What is written together.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Caps, CommitError, KEY_BYTES_MAX, Malformed, Space, VALUE_BYTES_MAX};

/// What a key must be like for the batch to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The key has no value.
    Absent,
    /// The key has been written this often.
    Version(u64),
    /// The key has been written this often, or has no value: the caller knows it, as nothing that writes the key in between can
    /// be committed. An engine may believe it without looking.
    Known(Option<u64>),
}

impl Expect {
    /// Whether a key that is at `version` is as expected.
    #[must_use]
    pub fn holds(self, version: Option<u64>) -> bool {
        match self {
            Self::Absent => version.is_none(),
            Self::Version(expected) => version == Some(expected),
            Self::Known(expected) => version == expected,
        }
    }
}

/// One write of a batch.
#[derive(Clone, Debug)]
pub struct Write {
    /// Where the key lives.
    pub space: Space,
    /// The key, without its part.
    pub key: Vec<u8>,
    /// What the key must be like; `None` for whatever it is.
    pub expect: Option<Expect>,
    /// The new value; `None` to delete.
    pub value: Option<Vec<u8>>,
}

/// Writes that happen together or not at all, each with what it expects of its key. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    writes: Arc<Vec<Write>>,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a key that must have no value.
    pub fn insert(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.push(Write { space, key, expect: Some(Expect::Absent), value: Some(value) });
    }

    /// Writes a key that must be at `version`.
    pub fn replace(&mut self, space: Space, key: Vec<u8>, version: u64, value: Vec<u8>) {
        self.push(Write { space, key, expect: Some(Expect::Version(version)), value: Some(value) });
    }

    /// Writes a key, whatever it was.
    pub fn put(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.push(Write { space, key, expect: None, value: Some(value) });
    }

    /// Writes a key of which the caller knows that it is at `version`, or has no value: see [`Expect::Known`].
    pub fn put_known(&mut self, space: Space, key: Vec<u8>, version: Option<u64>, value: Vec<u8>) {
        self.push(Write { space, key, expect: Some(Expect::Known(version)), value: Some(value) });
    }

    /// Deletes a key that must be at `version`. Its next version is 1 again.
    pub fn delete(&mut self, space: Space, key: Vec<u8>, version: u64) {
        self.push(Write { space, key, expect: Some(Expect::Version(version)), value: None });
    }

    /// Adds a write.
    pub(crate) fn push(&mut self, write: Write) {
        Arc::make_mut(&mut self.writes).push(write);
    }

    /// Adds the writes of another batch.
    pub fn append(&mut self, other: Self) {
        if self.writes.is_empty() {
            *self = other;
        } else {
            Arc::make_mut(&mut self.writes).append(&mut other.into_writes());
        }
    }

    /// The writes, in the order in which they were added.
    #[must_use]
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The writes, in the order in which they were added.
    #[must_use]
    pub fn into_writes(self) -> Vec<Write> {
        Arc::unwrap_or_clone(self.writes)
    }

    /// The bytes of all keys and values together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.writes.iter().map(|write| write.key.len() + write.value.as_ref().map_or(0, Vec::len)).sum()
    }

    /// Checks the batch against the rules of the port.
    ///
    /// # Errors
    /// [`CommitError::Malformed`] or [`CommitError::TooLarge`].
    pub fn check(&self, caps: Caps) -> Result<(), CommitError> {
        let malformed = |fault| Err(CommitError::Malformed(fault));
        if self.writes.is_empty() {
            return malformed(Malformed::EmptyBatch);
        }
        let mut seen = HashSet::with_capacity(self.writes.len());
        for write in self.writes.iter() {
            let value_bytes = write.value.as_ref().map(Vec::len);
            if write.key.is_empty() {
                return malformed(Malformed::EmptyKey);
            }
            if write.key.len() > KEY_BYTES_MAX {
                return malformed(Malformed::KeyTooLong { bytes: write.key.len() });
            }
            if value_bytes == Some(0) {
                return malformed(Malformed::EmptyValue);
            }
            if let Some(bytes) = value_bytes.filter(|bytes| *bytes > VALUE_BYTES_MAX) {
                return malformed(Malformed::ValueTooLong { bytes });
            }
            if !seen.insert((write.space, &write.key)) {
                return malformed(Malformed::DuplicateKey);
            }
        }
        let (writes, bytes) = (self.writes.len(), self.bytes());
        if writes > caps.writes || bytes > caps.bytes { Err(CommitError::TooLarge { writes, bytes }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps { writes: 2, bytes: 300 * 1024 };

    fn checked(fill: impl FnOnce(&mut Batch)) -> Result<(), CommitError> {
        let mut batch = Batch::new();
        fill(&mut batch);
        batch.check(CAPS)
    }

    fn malformed(fault: Malformed) -> Result<(), CommitError> {
        Err(CommitError::Malformed(fault))
    }

    #[test]
    fn limits_and_one_past_them() {
        let put = |key: usize, value: usize| checked(|b| b.put(Space::Hot, vec![1; key], vec![1; value]));
        assert_eq!(put(KEY_BYTES_MAX, VALUE_BYTES_MAX), Ok(()));
        assert_eq!(put(KEY_BYTES_MAX + 1, 1), malformed(Malformed::KeyTooLong { bytes: 201 }));
        assert_eq!(put(1, VALUE_BYTES_MAX + 1), malformed(Malformed::ValueTooLong { bytes: 262_145 }));
        assert_eq!(put(0, 1), malformed(Malformed::EmptyKey));
        assert_eq!(put(1, 0), malformed(Malformed::EmptyValue));
        assert_eq!(checked(|_| ()), malformed(Malformed::EmptyBatch));
    }

    #[test]
    fn one_write_of_a_key() {
        let twice = |other: Space| {
            checked(|b| {
                b.put(Space::Hot, vec![1], vec![1]);
                b.delete(other, vec![1], 1);
            })
        };
        assert_eq!(twice(Space::Hot), malformed(Malformed::DuplicateKey));
        assert_eq!(twice(Space::Idx), Ok(()));
    }

    #[test]
    fn caps() {
        let many = |n: u8| checked(|b| (0..n).for_each(|i| b.put(Space::Hot, vec![i], vec![1])));
        assert_eq!(many(2), Ok(()));
        assert_eq!(many(3), Err(CommitError::TooLarge { writes: 3, bytes: 6 }));
    }
}
