//! What the gateway counts itself, as Prometheus reads it.

use std::collections::BTreeMap;

/// Counters by name and labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters(BTreeMap<String, f64>);

impl Counters {
    /// Reads counters, and the counts and sums of histograms; gauges and classes are left out.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut counters = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let bare = name.split('{').next().unwrap_or_default();
            let is_counter = ["_total", "_count", "_sum"].iter().any(|end| bare.ends_with(end));
            if let (true, Ok(value)) = (is_counter, value.parse()) {
                counters.insert(name.to_owned(), value);
            }
        }
        Self(counters)
    }

    /// What was counted since.
    #[must_use]
    pub fn since(&self, before: &Self) -> BTreeMap<String, f64> {
        let grown = self.0.iter().map(|(name, now)| (name.clone(), now - before.0.get(name).copied().unwrap_or(0.0)));
        grown.filter(|(_, grown)| *grown > 0.0).collect()
    }
}

/// The sum of all counters whose names begin so.
#[must_use]
pub(crate) fn sum(counters: &BTreeMap<String, f64>, beginning: &str) -> f64 {
    // Not `sum`, which makes the negative zero of nothing.
    counters.iter().filter(|(name, _)| name.starts_with(beginning)).fold(0.0, |sum, (_, value)| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_told() {
        let text = |hits: u32, size: u32| {
            format!(
                "# HELP licet_cache_lookups_total Verdicts looked for\n# TYPE licet_cache_lookups_total counter\n\
                 licet_cache_lookups_total{{outcome=\"hit\"}} {hits}\nlicet_cache_lookups_total{{outcome=\"miss\"}} 2\n\
                 licet_connections {size}\nlicet_log_append_seconds_sum 1.5\nlicet_log_append_seconds_bucket{{le=\"1\"}} {size}\n"
            )
        };
        let (before, after) = (Counters::read(&text(3, 1)), Counters::read(&text(10, 5)));
        let grown = after.since(&before);
        assert_eq!(grown, BTreeMap::from([("licet_cache_lookups_total{outcome=\"hit\"}".to_owned(), 7.0)]));
        assert_eq!(sum(&after.since(&Counters::default()), "licet_cache_lookups_total"), 12.0);
    }
}
