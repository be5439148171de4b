//! Two programs or two configurations, measured in turns: first one, then the other twice, then the first again, and so on. What
//! changes on the machine meanwhile meets both alike.

use crate::engine::Plan;
use crate::mix::Mix;
use crate::number::{median, ratio, short};
use crate::report::{Finding, Step, Table};
use crate::rig::Rig;

/// Reads a figure of a measurement; some do not have it.
type Figure = fn(&Step) -> Option<f64>;

/// What is looked at.
const LOOKED_AT: [(&str, Figure); 5] = [
    ("answers a second", |step| Some(step.per_s)),
    ("p50 ms", |step| Some(step.all.latency.p50_ms)),
    ("p99 ms", |step| Some(step.all.latency.p99_ms)),
    ("server: µs of processor a request", Step::cpu_us),
    ("server: MiB of memory at the end", |step| {
        step.usage.as_ref().map(|usage| crate::number::real(usage.rss_last) / 1_048_576.0)
    }),
];

/// Measurements of both, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Of the first.
    pub a: Vec<Step>,
    /// Of the second.
    pub b: Vec<Step>,
}

/// Measures both in turns; `rounds` times each.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn compare(a: &mut Rig, b: &mut Rig, mix: &Mix, plan: &Plan, rounds: u64) -> Result<Compared, String> {
    let mut compared = Compared::default();
    for round in 0..rounds {
        let plan = Plan { seed: plan.seed + round, ..plan.clone() };
        for is_first in if round.is_multiple_of(2) { [true, false] } else { [false, true] } {
            let (rig, steps, name) = if is_first { (&mut *a, &mut compared.a, "a") } else { (&mut *b, &mut compared.b, "b") };
            let (step, _) = rig.measure(&format!("{name}, round {}", round + 1), mix, &plan).await?;
            steps.push(step);
        }
    }
    Ok(compared)
}

impl Compared {
    /// Medians of both, and how often the first fits into the second: over all rounds, and in the round where it was least and most.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns = ["what", "a", "b", "b ÷ a", "in single rounds"].map(str::to_owned).to_vec();
        let rows = LOOKED_AT.iter().filter_map(|(name, of)| self.row(name, *of)).collect();
        Table { title: "a and b, in turns: medians".to_owned(), columns, rows }
    }

    fn row(&self, name: &str, of: Figure) -> Option<Vec<String>> {
        let values = |steps: &[Step]| steps.iter().filter_map(of).collect::<Vec<f64>>();
        let (a, b) = (values(&self.a), values(&self.b));
        let rounds: Vec<f64> = a.iter().zip(&b).filter_map(|(a, b)| ratio(*b, *a)).collect();
        let (least, most) =
            rounds.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
        let middle = median(rounds)?;
        Some(vec![
            name.to_owned(),
            short(median(a)?),
            short(median(b)?),
            format!("{middle:.3}"),
            format!("{least:.3} to {most:.3}"),
        ])
    }

    /// What it says.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let bad: u64 = self.a.iter().chain(&self.b).map(|step| step.all.bad()).sum();
        let mut findings: Vec<Finding> = self
            .table()
            .rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [name, _, _, middle, rounds] => Some(Finding::told(&format!("{name}, b ÷ a"), format!("{middle} ({rounds})"))),
                _ => None,
            })
            .collect();
        findings.push(Finding::held("answers that are wrong or missing", bad.to_string(), "0", bad == 0));
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_rounds_and_medians_of_all() {
        let steps = |rates: [f64; 3]| rates.map(|per_s| Step { per_s, ..Step::default() }).to_vec();
        let compared = Compared { a: steps([100.0, 50.0, 200.0]), b: steps([110.0, 60.0, 210.0]) };
        let row = compared.table().rows.swap_remove(0);
        assert_eq!(row, ["answers a second", "100", "110", "1.100", "1.050 to 1.200"]);
    }
}
