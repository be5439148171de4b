//! The ledger of supervision: what sources and consumers did, hour by hour, and every change of a card.
//!
//! Figures are added to what stands there, so that several gateways may keep one ledger. They are figures: the logs say what
//! happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::keys::{self, REGISTRY};
use crate::ledger_keys;
use crate::log::Pending;
use crate::records::Layout;
use crate::shelf::{Attempt, Committed, Shelf, repeat};

/// Upper bounds of the classes of [`Tally::classes`], in milliseconds; the last class has none.
pub const CLASSES_MS: [u32; 23] =
    [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10_000];

/// The most rows of one page of cards.
pub const CARDS_MAX: usize = 500;

/// The most figures, and the most changes of cards, that are written together.
pub const TOGETHER_MAX: usize = 500;

/// Seconds of an hour.
const HOUR_S: i64 = 3600;

/// Whom figures and cards are about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "code", rename_all = "kebab-case")]
pub enum Watched {
    /// A resource, by its code.
    Resource(String),
    /// A source, by its name in the configuration: what answers for one resource or for several.
    Source(String),
    /// A calling system, by its name in the configuration.
    Consumer(String),
    /// Something that is due: an application or an objection, by its identifier.
    Matter(String),
}

/// Figures of a stretch of time. They add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Questions that went to the source, or that the consumer asked.
    pub calls: u64,
    /// Those that were not answered: the source was not reached, failed, did not answer in time, or was not asked because of that; or
    /// this gateway could not answer the consumer.
    pub errors: u64,
    /// Those that were answered later than promised; to a consumer, later than its deadline or its budget.
    pub slow: u64,
    /// Those that a consumer may not ask: for want of rights or quota, or for a token that is refused.
    pub refused: u64,
    /// Those that were wrong in themselves, by the consumer's own fault. Rows from before this was counted have none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wrong: u64,
    /// How long answers took: how many were in each class of [`CLASSES_MS`], and beyond the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<u64>,
}

/// The colour of a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Within the limit: no card.
    #[default]
    Green,
    /// 黄牌: near the limit.
    Yellow,
    /// 红牌: past it.
    Red,
}

/// A change of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its number, from 0, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// About whom.
    pub about: Watched,
    /// The organisation that answers for it.
    pub organisation: String,
    /// What it is now.
    pub colour: Colour,
    /// What it was.
    pub before: Colour,
    /// How much of what is allowed was used, in thousandths; over 1000 is past the limit.
    pub used_permille: u64,
    /// What is allowed: `errors`, `slow`, `refused`, `wrong`, or `due` for what has a time limit.
    pub limit: String,
}

/// How many changes of cards there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CardHead {
    count: u64,
}

impl Layout for Tally {
    const WHAT: &'static str = "hour of the ledger";
}

impl Layout for Card {
    const WHAT: &'static str = "card";
}

impl Layout for CardHead {
    const WHAT: &'static str = "count of cards";
}

/// The ledger. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

impl Colour {
    /// The name in answers, records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Red => "red",
        }
    }
}

impl Watched {
    /// Which kind: the first byte of its keys.
    pub(crate) const fn tag(&self) -> u8 {
        match self {
            Self::Resource(_) => b'r',
            Self::Source(_) => b's',
            Self::Consumer(_) => b'c',
            Self::Matter(_) => b'm',
        }
    }

    /// Its code, name or identifier.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Resource(code) | Self::Source(code) | Self::Consumer(code) | Self::Matter(code) => code,
        }
    }
}

impl Tally {
    /// Counts an answer that took so long, in milliseconds.
    pub fn took(&mut self, ms: u64) {
        self.classes.resize(CLASSES_MS.len() + 1, 0);
        let class = CLASSES_MS.partition_point(|bound| u64::from(*bound) < ms);
        if let Some(count) = self.classes.get_mut(class) {
            *count += 1;
        }
    }

