//! A long time at a constant rate that the gateway can bear: whether its memory, its handles, its threads and its answers stay as they
//! are.

use std::time::Duration;

use crate::arrivals::Rhythm;
use crate::engine::{Load, Plan};
use crate::mix::Mix;
use crate::number::{real, short, whole};
use crate::report::{Finding, Step};
use crate::rig::Rig;
use crate::server::Moment;

/// What the gateway is given where nothing else is laid over its configuration: caches and buffers that are full before anything counts,
/// so that what grows then grows without need.
pub const SMALL: &str = "[cache]\nverdicts_mib = 8\n\n[memory]\nstore_mib = 64\n";
/// How long it is measured what the gateway can do, where that is not given.
const MEASURED: Duration = Duration::from_secs(10);
/// Callers that wait for their answers meanwhile: fewer than it has room for.
const BUSY: u64 = 64;
/// What is left out at the beginning: caches fill up, and their room is given once.
const WARM: f64 = 1.0 / 3.0;
/// Memory may grow by this much an hour, as a share of what it is; but what lies below [`NOISE_BYTES`] in all is not told from chance.
const GROWTH: f64 = 0.02;
const NOISE_BYTES: f64 = 48.0 * 1_048_576.0;
/// Handles and threads of the last third may be so many more than those of the second: tables are opened and closed.
const MORE: u64 = 24;
/// The 99th percentile of the last third may be so much longer than that of the first.
const DRIFT: f64 = 1.5;
const DRIFT_MS: f64 = 5.0;

/// What a long time was like.
#[derive(Clone, Debug)]
pub struct Soak {
    /// Requests a second that it was asked.
    pub rate: u64,
    /// The thirds, in order.
    pub thirds: Vec<Step>,
    /// What the process used, moment after moment from the beginning.
    pub moments: Vec<Moment>,
}

/// Asks for so long, at this rate or at this share of what it can do.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn soak(rig: &mut Rig, mix: &Mix, rate: Option<u64>, share: f64, lasts: Duration) -> Result<Soak, String> {
    let rate = match rate {
        Some(rate) => rate,
        None => {
            let busy = Plan::new(Load::Closed { callers: BUSY }, MEASURED);
            let (step, _) = rig.measure("capacity", mix, &busy).await?;
            whole(step.per_s * share).max(1)
        }
    };
    let (mut thirds, mut moments) = (Vec::new(), Vec::<Moment>::new());
    for name in ["first third", "second third", "last third"] {
        let plan = Plan::new(Load::Open { per_second: rate, rhythm: Rhythm::Random }, lasts / 3);
        let (step, _) = rig.measure(name, mix, &plan).await?;
        let began = moments.last().map_or(0.0, |moment| moment.at_s);
        let seen = step.usage.iter().flat_map(|usage| &usage.moments);
        moments.extend(seen.map(|moment| Moment { at_s: began + moment.at_s, ..*moment }));
        thirds.push(step);
    }
    Ok(Soak { rate, thirds, moments })
}

/// Bytes a second by which memory grows, by least squares; nothing where there is nothing to reckon with.
#[must_use]
pub fn slope(moments: &[Moment]) -> Option<f64> {
    let many = real(crate::number::count(moments.len()));
    let mean = |of: fn(&Moment) -> f64| moments.iter().map(of).sum::<f64>() / many;
    let (at, rss) = (mean(|moment| moment.at_s), mean(|moment| real(moment.rss)));
    let over: f64 = moments.iter().map(|moment| (moment.at_s - at) * (real(moment.rss) - rss)).sum();
    let under: f64 = moments.iter().map(|moment| (moment.at_s - at).powi(2)).sum();
    (moments.len() > 1 && under > 0.0).then(|| over / under)
}

/// Whether memory stays as it is, and how that is said: what it grew by over the time that counts, of which the beginning is left out.
#[must_use]
pub fn memory(moments: &[Moment]) -> Finding {
    let ends = moments.last().map_or(0.0, |moment| moment.at_s);
    let from = moments.iter().position(|moment| moment.at_s >= ends * WARM).unwrap_or(0);
    let counted = moments.get(from..).unwrap_or_default();
    let (first, lasted) = (counted.first().copied().unwrap_or_default(), ends * (1.0 - WARM));
    let grown = slope(counted).unwrap_or(0.0) * lasted;
    let allowed = (real(first.rss) * GROWTH * lasted / 3_600.0).max(NOISE_BYTES);
    let mib = |bytes: f64| short(bytes / 1_048_576.0);
    let found = format!(
        "{} MiB by its slope over {} s, from {} MiB to {}",
        mib(grown),
        short(lasted),
        mib(real(first.rss)),
        mib(real(moments.last().map_or(0, |moment| moment.rss)))
    );
    Finding::held("memory grew by", found, &format!("at most {} MiB", mib(allowed)), !counted.is_empty() && grown <= allowed)
}

