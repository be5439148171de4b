//! The tail of a log's index: the block that is not full yet, in memory.

use std::collections::BTreeMap;

use crypto::record::LogName;
use crypto::time::Timestamp;

use super::postings::{self, BLOCK, block_of, offset_of, start_of};
use super::term::Term;
use super::times;
use crate::keys::{self, Key};

/// What the records of the last block can be found by. When the block is full, its rows go into the batch of the record that
/// fills it, and the next tail begins.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    start: u64,
    times: Vec<Timestamp>,
    lists: BTreeMap<Term, Vec<u16>>,
}

impl Tail {
    /// The block of the record `number`, without any.
    pub(crate) const fn new(number: u64) -> Self {
        Self { start: start_of(block_of(number)), times: Vec::new(), lists: BTreeMap::new() }
    }

    /// The number of its first record.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// The number behind its last record.
    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(u64::try_from(self.times.len()).unwrap_or(u64::MAX))
    }

    /// Whether the block is full: then nothing can be added.
    pub(crate) fn is_full(&self) -> bool {
        self.times.len() >= usize::from(BLOCK)
    }

    /// Whether the record `number` is the last of its block.
    pub(crate) fn ends_block(number: u64) -> bool {
        offset_of(number) == BLOCK - 1
    }

    /// Adds the record that follows: its number is [`Self::end`]. Says whether it does follow, and nothing is added if not.
    #[must_use]
    pub(crate) fn push(&mut self, number: u64, at: Timestamp, terms: &[Term]) -> bool {
        let follows = number == self.end() && !self.is_full();
        if follows {
            let offset = offset_of(number);
            self.times.push(at);
            for term in terms {
                self.lists.entry(*term).or_default().push(offset);
            }
        }
        follows
    }

    /// Takes a record out of what can be found by these terms.
    pub(crate) fn remove(&mut self, number: u64, terms: &[Term]) {
        if block_of(number) != block_of(self.start) {
            return;
        }
        for term in terms {
            if let Some(list) = self.lists.get_mut(term) {
                list.retain(|offset| *offset != offset_of(number));
                if list.is_empty() {
                    self.lists.remove(term);
                }
            }
        }
    }

    /// The rows of the block, in the order of their keys: its postings and its times.
    pub(crate) fn rows(&self, log: LogName) -> Vec<(Key, Vec<u8>)> {
        let block = block_of(self.start);
        let times = (keys::log_times(log, block), times::encode(&self.times));
        let lists = self.lists.iter().map(|(term, list)| (keys::log_postings(log, term, block), postings::encode(list)));
        std::iter::once(times).chain(lists).collect()
    }

    /// The places of the records that have all these terms.
    pub(crate) fn having(&self, terms: &[Term]) -> Vec<u16> {
        let Some((first, others)) = terms.split_first() else {
            return (0..BLOCK).take(self.times.len()).collect();
        };
        let list = |term| self.lists.get(term).map_or(&[][..], Vec::as_slice);
        others.iter().fold(list(first).to_vec(), |found, term| postings::common(&found, list(term)))
    }

    /// The number of the first record whose time is not so any more. Nothing when the first of the block is not so already, as
    /// then it may be one of an earlier block.
    pub(crate) fn first_not(&self, is_so: impl Fn(Timestamp) -> bool) -> Option<u64> {
        let count = self.times.partition_point(|at| is_so(*at));
        (count > 0).then(|| self.start.saturating_add(u64::try_from(count).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::term::Field;
    use super::*;

    fn term(n: u8) -> Term {
        Term { field: Field::Seal, digest: [n; 16] }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(i64::try_from(seconds).unwrap())
    }

    #[test]
    fn a_tail_takes_what_follows_until_it_is_full() {
        let mut tail = Tail::new(1500);
        assert_eq!((tail.start(), tail.end()), (1024, 1024));
        assert!(!tail.push(1025, at(0), &[term(1)]));
        for number in 1024..2048 {
            assert!(!tail.is_full() && !Tail::ends_block(number - 1) || number == 1024);
            let terms = [term(1), term(2)];
            assert!(tail.push(number, at(number), if number % 3 == 0 { &terms } else { &terms[..1] }));
        }
        assert!(Tail::ends_block(2047) && tail.is_full() && !tail.push(2048, at(3000), &[]));
        let rows = tail.rows(LogName::Seal);
        assert_eq!(rows.len(), 3);
        assert!(rows.is_sorted_by_key(|(key, _)| key.bytes.clone()));
        assert_eq!(rows[1], (keys::log_postings(LogName::Seal, &term(1), 1), vec![0xff; 128]));
        assert_eq!(postings::decode(&rows[2].1).unwrap(), tail.having(&[term(2)]));
    }

    #[test]
    fn records_are_found_and_taken_out() {
        let mut tail = Tail::new(0);
        for number in 0..100 {
            assert!(tail.push(number, at(number / 10), &[term(u8::try_from(number % 2).unwrap()), term(7)]));
        }
        assert_eq!(tail.having(&[term(0), term(7)]).len(), 50);
        assert_eq!(tail.having(&[term(0), term(1)]), Vec::<u16>::new());
        assert_eq!(tail.having(&[]).len(), 100);
        tail.remove(4, &[term(0)]);
        tail.remove(1024 + 6, &[term(0)]);
        assert_eq!(tail.having(&[term(0), term(7)]).len(), 49);
        assert_eq!(tail.having(&[term(7)]).len(), 100);
        assert_eq!(tail.first_not(|time| time < at(3)), Some(30));
        assert_eq!(tail.first_not(|time| time < at(0)), None);
        assert_eq!(tail.first_not(|_| true), Some(100));
    }
}