    /// Adds figures of another stretch.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.slow += other.slow;
        self.refused += other.refused;
        self.wrong += other.wrong;
        if self.classes.len() < other.classes.len() {
            self.classes.resize(other.classes.len(), 0);
        }
        for (to, from) in self.classes.iter_mut().zip(&other.classes) {
            *to += from;
        }
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The upper bound, in milliseconds, of the class in which this share of the answers ends, in thousandths; none without answers, or
    /// where it lies beyond the last bound.
    #[must_use]
    pub fn quantile_ms(&self, permille: u64) -> Option<u32> {
        let all: u64 = self.classes.iter().sum();
        let wanted = (all * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (count, bound) in self.classes.iter().zip(CLASSES_MS) {
            seen += count;
            if all > 0 && seen >= wanted {
                return Some(bound);
            }
        }
        None
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The beginning of the hour of a moment.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_unix(at.unix().div_euclid(HOUR_S) * HOUR_S)
}

impl Ledger {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same ledger, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Adds figures to the hours that they are of: all of them or none. At most [`TOGETHER_MAX`].
    ///
    /// # Errors
    /// Those of a store that does not work. After [`StorageError::Unknown`] they may have been added.
    pub fn add(&self, figures: &BTreeMap<(Watched, Timestamp), Tally>) -> Result<(), StorageError> {
        if figures.is_empty() {
            return Ok(());
        }
        repeat(|| {
            let mut change = self.shelf.change();
            for ((about, hour), tally) in figures {
                let key = ledger_keys::ledger_hour(about, *hour);
                match self.shelf.read::<Tally>(&key)? {
                    Some(mut kept) => {
                        kept.value.add(tally);
                        change.replace(key, kept.version, &kept.value)?;
                    }
                    None => change.insert(key, tally)?,
                }
            }
            match change.commit()? {
                Committed::Yes => Ok(Attempt::Done(())),
                Committed::Conflict => Ok(Attempt::Again),
                // Added twice would be worse than said to be unknown.
                Committed::Unknown => Err(StorageError::Unknown),
            }
        })
    }

    /// The figures of a stretch of hours, the later end excluded: one sum.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn sum(&self, about: &Watched, from: Timestamp, until: Timestamp) -> Result<Tally, StorageError> {
        let mut range = Range {
            from: std::ops::Bound::Included(ledger_keys::ledger_hour(about, from).bytes),
            to: std::ops::Bound::Excluded(ledger_keys::ledger_hour(about, until).bytes),
        };
        let mut sum = Tally::default();
        loop {
            let rows = self.shelf.engine.scan(REGISTRY, Space::Hot, range.clone(), Direction::Ascending, CARDS_MAX)?;
            for (bytes, row) in &rows {
                let key = keys::Key { space: Space::Hot, bytes: bytes.clone() };
                sum.add(&self.shelf.opened::<Tally>(&key, row)?.value);
            }
            match rows.into_iter().next_back() {
                Some((last, _)) => range = range.resumed(Direction::Ascending, last),
                None => return Ok(sum),
            }
        }
    }

    /// Notes that cards have changed, in this order, at most [`TOGETHER_MAX`]; they are given their numbers and what they were before. What is no change any
    /// more, because another gateway was first, is left out.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn turn(&self, changed: &[Card]) -> Result<Vec<Card>, StorageError> {
        repeat(|| self.attempt_turn(changed))
    }

    fn attempt_turn(&self, changed: &[Card]) -> Result<Attempt<Vec<Card>>, StorageError> {
        let head_key = ledger_keys::card_head();
        let kept = self.shelf.read::<CardHead>(&head_key)?;
        let (version, mut head) = kept.map_or_else(|| (None, CardHead::default()), |kept| (Some(kept.version), kept.value));
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        let mut turned = Vec::new();
        for card in changed {
            let key = ledger_keys::standing(&card.about);
            let kept = self.shelf.read::<Card>(&key)?;
            let before = kept.as_ref().map_or(Colour::Green, |kept| kept.value.colour);
            if before == card.colour {
                continue;
            }
            let card = Card { number: head.count, before, ..card.clone() };
            head.count += 1;
            match kept {
                Some(kept) if card.colour == Colour::Green => change.delete(key, kept.version),
                Some(kept) => change.replace(key, kept.version, &card)?,
                None => change.insert(key, &card)?,
            }
            change.insert(ledger_keys::card(card.number), &card)?;
            turned.push(card);
        }
        if turned.is_empty() {
            return Ok(Attempt::Done(turned));
        }
        match version {
            Some(version) => change.replace(head_key.clone(), version, &head)?,
            None => change.insert(head_key.clone(), &head)?,
        }
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(turned)),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<CardHead>(&head_key)? {
                Some(kept) if kept.value == head => Ok(Attempt::Done(turned)),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// The cards that are not green.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn standing(&self) -> Result<Vec<Card>, StorageError> {
        let (mut cards, mut range) = (Vec::new(), Range::prefix(ledger_keys::STANDING));
        loop {
            let rows = self.shelf.engine.scan(REGISTRY, Space::Hot, range.clone(), Direction::Ascending, CARDS_MAX)?;
            let Some((last, _)) = rows.last() else { return Ok(cards) };
            range = range.resumed(Direction::Ascending, last.clone());
            for (bytes, row) in rows {
                let key = keys::Key { space: Space::Hot, bytes };
                cards.push(self.shelf.opened::<Card>(&key, &row)?.value);
            }
        }
    }

