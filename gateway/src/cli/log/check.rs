//! `licet log check`: proofs, without network and store.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::digest::Sha256;
use crypto::record::{Completeness, Opening, Proven, Stamp, VerifiedTree};
use crypto::tlog::{Hash, Note, TlogProof, leaf_hash};
use lexopt::prelude::*;
use serde_json::Value as Json;

use super::shown::FOUND;
use super::trusted::{Trusted, TrustedOptions};
use crate::cli::input::{self, InputError};

const HELP: &str = "\
Checks what a log has given out. Needs no network and no store.

Usage: licet log check FILE [--opening FILE | --entry HEX] [--log-key KEY...] [--policy FILE]

  FILE            a C2SP tlog-proof, an answer that is said to be complete (licet log prove --seal …), a signed checkpoint, or a record
                  with its salts (\"opening\")
  --opening FILE  the record that a tlog-proof is about; when left out, the one in its extra data
  --entry HEX     the record's entry, 64 hexadecimal digits, instead; for a record, the entry that it should have
  --log-key KEY   a verifier key of the log, for any of its periods; repeat for more
  --policy FILE   a C2SP tlog-policy: its logs, and how many witnesses there must be

Exit status: 0 it holds, 1 it does not, 64 wrong command line, or a file that is none of these; 66 a file cannot be read.";

#[derive(Default)]
struct Options {
    trusted: TrustedOptions,
    file: Option<PathBuf>,
    opening: Option<PathBuf>,
    entry: Option<String>,
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log check", HELP, options(parser), check)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("log-key") => options.trusted.keys.push(parser.value()?.string()?),
            Long("policy") => options.trusted.policy = Some(parser.value()?.into()),
            Long("opening") => options.opening = Some(parser.value()?.into()),
            Long("entry") => options.entry = Some(parser.value()?.string()?),
            Value(file) if options.file.is_none() => options.file = Some(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    if options.file.is_some() { Ok(Some(options)) } else { Err("a file is needed".into()) }
}

fn check(options: &Options) -> Result<ExitCode, InputError> {
    let path = options.file.as_deref().unwrap_or_else(|| Path::new("-"));
    let bytes = input::read(path)?;
    let trusted = options.trusted.read()?;
    let held = match str::from_utf8(&bytes) {
        Ok(text) if text.starts_with("c2sp.org/tlog-proof") => proof(path, text, &trusted, options)?,
        Ok(text) if text.trim_start().starts_with('{') => json(path, text, &trusted, options)?,
        _ => checkpoint(path, &bytes, &trusted)?,
    };
    match held {
        Ok(said) => {
            println!("good: {said}");
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("bad: {why}");
            Ok(ExitCode::from(FOUND))
        }
    }
}

/// What holds, or why it does not.
type Held = Result<Result<String, String>, InputError>;

fn demand_keys(trusted: &Trusted) -> Result<(), InputError> {
    if trusted.is_empty() { Err(InputError::Wrong("--log-key or --policy with a log is needed".to_owned())) } else { Ok(()) }
}

/// That a record is in a log.
fn proof(path: &Path, text: &str, trusted: &Trusted, options: &Options) -> Held {
    demand_keys(trusted)?;
    let proof: TlogProof = text.parse().map_err(|error| InputError::malformed(path, "proof", &error))?;
    let (leaf, record) = leaf(&proof, options)?;
    let origin = proof.note().text().lines().next().unwrap_or_default();
    let keys = trusted.keys_for(origin);
    let mut budget = crypto::budget::Budget::for_document();
    let seen = match proof.verify(&leaf, &keys, trusted.policy(), &mut budget) {
        Ok(seen) => seen,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let witnesses: Vec<&str> = seen.cosigners.iter().map(|cosigner| cosigner.witness.as_str()).collect();
    let witnessed = if witnesses.is_empty() { String::new() } else { format!(", witnessed by {}", witnesses.join(", ")) };
    let (size, index) = (seen.checkpoint.size(), proof.index());
    let what = record
        .and_then(|record| record.read::<Stamp>(Opening::STAMP))
        .map(|stamp| format!("record {} of {}, ", stamp.number, stamp.at));
    Ok(Ok(format!("{}entry {index} of {size} in {origin}{witnessed}", what.unwrap_or_default())))
}

/// The leaf that a proof is about, and the record where that is known.
fn leaf(proof: &TlogProof, options: &Options) -> Result<(Hash, Option<Opening>), InputError> {
    if let Some(entry) = &options.entry {
        return Ok((leaf_hash(&read_entry(entry)?.0), None));
    }
    let (bytes, place) = match &options.opening {
        Some(path) => (input::read(path)?, path.clone()),
        None if proof.extra().is_empty() => {
            return Err(InputError::Wrong("the proof does not say what it is about: --opening or --entry is needed".to_owned()));
        }
        None => (proof.extra().to_vec(), "extra data".into()),
    };
    let opening = read_opening(&place, &bytes)?;
    Ok((leaf_hash(&opening.entry().0), Some(opening)))
}

/// A record, by itself or within the answer that it came in.
fn read_opening(path: &Path, bytes: &[u8]) -> Result<Opening, InputError> {
    let malformed = |error: serde_json::Error| InputError::malformed(path, "record with its salts", &error);
    let json: Json = serde_json::from_slice(bytes).map_err(malformed)?;
    let within = json.get("opening").cloned();
    serde_json::from_value(within.unwrap_or(json)).map_err(malformed)
}

fn read_entry(text: &str) -> Result<Sha256, InputError> {
    Sha256::from_hex(text).ok_or_else(|| InputError::Wrong("--entry is 64 hexadecimal digits".to_owned()))
}

fn json(path: &Path, text: &str, trusted: &Trusted, options: &Options) -> Held {
    let malformed = |error: serde_json::Error| InputError::malformed(path, "proof or record", &error);
    let json: Json = serde_json::from_str(text).map_err(malformed)?;
    if let Some(proof) = json.get("completeness") {
        let proof: Completeness = serde_json::from_value(proof.clone()).map_err(malformed)?;
        return complete(path, &proof, &json, trusted);
    }
    let opening = read_opening(path, text.as_bytes())?;
    let entry = opening.entry();
    let Some(expected) = &options.entry else { return Ok(Ok(format!("entry {entry}"))) };
    let fits = entry == read_entry(expected)?;
    Ok(if fits { Ok(format!("entry {entry}")) } else { Err(format!("the entry is {entry}")) })
}

/// That an answer has every record.
fn complete(path: &Path, proof: &Completeness, answer: &Json, trusted: &Trusted) -> Held {
    demand_keys(trusted)?;
    let mut trees = std::collections::BTreeMap::new();
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
    if let Some(why) = differing(proof, answer) {
        return Ok(Err(why));
    }
    let range = [proof.from, proof.until].map(|at| at.map_or_else(|| "…".to_owned(), |at| at.to_string()));
    let said = format!(
        "all {} records of {} {} in the {} log, {}",
        proof.rows.len(),
        kind(proof),
        proof.key,
        proof.log,
        range.join(" to ")
    );
    Ok(proof.check(&|origin| trees.get(origin).copied()).map(|()| said).map_err(|error| error.to_string()))
}

/// What is shown must be what is proven: the same records, and no other content than they commit to.
fn differing(proof: &Completeness, answer: &Json) -> Option<String> {
    let rows = answer.get("rows").and_then(Json::as_array)?;
    if rows.len() != proof.rows.len() {
        return Some(format!("{} records are shown and {} are proven", rows.len(), proof.rows.len()));
    }
    let differs = |(row, proven): (&Json, &Proven)| {
        let number = row.get("number").and_then(Json::as_u64);
        let shown = row.get("opening").map(|opening| serde_json::from_value::<Opening>(opening.clone()));
        let is_other = shown.is_some_and(|shown| shown.map_or(true, |shown| shown.entry() != proven.opening.entry()));
        (number != Some(proven.number) || is_other)
            .then(|| format!("record {} is shown as another than is proven", proven.number))
    };
    rows.iter().zip(&proof.rows).find_map(differs)
}

const fn kind(proof: &Completeness) -> &'static str {
    match proof.kind {
        crypto::record::KeyKind::Seal => "the seal",
        crypto::record::KeyKind::Subject => "the person",
    }
}

/// That a log has signed a checkpoint, and who has witnessed it.
fn checkpoint(path: &Path, bytes: &[u8], trusted: &Trusted) -> Held {
    demand_keys(trusted)?;
    let note = Note::parse(bytes).map_err(|error| InputError::malformed(path, "proof, record or checkpoint", &error))?;
    Ok(match trusted.observe(&note) {
        Ok(seen) if seen.is_witnessed => {
            Ok(format!("{} {} {}", seen.checkpoint.origin(), seen.checkpoint.size(), seen.checkpoint.root()))
        }
        Ok(_) => Err("fewer witnesses have signed than the policy demands".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}
