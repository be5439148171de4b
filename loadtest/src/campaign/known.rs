//! What is known from outside of something that is changed: what was acknowledged, and what was asked for without an answer.

/// Something with a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known<S> {
    /// What was acknowledged last.
    sure: S,
    /// What was asked for since, and may have come or not.
    maybe: Option<S>,
    /// Counts every beginning and every end of a change.
    turn: u64,
}

impl<S: Clone + PartialEq> Known<S> {
    /// Something of which this was acknowledged.
    pub(super) const fn new(sure: S) -> Self {
        Self { sure, maybe: None, turn: 0 }
    }

    /// A change is asked for now.
    pub(super) fn begin(&mut self, next: S) {
        self.maybe = Some(next);
        self.turn += 1;
    }

    /// It was acknowledged.
    pub(super) fn done(&mut self) {
        if let Some(next) = self.maybe.take() {
            self.sure = next;
        }
        self.turn += 1;
    }

    /// It was refused: nothing was changed.
    pub(super) fn refused(&mut self) {
        self.maybe = None;
        self.turn += 1;
    }

    /// The state, if there is no doubt.
    pub(super) fn settled(&self) -> Option<&S> {
        if self.maybe.is_none() { Some(&self.sure) } else { None }
    }

    /// The count of beginnings and ends: where it is the same twice, nothing was changed between.
    pub(super) const fn turn(&self) -> u64 {
        self.turn
    }

    /// Whether what was found can be; from then on it is what is known.
    pub(super) fn settle(&mut self, found: S) -> bool {
        let can_be = found == self.sure || self.maybe.as_ref() == Some(&found);
        (self.sure, self.maybe) = (found, None);
        can_be
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_without_an_answer_may_be_either_way_and_nothing_else() {
        let mut known = Known::new(1);
        assert_eq!((known.settled(), known.turn()), (Some(&1), 0));
        known.begin(2);
        assert_eq!(known.settled(), None);
        for (found, can_be) in [(1, true), (2, true), (3, false)] {
            assert_eq!(known.clone().settle(found), can_be, "{found}");
        }
        known.done();
        assert_eq!((known.settled(), known.turn()), (Some(&2), 2));
        assert!(!known.clone().settle(1), "what was acknowledged is gone");
        known.begin(3);
        known.refused();
        assert_eq!(known.settled(), Some(&2));
        assert!(known.settle(2));
    }
}
