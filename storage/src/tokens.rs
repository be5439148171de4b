//! Tokens that were used: each is good for one use, also after a restart.

use std::sync::Arc;

use crypto::digest::to_hex;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::code_keys;
use crate::error::StorageError;
use crate::expiry::Expiry;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::vault::Blind;

/// How long a row outlives its token, in seconds: a clock that is set back by less brings no token back to life.
const KEPT_BEYOND_S: i64 = 86_400;

/// A token that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spent {
    /// When it was used.
    pub(crate) at: Timestamp,
    /// A word that no other attempt has.
    pub(crate) attempt: String,
}

impl Layout for Spent {
    const WHAT: &'static str = "note of a used token";
}

/// The use of a token.
#[derive(Clone, Copy, Debug)]
pub struct TokenUse<'a> {
    /// Who made it, as it says itself.
    pub issuer: &'a str,
    /// Its name, one of its issuer's.
    pub id: &'a str,
    /// From when on it would be refused by its time alone.
    pub dead_at: Timestamp,
    /// When it is used.
    pub now: Timestamp,
}

/// Notes of tokens end.
const EXPIRY: Expiry = Expiry::new(code_keys::TOKENS);

/// The tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tokens {
    shelf: Arc<Shelf>,
}

impl Tokens {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf }
    }

    /// What stands for a token in records: a keyed digest of its issuer and name.
    #[must_use]
    pub fn mention(&self, issuer: &str, id: &str) -> String {
        let digest = self.shelf.vault.blind(b"token mention", &content(issuer, id));
        let (half, _) = digest.split_at(16);
        to_hex(half)
    }

    /// Whether a token was used already. One that was not may be by the time that this is read: [`Tokens::spend`] decides.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn is_spent(&self, issuer: &str, id: &str) -> Result<bool, StorageError> {
        Ok(self.shelf.read::<Spent>(&code_keys::token(&self.name(issuer, id)))?.is_some())
    }

    /// Uses a token. `false` when it was used before, and nothing was written.
    ///
    /// # Errors
    /// Those of a store that does not work: then nobody knows, and the token must not be taken.
    pub fn spend(&self, token: &TokenUse<'_>) -> Result<bool, StorageError> {
        let name = self.name(token.issuer, token.id);
        let mut attempt = [0; 16];
        self.shelf.vault.random(&mut attempt).map_err(|error| StorageError::of_vault(error, Spent::WHAT))?;
        let spent = Spent { at: token.now, attempt: to_hex(&attempt) };
        repeat(|| self.attempt_spend(&name, token, &spent))
    }

    /// Lets go of every note of a token that is over, and says how many rows that was. For a thread that has time.
    ///
    /// # Errors
    /// Those of a store that does not work; what is left is found by the next sweep.
    pub fn sweep(&self, now: Timestamp) -> Result<usize, StorageError> {
        EXPIRY.sweep(&self.shelf, now, code_keys::token)
    }

    fn name(&self, issuer: &str, id: &str) -> Blind {
        self.shelf.vault.blind(b"token", &content(issuer, id))
    }

    fn attempt_spend(&self, name: &Blind, token: &TokenUse<'_>, spent: &Spent) -> Result<Attempt<bool>, StorageError> {
        let key = code_keys::token(name);
        if let Some(kept) = self.shelf.read::<Spent>(&key)? {
            return Ok(Attempt::Done(kept.value == *spent));
        }
        let mut change = self.shelf.change();
        change.insert(key.clone(), spent)?;
        change.index(code_keys::expiring(code_keys::TOKENS, token.dead_at.plus(KEPT_BEYOND_S), name));
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(true)),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Spent>(&key)? {
                Some(kept) => Ok(Attempt::Done(kept.value == *spent)),
                None => Ok(Attempt::Doubtful),
            },
        }
    }
}

/// The length in front keeps two pairs with the same letters apart.
fn content(issuer: &str, id: &str) -> Vec<u8> {
    let length = u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes();
    [&length[..], issuer.as_bytes(), id.as_bytes()].concat()
}
