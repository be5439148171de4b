//! Answers that are kept, in memory alone: "nothing on record" for a moment, records for when their source does not answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use serde_json::Value;

use super::Reply;
use super::flight::Key;

/// What every kept answer takes beside its values, in bytes.
const ENTRY_BYTES: usize = 256;
/// What an objection that came with a record takes, in bytes.
const DISPUTE_BYTES: usize = 384;

/// Kept answers. A permit is asked for before anything is looked up here, so what was withdrawn is not told by what is kept.
#[derive(Debug)]
pub(super) struct Kept(Cache<Key, Answer>);

#[derive(Clone, Debug)]
struct Answer {
    reply: Arc<Reply>,
    /// When it was asked for.
    asked: Instant,
    /// For how long it is kept.
    life: Duration,
}

/// How long what was found is kept in memory.
struct Life;

impl Kept {
    /// Room for so many bytes.
    pub(super) fn new(bytes_max: u64) -> Self {
        let answers = Cache::builder().max_capacity(bytes_max).weigher(|_, answer: &Answer| weight(&answer.reply));
        Self(answers.expire_after(Life).build())
    }

    /// Keeps what was asked for at this moment for so long, unless something that was asked for later is kept already.
    pub(super) fn keep(&self, key: Key, reply: &Arc<Reply>, asked: Instant, life: Duration) {
        if life.is_zero() || self.0.get(&key).is_some_and(|found| asked < found.asked) {
            return;
        }
        self.0.insert(key, Answer { reply: Arc::clone(reply), asked, life });
    }

    /// Nothing is kept of it from now on.
    pub(super) fn forget(&self, key: Key) {
        self.0.invalidate(&key);
    }

    /// "Nothing on record", if that was said so short a time ago, and how long ago.
    pub(super) fn nothing(&self, key: Key, now: Instant, age_max: Duration) -> Option<(Arc<Reply>, Duration)> {
        self.find(key, now, age_max).filter(|(reply, _)| reply.rows.is_empty())
    }

    /// Records, if there were any not longer ago than this, and how long ago.
    pub(super) fn records(&self, key: Key, now: Instant, age_max: Duration) -> Option<(Arc<Reply>, Duration)> {
        self.find(key, now, age_max).filter(|(reply, _)| !reply.rows.is_empty())
    }

    fn find(&self, key: Key, now: Instant, age_max: Duration) -> Option<(Arc<Reply>, Duration)> {
        let found = self.0.get(&key)?;
        let age = now.saturating_duration_since(found.asked);
        (age <= age_max && age <= found.life).then_some((found.reply, age))
    }
}

impl Expiry<Key, Answer> for Life {
    fn expire_after_create(&self, _: &Key, answer: &Answer, _: Instant) -> Option<Duration> {
        Some(answer.life)
    }

    fn expire_after_update(&self, _: &Key, answer: &Answer, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(answer.life)
    }
}

/// How much memory an answer takes, in bytes, about.
fn weight(reply: &Reply) -> u32 {
    let fields = reply.rows.iter().flat_map(|row| &row.fields);
    let bytes = fields.map(|(name, value)| name.len().saturating_add(size(value)).saturating_add(64));
    let rows = reply.rows.len().saturating_mul(96);
    let disputes = reply.rows.iter().map(|row| row.disputes.len().saturating_mul(DISPUTE_BYTES));
    let all = bytes.chain(disputes).fold(ENTRY_BYTES.saturating_add(rows), usize::saturating_add);
    u32::try_from(all).unwrap_or(u32::MAX)
}

fn size(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(size).fold(0, usize::saturating_add),
        Value::Object(values) => values
            .iter()
            .map(|(name, value)| name.len().saturating_add(64).saturating_add(size(value)))
            .fold(0, usize::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inner.saturating_add(32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crypto::time::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::broker::Row;
    use crate::broker::flight::Keys;
    use crate::broker::testing::question;
    use crate::clock;

    const LIFE: Duration = Duration::from_secs(60);

    fn reply(text: &str) -> Arc<Reply> {
        let fields = BTreeMap::from([("name".to_owned(), json!({ "all": [text] }))]);
        Arc::new(Reply { rows: vec![Row { fields, licence: None, disputes: Vec::new() }], as_of: Timestamp::from_unix(0) })
    }

    #[test]
    fn what_was_asked_for_last_counts_for_as_long_as_allowed() {
        let (kept, keys, now) = (Kept::new(1 << 20), Keys::new(), clock::instant());
        let key = keys.of(&question("S1"));
        let at = |s| now + Duration::from_secs(s);
        kept.keep(key, &reply("new"), at(10), LIFE);
        kept.keep(key, &reply("late"), at(5), LIFE);
        kept.keep(key, &reply("unwanted"), at(15), Duration::ZERO);
        let found = |at, age_max| kept.records(key, at, Duration::from_secs(age_max));
        assert_eq!(found(at(20), 60), Some((reply("new"), Duration::from_secs(10))));
        assert_eq!((found(at(20), 9), found(at(71), 3600)), (None, None));
        assert_eq!(kept.nothing(key, at(20), LIFE), None);
        assert_eq!(kept.records(keys.of(&question("S2")), at(20), LIFE), None);
        assert_eq!(kept.records(Keys::new().of(&question("S1")), at(20), LIFE), None, "keys are of one process");
        kept.forget(key);
        assert_eq!(found(at(20), 60), None);
    }

    #[test]
    fn memory_is_bounded_by_bytes() {
        let (kept, keys, now) = (Kept::new(100_000), Keys::new(), clock::instant());
        for n in 0..200 {
            kept.keep(keys.of(&question(&format!("S{n}"))), &reply(&"x".repeat(10_000)), now, LIFE);
            kept.0.run_pending_tasks();
            assert!(kept.0.weighted_size() <= 100_000 && kept.0.entry_count() < 10);
        }
        assert!(kept.0.entry_count() > 5);
    }
}
