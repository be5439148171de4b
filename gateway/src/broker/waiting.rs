//! Who waits for a turn with a source.

use std::collections::VecDeque;
use std::time::Instant;

use super::Class;

/// Somebody who waits, and who may come to wait longer: whoever joins them may have more time.
pub(super) trait Waits {
    /// Until when.
    fn until(&self) -> Instant;
}

/// Those who wait for a turn, in the order in which they came, and who came from a counter before all batches.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    max: usize,
    interactive: VecDeque<T>,
    batch: VecDeque<T>,
}

impl<T: Waits> Waiting<T> {
    /// Room for so many.
    pub(super) fn new(max: u32) -> Self {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        Self { max, interactive: VecDeque::new(), batch: VecDeque::new() }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.interactive.len().saturating_add(self.batch.len())
    }

    /// How many would get their turn before one who comes now.
    pub(super) fn ahead(&self, class: Class) -> u32 {
        let count = match class {
            Class::Interactive => self.interactive.len(),
            Class::Batch => self.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Somebody waits. Given back is who has to go for that: the last of the batches where all is full. Those whose
    /// time is over make room first.
    ///
    /// # Errors
    /// Who came, where there is no room.
    pub(super) fn push(&mut self, class: Class, who: T, now: Instant) -> Result<Option<T>, T> {
        if self.len() >= self.room(class) {
            self.interactive.retain(|who| now < who.until());
            self.batch.retain(|who| now < who.until());
        }
        let is_full = self.len() >= self.room(class);
        match class {
            Class::Batch if is_full => return Err(who),
            Class::Batch => self.batch.push_back(who),
            Class::Interactive if is_full => {
                let Some(last) = self.batch.pop_back() else { return Err(who) };
                self.interactive.push_back(who);
                return Ok(Some(last));
            }
            Class::Interactive => self.interactive.push_back(who),
        }
        Ok(None)
    }

    /// Whose turn it is, of those whose time is not over by this moment.
    pub(super) fn pop(&mut self, may_be_batch: bool, now: Instant) -> Option<T> {
        let next = |queue: &mut VecDeque<T>| loop {
            let who = queue.pop_front()?;
            if now < who.until() {
                return Some(who);
            }
        };
        if let Some(who) = next(&mut self.interactive) {
            return Some(who);
        }
        if may_be_batch { next(&mut self.batch) } else { None }
    }

    const fn room(&self, class: Class) -> usize {
        match class {
            Class::Interactive => self.max,
            Class::Batch => self.max / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::clock;

    impl Waits for (Instant, char) {
        fn until(&self) -> Instant {
            self.0
        }
    }

    impl Waits for &Cell<Instant> {
        fn until(&self) -> Instant {
            self.get()
        }
    }

    #[test]
    fn interactive_first_and_batches_put_off() {
        let now = clock::instant();
        let later = now + Duration::from_secs(1);
        let mut waiting = Waiting::new(4);
        for (class, who, expected) in [
            (Class::Batch, 'a', Ok(None)),
            (Class::Batch, 'b', Ok(None)),
            (Class::Batch, 'c', Err('c')),
            (Class::Interactive, 'd', Ok(None)),
            (Class::Interactive, 'e', Ok(None)),
            (Class::Interactive, 'f', Ok(Some('b'))),
            (Class::Interactive, 'g', Ok(Some('a'))),
            (Class::Interactive, 'h', Err('h')),
            (Class::Batch, 'i', Err('i')),
        ] {
            let expected = expected.map(|gone: Option<_>| gone.map(|gone| (later, gone))).map_err(|who| (later, who));
            assert_eq!(waiting.push(class, (later, who), now), expected, "{who}");
        }
        assert_eq!((waiting.ahead(Class::Interactive), waiting.ahead(Class::Batch)), (4, 4));
        let all: String = std::iter::from_fn(|| waiting.pop(true, now)).map(|who| who.1).collect();
        assert_eq!(all, "defg");
        assert_eq!(waiting.push(Class::Batch, (later, 'j'), now), Ok(None));
        assert_eq!(waiting.pop(false, now), None);
        assert_eq!(waiting.pop(true, now), Some((later, 'j')));
    }

    #[test]
    fn whose_time_is_over_has_no_turn_and_takes_no_room() {
        let now = clock::instant();
        let at = |ms| now + Duration::from_millis(ms);
        let mut waiting = Waiting::new(3);
        for (ms, who) in [(10, 'a'), (20, 'b'), (10, 'c')] {
            assert_eq!(waiting.push(Class::Interactive, (at(ms), who), now), Ok(None));
        }
        assert_eq!(waiting.push(Class::Interactive, (at(30), 'd'), at(9)), Err((at(30), 'd')));
        assert_eq!(waiting.push(Class::Interactive, (at(30), 'e'), at(10)), Ok(None));
        assert_eq!(waiting.len(), 2);
        assert_eq!(waiting.pop(true, at(20)), Some((at(30), 'e')));
        assert_eq!((waiting.pop(true, at(20)), waiting.len()), (None, 0));
    }

    #[test]
    fn who_comes_to_wait_longer_keeps_their_place() {
        let now = clock::instant();
        let at = |ms| now + Duration::from_millis(ms);
        let [first, second] = [10, 10].map(|ms| Cell::new(at(ms)));
        let mut waiting = Waiting::new(2);
        for who in [&first, &second] {
            assert_eq!(waiting.push(Class::Interactive, who, now), Ok(None));
        }
        first.set(at(30));
        let third = Cell::new(at(40));
        assert_eq!(waiting.push(Class::Interactive, &third, at(10)), Ok(None));
        assert_eq!(waiting.pop(true, at(20)), Some(&first));
        assert_eq!(waiting.pop(true, at(20)), Some(&third));
    }
}
