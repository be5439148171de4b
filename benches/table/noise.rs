//! What else the machine did meanwhile.

use std::fs;

/// From what share of the processors on, taken by others, a run counts as noisy.
const SHARE_MAX: f64 = 0.1;

/// What the processors have done since the start of the machine, in ticks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    load: String,
    all: u64,
    idle: u64,
    own: u64,
}

/// What they did between two samples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noise {
    /// The load of the last one, five and fifteen minutes, at the beginning.
    pub(crate) load: String,
    /// The share of the processors that others had.
    pub(crate) others: f64,
}

impl Sample {
    /// That of now.
    pub(crate) fn take() -> Result<Self, String> {
        let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
        let load = read("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" ");
        let (all, idle) = processors(&read("/proc/stat")?).ok_or("/proc/stat is not as it should be")?;
        let own = own(&read("/proc/self/stat")?).ok_or("/proc/self/stat is not as it should be")?;
        Ok(Self { load, all, idle, own })
    }

    /// What was done until the other one.
    pub(crate) fn until(&self, later: &Self) -> Noise {
        let since = |before: u64, now: u64| f64::from(u32::try_from(now.saturating_sub(before)).unwrap_or(u32::MAX));
        let all = since(self.all, later.all);
        let busy = all - since(self.idle, later.idle);
        let others = ((busy - since(self.own, later.own)) / all.max(1.0)).max(0.0);
        Noise { load: self.load.clone(), others }
    }
}

impl Noise {
    /// Whether the figures are worth little.
    pub(crate) fn is_noisy(&self) -> bool {
        self.others > SHARE_MAX
    }
}

/// Ticks of all processors, and those in which they had nothing to do or waited for a disk.
fn processors(stat: &str) -> Option<(u64, u64)> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    // Guests, from the ninth on, are in the first two already.
    let fields: Vec<u64> = fields.take(8).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    Some((fields.iter().sum(), fields.iter().skip(3).take(2).sum()))
}

/// Ticks of this process and of the children that it waited for.
fn own(stat: &str) -> Option<u64> {
    // The second field is the name of the program, which may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<u64> = rest.split_whitespace().skip(11).take(4).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    (fields.len() == 4).then(|| fields.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_took_is_told_from_what_we_took() {
        let stat = "cpu  100 0 50 800 50 0 0 0 7 0\ncpu0 1 2 3\n";
        assert_eq!(processors(stat), Some((1000, 850)));
        assert_eq!(processors("cpu0 1"), None);
        let line = "42 (a )b) R 1 2 3 4 5 6 7 8 9 10 30 12 5 3 20 0";
        assert_eq!(own(line), Some(50));
        let sample = |all, idle, own| Sample { load: "0.10 0.20 0.30".to_owned(), all, idle, own };
        let noise = sample(1000, 800, 50).until(&sample(2000, 1200, 550));
        assert!((noise.others - 0.1).abs() < 1e-9 && !noise.is_noisy(), "{noise:?}");
        assert!(sample(1000, 800, 50).until(&sample(2000, 1200, 549)).is_noisy());
        assert!(sample(1000, 800, 50).until(&sample(1000, 800, 50)).others.abs() < 1e-9);
    }

    #[test]
    fn this_machine_can_be_read() {
        let sample = Sample::take().unwrap();
        assert!(sample.all > sample.idle && sample.all > sample.own, "{sample:?}");
    }
}
