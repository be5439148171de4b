//! What a report of `licet-load` says: what it found, with its own verdicts.

use std::path::Path;

use serde::Deserialize;

/// As much of a report as the table needs.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    findings: Vec<Finding>,
}

/// What was found about one question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    /// The question.
    pub(crate) what: String,
    /// What was found.
    pub(crate) found: String,
    /// What was wanted; empty where nothing was.
    pub(crate) wanted: String,
    /// Whether that was found.
    pub(crate) verdict: Verdict,
}

/// Whether what was wanted was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Met,
    Missed,
    Told,
}

impl Report {
    /// Reads it.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// What it says about this question, which is then answered.
    pub(crate) fn take(&mut self, what: &str) -> Option<Finding> {
        let place = self.findings.iter().position(|finding| finding.what == what)?;
        Some(self.findings.remove(place))
    }

    /// All else that was wanted.
    pub(crate) fn rest(self) -> impl Iterator<Item = Finding> {
        self.findings.into_iter().filter(|finding| finding.verdict != Verdict::Told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_answered_once_and_the_rest_is_kept() {
        let text = r#"{"title": "x", "findings": [
            {"what": "a", "found": "1", "wanted": "2", "verdict": "missed"},
            {"what": "b", "found": "1", "wanted": "", "verdict": "told"},
            {"what": "c", "found": "1", "wanted": "1", "verdict": "met"}], "steps": []}"#;
        let mut report: Report = serde_json::from_str(text).unwrap();
        assert_eq!(report.take("a").map(|finding| finding.verdict), Some(Verdict::Missed));
        assert_eq!(report.take("a"), None);
        assert_eq!(report.rest().map(|finding| finding.what).collect::<Vec<_>>(), ["c"]);
    }
}
