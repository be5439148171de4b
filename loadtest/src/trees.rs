//! The logs, as they were seen: every tree that was signed must be the beginning of the one that is signed later.

use std::collections::BTreeMap;

use crypto::budget::Budget;
use crypto::tlog::merkle::verify_consistency;
use crypto::tlog::{Checkpoint, Hash, Note, VerifierKey};
use serde_json::Value;

/// The names of both logs.
const LOGS: [&str; 2] = ["seal", "access"];

/// A shard of a log, as the gateway tells of it.
#[derive(Clone, Debug)]
pub struct Shard {
    /// The log.
    pub log: &'static str,
    /// The period.
    pub period: String,
    keys: Vec<VerifierKey>,
}

/// Roots that were signed, by log, period and size.
#[derive(Clone, Debug, Default)]
pub struct Trees {
    signed: BTreeMap<(&'static str, String, u64), Hash>,
    /// The most records that each log was said to have.
    sizes: BTreeMap<&'static str, u64>,
}

impl Shard {
    /// All of them, and the size of each log, from what `/v1/logs` tells.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn all(logs: &Value) -> Result<(Vec<Self>, BTreeMap<&'static str, u64>), String> {
        Self::read(logs).ok_or_else(|| format!("the logs cannot be read: {logs}"))
    }

    fn read(logs: &Value) -> Option<(Vec<Self>, BTreeMap<&'static str, u64>)> {
        let (mut shards, mut sizes) = (Vec::new(), BTreeMap::new());
        for log in logs.get("logs")?.as_array()? {
            let name = log.get("log")?.as_str()?;
            let name = LOGS.into_iter().find(|known| *known == name)?;
            sizes.insert(name, log.get("size")?.as_u64()?);
            for shard in log.get("shards")?.as_array()? {
                let keys = shard.get("keys")?.as_array()?.iter().map(|key| key.as_str()?.parse().ok());
                let period = shard.get("period")?.as_str()?.to_owned();
                shards.push(Self { log: name, period, keys: keys.collect::<Option<_>>()? });
            }
        }
        Some((shards, sizes))
    }

    /// Where its newest checkpoint is.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        format!("/log/{}/{}/checkpoint", self.log, self.period)
    }

    /// Size and root of a checkpoint that all keys of the shard have signed.
    ///
    /// # Errors
    /// It is not that.
    pub fn tree(&self, note: &[u8]) -> Result<(u64, Hash), String> {
        let fault = |error: &dyn std::fmt::Debug| format!("a checkpoint of {} is wrong: {error:?}", self.log);
        let note = Note::parse(note).map_err(|error| fault(&error))?;
        let signed = note.verify(&self.keys, &mut Budget::for_document()).map_err(|error| fault(&error))?;
        if signed.len() != self.keys.len() || self.keys.is_empty() {
            return Err(format!("a checkpoint of {} is not signed by all keys", self.log));
        }
        let checkpoint = Checkpoint::of(&note).map_err(|error| fault(&error))?;
        Ok((checkpoint.size(), checkpoint.root()))
    }
}

impl Trees {
    /// A tree was signed.
    ///
    /// # Errors
    /// Another one of this size was.
    pub fn add(&mut self, shard: &Shard, tree: (u64, Hash)) -> Result<(), String> {
        self.signed((shard.log, shard.period.clone()), tree)
    }

    fn signed(&mut self, (log, period): (&'static str, String), (size, root): (u64, Hash)) -> Result<(), String> {
        let is_same = self.signed.insert((log, period, size), root).is_none_or(|before| before == root);
        if is_same { Ok(()) } else { Err(format!("two trees of {size} records were signed for {log}")) }
    }

    /// What somebody else saw was signed as well.
    ///
    /// # Errors
    /// Two trees of one size were.
    pub fn join(&mut self, other: Self) -> Result<(), String> {
        other.signed.into_iter().try_for_each(|((log, period, size), root)| self.signed((log, period), (size, root)))
    }

    /// How many trees are to be led to the newest one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.signed.len()
    }

