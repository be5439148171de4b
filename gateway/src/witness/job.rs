//! A question to one witness: who is to sign what.

use std::sync::Arc;

use crypto::record::LogName;
use crypto::tlog::{Note, VerifierKey};
use storage::log::Published;

use crate::config::SourceUrl;

/// A witness that is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints. One without address is not asked: its line comes by other ways or not at all.
    pub url: Option<Arc<SourceUrl>>,
}

/// A checkpoint to be witnessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it stands.
    pub published: Arc<Published>,
    /// The signed note.
    pub note: Note,
}

/// A question to one witness.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which one, in the order of the policy.
    pub witness: usize,
    /// Its name in the policy.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it takes checkpoints.
    pub url: Arc<SourceUrl>,
    /// What it is to sign.
    pub target: Arc<Target>,
    /// The size that it signed last, as far as we know.
    pub old_size: u64,
}

impl Target {
    /// A checkpoint that was given out. `None` when it is of an empty tree, of which there is nothing to witness.
    #[must_use]
    pub fn of(published: &Arc<Published>) -> Option<Self> {
        let note = Note::parse(published.note.as_bytes()).ok()?;
        if published.size == 0 { None } else { Some(Self { published: Arc::clone(published), note }) }
    }

    /// Of which log and shard it is.
    #[must_use]
    pub fn place(&self) -> (LogName, u32) {
        (self.published.log, self.published.shard)
    }
}
