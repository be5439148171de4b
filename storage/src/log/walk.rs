//! The numbers of the records that have what is asked for, in order, out of the index.

use std::collections::VecDeque;
use std::ops::{Bound, Range as Numbers};

use crypto::record::LogName;
use crypto::time::Timestamp;

use super::postings::{Places, WHAT, block_of, start_of};
use super::query::{Order, Selection};
use super::tail::Tail;
use super::times;
use crate::engine::{Direction, Engine, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};

/// The most rows of postings of one value that are read at once.
const ROWS_MAX: usize = 64;

const CORRUPT: StorageError = StorageError::Corrupt { what: WHAT };

/// What a search needs of the tail, taken in one short look. What is on disk is looked at after this: a block that becomes full
/// meanwhile is in neither twice.
#[derive(Debug)]
pub(crate) struct Glance {
    start: u64,
    end: u64,
    /// The places of the records that are asked for.
    hits: Vec<u16>,
    /// Where the range of time begins and ends, if that is in the tail.
    from: Option<u64>,
    until: Option<u64>,
}

impl Glance {
    pub(crate) fn at(tail: &Tail, selection: &Selection) -> Self {
        Self {
            start: tail.start(),
            end: tail.end(),
            hits: tail.having(&selection.terms),
            from: selection.from.and_then(|from| tail.first_not(|at| at < from)),
            until: selection.until.and_then(|until| tail.first_not(|at| at <= until)),
        }
    }
}

/// A walk over the numbers. Reads no record; keeps one block's numbers, and some rows of postings for each term.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    streams: Vec<Stream<'a>>,
    order: Order,
    numbers: Numbers<u64>,
    /// The blocks on disk that are still to be looked at.
    blocks: Numbers<u64>,
    /// What the tail has, until it is that one's turn.
    tail: Option<Vec<u64>>,
    ready: VecDeque<u64>,
}

impl<'a> Walk<'a> {
    /// Begins behind the number `after`; numbers below `kept_from` are not kept any more.
    pub(crate) fn new(
        engine: &'a dyn Engine,
        log: LogName,
        selection: &Selection,
        glance: &Glance,
        kept_from: u64,
        (order, after): (Order, Option<u64>),
    ) -> Result<Self, StorageError> {
        let clock = Clock { engine, log, first: block_of(kept_from), end: block_of(glance.start) };
        let border = |known: Option<u64>, is_so: &dyn Fn(Timestamp) -> bool| known.map_or_else(|| clock.first_not(is_so), Ok);
        let mut from = selection.from.map_or(Ok(kept_from), |from| border(glance.from, &|at| at < from))?.max(kept_from);
        let mut until = selection.until.map_or(Ok(glance.end), |until| border(glance.until, &|at| at <= until))?;
        match (order, after) {
            (Order::OldestFirst, Some(after)) => from = from.max(after.saturating_add(1)),
            (Order::NewestFirst, Some(after)) => until = until.min(after),
            (_, None) => {}
        }
        let last = until.min(glance.start).checked_sub(1).filter(|last| from <= *last);
        let blocks = last.map_or(0..0, |last| block_of(from)..block_of(last) + 1);
        let tail = glance.hits.iter().map(|offset| glance.start.saturating_add(u64::from(*offset)));
        Ok(Self {
            streams: selection.terms.iter().map(|term| Stream::new(engine, keys::log_postings_of(log, term), order)).collect(),
            order,
            numbers: from..until,
            blocks,
            tail: Some(tail.collect()),
            ready: VecDeque::new(),
        })
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> Result<Option<u64>, StorageError> {
        while self.ready.is_empty() {
            let Some(numbers) = self.next_numbers()? else { return Ok(None) };
            self.ready.extend(numbers.into_iter().filter(|number| self.numbers.contains(number)));
            if self.order == Order::NewestFirst {
                self.ready.make_contiguous().reverse();
            }
        }
        Ok(self.ready.pop_front())
    }

    /// The numbers of the next block that may have any, ascending.
    fn next_numbers(&mut self) -> Result<Option<Vec<u64>>, StorageError> {
        if self.order == Order::NewestFirst
            && let Some(tail) = self.tail.take()
        {
            return Ok(Some(tail));
        }
        let Some(block) = self.next_block()? else { return Ok(self.tail.take()) };
        let places = self.streams.iter().filter_map(Stream::places).collect::<Result<_, _>>()?;
        let offsets = Places::common(places).into_iter();
        Ok(Some(offsets.map(|offset| start_of(block).saturating_add(u64::from(offset))).collect()))
    }

    /// The next block of which every stream has a row.
    fn next_block(&mut self) -> Result<Option<u64>, StorageError> {
        let mut block = match self.order {
            Order::OldestFirst => self.blocks.start,
            Order::NewestFirst => self.blocks.end.saturating_sub(1),
        };
        loop {
            if !self.blocks.contains(&block) {
                self.blocks = 0..0;
                return Ok(None);
            }
            let mut meets = true;
            for stream in &mut self.streams {
                let Some(found) = stream.seek(block, &self.blocks)? else {
                    self.blocks = 0..0;
                    return Ok(None);
                };
                meets &= found == block;
                block = found;
            }
            if meets {
                match self.order {
                    Order::OldestFirst => self.blocks.start = block.saturating_add(1),
                    Order::NewestFirst => self.blocks.end = block,
                }
                return Ok(Some(block));
            }
        }
    }
}

/// The postings of one value, row by row.
#[derive(Debug)]
struct Stream<'a> {
    engine: &'a dyn Engine,
    prefix: Vec<u8>,
    order: Order,
    rows: VecDeque<(u64, Vec<u8>)>,
    /// How many rows are read next time: few for who wants one page, many for who walks on.
    page: usize,
}

