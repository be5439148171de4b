//! `[record]`: the logs of what happens.

use std::path::PathBuf;

use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::log::AFTER_RESTORATION;

use super::{Faults, KeySource, Witnesses};

/// Longest origin, so that what stands on it stays short.
const ORIGIN_BYTES_MAX: usize = 200;

/// The offset of China's legal time, in seconds.
const CHINA_S: i64 = 8 * 3600;

/// The two logs of what happens: under which name they are known, and who signs for them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Under which name others know the logs, such as `licet.example.gov.cn`: a name of the organisation's own, without scheme. It
    /// stands in every checkpoint, followed by the log and the period, so it never changes.
    pub origin: String,
    /// File with the key that signs checkpoints: Ed25519, PKCS#8 PEM, readable by the owner alone.
    pub key: KeySource,
    /// File with a second key, which signs beside it: SM2, PKCS#8 PEM, readable by the owner alone.
    #[serde(default)]
    pub sm2_key: Option<KeySource>,
    /// Files with further keys, which sign beside these: Ed25519 or SM2, PKCS#8 PEM, readable by the owner alone. For the time in which
    /// readers learn of a new key, or still know the old one alone. None by default.
    #[serde(default)]
    pub keys_also: Vec<KeySource>,
    /// How much time one tree holds: `year`, the default, `half`, `quarter` or `month`.
    #[serde(default)]
    pub shard: ShardPeriod,
    /// Refused requests of callers that are not known, and of those for which there was no room, which are put on record a second,
    /// each; further ones are counted. Default 10.
    #[serde(default = "refusals_per_s")]
    pub refusals_per_s: u32,
    /// How long records are kept before an operator may let them go, in days. Default 3650.
    #[serde(default = "retention_days")]
    pub retention_days: u32,
    /// File in which the gateway remembers what it published last of the logs, outside of the database: a database that was put back to
    /// an earlier state is not served. Default: the folder of the database with `.anchor` behind its name.
    #[serde(default)]
    pub anchor: Option<PathBuf>,
    /// What becomes of requests while no record can be made: `verdicts`, the default, or `refuse`.
    #[serde(default)]
    pub when_failed: WhenFailed,
    /// By how many seconds the clock of the machine may jump, and may be before the last record, before somebody is told. Default 60.
    #[serde(default = "clock_jump_s_max")]
    pub clock_jump_s_max: u32,
    /// `[record.witnesses]`: who witnesses the logs.
    #[serde(default)]
    pub witnesses: Option<Witnesses>,
}

/// What becomes of requests while no record can be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFailed {
    /// What tells nothing of any person is answered, and says that it is not on record; all else is refused.
    #[default]
    Verdicts,
    /// Whatever would be put on record is refused.
    Refuse,
}

/// How much time one tree of a log holds, in China's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShardPeriod {
    /// A year, such as `2026`.
    #[default]
    Year,
    /// Half a year, such as `2026-h1`.
    Half,
    /// A quarter, such as `2026-q3`.
    Quarter,
    /// A month, such as `2026-07`.
    Month,
}

impl ShardPeriod {
    /// The name of the period that a moment belongs to.
    #[must_use]
    pub fn of(self, at: Timestamp) -> String {
        let compact = at.plus(CHINA_S).date().compact();
        let year = compact.get(..4).unwrap_or_default();
        let month: u8 = compact.get(4..6).and_then(|month| month.parse().ok()).unwrap_or(1);
        let part = |months: u8| month.saturating_sub(1) / months + 1;
        match self {
            Self::Year => year.to_owned(),
            Self::Half => format!("{year}-h{}", part(6)),
            Self::Quarter => format!("{year}-q{}", part(3)),
            Self::Month => format!("{year}-{month:02}"),
        }
    }

    /// Whether this is the name of a period, of whatever length. What is none must not become part of a path.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        // What is left of a period after a restoration has the moment of it behind the name.
        let is_moment = |moment: &str| moment.len() == 14 && moment.bytes().all(|byte| byte.is_ascii_digit());
        let text = match text.split_once(AFTER_RESTORATION) {
            Some((_, moment)) if !is_moment(moment) => return false,
            Some((period, _)) => period,
            None => text,
        };
        let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
        let is_part = part.is_none_or(|part| match part.as_bytes() {
            [b'h', half] => (b'1'..=b'2').contains(half),
            [b'q', quarter] => (b'1'..=b'4').contains(quarter),
            [b'0', month] => (b'1'..=b'9').contains(month),
            [b'1', month] => (b'0'..=b'2').contains(month),
            _ => false,
        });
        year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) && is_part
    }
}

