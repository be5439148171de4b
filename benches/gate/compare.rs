//! Whether a step takes more than it did.

use std::collections::{BTreeMap, BTreeSet};

/// So many thousandths a step may take more than was written down.
const TOLERANCE: u128 = 30;

/// What is found of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Which one.
    pub(crate) step: String,
    /// What was written down.
    pub(crate) before: Option<u64>,
    /// What was counted.
    pub(crate) now: Option<u64>,
    /// What that means.
    pub(crate) judgement: Judgement,
}

/// What a count means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// As it was, about.
    Same,
    /// It takes so much less that the count should be written down anew: or the gain can be lost unseen.
    Better,
    /// It takes too much more.
    Worse,
    /// Nothing was written down of it.
    New,
    /// It is written down, and there is no such step any more.
    Gone,
}

impl Judgement {
    /// Whether the gate lets it pass.
    pub(crate) const fn is_good(self) -> bool {
        matches!(self, Self::Same | Self::Better)
    }
}

/// Every step that was written down or counted.
pub(crate) fn compare(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<Finding> {
    let names: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let finding = |step: &String| {
        let (before, now) = (before.get(step).copied(), now.get(step).copied());
        let judgement = match (before, now) {
            (None, _) => Judgement::New,
            (Some(_), None) => Judgement::Gone,
            (Some(before), Some(now)) => judge(before, now),
        };
        Finding { step: step.clone(), before, now, judgement }
    };
    names.into_iter().map(finding).collect()
}

fn judge(before: u64, now: u64) -> Judgement {
    let (before, now) = (u128::from(before), u128::from(now));
    if now * 1000 > before * (1000 + TOLERANCE) {
        Judgement::Worse
    } else if now * 1000 < before * (1000 - TOLERANCE) {
        Judgement::Better
    } else {
        Judgement::Same
    }
}

/// The table, and in words what is wrong.
pub(crate) fn told(findings: &[Finding], differences: &[String]) -> Vec<String> {
    let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let mut lines = vec![format!("\n{:<28}{:>14}{:>14}{:>10}", "step", "written down", "now", "change")];
    for Finding { step, before, now, judgement } in findings {
        let word = match judgement {
            Judgement::Same => "",
            Judgement::Better => "  less",
            Judgement::Worse => "  MORE",
            Judgement::New => "  NEW",
            Judgement::Gone => "  GONE",
        };
        let change = change(*before, *now);
        lines.push(format!("{step:<28}{:>14}{:>14}{change:>10}{word}", number(*before), number(*now)));
    }
    lines.push(String::new());
    if !differences.is_empty() {
        lines.push("THE COUNTS THAT ARE WRITTEN DOWN SAY NOTHING HERE AND MUST BE TAKEN AGAIN (make gate UPDATE=1):".to_owned());
        lines.extend(differences.iter().map(|difference| format!("    {difference}")));
    }
    for Finding { step, before, now, judgement } in findings {
        match judgement {
            Judgement::Same => {}
            Judgement::Better => {
                lines.push(format!("{step} takes less than is written down: make gate UPDATE=1 keeps the gain."));
            }
            Judgement::Worse => {
                lines.push(format!("{step} takes {} more instructions than is written down.", change(*before, *now)));
            }
            Judgement::New => lines.push(format!("{step} is not written down: make gate UPDATE=1.")),
            Judgement::Gone => lines.push(format!("{step} is written down, and there is no such step: make gate UPDATE=1.")),
        }
    }
    let is_good = differences.is_empty() && findings.iter().all(|finding| finding.judgement.is_good());
    lines.push(if is_good { "The gate is open." } else { "The gate is closed." }.to_owned());
    lines
}

/// By how much, in per cent to one place.
fn change(before: Option<u64>, now: Option<u64>) -> String {
    let (Some(before), Some(now)) = (before.map(i128::from), now.map(i128::from)) else { return String::new() };
    let thousandths = ((now - before) * 1000).checked_div(before).unwrap_or_default();
    let sign = if thousandths < 0 { '-' } else { '+' };
    format!("{sign}{}.{} %", thousandths.abs() / 10, thousandths.abs() % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
        rows.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    fn judged(before: &[(&str, u64)], now: &[(&str, u64)]) -> Vec<Judgement> {
        compare(&counts(before), &counts(now)).into_iter().map(|finding| finding.judgement).collect()
    }

    #[test]
    fn more_than_three_per_cent_closes_the_gate_and_is_named() {
        assert_eq!(judged(&[("a", 10_000)], &[("a", 10_290)]), [Judgement::Same]);
        assert_eq!(judged(&[("a", 10_000)], &[("a", 10_300)]), [Judgement::Same], "no more than 3 %");
        assert_eq!(judged(&[("a", 10_000)], &[("a", 10_310)]), [Judgement::Worse]);
        assert_eq!(judged(&[("a", u64::MAX)], &[("a", u64::MAX)]), [Judgement::Same]);
        assert_eq!(judged(&[("a", 10_000)], &[("a", 9_690)]), [Judgement::Better]);
        let findings = compare(&counts(&[("a", 10_000), ("b", 10_000)]), &counts(&[("a", 10_000), ("b", 10_310)]));
        let text = told(&findings, &[]).join("\n");
        assert!(text.contains("b takes +3.1 % more instructions than is written down."), "{text}");
        assert!(text.ends_with("The gate is closed.") && !text.contains("a takes"), "{text}");
    }

    #[test]
    fn what_is_not_written_down_or_not_there_closes_it() {
        assert_eq!(judged(&[("a", 1)], &[("a", 1), ("b", 1)]), [Judgement::Same, Judgement::New]);
        assert_eq!(judged(&[("a", 1), ("b", 1)], &[("a", 1)]), [Judgement::Same, Judgement::Gone]);
        for judgement in [Judgement::New, Judgement::Gone, Judgement::Worse] {
            assert!(!judgement.is_good(), "{judgement:?}");
        }
    }

    #[test]
    fn another_compiler_closes_it_though_every_count_is_the_same() {
        let findings = compare(&counts(&[("a", 1)]), &counts(&[("a", 1)]));
        assert!(told(&findings, &[]).ends_with(&["The gate is open.".to_owned()]));
        let text = told(&findings, &["the compiler was \"x\" and is \"y\"".to_owned()]).join("\n");
        assert!(
            text.contains("MUST BE TAKEN AGAIN") && text.contains("the compiler was") && text.ends_with("is closed."),
            "{text}"
        );
    }

    #[test]
    fn changes_are_told_to_a_tenth() {
        assert_eq!(change(Some(1000), Some(1031)), "+3.1 %");
        assert_eq!(change(Some(1000), Some(969)), "-3.1 %");
        assert_eq!(change(Some(1000), Some(995)), "-0.5 %");
        assert_eq!(change(Some(0), Some(1)), "+0.0 %");
        assert_eq!(change(None, Some(1)), "");
    }
}
