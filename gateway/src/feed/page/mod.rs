//! A page of the feed: bounded work, whatever the log holds.

use crypto::record::{Ending, EventKind, LogName};
use schemars::JsonSchema;
use serde::Serialize;
use storage::StorageError;
use storage::log::{Logs, Query};

use super::event::FeedEvent;
use super::scope::Scope;
use crate::http::{Code, Problem};

/// The most records that are read for one page. Others than those of these kinds are stepped over by the index.
pub const READ_MAX: usize = 1000;

/// What the feed tells of.
const KINDS: [EventKind; 9] = [
    EventKind::LicenceIssue,
    EventKind::LicenceStatus,
    EventKind::SealFile,
    EventKind::SealDeliver,
    EventKind::SealFreeze,
    EventKind::SealStop,
    EventKind::SealRestore,
    EventKind::SealCancel,
    EventKind::SealRemake,
];

/// A page of the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page {
    /// What happened, in order.
    pub events: Vec<FeedEvent>,
    /// Up to where the feed was gone through: hand it back as `after`. It may be further than the last event, and there may be one
    /// without any event. Absent as long as there is no record at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Whether this is all that there is at present.
    pub is_end: bool,
    /// How many records the log had.
    #[serde(skip)]
    pub size: u64,
}

/// What is looked at, and for whom.
#[derive(Debug)]
pub struct Look<'a> {
    /// The logs.
    pub logs: &'a Logs,
    /// What the subscriber sees.
    pub scope: &'a Scope,
    /// The most events of the page.
    pub limit: usize,
}

impl Look<'_> {
    /// The page behind a position; from the first record that is kept where there is none.
    ///
    /// # Errors
    /// [`Code::RecordRetired`] when records behind the position are kept no more, [`Code::BadParameter`] when the log never came so
    /// far, and those of a store that does not work.
    pub fn page(&self, after: Option<u64>) -> Result<Page, Problem> {
        // The end first: what comes while the kinds are gone through, one after the other, is for the next page.
        let size = self.logs.size(LogName::Seal)?;
        if after.is_some_and(|after| after >= size) {
            return Err(Problem::new(Code::BadParameter).detail(
                "The feed never came as far as the position: it is of another gateway, or of one that was set back.",
                "订阅流尚未到达该位置：该位置来自其他网关，或本网关已被恢复到较早的状态。",
            ));
        }
        let (numbers, mut end) = self.numbers(after, size)?;
        let mut events = Vec::new();
        for number in numbers {
            if events.len() == self.limit {
                end = number;
                break;
            }
            let record = self.logs.record(LogName::Seal, number)?;
            events.extend(record.and_then(|record| FeedEvent::of(number, &record, self.scope)));
        }
        // Only now: what was let go meanwhile would be missing above.
        self.demand_kept(after)?;
        let next = end.checked_sub(1).max(after);
        Ok(Page { events, next, is_end: end == size, size })
    }

    /// The records that may be of the feed, in order, and the first number that was not looked at.
    fn numbers(&self, after: Option<u64>, size: u64) -> Result<(Vec<u64>, u64), StorageError> {
        let (mut numbers, mut end) = (Vec::new(), size);
        for kind in KINDS {
            let query = Query { event: Some(kind), outcome: Some(Ending::Done), ..Query::default() };
            let found = self.logs.numbers(LogName::Seal, &query, after, READ_MAX)?;
            if let Some(last) = found.last().filter(|_| found.len() >= READ_MAX) {
                // Behind it there may be more of this kind.
                end = end.min(last.saturating_add(1));
            }
            numbers.extend(found);
        }
        numbers.sort_unstable();
        numbers.retain(|number| *number < end);
        if let Some(first_left) = numbers.get(READ_MAX) {
            end = *first_left;
            numbers.truncate(READ_MAX);
        }
        Ok((numbers, end))
    }

    fn demand_kept(&self, after: Option<u64>) -> Result<(), StorageError> {
        let Some(after) = after else { return Ok(()) };
        let kept_from = self.logs.kept_from(LogName::Seal)?;
        if after.saturating_add(1) < kept_from { Err(StorageError::Retired { kept_from }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
