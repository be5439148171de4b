//! The highest rate at which a goal is still met.

mod goal;
mod search;

use std::time::Duration;

pub use goal::Goal;
pub use search::Search;

use crate::arrivals::Rhythm;
use crate::engine::{Load, Plan};
use crate::mix::Mix;
use crate::number::{grouped, short};
use crate::report::{Step, Table};
use crate::rig::Rig;

/// How the highest rate is looked for.
#[derive(Clone, Debug)]
pub struct Quest {
    /// What is asked.
    pub mix: Mix,
    /// What must be met.
    pub goal: Goal,
    /// The rate that is tried first.
    pub from: u64,
    /// The highest rate that is tried.
    pub most: u64,
    /// How long each rate is tried.
    pub lasts: Duration,
    /// No more measurements than this: then what was found by then counts.
    pub tries_max: usize,
}

/// The highest rate that was found, and how.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Requests a second.
    pub per_second: u64,
    /// Its step.
    pub step: Option<Step>,
    /// Each rate that was tried, with what came of it.
    pub tried: Vec<(u64, Step, bool)>,
}

/// Looks for it. A rate that does not meet the goal is tried again, and two of three decide: a machine that others use as well
/// stumbles now and then.
///
/// # Errors
/// There is nothing to ask, or nobody to ask.
pub async fn find(rig: &mut Rig, quest: &Quest) -> Result<Limit, String> {
    let mut search = Search::new(quest.from, quest.most);
    let mut tried = Vec::new();
    while let Some(rate) = search.next().filter(|_| tried.len() < quest.tries_max) {
        let (mut good, mut bad) = (0, 0);
        while good < 2 && bad < 2 && !(good == 1 && bad == 0) {
            let load = Load::Open { per_second: rate, rhythm: Rhythm::Random };
            let plan = Plan { seed: rate + bad, ..Plan::new(load, quest.lasts) }.patient(Duration::from_secs(2));
            let (step, _) = rig.measure(&format!("limit {rate}"), &quest.mix, &plan).await?;
            let is_met = quest.goal.is_met(&step);
            if is_met {
                good += 1;
            } else {
                bad += 1;
            }
            tried.push((rate, step, is_met));
        }
        search.tell(rate, good > bad);
    }
    let per_second = search.passed().unwrap_or(0);
    let step = tried.iter().rev().find(|(rate, _, is_met)| *rate == per_second && *is_met).map(|(_, step, _)| step.clone());
    Ok(Limit { per_second, step, tried })
}

impl Limit {
    /// Every rate that was tried.
    #[must_use]
    pub fn table(&self) -> Table {
        let columns =
            ["a second", "p50 ms", "p99 ms", "refused", "wrong or missing", "lag p99 ms", ""].map(str::to_owned).to_vec();
        let rows = self.tried.iter().map(|(rate, step, is_met)| {
            let latency = &step.all.latency;
            let met = if *is_met { "met" } else { "missed" };
            let cells = [grouped(*rate), short(latency.p50_ms), short(latency.p99_ms), grouped(step.all.refused)];
            let rest = [grouped(step.all.bad()), short(step.lag.p99_ms), met.to_owned()];
            cells.into_iter().chain(rest).collect()
        });
        Table { title: "Rates that were tried".to_owned(), columns, rows: rows.collect() }
    }
}
