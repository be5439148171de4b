//! Answers that are said to be complete: that no record is missing, that what is shown was recorded, and what it is all about.

use std::collections::BTreeMap;
use std::path::Path;

use crypto::record::{Completeness, EventKind, Facts, KeyKind, Opening, Proven, Stamp, VerifiedTree};
use crypto::time::Timestamp;
use crypto::tlog::Note;
use serde_json::Value as Json;

use super::trusted::Trusted;
use crate::cli::input::InputError;

/// Checks an answer, which must be about this seal where one is named. What holds, or why it does not.
pub(super) fn check(
    path: &Path,
    proof: &Completeness,
    answer: &Json,
    trusted: &Trusted,
    seal: Option<&str>,
) -> Result<Result<String, String>, InputError> {
    let trees = match trees(path, answer, trusted)? {
        Ok(trees) => trees,
        Err(why) => return Ok(Err(why)),
    };
    if let Err(error) = proof.check(&|origin| trees.get(origin).copied()) {
        return Ok(Err(error.to_string()));
    }
    let held = named(proof, seal).and_then(|named| {
        let opened = opened(proof, answer, named.as_deref())?;
        Ok(said(proof, named.as_deref(), opened))
    });
    Ok(held)
}

/// The trees of the checkpoints that come with the answer.
fn trees(path: &Path, answer: &Json, trusted: &Trusted) -> Result<Result<BTreeMap<String, VerifiedTree>, String>, InputError> {
    let mut trees = BTreeMap::new();
    let checkpoints = answer.get("checkpoints").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    for note in checkpoints.iter().filter_map(|checkpoint| checkpoint.get("note")?.as_str()) {
        let note = Note::parse(note.as_bytes()).map_err(|error| InputError::malformed(path, "checkpoint", &error))?;
        match trusted.observe(&note) {
            Ok(seen) if seen.is_witnessed => {
                let tree = VerifiedTree { size: seen.checkpoint.size(), root: seen.checkpoint.root() };
                trees.insert(seen.checkpoint.origin().to_owned(), tree);
            }
            Ok(seen) => return Ok(Err(format!("{}: not witnessed as the policy demands", seen.checkpoint.origin()))),
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(trees))
}

/// The seal that the answer is about. A key is a keyed digest; what it is of is said by the record of the asking, which is in the same
/// chain and in the tree. Nothing for a person, who is named nowhere, and where that record does not say.
fn named(proof: &Completeness, wanted: Option<&str>) -> Result<Option<String>, String> {
    let asked = proof.asked().filter(|facts| facts.event == EventKind::LogRead);
    let named = match (proof.kind, asked.map(|facts| facts.seals).as_deref()) {
        (KeyKind::Seal, Some([seal])) => Some(seal.id.clone()),
        _ => None,
    };
    match (named, wanted) {
        (Some(named), Some(wanted)) if named != wanted => Err(format!("it is about the seal {named}")),
        (None, Some(wanted)) => Err(format!("nothing in it says that it is about the seal {wanted}")),
        (named, _) => Ok(named),
    }
}

/// How many records are shown with their facts. What is shown must be what is proven: the same records, no other content than they
/// commit to, and all of them about the seal.
fn opened(proof: &Completeness, answer: &Json, seal: Option<&str>) -> Result<usize, String> {
    let Some(rows) = answer.get("rows") else { return Ok(0) };
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    if rows.len() != proof.rows.len() {
        return Err(format!("{} records are shown and {} are proven", rows.len(), proof.rows.len()));
    }
    let mut opened = 0;
    for (row, proven) in rows.iter().zip(&proof.rows) {
        let facts = facts_of(row, proven).map_err(|why| format!("record {} {why}", proven.number))?;
        let is_about = |facts: &Facts, id: &str| facts.seals.iter().any(|seal| seal.id == id);
        if let (Some(facts), Some(id)) = (&facts, seal)
            && !is_about(facts, id)
        {
            return Err(format!("record {} is not about the seal {id}", proven.number));
        }
        opened += usize::from(facts.is_some());
    }
    Ok(opened)
}

/// The facts of a row that shows nothing but what the record commits to, if it opens them.
fn facts_of(row: &Json, proven: &Proven) -> Result<Option<Facts>, String> {
    let another = || "is shown as another than is proven".to_owned();
    let entry = proven.opening.entry();
    let opening = shown(row, "opening").map(|opening| serde_json::from_value::<Opening>(opening.clone()));
    let opening = opening.transpose().map_err(|_error| another())?;
    let is_other_entry = shown(row, "entry").is_some_and(|value| value.as_str() != Some(&entry.to_string()));
    let is_other_opening = opening.as_ref().is_some_and(|opening| opening.entry() != entry);
    if row.get("number").and_then(Json::as_u64) != Some(proven.number) || is_other_entry || is_other_opening {
        return Err(another());
    }
    let stamped = proven.opening.read::<Stamp>(Opening::STAMP).map(|stamp| stamp.at);
    let at = shown(row, "at").map(|at| at.as_str().and_then(|at| at.parse::<Timestamp>().ok()));
    if at.is_some_and(|at| at != stamped) {
        return Err("is shown with another time than was recorded".to_owned());
    }
    for (name, place) in [("facts", Opening::FACTS), ("subject", Opening::SUBJECT)] {
        let Some(value) = shown(row, name) else { continue };
        match opening.as_ref().and_then(|opening| opening.read::<Json>(place)) {
            Some(recorded) if recorded == *value => {}
            Some(_) => return Err(format!("is shown with other {name} than were recorded")),
            None => return Err(format!("is shown with {name} that nothing proves: ask with \"opening\"")),
        }
    }
    Ok(opening.and_then(|opening| opening.read(Opening::FACTS)))
}

/// What a row has under a name.
fn shown<'a>(row: &'a Json, name: &str) -> Option<&'a Json> {
    row.get(name).filter(|value| !value.is_null())
}

fn said(proof: &Completeness, seal: Option<&str>, opened: usize) -> String {
    let whose = match (proof.kind, seal) {
        (KeyKind::Seal, Some(id)) => format!("the seal {id}"),
        (KeyKind::Seal, None) => "the seal of a key that nothing names,".to_owned(),
        (KeyKind::Subject, _) => "the person of the key".to_owned(),
    };
    let range = [proof.from, proof.until].map(|at| at.map_or_else(|| "…".to_owned(), |at| at.to_string()));
    let count = proof.rows.len();
    let shown = match opened {
        0 if count == 0 => String::new(),
        0 => "; numbers only, nothing that they say".to_owned(),
        opened if opened == count => "; what is shown of them was recorded so".to_owned(),
        opened => format!("; what is shown of {opened} of them was recorded so, of the others it is numbers only"),
    };
    let asking = proof.asking.as_ref().unwrap_or(&proof.end).number;
    let (key, log, range) = (proof.key, proof.log, range.join(" to "));
    format!("all {count} records of {whose} ({key}) in the {log} log, {range}, as asked for in record {asking}{shown}")
}