impl Soak {
    /// What it says.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = vec![Finding::told("requests a second", self.rate.to_string()), memory(&self.moments)];
        let p99: Vec<f64> = self.thirds.iter().map(|third| third.all.latency.p99_ms).collect();
        let (first, last) = (p99.first().copied().unwrap_or(0.0), p99.last().copied().unwrap_or(0.0));
        let found = format!("{} ms", p99.iter().map(|ms| short(*ms)).collect::<Vec<_>>().join(", "));
        let is_flat = last <= (first * DRIFT).max(first + DRIFT_MS);
        findings.push(Finding::held("99 of 100 answers came within, by thirds", found, "no longer at the end", is_flat));
        let most = |of: fn(&Moment) -> u64| {
            let third = self.moments.len() / 3;
            let most = |part: Option<&[Moment]>| part.unwrap_or_default().iter().map(of).max().unwrap_or(0);
            (most(self.moments.get(third..third * 2)), most(self.moments.get(third * 2..)))
        };
        for (what, (middle, end)) in
            [("open files and connections", most(|moment| moment.files)), ("threads", most(|moment| moment.threads))]
        {
            let found = format!("{middle} in the middle, {end} at the end");
            findings.push(Finding::held(what, found, &format!("at most {MORE} more"), end <= middle + MORE));
        }
        let tables = |moment: Option<&Moment>| moment.map_or(0, |moment| moment.tables);
        let found = format!("{}, of {} at the beginning", tables(self.moments.last()), tables(self.moments.first()));
        findings.push(Finding::told("open tables of the database, with what is stored", found));
        let bad: u64 = self.thirds.iter().map(|third| third.all.bad() + third.all.refused).sum();
        findings.push(Finding::held("refused, wrong or not answered", bad.to_string(), "0", bad == 0));
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;

    fn moments(rss: impl Fn(u32) -> u64) -> Vec<Moment> {
        (0..900)
            .map(|second| Moment { at_s: f64::from(second), rss: rss(second), files: 40, threads: 9, ..Moment::default() })
            .collect()
    }

    const MIB: u64 = 1_048_576;

    #[test]
    fn the_slope_is_that_of_a_line() {
        assert_eq!(slope(&moments(|_| 77)), Some(0.0));
        let grows = slope(&moments(|second| 5_000 + u64::from(second) * 40)).unwrap();
        assert!((39.9..40.1).contains(&grows), "{grows}");
        assert_eq!((slope(&[]), slope(&moments(|_| 1)[..1])), (None, None));
    }

    #[test]
    fn memory_that_grows_is_seen_and_one_that_filled_up_at_first_is_not() {
        let filled = |second: u32| 100 * MIB + u64::from(second.min(250)) * MIB;
        assert_eq!(memory(&moments(filled)).verdict, Verdict::Met);
        let leaks = |second: u32| 300 * MIB + u64::from(second) * MIB / 10;
        assert_eq!(memory(&moments(leaks)).verdict, Verdict::Missed);
        assert_eq!(memory(&[]).verdict, Verdict::Missed);
    }

    #[test]
    fn each_demand_is_held_by_itself() {
        let judged = |change: fn(&mut Soak)| {
            let third = |p99_ms: f64| {
                let mut step = Step::default();
                step.all.latency.p99_ms = p99_ms;
                step
            };
            let thirds = vec![third(10.0), third(11.0), third(12.0)];
            let mut soak = Soak { rate: 100, thirds, moments: moments(|_| 300 * MIB) };
            change(&mut soak);
            soak.findings().iter().position(|finding| finding.verdict == Verdict::Missed)
        };
        assert_eq!(judged(|_| {}), None);
        assert_eq!(judged(|soak| soak.thirds[2].all.latency.p99_ms = 16.0), Some(2));
        assert_eq!(judged(|soak| soak.moments.iter_mut().skip(600).for_each(|moment| moment.files = 65)), Some(3));
        assert_eq!(judged(|soak| soak.moments[899].threads = 34), Some(4));
        assert_eq!(judged(|soak| soak.thirds[1].all.refused = 1), Some(6));
    }
}
