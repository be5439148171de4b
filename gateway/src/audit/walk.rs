//! Going through a log, a page at a time, past what the reader may not see.

use crypto::record::LogName;
use storage::StorageError;
use storage::log::{Hits, Logs, Order, Query, Question, Row};

use super::Sight;
use super::view::is_visible;

/// How many pages of the store one page for a reader may cost: of a log that is mostly hidden from him no page takes for ever.
const ROUNDS_MAX: usize = 16;

/// What is gone through, and for whom.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The logs.
    pub logs: Logs,
    /// Which of them.
    pub log: LogName,
    /// Which records.
    pub query: Query,
    /// Which uses of seals among them, where a question of the store is asked.
    pub question: Option<Question>,
    /// In which order.
    pub order: Order,
    /// What the reader may see.
    pub sight: Sight,
}

/// A page.
#[derive(Debug)]
pub struct Found {
    /// The records that the reader may see.
    pub rows: Vec<Row>,
    /// Behind which number the next page begins, if there may be one.
    pub next: Option<u64>,
}

impl Walk {
    /// The page behind this number, of records below `end`.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn page(&self, after: Option<u64>, limit: usize, end: u64) -> Result<Found, StorageError> {
        self.page_if(after, (limit, limit), end, |row| Ok(is_visible(&row.opening, &self.sight)))
    }

    /// The same of the records that are wanted, looking at so many of the store at once.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn page_if(
        &self,
        after: Option<u64>,
        (limit, at_once): (usize, usize),
        end: u64,
        is_wanted: impl Fn(&Row) -> Result<bool, StorageError>,
    ) -> Result<Found, StorageError> {
        let mut rows: Vec<Row> = Vec::new();
        // Newest first, what lies behind the end is stepped over at once.
        let mut behind = match self.order {
            Order::NewestFirst => Some(after.map_or(end, |after| after.min(end))),
            Order::OldestFirst => after,
        };
        for _ in 0..ROUNDS_MAX {
            let hits = self.hits(behind, at_once)?;
            for row in hits.rows {
                if self.order == Order::OldestFirst && row.number >= end {
                    return Ok(Found { rows, next: None });
                }
                if !is_wanted(&row)? {
                    continue;
                }
                if rows.len() == limit {
                    return Ok(Found { next: rows.last().map(|row| row.number), rows });
                }
                rows.push(row);
            }
            match hits.next {
                None => return Ok(Found { rows, next: None }),
                Some(next) if rows.len() == limit => return Ok(Found { rows, next: Some(next) }),
                Some(next) => behind = Some(next),
            }
        }
        Ok(Found { rows, next: behind })
    }

    fn hits(&self, after: Option<u64>, limit: usize) -> Result<Hits, StorageError> {
        match &self.question {
            Some(question) => self.logs.ask(question, &self.query, self.order, after, limit),
            None => self.logs.search(self.log, &self.query, self.order, after, limit),
        }
    }
}
