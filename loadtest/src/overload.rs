//! More than a gateway can do: whether it still does what it can, says no at once to the rest, and recovers.

use std::time::Duration;

use crate::engine::{Load, Plan, SLOT, Tally};
use crate::mix::Mix;
use crate::number::{millis, real, short, whole};
use crate::report::{Finding, Step};
use crate::rig::Rig;

/// At twice its capacity a gateway still answers at least so much of it.
const GOODPUT: f64 = 0.9;
/// It says no within this time.
const NO_WITHIN: Duration = Duration::from_millis(5);
/// It is well again so soon after the surge.
const WELL_WITHIN: Duration = Duration::from_secs(1);
/// Its memory grows by no more than this share, from before the surge on.
const GROWTH: f64 = 1.2;
/// What is left out at the beginning of a surge: it fills queues.
const ONSET: usize = 5;
/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(1);
/// Callers that wait for their answers while it is found out what a gateway can do: fewer than it has room for.
const BUSY: u64 = 64;
/// Being well: answers come within this.
const WELL: Duration = Duration::from_millis(100);

/// What a surge was like.
#[derive(Clone, Debug)]
pub struct Surge {
    /// Requests a second that it can answer.
    pub capacity: u64,
    /// Right answers a second during the surge.
    pub goodput: f64,
    /// How long after the surge it was well again; nothing where it was not.
    pub well_after: Option<Duration>,
    /// What it could do.
    pub before: Step,
    /// The surge.
    pub step: Step,
}

/// Finds out what it can do, if that is not given; then asks half of it, twice as much, and half again, each for a third of the time.
/// Being busy first, the gateway has the memory that caches and connections need, and what comes on top is the surge's.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn surge(rig: &mut Rig, mix: &Mix, capacity: Option<u64>, lasts: Duration) -> Result<Surge, String> {
    let busy = Plan::new(Load::Closed { callers: BUSY }, lasts / 3);
    let (before, _) = rig.measure("capacity", mix, &busy).await?;
    let capacity = capacity.unwrap_or_else(|| whole(before.per_s)).max(2);
    let plan = Plan::new(Load::Surge { usual: capacity / 2, surge: capacity * 2 }, lasts).cold().patient(PATIENCE);
    let (step, tally) = rig.measure("overload", mix, &plan).await?;
    let (from, until) = (lasts / 3, lasts / 3 * 2);
    let well_after = tally.timeline.well_from(until, WELL).map(|well| well.saturating_sub(until));
    Ok(Surge { capacity, goodput: goodput(&tally, from, until), well_after, before, step })
}

/// Right answers a second between two moments, once queues are full.
fn goodput(tally: &Tally, from: Duration, until: Duration) -> f64 {
    let place = |at: Duration| usize::try_from(at.as_millis() / SLOT.as_millis()).unwrap_or(usize::MAX);
    let slots = tally.timeline.0.get(place(from) + ONSET..place(until)).unwrap_or_default();
    let good: u64 = slots.iter().map(|slot| u64::from(slot.good)).sum();
    let lasted = SLOT.as_secs_f64() * real(crate::number::count(slots.len()));
    real(good) / lasted.max(1e-9)
}

impl Surge {
    /// What it says.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let (share, all) = (self.goodput / real(self.capacity.max(1)), &self.step.all);
        let mut findings = vec![Finding::held(
            "at twice the capacity: answered, as a share of the capacity",
            format!("{} of {} a second", short(share), self.capacity),
            "0.9",
            share >= GOODPUT,
        )];
        findings.push(if all.refused > 0 {
            let found = format!("{} ms at the 99th percentile of {}", short(all.refusals.p99_ms), all.refused);
            Finding::held("refused with 503 and Retry-After, within", found, "5 ms", all.refusals.p99_ms <= millis(NO_WITHIN))
        } else {
            Finding::told("refused with 503 and Retry-After", "none: connections ran out before the gateway said no".to_owned())
        });
        findings.push(Finding::told("not sent, as no connection was free in time", all.unsent.to_string()));
        findings.push(Finding::held("other answers", (all.wrong + all.failed).to_string(), "0", all.wrong + all.failed == 0));
        let (after, is_well) = match self.well_after {
            Some(after) => (format!("{} s", short(after.as_secs_f64())), after <= WELL_WITHIN),
            None => ("not by the end".to_owned(), false),
        };
        findings.push(Finding::held("well again after the surge", after, "1 s", is_well));
        if let Some(usage) = &self.step.usage {
            let growth = real(usage.rss_last) / real(usage.rss_first.max(1));
            let mib = |bytes: u64| short(real(bytes) / 1_048_576.0);
            let found = format!("{} to {} MiB, at most {}", mib(usage.rss_first), mib(usage.rss_last), mib(usage.rss_most));
            findings.push(Finding::held("memory", found, "flat", growth <= GROWTH));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::KindRow;
    use crate::server::Usage;

    fn surge(change: impl Fn(&mut Surge)) -> Vec<bool> {
        let mut all = KindRow { refused: 10, unsent: 5, ..KindRow::default() };
        all.refusals.p99_ms = 2.0;
        let usage = Usage { rss_first: 100, rss_last: 110, rss_most: 115, ..Usage::default() };
        let step = Step { all, usage: Some(usage), ..Step::default() };
        let well_after = Some(Duration::from_millis(300));
        let mut surge = Surge { capacity: 1_000, goodput: 950.0, well_after, before: Step::default(), step };
        change(&mut surge);
        surge.findings().iter().map(|finding| finding.verdict != crate::report::Verdict::Missed).collect()
    }

    #[test]
    fn each_demand_is_held_by_itself() {
        assert!(surge(|_| {}).iter().all(|is_met| *is_met));
        let missed = |change: fn(&mut Surge)| surge(change).iter().position(|is_met| !is_met);
        assert_eq!(missed(|surge| surge.goodput = 899.0), Some(0));
        assert_eq!(missed(|surge| surge.step.all.refusals.p99_ms = 5.1), Some(1));
        assert_eq!(missed(|surge| surge.step.all.failed = 1), Some(3));
        assert_eq!(missed(|surge| surge.well_after = None), Some(4));
        assert_eq!(missed(|surge| surge.well_after = Some(Duration::from_secs(2))), Some(4));
        assert_eq!(missed(|surge| surge.step.usage.as_mut().unwrap().rss_last = 130), Some(5));
    }
}