    /// The changes of cards from this number on, the oldest first: at most `limit`, and no more than [`CARDS_MAX`].
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn cards(&self, from: u64, limit: usize) -> Result<Vec<Card>, StorageError> {
        let range = Range { from: std::ops::Bound::Included(ledger_keys::card(from).bytes), ..Range::prefix(ledger_keys::CARDS) };
        let rows = self.shelf.engine.scan(REGISTRY, Space::Obj, range, Direction::Ascending, limit.clamp(1, CARDS_MAX))?;
        let open = |(bytes, row): (Vec<u8>, crate::engine::Versioned)| {
            let key = keys::Key { space: Space::Obj, bytes };
            Ok(self.shelf.opened::<Card>(&key, &row)?.value)
        };
        rows.into_iter().map(open).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Keys;
    use crate::store::Store;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn store() -> Store {
        Store::memory(&Keys::new([1; 32], [2; 32])).unwrap()
    }

    fn tally(took: &[u64]) -> Tally {
        let mut tally = Tally { calls: 1, ..Tally::default() };
        took.iter().for_each(|ms| tally.took(*ms));
        tally
    }

    fn card(code: &str, colour: Colour) -> Card {
        Card {
            number: 99,
            at: at("2026-07-01T00:00:00Z"),
            about: Watched::Resource(code.to_owned()),
            organisation: "11330105002500287C".to_owned(),
            colour,
            before: Colour::Red,
            used_permille: 900,
            limit: "slow".to_owned(),
        }
    }

    #[test]
    fn hours_add_up_and_stay_apart() {
        let ledger = store().ledger().clone();
        let (a, b) = (Watched::Resource("3010010001/1".to_owned()), Watched::Resource("3010010001/10".to_owned()));
        let hour = |n: i64| at("2026-07-01T00:00:00Z").plus(n * 3600);
        for _ in 0..2 {
            let figures =
                [((a.clone(), hour(0)), tally(&[4])), ((a.clone(), hour(1)), tally(&[40])), ((b.clone(), hour(0)), tally(&[]))];
            ledger.add(&figures.into_iter().collect()).unwrap();
        }
        let sum = ledger.sum(&a, hour(0), hour(2)).unwrap();
        assert_eq!((sum.calls, sum.classes.iter().sum::<u64>()), (4, 4));
        assert_eq!(ledger.sum(&a, hour(0), hour(1)).unwrap().calls, 2);
        assert_eq!(ledger.sum(&b, hour(0), hour(2)).unwrap().calls, 2);
        assert!(ledger.sum(&b, hour(1), hour(2)).unwrap().is_empty());
        assert!(ledger.sum(&Watched::Consumer("3010010001/1".to_owned()), hour(0), hour(2)).unwrap().is_empty());
        assert_eq!(hour_of(at("2026-07-01T01:59:59Z")), hour(1));
    }

    #[test]
    fn quantiles_are_bounds_of_classes() {
        let sum = tally(&[1, 1, 4, 5, 5, 6, 100, 101, 20_000, 20_000]);
        assert_eq!(sum.quantile_ms(100), Some(1));
        assert_eq!(sum.quantile_ms(500), Some(5));
        assert_eq!(sum.quantile_ms(700), Some(100));
        assert_eq!(sum.quantile_ms(800), Some(150));
        assert_eq!(sum.quantile_ms(900), None, "beyond the last bound");
        assert_eq!(Tally::default().quantile_ms(500), None);
    }

    #[test]
    fn only_changes_of_cards_are_noted_and_stand_after_a_restart() {
        let store = store();
        let ledger = store.ledger();
        let turned = ledger.turn(&[card("a", Colour::Yellow), card("b", Colour::Red), card("c", Colour::Green)]).unwrap();
        assert_eq!(
            turned.iter().map(|card| (card.number, card.before)).collect::<Vec<_>>(),
            [(0, Colour::Green), (1, Colour::Green)]
        );
        assert_eq!(ledger.turn(&[card("a", Colour::Yellow)]).unwrap(), []);
        let turned = ledger.turn(&[card("a", Colour::Green), card("b", Colour::Yellow)]).unwrap();
        assert_eq!(
            turned.iter().map(|card| (card.number, card.before)).collect::<Vec<_>>(),
            [(2, Colour::Yellow), (3, Colour::Red)]
        );
        let standing = ledger.standing().unwrap();
        assert_eq!(standing.iter().map(|card| (card.about.code(), card.colour)).collect::<Vec<_>>(), [("b", Colour::Yellow)]);
        assert_eq!(ledger.cards(0, 10).unwrap().len(), 4);
        assert_eq!(ledger.cards(2, 1).unwrap().iter().map(|card| card.number).collect::<Vec<_>>(), [2]);
        assert_eq!(ledger.cards(4, 10).unwrap(), []);
        // More than one value could hold.
        let many: Vec<_> = (0..TOGETHER_MAX).map(|n| card(&format!("{n:0>40}"), Colour::Red)).collect();
        for n in 0..4 {
            let of = |one: &Card| card(&format!("{n}{}", one.about.code()), Colour::Red);
            assert_eq!(ledger.turn(&many.iter().map(of).collect::<Vec<_>>()).unwrap().len(), TOGETHER_MAX);
        }
        assert_eq!(ledger.standing().unwrap().len(), 4 * TOGETHER_MAX + 1);
    }
}
