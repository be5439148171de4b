//! What a look-up leaves on record: who asked whom about what on whose authority, and what came; never what was said.

use serde_json::{Value, json};
use storage::log::Draft;

use super::findings::{Finding, Findings};
use super::plan::Plan;
use super::underway::Ended;

/// What is known when the sources are asked.
pub fn planned(draft: &mut Draft, plan: &Plan) {
    if !draft.holders.contains(&plan.subject) {
        draft.holders.push(plan.subject.clone());
    }
    let details = &mut draft.facts.details;
    details.insert("authority".to_owned(), json!(plan.errand.authority));
    details.insert("catalogue".to_owned(), json!(plan.catalogue.version));
}

/// Which resources are asked, before anything has come.
pub fn asked(draft: &mut Draft, plan: &Plan) {
    let permitted = plan.asked.iter().filter_map(|asked| asked.leave.permit().map(|permit| (asked, permit)));
    let rows = permitted.map(|(asked, permit)| json!({ "resource": asked.code, "grant": permit.grant }));
    draft.facts.details.insert("resources".to_owned(), rows.collect());
}

/// What is known when everything has come.
pub fn ended(draft: &mut Draft, ended: &Ended) {
    planned(draft, &ended.findings.plan);
    came(draft, &ended.findings);
    let details = &mut draft.facts.details;
    details.insert("status".to_owned(), json!(ended.status));
    details.insert("took_ms".to_owned(), json!(ended.took_ms));
    if !ended.licences.codes.is_empty() {
        details.insert("use_codes".to_owned(), json!(ended.licences.codes.len()));
    }
}

/// What came of each resource. One that the catalogue does not have is counted alone: its code is what somebody typed, and facts
/// stay for ever.
pub fn came(draft: &mut Draft, findings: &Findings) {
    let (known, unknown): (Vec<_>, Vec<_>) = findings.all().partition(|finding| finding.asked.resource.is_some());
    let known: Vec<_> = known.iter().map(row).collect();
    draft.facts.details.insert("resources".to_owned(), Value::Array(known));
    if !unknown.is_empty() {
        draft.facts.details.insert("unknown".to_owned(), json!(unknown.len()));
    }
}

fn row(finding: &Finding<'_>) -> Value {
    let mut row = json!({ "resource": finding.asked.code, "state": finding.standing() });
    let Some(object) = row.as_object_mut() else { return row };
    let permit = finding.asked.leave.permit();
    object.extend(permit.map(|permit| ("grant".to_owned(), json!(permit.grant))));
    object.extend(finding.denial().map(|denial| ("denied".to_owned(), json!(denial))));
    let outcome = finding.outcome.filter(|_| !finding.rows().is_empty());
    object.extend(outcome.map(|_| ("records".to_owned(), json!(finding.rows().len()))));
    row
}
