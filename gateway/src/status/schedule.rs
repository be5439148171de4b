//! When to ask again: pure arithmetic over the moments that it is given.

use crypto::time::Timestamp;

use crate::spread::Spread;

/// The first pause after a failure, in seconds; each further failure doubles it.
const BACK_OFF_FIRST_S: i64 = 5;

/// The longest pause after a failure, in seconds.
const BACK_OFF_MAX_S: i64 = 15 * 60;

/// The shortest pause after a success, in seconds: an answer that is about to end is no reason to ask without pause.
const PAUSE_MIN_S: i64 = 30;

/// When something is to be asked next, and how often in a row it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// Not before this moment.
    pub(crate) next_at: Timestamp,
    /// Failures since the last success.
    pub(crate) failures: u32,
}

impl Schedule {
    /// At once.
    pub(crate) const NEW: Self = Self { next_at: Timestamp::MIN, failures: 0 };

    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.next_at <= now
    }

    /// It may be asked again at any moment.
    pub(crate) const fn succeeded(&mut self) {
        *self = Self::NEW;
    }

    /// An answer that is good until some moment is asked for anew when half of the time until then is over, then after half of
    /// the rest, and so on: there are several tries before the end. Sources publish early after a revocation, so no answer is
    /// relied upon for longer than `refresh_s_max`.
    pub(crate) fn answered(&mut self, good_until: Option<Timestamp>, now: Timestamp, refresh_s_max: i64, spread: &mut Spread) {
        let half = good_until.map_or(refresh_s_max, |until| until.unix().saturating_sub(now.unix()) / 2);
        let pause = spread.shorten(half.min(refresh_s_max)).max(PAUSE_MIN_S);
        *self = Self { next_at: now.plus(pause), failures: 0 };
    }

    pub(crate) fn failed(&mut self, now: Timestamp, spread: &mut Spread) {
        let doubled = BACK_OFF_FIRST_S.checked_shl(self.failures.min(16)).unwrap_or(BACK_OFF_MAX_S);
        let pause = spread.shorten(doubled.min(BACK_OFF_MAX_S));
        *self = Self { next_at: now.plus(pause), failures: self.failures.saturating_add(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);

    fn pause(schedule: Schedule, since: Timestamp) -> i64 {
        schedule.next_at.unix() - since.unix()
    }

    #[test]
    fn failures_double_the_pause_up_to_a_quarter_of_an_hour() {
        let (mut schedule, mut spread) = (Schedule::NEW, Spread::new(1));
        let mut longest = 5;
        for failures in 1..40 {
            schedule.failed(NOW, &mut spread);
            let pause = pause(schedule, NOW);
            assert!((longest * 3 / 4..=longest).contains(&pause), "{failures}: {pause} of {longest}");
            assert_eq!(schedule.failures, failures);
            longest = (longest * 2).min(900);
        }
        schedule.succeeded();
        assert_eq!((schedule.failures, schedule.is_due(NOW)), (0, true));
    }

    #[test]
    fn answers_are_renewed_well_before_they_end() {
        let (mut schedule, mut spread) = (Schedule::NEW, Spread::new(2));
        let until = NOW.plus(7200);
        let (mut now, mut tries) = (NOW, 0);
        while now < until {
            schedule.answered(Some(until), now, 100_000, &mut spread);
            assert!(schedule.next_at > now);
            (now, tries) = (schedule.next_at, tries + 1);
        }
        assert!((5..40).contains(&tries), "{tries}");
        schedule.answered(Some(NOW.plus(1_000_000)), NOW, 3600, &mut spread);
        assert!((2700..=3600).contains(&pause(schedule, NOW)));
        schedule.answered(None, NOW, 3600, &mut spread);
        assert!((2700..=3600).contains(&pause(schedule, NOW)));
        schedule.answered(Some(NOW.plus(-5)), NOW, 3600, &mut spread);
        assert_eq!(pause(schedule, NOW), PAUSE_MIN_S);
    }
}
