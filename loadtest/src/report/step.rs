//! One measurement.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::engine::{Load, Plan, Row, Slot, Tally};
use crate::latencies::{Point, Summary};
use crate::mix::Mix;
use crate::number::{grouped, real, short};
use crate::server::Usage;

/// When this program itself is later than that with one request in a hundred, the figures are not the server's.
const LAG_MAX: Duration = Duration::from_millis(10);
/// When this program itself uses so much of a core, it may be what limits the rate.
const OWN_MAX: f64 = 0.95;

/// What came of one kind of request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct KindRow {
    /// The kind, or `all`.
    pub kind: Cow<'static, str>,
    /// Right answers.
    pub good: u64,
    /// Refusals that say when to come back.
    pub refused: u64,
    /// Other answers than there must be.
    pub wrong: u64,
    /// No answers.
    pub failed: u64,
    /// Requests that were not sent, because no connection was free in time.
    pub unsent: u64,
    /// Times of right answers, from when the request was due.
    pub latency: Summary,
    /// The same from when it was sent.
    pub service: Summary,
    /// Times of refusals, from when the request was sent.
    pub refusals: Summary,
    /// The first that went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complaint: Option<String>,
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Step {
    /// What was measured.
    pub name: String,
    /// How requests followed each other.
    pub load: String,
    /// What was asked.
    pub mix: String,
    /// Requests a second that were due; absent where callers waited for answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_per_s: Option<f64>,
    /// How long it was counted, to the last answer, in seconds.
    pub lasted_s: f64,
    /// Right answers a second.
    pub per_s: f64,
    /// All kinds together.
    pub all: KindRow,
    /// Each kind.
    pub kinds: Vec<KindRow>,
    /// How late this program was with requests, by its own fault.
    pub lag: Summary,
    /// How much of a core this program used; absent where it was the server as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_cores: Option<f64>,
    /// Why these figures may not be the server's.
    pub doubts: Vec<String>,
    /// The percentiles of the times of right answers, from when they were due.
    pub curve: Vec<Point>,
    /// What happened when.
    pub timeline: Vec<Slot>,
    /// What the server used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What the server counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, f64>,
}

impl KindRow {
    fn of(kind: &'static str, row: &Row) -> Self {
        Self {
            kind: Cow::Borrowed(kind),
            good: row.good(),
            refused: row.refusals.count(),
            wrong: row.wrong,
            failed: row.failed,
            unsent: row.unsent,
            latency: row.due.summary(),
            service: row.sent.summary(),
            refusals: row.refusals.summary(),
            complaint: row.complaint.as_ref().map(ToString::to_string),
        }
    }

    /// Everything that went wrong, refusals aside.
    #[must_use]
    pub const fn bad(&self) -> u64 {
        self.wrong + self.failed + self.unsent
    }
}

impl Step {
    /// What came of a plan.
    #[must_use]
    pub fn of(name: &str, plan: &Plan, mix: &Mix, tally: &Tally) -> Self {
        let (all, lasted_s) = (tally.all(), tally.lasted().as_secs_f64());
        let asked_per_s = match plan.load {
            Load::Open { .. } | Load::Surge { .. } => Some(real(tally.lag.count()) / plan.lasts.as_secs_f64()),
            Load::Closed { .. } => None,
        };
        let mut doubts = Vec::new();
        let lag = tally.lag.quantile(0.99);
        if lag > LAG_MAX {
            let late = format!("this program itself was late: {:.1} ms at the 99th percentile", lag.as_secs_f64() * 1000.0);
            doubts.push(late);
        }
        Self {
            name: name.to_owned(),
            load: plan.load.to_string(),
            mix: mix.to_string(),
            asked_per_s,
            lasted_s,
            per_s: real(all.good()) / lasted_s.max(1e-9),
            all: KindRow::of("all", &all),
            kinds: tally.rows.iter().map(|(kind, row)| KindRow::of(kind.name(), row)).collect(),
            lag: tally.lag.summary(),
            own_cores: None,
            doubts,
            curve: all.due.curve(),
            timeline: tally.timeline.0.clone(),
            usage: None,
            counters: BTreeMap::new(),
        }
    }

    /// With what the server used, and the processor time that this program used.
    #[must_use]
    pub fn with_use(mut self, usage: Option<Usage>, own_s: Option<f64>) -> Self {
        self.usage = usage;
        let lasted = self.usage.as_ref().map_or(self.lasted_s, |usage| usage.lasted_s).max(1e-9);
        self.own_cores = own_s.map(|own| own / lasted);
        if let Some(own) = self.own_cores.filter(|own| *own >= OWN_MAX) {
            let busy = format!("this program itself used {own:.2} of a core: the server may do more than it was asked");
            self.doubts.push(busy);
        }
        self
    }

    /// With what the server counted.
    #[must_use]
    pub fn with_counters(mut self, counters: BTreeMap<String, f64>) -> Self {
        self.counters = counters;
        self
    }

    /// Processor time that the server used for one request, in microseconds.
    #[must_use]
    pub fn cpu_us(&self) -> Option<f64> {
        let usage = self.usage.as_ref()?;
        let answers = self.all.good + self.all.refused + self.all.wrong;
        // Over the time that was looked at, the beginning that is not counted included.
        let answers = real(answers) * (usage.lasted_s / self.lasted_s.max(1e-9));
        (answers > 0.0).then(|| (usage.user_s + usage.system_s) * 1e6 / answers)
    }

    /// How often in a second, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Summary { p50_ms, p99_ms, .. } = self.all.latency;
        let mut line = format!("{} a second, p50 {} ms, p99 {} ms", short(self.per_s), short(p50_ms), short(p99_ms));
        if self.all.refused > 0 {
            line.push_str(&format!(", {} refused", grouped(self.all.refused)));
        }
        if self.all.bad() > 0 {
            line.push_str(&format!(", {} wrong or missing", grouped(self.all.bad())));
        }
        if !self.doubts.is_empty() {
            line.push_str(" (doubtful)");
        }
        line
    }
}
