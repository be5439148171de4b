//! An answer, held against what is known.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::site;
use crate::departments::{Conduct, Deed, Outage, Profile, known};

/// So much of the deadline is left to the gateway and to the machine: a department that answers within the rest could have come.
const MARGIN: Duration = Duration::from_millis(25);

/// What came of the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// Answers that were no answers: another status than 200, or none.
    pub failed: u64,
    /// Answers that lack nothing.
    pub complete: u64,
    /// What departments said that is not what they have about the subject, or has somebody else's.
    pub wrong: u64,
    /// Answers whose own account of what is missing is not what they lack, or that say that they are complete and are not.
    pub misstated: u64,
    /// Lies of departments, told beside the truth of the authoritative one.
    pub lies: u64,
    /// Of these, those that the answer shows as a contradiction.
    pub contradicted: u64,
    /// Statements of departments that could have come.
    pub possible: u64,
    /// Of these, those that did.
    pub came: u64,
    /// By department and state, how often.
    pub states: BTreeMap<(usize, String), u64>,
}

impl Judged {
    /// Judges an answer about somebody who was never asked about before.
    pub(super) fn add(&mut self, profile: &Profile, person: u64, deadline: Duration, answer: Option<&Value>) {
        let Some(answer) = answer else {
            self.failed += 1;
            return;
        };
        self.complete += u64::from(answer["status"] == "complete");
        let sources = list(answer, "sources");
        self.misstated += u64::from(is_misstated(answer, sources));
        self.contradictions(profile, person, answer);
        for (place, department) in profile.departments.iter().enumerate() {
            let code = site::resource(place);
            let Some(source) = sources.iter().find(|source| source["resource"] == *code) else {
                self.failed += 1;
                continue;
            };
            let state = source["state"].as_str().unwrap_or_default().to_owned();
            let number = u64::try_from(place).unwrap_or(0);
            let truth = known(profile.seed, (number, department), person);
            let said = source["rows"].get(0).map(|row| &row["fields"]);
            let is_right = match state.as_str() {
                "answered" => said == truth.as_ref(),
                "not-found" => truth.is_none(),
                _ => said.is_none(),
            };
            self.wrong += u64::from(!is_right);
            let conduct = Conduct::of(profile.seed, (number, department), (person, 0), 0);
            let speaks = matches!(conduct.deed, Deed::Say(_) | Deed::Nothing);
            if department.outage == Outage::Never && speaks && conduct.after + MARGIN < deadline {
                self.possible += 1;
                self.came += u64::from(state == "answered" || state == "not-found");
            }
            *self.states.entry((place, state)).or_default() += 1;
        }
    }

    /// Where the authoritative department, which is the first, and one that lies have both spoken, the answer has to show it.
    fn contradictions(&mut self, profile: &Profile, person: u64, answer: &Value) {
        let said = |place: usize| {
            let source = list(answer, "sources").iter().find(|source| source["resource"] == site::resource(place));
            source.filter(|source| source["state"] == "answered").and_then(|source| source.pointer("/rows/0/fields/name"))
        };
        let Some(truth) = said(0).cloned() else { return };
        let shown = list(answer, "attributes").iter().find(|attribute| attribute["attribute"] == "person.name");
        for (place, department) in profile.departments.iter().enumerate().filter(|(_, department)| department.lie_permille > 0) {
            let number = u64::try_from(place).unwrap_or(0);
            let lie = known(profile.seed, (number, department), person).and_then(|known| known.get("name").cloned());
            if said(place).is_none() || lie.is_none_or(|lie| lie == truth) {
                continue;
            }
            self.lies += 1;
            let is_shown = shown.is_some_and(|attribute| {
                let resource = site::resource(place);
                attribute["value"] == truth
                    && list(attribute, "disagree").iter().any(|other| other.to_string().contains(&resource))
            });
            self.contradicted += u64::from(is_shown);
        }
    }

    /// Takes over what another has judged.
    pub(super) fn merge(&mut self, other: Self) {
        self.failed += other.failed;
        self.complete += other.complete;
        self.wrong += other.wrong;
        self.misstated += other.misstated;
        self.lies += other.lies;
        self.contradicted += other.contradicted;
        self.possible += other.possible;
        self.came += other.came;
        for (key, count) in other.states {
            *self.states.entry(key).or_default() += count;
        }
    }
}

/// A list in an answer; an empty one where it is left out.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether an answer's `status` and `missing` are not what its sources say.
fn is_misstated(answer: &Value, sources: &[Value]) -> bool {
    let lacks = |source: &&Value| !["answered", "not-found"].iter().any(|state| source["state"] == **state);
    let lacking: BTreeSet<_> = sources.iter().filter(lacks).filter_map(|source| source["resource"].as_str()).collect();
    let missing: BTreeSet<_> = list(answer, "missing").iter().filter_map(|missing| missing["resource"].as_str()).collect();
    missing != lacking || (answer["status"] == "complete") != lacking.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::departments::{Department, Latency};

    #[test]
    fn what_is_somebody_elses_is_noticed() {
        let profile = Profile { seed: 3, departments: vec![Department::good("a", Latency::Fixed { ms: 1.0 })] };
        let answer = |person: u64, state: &str| {
            let fields = known(3, (0, &profile.departments[0]), person);
            let rows = if state == "answered" { json!([{ "fields": fields }]) } else { json!([]) };
            json!({ "status": if state == "timed-out" { "partial" } else { "complete" },
                "missing": if state == "timed-out" { json!([{ "resource": site::resource(0) }]) } else { json!([]) }, "sources": [{ "resource": site::resource(0), "state": state, "rows": rows }] })
        };
        let judge = |answer: Option<&Value>| {
            let mut judged = Judged::default();
            judged.add(&profile, 7, Duration::from_millis(150), answer);
            (judged.failed, judged.wrong, judged.possible, judged.came)
        };
        assert_eq!(judge(Some(&answer(7, "answered"))), (0, 0, 1, 1));
        assert_eq!(judge(Some(&answer(8, "answered"))), (0, 1, 1, 1));
        assert_eq!(judge(Some(&answer(7, "not-found"))), (0, 1, 1, 1));
        assert_eq!(judge(Some(&answer(7, "timed-out"))), (0, 0, 1, 0));
        assert_eq!(judge(Some(&json!({ "sources": [] }))), (1, 0, 0, 0));
        assert_eq!(judge(None), (1, 0, 0, 0));
        let misstated = |answer: &Value| {
            let mut judged = Judged::default();
            judged.add(&profile, 7, Duration::from_millis(150), Some(answer));
            judged.misstated
        };
        assert_eq!((misstated(&answer(7, "answered")), misstated(&answer(7, "timed-out"))), (0, 0));
        for (name, wrong) in [("status", json!("complete")), ("missing", json!([]))] {
            let mut answer = answer(7, "timed-out");
            answer[name] = wrong;
            assert_eq!(misstated(&answer), 1, "{name}");
        }
    }
}
