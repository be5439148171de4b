//! What the gateway has acknowledged, kept by those who asked: everything in it must be there for ever.

use std::collections::BTreeMap;

use serde_json::Value;

use super::known::Known;
use crate::departments::Chance;
use crate::number::count;
use crate::trees::Trees;

/// What is found wrong is told up to here; one thing is enough to fail.
const WRONG_MAX: usize = 100;
/// How far a licence is looked for that is fit for something.
const LOOKED_AT: usize = 64;

/// The state of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// It is not on record.
    Absent,
    /// In force.
    Valid,
    /// Suspended.
    Suspended,
    /// Revoked, for good.
    Revoked,
}

/// What became of the use of a seal, by the name of the use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is on record under this number, with this entry.
    Recorded(u64, String),
    /// There was no answer.
    Doubtful,
}

/// A use code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// The code.
    pub(super) code: String,
    /// The licence that it is of.
    pub(super) licence: u64,
    /// Whether it was used up.
    pub(super) spent: Known<bool>,
    /// The round in which it was given out: codes live for ten minutes.
    pub(super) round: u64,
}

/// How far an application for a grant, or an objection, has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// There is none.
    Nothing,
    /// It was filed.
    Filed,
    /// It was granted.
    Granted,
    /// It was withdrawn, or answered.
    Closed,
}

/// Something that goes through stages: how it was filed, so that it can be filed again, and under which name it is on record.
#[derive(Clone, Debug)]
pub(super) struct Matter {
    /// The key under which filing it again finds it.
    pub(super) key: String,
    /// What was sent.
    pub(super) body: Value,
    /// Its name, once that was told.
    pub(super) id: Option<String>,
    /// The licence that an objection is against.
    pub(super) licence: u64,
    /// How far it has come.
    pub(super) stage: Known<Stage>,
}

/// What came of requests of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Answered as asked.
    pub(super) done: u64,
    /// Not answered, or put off: it may have been done or not.
    pub(super) unsure: u64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Licences by number.
    pub(super) licences: BTreeMap<u64, Known<State>>,
    /// Licences whose revocation or suspension was acknowledged since the last check.
    pub(super) ended: Vec<u64>,
    /// Uses of seals, by name.
    pub(super) uses: BTreeMap<String, Use>,
    /// Use codes.
    pub(super) codes: Vec<Code>,
    /// Grants, by the place of their item.
    pub(super) grants: BTreeMap<u32, Matter>,
    /// Objections that are not done with.
    pub(super) objections: Vec<Matter>,
    /// What items are called, by their place.
    pub(super) items: BTreeMap<u32, Known<String>>,
    /// The logs.
    pub(super) trees: Trees,
    /// What came of requests.
    pub(super) counts: BTreeMap<&'static str, Count>,
    /// What was found wrong.
    pub(super) wrong: Vec<String>,
}

impl Matter {
    /// One that is about to be filed.
    pub(super) fn new(key: String, body: Value, licence: u64) -> Self {
        Self { key, body, id: None, licence, stage: Known::new(Stage::Nothing) }
    }
}

impl Ledger {
    /// Something is wrong.
    pub(super) fn blame(&mut self, what: String) {
        if self.wrong.len() < WRONG_MAX {
            self.wrong.push(what);
        }
    }

    /// Blames what is wrong.
    pub(super) fn hold(&mut self, outcome: Result<(), String>) {
        if let Err(what) = outcome {
            self.blame(what);
        }
    }

    /// A licence near a place by chance that is fit, with its state and turn. `newest` ones are what most ask about.
    pub(super) fn pick(
        &self,
        chance: &mut Chance,
        newest: u64,
        is_fit: impl Fn(u64, State) -> bool,
    ) -> Option<(u64, State, u64)> {
        let (first, last) = (*self.licences.first_key_value()?.0, *self.licences.last_key_value()?.0);
        let span = if chance.happens(700) { newest.min(last - first + 1) } else { last - first + 1 };
        let from = last + 1 - (1 + chance.next() % span);
        let near = self.licences.range(from..).take(LOOKED_AT);
        let mut fit = near.filter_map(|(number, known)| known.settled().map(|state| (*number, *state, known.turn())));
        fit.find(|(number, state, _)| is_fit(*number, *state))
    }

    /// A licence that is fit, of which a change to another state begins now: the number, and both states.
    pub(super) fn take(
        &mut self,
        chance: &mut Chance,
        is_fit: impl Fn(u64, State) -> bool,
        next: impl FnOnce(State) -> State,
    ) -> Option<(u64, State, State)> {
        let (number, state, _) = self.pick(chance, 200, is_fit)?;
        let next = next(state);
        self.licences.get_mut(&number)?.begin(next);
        Some((number, state, next))
    }

    /// How many changes were acknowledged that must be there.
    pub(super) fn acknowledged(&self) -> u64 {
        let recorded = self.uses.values().filter(|used| matches!(used, Use::Recorded(..))).count();
        count(self.licences.len() + recorded + self.codes.len() + self.grants.len() + self.items.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_fit_and_certain_is_picked() {
        let mut ledger = Ledger::default();
        let mut chance = Chance::of(&[1]);
        assert_eq!(ledger.pick(&mut chance, 10, |_, _| true), None);
        for number in 0..40 {
            let mut known = Known::new(if number % 2 == 0 { State::Valid } else { State::Revoked });
            if number % 5 == 0 {
                known.begin(State::Suspended);
            }
            ledger.licences.insert(number, known);
        }
        for _ in 0..200 {
            if let Some((number, state, _)) = ledger.pick(&mut chance, 10, |_, state| state == State::Valid) {
                assert!(number % 2 == 0 && number % 5 != 0 && state == State::Valid, "{number}");
            }
        }
        let is_fit = |number: u64, _| number == 38;
        let taken = (0..100).find_map(|_| ledger.take(&mut chance, is_fit, |_| State::Revoked));
        assert_eq!(taken, Some((38, State::Valid, State::Revoked)));
        assert!((0..100).all(|_| ledger.take(&mut chance, is_fit, |_| State::Revoked).is_none()), "it is in doubt");
    }
}