impl<'a> Stream<'a> {
    const fn new(engine: &'a dyn Engine, prefix: Vec<u8>, order: Order) -> Self {
        Self { engine, prefix, order, rows: VecDeque::new(), page: 2 }
    }

    /// Goes to the first row that is of `block` or behind it, within `blocks`, and says of which block it is.
    fn seek(&mut self, block: u64, blocks: &Numbers<u64>) -> Result<Option<u64>, StorageError> {
        let is_before = |row: u64| match self.order {
            Order::OldestFirst => row < block,
            Order::NewestFirst => row > block,
        };
        while self.rows.front().is_some_and(|(row, _)| is_before(*row)) {
            self.rows.pop_front();
        }
        if self.rows.is_empty() {
            self.read(block, blocks)?;
        }
        Ok(self.rows.front().map(|(row, _)| *row))
    }

    fn read(&mut self, block: u64, blocks: &Numbers<u64>) -> Result<(), StorageError> {
        let key = |block: u64| [&self.prefix[..], &block.to_be_bytes()].concat();
        let (direction, from, to) = match self.order {
            Order::OldestFirst => (Direction::Ascending, block, blocks.end),
            Order::NewestFirst => (Direction::Descending, blocks.start, block.saturating_add(1)),
        };
        let range = Range { from: Bound::Included(key(from)), to: Bound::Excluded(key(to)) };
        for (key, row) in self.engine.scan(REGISTRY, Space::Idx, range, direction, self.page)? {
            self.rows.push_back((keys::log_block(&key).ok_or(CORRUPT)?, row.value));
        }
        self.page = (self.page * 2).min(ROWS_MAX);
        Ok(())
    }

    /// The places of the row that it stands at.
    fn places(&self) -> Option<Result<Places<'_>, StorageError>> {
        self.rows.front().map(|(_, row)| Places::read(row))
    }
}

/// The times of the blocks on disk.
struct Clock<'a> {
    engine: &'a dyn Engine,
    log: LogName,
    first: u64,
    end: u64,
}

impl Clock<'_> {
    /// The number of the first record whose time is not so any more: times never run backwards.
    fn first_not(&self, is_so: &dyn Fn(Timestamp) -> bool) -> Result<u64, StorageError> {
        let (mut low, mut high) = (self.first, self.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if is_so(times::first(&self.row(middle)?)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        // The record is in the block before, or is the first of this one.
        let Some(block) = low.checked_sub(1).filter(|block| *block >= self.first) else { return Ok(start_of(low)) };
        let count = times::decode(&self.row(block)?)?.partition_point(|at| is_so(*at));
        Ok(start_of(block).saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
    }

    fn row(&self, block: u64) -> Result<Vec<u8>, StorageError> {
        let key = keys::log_times(self.log, block);
        self.engine.get(REGISTRY, key.space, &key.bytes)?.map(|row| row.value).ok_or(CORRUPT)
    }
}
