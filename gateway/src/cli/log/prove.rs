//! `licet log prove`: proofs that can be checked without us.

use std::path::PathBuf;
use std::process::ExitCode;

use crypto::licence::HolderCodeType;
use crypto::record::LogName;
use crypto::time::Timestamp;
use crypto::tlog::merkle::verify_inclusion;
use crypto::tlog::{Checkpoint, Note, Prover, TlogProof, leaf_hash};
use lexopt::prelude::*;
use serde_json::json;

use super::place::{self, Place, PlaceOptions, ShardRow, Tiles};
use super::{mirror, show, shown};
use crate::cli::input::{self, InputError};

const HELP: &str = "\
Writes a proof that licet log check and others can check without network and without us.

Usage: licet log prove LOG NUMBER [--opening] [--checkpoint FILE] --out FILE WHERE
       licet log prove LOG (--seal ID | --subject TYPE:FILE) [--from TIME] [--until TIME] --out FILE --url URL …

  LOG NUMBER           seal or access; the number of a record: writes a C2SP tlog-proof that it is in the log
  --opening            with the record itself as extra data, so that the file says what it is about; not with --mirror
  --checkpoint FILE    the checkpoint to prove it in; the newest when left out
  --seal ID            all records of a seal, with the proof that they are all
  --subject TYPE:FILE  the same of a person: the kind of number (111 identity card, 001 unified social credit code, …) and a file
                       that holds the number: it does not belong on a command line
  --from, --until      RFC 3339; the beginning and the present when left out
  --out FILE           where to write it

WHERE is one of --url, --config and --mirror:
";

#[derive(Default)]
struct Options {
    place: PlaceOptions,
    log: Option<LogName>,
    number: Option<u64>,
    with_opening: bool,
    checkpoint: Option<PathBuf>,
    seal: Option<String>,
    subject: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    out: Option<PathBuf>,
}

fn help() -> String {
    format!("{HELP}{}\n{}\n{}", place::ONLINE, place::STORE, place::MIRROR)
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log prove", &help(), options(parser), prove)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("opening") => options.with_opening = true,
            Long("checkpoint") => options.checkpoint = Some(parser.value()?.into()),
            Long("seal") => options.seal = Some(parser.value()?.string()?),
            Long("subject") => options.subject = Some(parser.value()?.string()?),
            Long("from") => options.from = Some(parser.value()?.parse()?),
            Long("until") => options.until = Some(parser.value()?.parse()?),
            Long("out") => options.out = Some(parser.value()?.into()),
            Value(word) if options.log.is_none() => options.log = Some(word.parse_with(shown::log_name)?),
            Value(word) if options.number.is_none() => options.number = Some(word.parse()?),
            Long(name) => {
                let name = name.to_owned();
                options.place.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    let of_chain = options.seal.is_some() || options.subject.is_some();
    match (options.log, options.number) {
        (Some(_), number) if number.is_some() != of_chain => Ok(Some(options)),
        _ => Err("a log and either a number, --seal or --subject are needed".into()),
    }
}

fn prove(options: &Options) -> Result<ExitCode, InputError> {
    let out = options.out.as_deref().ok_or_else(|| InputError::Wrong("--out is needed".to_owned()))?;
    let place = options.place.open()?;
    let log = options.log.unwrap_or(LogName::Seal);
    let bytes = match options.number {
        Some(number) => one(&place, log, number, options)?.to_string().into_bytes(),
        None => all(&place, log, options)?,
    };
    mirror::write(out, &bytes)?;
    println!("{}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// The proof that a record is in its log.
fn one(place: &Place, log: LogName, number: u64, options: &Options) -> Result<TlogProof, InputError> {
    let wrong = |text: String| InputError::Wrong(text);
    let shards = place.shards(&[log])?;
    let shard = shard_of(&shards, number).ok_or_else(|| wrong(format!("{log} has no record {number}, or nobody knows where")))?;
    let index = number - shard.first.unwrap_or(0);
    let (note, checkpoint) = checkpoint(place, shard, options)?;
    if index >= checkpoint.size() {
        return Err(wrong(format!("the checkpoint has {} records of {log}/{}", checkpoint.size(), shard.period)));
    }
    let tiles = Tiles { place, shard };
    let cannot = |error| place::unproven(&format!("{log} {number}"), error);
    let hashes = Prover::new(checkpoint.size(), &tiles).inclusion(index).map_err(cannot)?;
    let opening = if options.with_opening { Some(show::opening(place, log, number)?) } else { None };
    if let Some(opening) = &opening {
        let leaf = leaf_hash(&opening.entry().0);
        let is_it = verify_inclusion(index, checkpoint.size(), &leaf, &checkpoint.root(), &hashes);
        is_it.map_err(|error| wrong(format!("{log} {number}: {error}")))?;
    }
    let proof = TlogProof::new(index, hashes, note).map_err(|error| wrong(error.to_string()))?;
    Ok(match opening {
        Some(opening) => proof.with_extra(serde_json::to_vec(&opening).unwrap_or_default()),
        None => proof,
    })
}

/// The shard of a record. Where a mirror has one shard alone, numbers are taken from its beginning.
fn shard_of(shards: &[ShardRow], number: u64) -> Option<&ShardRow> {
    let knows = |shard: &&ShardRow| shard.first.is_some_and(|first| number >= first && number - first < shard.size);
    match shards {
        [only] if only.first.is_none() => Some(only),
        _ => shards.iter().find(knows),
    }
}

fn checkpoint(place: &Place, shard: &ShardRow, options: &Options) -> Result<(Note, Checkpoint), InputError> {
    if let Some(path) = &options.checkpoint {
        return shown::note(path, &input::read(path)?);
    }
    let bytes = place.checkpoint(shard.log, &shard.period)?.ok_or_else(|| {
        InputError::Wrong("no checkpoint is there: name one with --checkpoint, from a mirror or from an answer".to_owned())
    })?;
    shown::note(format!("{}/{}", shard.log, shard.period).as_ref(), &bytes)
}

/// All records of a seal or a person, with the proof that they are all: the answer of the gateway as it came.
fn all(place: &Place, log: LogName, options: &Options) -> Result<Vec<u8>, InputError> {
    let Place::Online(online) = place else {
        return Err(InputError::Wrong("the asking is itself put on record, behind the range: --url is needed".to_owned()));
    };
    let mut filter = json!({ "seal": options.seal, "from": options.from, "until": options.until });
    if let (Some(subject), Some(filter)) = (&options.subject, filter.as_object_mut()) {
        let (code, file) = subject.split_once(':').ok_or_else(|| InputError::Wrong("--subject is TYPE:FILE".to_owned()))?;
        if HolderCodeType::from_code(code).is_none() {
            return Err(InputError::Wrong(format!("--subject: {code} is no kind of number")));
        }
        let number = input::read(file.as_ref())?;
        let number = str::from_utf8(&number).unwrap_or_default().trim();
        filter.insert("subject".to_owned(), json!({ "code_type": code, "code": number }));
    }
    if let Some(filter) = filter.as_object_mut() {
        filter.retain(|_, value| !value.is_null());
    }
    online.post(
        &format!("/v1/logs/{log}/search"),
        &json!({ "filter": filter, "complete": true, "opening": true, "witnesses": "wait" }),
    )
}