    /// Whether none was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.signed.is_empty()
    }

    /// A log was said to have so many records.
    ///
    /// # Errors
    /// It had more before.
    pub fn sized(&mut self, log: &'static str, size: u64) -> Result<(), String> {
        let before = self.sizes.insert(log, size).unwrap_or(0);
        if before <= size { Ok(()) } else { Err(format!("the log {log} had {before} records and has {size}")) }
    }

    /// The sizes of a shard that are to be proven to lead to this tree, and how that is asked for.
    #[must_use]
    pub fn questions(&self, shard: &Shard, to: u64) -> Vec<(u64, String)> {
        let Shard { log, period, .. } = shard;
        let sizes = self.signed.keys().filter(|(one, other, size)| one == log && other == period && (1..to).contains(size));
        sizes.map(|(.., size)| (*size, format!("/v1/logs/{log}/consistency?period={period}&from={size}&to={to}"))).collect()
    }

    /// Holds the answer to such a question against what was signed.
    ///
    /// # Errors
    /// It proves nothing.
    pub fn prove(&self, shard: &Shard, from: u64, to: (u64, Hash), answer: &Value) -> Result<(), String> {
        let wrong = || format!("no proof that {} of {} began with {from}: {answer}", shard.log, to.0);
        let before = self.signed.get(&(shard.log, shard.period.clone(), from)).ok_or_else(wrong)?;
        let hashes = answer.get("hashes").and_then(Value::as_array).ok_or_else(wrong)?.iter();
        let hashes = hashes.map(|hash| hash.as_str()?.parse().ok()).collect::<Option<Vec<Hash>>>().ok_or_else(wrong)?;
        verify_consistency(from, to.0, before, &to.1, &hashes).map_err(|error| format!("{}: {error:?}", wrong()))
    }

    /// All trees of this shard lead to this one: from here on it vouches for them.
    ///
    /// # Errors
    /// A larger one was signed, or another one of this size.
    pub fn vouch(&mut self, shard: &Shard, (size, root): (u64, Hash)) -> Result<(), String> {
        let ahead = self.signed.keys().any(|(log, period, seen)| *log == shard.log && *period == shard.period && *seen > size);
        if ahead {
            return Err(format!("the newest tree of {} has {size} records, and a larger one was signed", shard.log));
        }
        self.add(shard, (size, root))?;
        self.signed.retain(|(log, period, seen), _| *log != shard.log || *period != shard.period || *seen == size);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_trees_of_one_size_and_a_log_that_shrinks_are_seen() {
        let shard = Shard { log: "seal", period: "2026".to_owned(), keys: Vec::new() };
        let mut trees = Trees::default();
        assert_eq!(trees.add(&shard, (5, Hash([1; 32]))), Ok(()));
        assert_eq!(trees.add(&shard, (5, Hash([1; 32]))), Ok(()));
        assert!(trees.add(&shard, (5, Hash([2; 32]))).unwrap_err().contains("two trees of 5"));
        assert_eq!(trees.questions(&shard, 9), [(5, "/v1/logs/seal/consistency?period=2026&from=5&to=9".to_owned())]);
        assert!(trees.prove(&shard, 5, (9, Hash([3; 32])), &serde_json::json!({ "hashes": [] })).is_err());
        assert!(trees.vouch(&shard, (4, Hash([4; 32]))).unwrap_err().contains("a larger one"));
        assert_eq!(trees.vouch(&shard, (9, Hash([3; 32]))), Ok(()));
        assert_eq!(trees.signed.len(), 1);
        assert_eq!((trees.sized("seal", 5), trees.sized("seal", 5)), (Ok(()), Ok(())));
        assert!(trees.sized("seal", 4).unwrap_err().contains("had 5 records and has 4"));
        assert!(shard.tree(b"x\n1\n\n").is_err());
        let mut other = Trees::default();
        assert!(other.is_empty() && other.add(&shard, (9, Hash([3; 32]))).is_ok());
        assert_eq!((trees.join(other.clone()), other.add(&shard, (12, Hash([4; 32])))), (Ok(()), Ok(())));
        assert_eq!((trees.join(other), trees.len()), (Ok(()), 2));
        let mut false_one = Trees::default();
        assert_eq!(false_one.add(&shard, (12, Hash([5; 32]))), Ok(()));
        assert!(trees.join(false_one).unwrap_err().contains("two trees of 12"));
    }
}
