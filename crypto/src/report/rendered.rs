//! A report as JSON, written once and given for many moments.

use std::ops::Range;

use super::Report;
use crate::time::Timestamp;

/// What stands before the moment of a report. Within texts a quote is escaped, so that this is the name of a member wherever it
/// occurs; and before that of the report itself no member has members of its own that are called so.
const NAME: &[u8] = b"\"validation_time\":\"";

/// A report as JSON, with the place where its moment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    text: Box<[u8]>,
    moment: Range<usize>,
}

impl Rendered {
    /// Writes a report. `None` for one that cannot be written, or whose moment is not where it belongs.
    #[must_use]
    pub fn of(report: &Report) -> Option<Self> {
        let text = serde_json::to_vec(report).ok()?;
        let start = text.windows(NAME.len()).position(|window| window == NAME)?.checked_add(NAME.len())?;
        let moment = report.validation_time.to_string();
        let end = start.checked_add(moment.len())?;
        (text.get(start..end)? == moment.as_bytes()).then(|| Self { text: text.into(), moment: start..end })
    }

    /// The same report for another moment at which it holds.
    #[must_use]
    pub fn as_of(&self, moment: Timestamp) -> Vec<u8> {
        let (before, after) = (self.text.get(..self.moment.start), self.text.get(self.moment.end..));
        [before.unwrap_or_default(), moment.to_string().as_bytes(), after.unwrap_or_default()].concat()
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::signature_report;
    use crate::digest::Sha256;
    use crate::report::Depth;
    use crate::report::checks::LICENCE_RECORD;
    use crate::x509::Trust;
    use crate::x509::trust::Policy;

    fn report() -> Report {
        let trust = Trust::new(Vec::new(), Policy::default());
        let mut report = Report::new("ofd", Sha256([7; 32]), Timestamp::from_unix(1_780_000_000), &trust);
        let hostile = "\"validation_time\":\"1999-01-01T00:00:00Z\" 杭州";
        report.checks.push(LICENCE_RECORD.fail().with("name", hostile));
        report.policy.name = hostile.to_owned();
        report.signatures.push(signature_report(hostile, "jws"));
        report.conclude();
        report
    }

    #[test]
    fn a_report_for_another_moment_is_as_if_written_anew() {
        for depth in [Depth::Simple, Depth::Detailed] {
            let mut report = report().reduced_to(depth);
            let rendered = Rendered::of(&report).unwrap();
            for moment in [Timestamp::MIN, Timestamp::from_unix(0), Timestamp::from_unix(1_780_000_001), Timestamp::MAX] {
                report.validation_time = moment;
                assert_eq!(rendered.as_of(moment), serde_json::to_vec(&report).unwrap());
            }
        }
    }
}
