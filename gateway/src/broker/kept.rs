//! Answers that are kept, in memory alone: "nothing on record" for a moment, records for when their source does not answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use serde_json::Value;

use super::Reply;
use super::flight::Key;

/// What every kept answer takes beside its values, in bytes.
const ENTRY_BYTES: usize = 256;
/// So many forgettings are remembered one by one.
const FORGOTTEN_MAX: usize = 4096;
/// What an objection that came with a record takes, in bytes.
const DISPUTE_BYTES: usize = 384;

/// Kept answers. A permit is asked for before anything is looked up here, so what was withdrawn is not told by what is kept.
#[derive(Debug)]
pub(super) struct Kept {
    answers: Cache<Key, Answer>,
    /// Held while anything is kept or forgotten, so that nothing comes between looking and doing.
    forgotten: Mutex<Forgotten>,
}

/// What was forgotten: an answer that was asked for before, and comes after, must not bring it back.
#[derive(Debug, Default)]
struct Forgotten {
    /// When that was asked for which made it forgotten.
    asked: HashMap<Key, Instant>,
    /// The latest such moment of those that are not remembered one by one any more: nothing older is kept at all.
    floor: Option<Instant>,
}

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
        Self { answers: answers.expire_after(Life).build(), forgotten: Mutex::default() }
    }

    /// Keeps what was asked for at this moment for so long, unless something that was asked for later is kept or was forgotten already.
    pub(super) fn keep(&self, key: Key, reply: &Arc<Reply>, asked: Instant, life: Duration) {
        if life.is_zero() {
            return;
        }
        let forgotten = self.forgotten();
        if forgotten.is_after(key, asked) || self.answers.get(&key).is_some_and(|found| asked < found.asked) {
            return;
        }
        self.answers.insert(key, Answer { reply: Arc::clone(reply), asked, life });
    }

    /// Nothing is kept of it but what is asked for from this moment on.
    pub(super) fn forget(&self, key: Key, asked: Instant) {
        let mut forgotten = self.forgotten();
        forgotten.note(key, asked);
        self.answers.invalidate(&key);
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
        let found = self.answers.get(&key)?;
        let age = now.saturating_duration_since(found.asked);
        (age <= age_max && age <= found.life).then_some((found.reply, age))
    }

    fn forgotten(&self) -> MutexGuard<'_, Forgotten> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Forgotten {
    fn note(&mut self, key: Key, asked: Instant) {
        if self.asked.len() >= FORGOTTEN_MAX {
            self.floor = self.floor.max(self.asked.drain().map(|(_, asked)| asked).max());
        }
        let noted = self.asked.entry(key).or_insert(asked);
        *noted = asked.max(*noted);
    }

    /// Whether it was forgotten by something that was asked for later than this.
    fn is_after(&self, key: Key, asked: Instant) -> bool {
        self.asked.get(&key).copied().max(self.floor) > Some(asked)
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
        kept.forget(key, at(15));
        kept.keep(key, &reply("late"), at(14), LIFE);
        assert_eq!(found(at(20), 60), None, "what was asked for before does not come back");
        kept.keep(key, &reply("newest"), at(15), LIFE);
        assert_eq!(found(at(20), 60), Some((reply("newest"), Duration::from_secs(5))));
    }

    #[test]
    fn forgettings_are_bounded_and_none_is_lost() {
        let (kept, keys, now) = (Kept::new(1 << 20), Keys::new(), clock::instant());
        let key = keys.of(&question("S1"));
        kept.forget(key, now + LIFE);
        for n in 0..FORGOTTEN_MAX {
            kept.forget(keys.of(&question(&format!("OTHER{n}"))), now);
            assert!(kept.forgotten().asked.len() <= FORGOTTEN_MAX);
        }
        let found = || kept.records(key, now + LIFE, LIFE);
        kept.keep(key, &reply("late"), now, LIFE);
        assert_eq!(found(), None);
        kept.keep(key, &reply("new"), now + LIFE, LIFE);
        assert!(found().is_some());
    }

    #[test]
    fn memory_is_bounded_by_bytes() {
        let (kept, keys, now) = (Kept::new(100_000), Keys::new(), clock::instant());
        for n in 0..200 {
            kept.keep(keys.of(&question(&format!("S{n}"))), &reply(&"x".repeat(10_000)), now, LIFE);
            kept.answers.run_pending_tasks();
            assert!(kept.answers.weighted_size() <= 100_000 && kept.answers.entry_count() < 10);
        }
        assert!(kept.answers.entry_count() > 5);
    }
}
