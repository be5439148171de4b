//! `licet log check`: proofs, without network and store.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::digest::Sha256;
use crypto::record::{Completeness, Opening, Stamp};
use crypto::tlog::{Hash, Note, TlogProof, leaf_hash};
use lexopt::prelude::*;
use serde_json::Value as Json;

use super::answer;
use super::shown::FOUND;
use super::trusted::{Trusted, TrustedOptions};
use crate::cli::input::{self, InputError};

const HELP: &str = "\
Checks what a log has given out. Needs no network and no store.

Usage: licet log check FILE [--opening FILE | --entry HEX] [--seal ID] [--log-key KEY...] [--policy FILE]

  FILE            a C2SP tlog-proof, an answer that is said to be complete (licet log prove --seal …), a signed checkpoint, or a record
                  with its salts (\"opening\")
  --opening FILE  the record that a tlog-proof is about; when left out, the one in its extra data
  --entry HEX     the record's entry, 64 hexadecimal digits, instead; for a record, the entry that it should have
  --seal ID       the seal that an answer must be about
  --log-key KEY   a verifier key of the log, for any of its periods; repeat for more
  --policy FILE   a C2SP tlog-policy: its logs, and how many witnesses there must be. It names a key once, under the name of any log or
                  period that signs with it

Exit status: 0 it holds, 1 it does not, 64 wrong command line, or a file that is none of these; 66 a file cannot be read.";

#[derive(Default)]
struct Options {
    trusted: TrustedOptions,
    file: Option<PathBuf>,
    opening: Option<PathBuf>,
    entry: Option<String>,
    seal: Option<String>,
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
            Long("seal") => options.seal = Some(parser.value()?.string()?),
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
        _ => {
            demand_no_seal(options)?;
            checkpoint(path, &bytes, &trusted)?
        }
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

/// What is asked for and cannot be checked is not passed over.
fn demand_no_seal(options: &Options) -> Result<(), InputError> {
    match options.seal {
        Some(_) => Err(InputError::Wrong("--seal goes with an answer that is said to be complete".to_owned())),
        None => Ok(()),
    }
}

/// That a record is in a log.
fn proof(path: &Path, text: &str, trusted: &Trusted, options: &Options) -> Held {
    demand_keys(trusted)?;
    demand_no_seal(options)?;
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
        demand_keys(trusted)?;
        return answer::check(path, &proof, &json, trusted, options.seal.as_deref());
    }
    demand_no_seal(options)?;
    let opening = read_opening(path, text.as_bytes())?;
    let entry = opening.entry();
    let Some(expected) = &options.entry else { return Ok(Ok(format!("entry {entry}"))) };
    let fits = entry == read_entry(expected)?;
    Ok(if fits { Ok(format!("entry {entry}")) } else { Err(format!("the entry is {entry}")) })
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