impl Record {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let witnesses = self.witnesses.iter_mut().flat_map(Witnesses::paths);
        let keys = std::iter::once(&mut self.key).chain(&mut self.sm2_key).chain(&mut self.keys_also);
        keys.filter_map(KeySource::file_mut).chain(&mut self.anchor).chain(witnesses)
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(
            is_origin(&self.origin),
            "record.origin",
            "must be a name such as licet.example.gov.cn: small letters, digits, dots, hyphens and single slashes, no scheme",
        );
        faults.demand((1..=10_000).contains(&self.refusals_per_s), "record.refusals_per_s", "must be 1 to 10000");
        faults.demand((1..=3600).contains(&self.clock_jump_s_max), "record.clock_jump_s_max", "must be 1 to 3600");
        // Half a year is what the law on network security (网络安全法) asks for at least.
        faults.demand((180..=36_500).contains(&self.retention_days), "record.retention_days", "must be 180 to 36500");
        if let Some(witnesses) = &self.witnesses {
            witnesses.check(faults);
        }
    }
}

/// Whether this is a URL without its scheme, as origins of logs are: a host with a dot in it, and perhaps a path.
fn is_origin(text: &str) -> bool {
    let plain = |part: &str| {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
        let ends = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        part.bytes().all(inside) && part.bytes().next().is_some_and(ends) && part.bytes().last().is_some_and(ends)
    };
    text.len() <= ORIGIN_BYTES_MAX && text.split('/').all(plain) && text.split('/').next().is_some_and(|host| host.contains('.'))
}

const fn clock_jump_s_max() -> u32 {
    60
}

const fn retention_days() -> u32 {
    3650
}

const fn refusals_per_s() -> u32 {
    10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_china() {
        let of = |text: &str| {
            let at = text.parse().unwrap();
            [ShardPeriod::Year, ShardPeriod::Half, ShardPeriod::Quarter, ShardPeriod::Month].map(|shard| shard.of(at))
        };
        assert_eq!(of("2025-12-31T15:59:59Z"), ["2025", "2025-h2", "2025-q4", "2025-12"]);
        assert_eq!(of("2025-12-31T16:00:00Z"), ["2026", "2026-h1", "2026-q1", "2026-01"]);
        assert_eq!(of("2026-06-30T15:59:59Z"), ["2026", "2026-h1", "2026-q2", "2026-06"]);
        assert_eq!(of("2026-06-30T16:00:00Z"), ["2026", "2026-h2", "2026-q3", "2026-07"]);
    }

    #[test]
    fn only_names_of_periods_are_taken_for_such() {
        for month in 1..=12 {
            let at = format!("2026-{month:02}-15T00:00:00Z").parse().unwrap();
            for shard in [ShardPeriod::Year, ShardPeriod::Half, ShardPeriod::Quarter, ShardPeriod::Month] {
                assert!(ShardPeriod::is_name(&shard.of(at)), "{}", shard.of(at));
                assert!(ShardPeriod::is_name(&storage::log::restored_period(&shard.of(at), at)));
            }
        }
        let bad = [
            "",
            "..",
            "../x",
            "/tmp/x",
            "2026/../..",
            "2026-",
            "2026-h3",
            "2026-q0",
            "2026-13",
            "2026-00",
            "202",
            "２０２６",
            "2026-r",
            "2026-r1",
            "-r20260301000000",
            "2026-r20260301000000-r20260301000000",
        ];
        for bad in bad {
            assert!(!ShardPeriod::is_name(bad), "{bad}");
        }
    }

    #[test]
    fn origins_are_names_without_scheme() {
        for good in ["licet.example.gov.cn", "example.cn/licet", "a1.cn/b_c/d"] {
            assert!(is_origin(good), "{good}");
        }
        let long = format!("a.{}", "b".repeat(ORIGIN_BYTES_MAX));
        for bad in
            ["", "licet", "https://example.cn", "example.cn/", "/example.cn", "Example.cn", "a+b.cn", "a b.cn", "例.cn", &long]
        {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
