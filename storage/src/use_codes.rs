//! Codes that are good for one use of one licence: 用证码 and what holders show (亮证).
//!
//! Only whoever has a code can find its row: the row stands under a keyed digest of a digest of it. A code is used up in the batch
//! that puts its use on record, so of two that use it at once one does.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::{Sha256, to_hex};
use crypto::grants::{Authority, Consumer};
use crypto::licence::Identifier;
use crypto::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::code_keys;
use crate::error::StorageError;
use crate::expiry::Expiry;
use crate::log::Pending;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Shelf, repeat};
use crate::vault::Blind;

/// A code as it is kept: everything about it but the code itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UseCode {
    /// What stands for the code in records: [`UseCode::id_of`].
    pub id: String,
    /// The licence that it lets use.
    pub licence: Identifier,
    /// What it is bound to.
    pub bound: Bound,
    /// The fields that may be told.
    pub fields: Fields,
    /// Who asked for it.
    pub issued_to: Consumer,
    /// When.
    pub issued_at: Timestamp,
    /// Until when, this moment excluded.
    pub expires_at: Timestamp,
    /// Its use, once it is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed: Option<Redemption>,
}

/// The fields that a code lets be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fields {
    /// Every one.
    All,
    /// These, by their names.
    These(BTreeSet<String>),
}

/// What a code is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Bound {
    /// 用证码: to whom it was given, and what for.
    Errand {
        /// The item.
        item: String,
        /// The case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        /// The purpose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        purpose: Option<String>,
        /// The grant that it was given under.
        grant: String,
        /// On whose authority.
        authority: Authority,
    },
    /// 亮证: to nothing, or to the organisation that the holder shows it to.
    Shown {
        /// That organisation; any where it is absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organisation: Option<String>,
    },
}

/// The use of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Consumer,
    /// A word that no other attempt has: it tells this one from another by the same caller at the same moment.
    pub attempt: String,
}

impl Fields {
    /// Whether a field may be told.
    #[must_use]
    pub fn tell(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }
}

impl UseCode {
    /// What stands for a code in records and keys: it says nothing about the code to whoever does not have it.
    #[must_use]
    pub fn id_of(code: &[u8]) -> String {
        let Sha256(digest) = Sha256::of(&[b"licet use code v1\n", code]);
        let (half, _) = digest.split_at(16);
        to_hex(half)
    }
}

impl Layout for UseCode {
    const WHAT: &'static str = "use code";
}

/// Codes end.
const EXPIRY: Expiry = Expiry::new(code_keys::USE_CODES);

/// The codes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UseCodes {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

impl UseCodes {
    pub(crate) fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same, with every change taking this record along in its batch.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { pending: Some(Arc::clone(pending)), ..self.clone() }
    }

    /// Keeps these codes, all of them or none, with their record.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn issue(&self, codes: &[UseCode]) -> Result<(), StorageError> {
        let Some(first) = codes.first() else { return Ok(()) };
        repeat(|| {
            let mut change = self.shelf.change().recording(self.pending.as_ref());
            for code in codes {
                let name = self.name(&code.id);
                change.insert(code_keys::use_code(&name), code)?;
                change.index(code_keys::expiring(code_keys::USE_CODES, code.expires_at, &name));
            }
            match change.commit()? {
                Committed::Yes => Ok(Attempt::Done(())),
                Committed::Conflict => Ok(Attempt::Again),
                // Written together, so one tells of all.
                Committed::Unknown => match self.shelf.settle::<UseCode>(&code_keys::use_code(&self.name(&first.id)))? {
                    Some(kept) if kept.value == *first => Ok(Attempt::Done(())),
                    _ => Ok(Attempt::Doubtful),
                },
            }
        })
    }

    /// Lets go of every code whose time is over, and says how many rows that was. For a thread that has time.
    ///
    /// # Errors
    /// Those of a store that does not work; what is left is found by the next sweep.
    pub fn sweep(&self, now: Timestamp) -> Result<usize, StorageError> {
        EXPIRY.sweep(&self.shelf, now, code_keys::use_code)
    }

    /// The code with this identifier, until it has been swept away after its end.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn find(&self, id: &str) -> Result<Option<UseCode>, StorageError> {
        Ok(self.shelf.read::<UseCode>(&code_keys::use_code(&self.name(id)))?.map(|kept| kept.value))
    }

    /// Uses a code up, with the record of it in the same batch. `false` when it is used up already, and nothing was written.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], and those of a store that does not work.
    pub fn redeem(&self, id: &str, redemption: &Redemption) -> Result<bool, StorageError> {
        repeat(|| self.attempt_redeem(id, redemption))
    }

    fn attempt_redeem(&self, id: &str, redemption: &Redemption) -> Result<Attempt<bool>, StorageError> {
        let key = code_keys::use_code(&self.name(id));
        let kept = self.shelf.read::<UseCode>(&key)?.ok_or(StorageError::NotFound { what: UseCode::WHAT })?;
        if let Some(earlier) = &kept.value.redeemed {
            return Ok(Attempt::Done(earlier == redemption));
        }
        let code = UseCode { redeemed: Some(redemption.clone()), ..kept.value };
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &code)?;
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(true)),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<UseCode>(&key)? {
                Some(kept) if kept.value == code => Ok(Attempt::Done(true)),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    fn name(&self, id: &str) -> Blind {
        self.shelf.vault.blind(b"use code", id.as_bytes())
    }
}
