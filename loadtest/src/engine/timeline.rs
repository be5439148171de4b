//! What happened when, in tenths of a second: the rate, and the longest time of an answer.

use std::time::Duration;

use serde::Serialize;

use crate::number::millis;

/// How long a slot is.
pub const SLOT: Duration = Duration::from_millis(100);
/// The most slots: an hour and a bit.
const SLOTS_MAX: usize = 40_000;

/// What happened in a tenth of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Slot {
    /// Requests that were due.
    pub due: u32,
    /// Right answers that came.
    pub good: u32,
    /// Refusals that came.
    pub refused: u32,
    /// What else came, or did not come.
    pub bad: u32,
    /// The longest time of a right answer that came, from when it was due, in milliseconds.
    pub worst_ms: f64,
}

/// One slot after another.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline(pub Vec<Slot>);

impl Timeline {
    /// The slot of this moment, counted from the beginning.
    pub(super) fn slot(&mut self, since: Duration) -> Option<&mut Slot> {
        let place = usize::try_from(since.as_millis() / SLOT.as_millis()).unwrap_or(usize::MAX).min(SLOTS_MAX);
        if self.0.len() <= place {
            self.0.resize(place + 1, Slot::default());
        }
        self.0.get_mut(place)
    }

    /// From when on, counted from the beginning and not before `from`, every right answer came within `goal` and nothing bad or
    /// refused came, to the end; nothing where that never was so.
    #[must_use]
    pub fn well_from(&self, from: Duration, goal: Duration) -> Option<Duration> {
        let first = usize::try_from(from.as_millis() / SLOT.as_millis()).unwrap_or(usize::MAX);
        let is_well = |slot: &Slot| slot.refused == 0 && slot.bad == 0 && slot.worst_ms <= millis(goal);
        let last_bad = self.0.iter().rposition(|slot| !is_well(slot));
        let from = last_bad.map_or(first, |place| first.max(place + 1));
        if from >= self.0.len() {
            return None;
        }
        Some(SLOT * u32::try_from(from).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_well_once_nothing_bad_comes_any_more() {
        let mut timeline = Timeline::default();
        for (ms, worst) in [(0, 1.0), (100, 1.0), (250, 90.0), (310, 2.0), (420, 1.0)] {
            let slot = timeline.slot(Duration::from_millis(ms)).unwrap();
            (slot.good, slot.worst_ms) = (1, worst);
        }
        let (goal, from) = (Duration::from_millis(10), Duration::ZERO);
        assert_eq!(timeline.well_from(from, goal), Some(Duration::from_millis(300)));
        assert_eq!(timeline.well_from(Duration::from_millis(400), goal), Some(Duration::from_millis(400)));
        assert_eq!(timeline.well_from(from, Duration::from_millis(100)), Some(Duration::ZERO));
        timeline.slot(Duration::from_millis(430)).unwrap().refused = 1;
        assert_eq!(timeline.well_from(from, goal), None);
    }
}
