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
    let all = bytes.fold(ENTRY_BYTES.saturating_add(rows), usize::saturating_add);
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
