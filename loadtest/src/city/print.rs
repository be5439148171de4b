//! What came of a city, in words.

use std::fmt;
use std::time::Duration;

use super::load::{Compared, Measured};
use crate::departments::Profile;

/// An answer may come so much later than its deadline.
const GRACE: Duration = Duration::from_millis(5);

/// What came of a city.
#[derive(Debug)]
pub struct Report {
    pub(super) profile: Profile,
    pub(super) deadline: Duration,
    pub(super) measured: Measured,
    pub(super) asked: Vec<u64>,
    pub(super) compared: Option<Compared>,
    pub(super) metrics: String,
}

impl Report {
    /// Whether no answer was wrong, none failed, each told rightly what it lacks, and every lie was shown.
    #[must_use]
    pub fn is_right(&self) -> bool {
        let judged = &self.measured.judged;
        judged.wrong == 0 && judged.failed == 0 && judged.misstated == 0 && judged.contradicted == judged.lies
    }

    /// Statements that could have come, and those of them that did.
    #[must_use]
    pub fn came(&self) -> (u64, u64) {
        (self.measured.judged.possible, self.measured.judged.came)
    }

    /// How many look-ups there were.
    #[must_use]
    pub fn lookups(&self) -> usize {
        self.measured.times.len()
    }

    /// How often each department was asked, in the order of the profile.
    #[must_use]
    pub fn asked(&self) -> &[u64] {
        &self.asked
    }

    /// The time within which so many of a hundred thousand answers came.
    fn quantile(&self, of_100000: usize) -> Duration {
        let times = &self.measured.times;
        let place = (times.len().saturating_sub(1)).saturating_mul(of_100000) / 100_000;
        times.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let count = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let share = |part: u64, whole: u64| 100.0 * count(part) / count(whole).max(1.0);
        let (times, judged) = (&self.measured.times, &self.measured.judged);
        let all = u64::try_from(times.len()).unwrap_or(u64::MAX);
        let in_time = u64::try_from(times.partition_point(|time| *time <= self.deadline + GRACE)).unwrap_or(u64::MAX);
        writeln!(f, "look-ups   {all}, {} failed, {} complete", judged.failed, judged.complete)?;
        writeln!(f, "in time    {:.4} % within {:.0} ms + 5 ms", share(in_time, all), ms(self.deadline))?;
        for (name, of) in [("p50", 50_000), ("p99", 99_000), ("p99.9", 99_900), ("p99.99", 99_990), ("max", 100_000)] {
            writeln!(f, "{name:<10} {:.2} ms", ms(self.quantile(of)))?;
        }
        writeln!(f, "wrong      {} statements that are not those of the department about the subject", judged.wrong)?;
        writeln!(f, "misstated  {} answers say otherwise than they lack what they lack", judged.misstated)?;
        writeln!(f, "lies       {} of {} shown as contradictions", judged.contradicted, judged.lies)?;
        let (possible, came) = (judged.possible, judged.came);
        writeln!(f, "came       {came} of {possible} statements that could have come, {:.4} %", share(came, possible))?;
        writeln!(f, "{:<18} {:>9} {:>10}  what came", "department", "asked", "extra")?;
        for (place, department) in self.profile.departments.iter().enumerate() {
            let asked = self.asked.get(place).copied().unwrap_or_default();
            let states = judged.states.iter().filter(|((of, _), _)| *of == place);
            let states: Vec<_> = states.map(|((_, state), count)| format!("{state} {count}")).collect();
            let extra = share(asked, all) - 100.0;
            writeln!(f, "{:<18} {asked:>9} {extra:>9.1}%  {}", department.name, states.join(", "))?;
        }
        for line in self.metrics.lines().filter(|line| line.starts_with("licet_") && line.contains("hedge")) {
            writeln!(f, "{line}")?;
        }
        if let Some(compared) = self.compared {
            let (direct, through) = (ms(compared.direct), ms(compared.through));
            writeln!(f, "direct     p50 {direct:.3} ms; through the gateway {through:.3} ms: {:+.3} ms", through - direct)?;
            writeln!(f, "at most    {:.0} look-ups a second of 64 callers", compared.per_second)?;
        }
        Ok(())
    }
}
