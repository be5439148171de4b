//! `licet log gossip`: whether several clients saw the same logs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use crypto::tlog::merkle::verify_consistency;
use crypto::tlog::{Note, Prover};
use lexopt::prelude::*;

use super::place::{self, Place, PlaceOptions, ShardRow, Tiles};
use super::shown;
use super::trusted::{Trusted, TrustedOptions};
use crate::cli::input::{self, InputError};
use crate::gossip::{self, Compared, Sighting};

const HELP: &str = "\
Compares checkpoints that several clients saw: equal sizes must have equal roots, and the tiles of the log, where they are at hand,
must lead from every one to the next. Prints both lines of a split view.

Usage: licet log gossip FILE... [--log-key KEY...] [--policy FILE] [WHERE]

  FILE                 what a client saw: lines of the header Licet-Checkpoint, or signed checkpoints as they are; - for standard input
  --log-key KEY        a verifier key of the log: signed checkpoints are then verified; repeat for more
  --policy FILE        the same from a C2SP tlog-policy

WHERE is --url or --mirror; its own newest checkpoint is compared as well. Without it, different sizes are not compared:
";

#[derive(Default)]
struct Options {
    place: PlaceOptions,
    has_place: bool,
    trusted: TrustedOptions,
    files: Vec<PathBuf>,
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log gossip", &format!("{HELP}{}", place::HELP), options(parser), work)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("log-key") => options.trusted.keys.push(parser.value()?.string()?),
            Long("policy") => options.trusted.policy = Some(parser.value()?.into()),
            Value(file) => options.files.push(file.into()),
            Long(name) => {
                let name = name.to_owned();
                if !options.place.take(&name, &mut parser)? {
                    return Err(Long(&name).unexpected());
                }
                options.has_place = true;
            }
            other => return Err(other.unexpected()),
        }
    }
    let has_any = options.has_place || !options.files.is_empty();
    if has_any {
        Ok(Some(options))
    } else {
        Err("a file is needed, or a place whose checkpoint is held against its tiles".into())
    }
}

fn work(options: &Options) -> Result<ExitCode, InputError> {
    let trusted = options.trusted.read()?;
    let mut sightings = Vec::new();
    for path in &options.files {
        let wrong = |what: String| InputError::Wrong(format!("{}: {what}", path.display()));
        let bytes = input::read(path)?;
        let text = str::from_utf8(&bytes).map_err(|error| wrong(error.to_string()))?;
        let read = gossip::read(&path.display().to_string(), text);
        sightings.extend(read.map_err(|line| wrong(format!("line {line} is no checkpoint and no header")))?);
    }
    let place = if options.has_place { Some(options.place.open()?) } else { None };
    let mut shards = BTreeMap::new();
    if let Some(place) = &place {
        for shard in place.shards(&shown::logs(None))? {
            sightings.extend(own(place, &shard)?);
            shards.extend(shard.origin.clone().map(|origin| (origin, shard)));
        }
    }
    let mut findings: Vec<String> = sightings.iter().filter_map(|sighting| unsigned(sighting, &trusted)).collect();
    let compared = gossip::compare(sightings);
    findings.extend(compared.splits.iter().map(|split| format!("SPLIT VIEW\n  {}\n  {}", split.one, split.other)));
    for (origin, shard) in &shards {
        if let Some(place) = &place {
            findings.extend(broken(&compared, origin, &Tiles { place, shard })?);
        }
    }
    if findings.is_empty() {
        tell(&compared, |origin| shards.contains_key(origin));
    }
    Ok(shown::end(&findings))
}

/// The newest checkpoint of the place itself.
fn own(place: &Place, shard: &ShardRow) -> Result<Option<Sighting>, InputError> {
    let Some(bytes) = place.checkpoint(shard.log, &shard.period)? else { return Ok(None) };
    let name = format!("{}/{}", shard.log, shard.period);
    let (note, checkpoint): (Note, _) = shown::note(name.as_ref(), &bytes)?;
    let (size, root, origin) = (checkpoint.size(), checkpoint.root(), checkpoint.origin().to_owned());
    Ok(Some(Sighting { origin, size, root, note: Some(note), seen: "now".to_owned() }))
}

/// A signed checkpoint must be signed by a key that is known, where any are known.
fn unsigned(sighting: &Sighting, trusted: &Trusted) -> Option<String> {
    let note = sighting.note.as_ref().filter(|_| !trusted.is_empty())?;
    let error = trusted.observe(note).err()?;
    Some(format!("{sighting}: {error}"))
}

/// Every tree of an origin must contain the one before, by the tiles that are there now.
fn broken(compared: &Compared, origin: &str, tiles: &Tiles<'_>) -> Result<Option<String>, InputError> {
    let Some(trees) = compared.trees.get(origin) else { return Ok(None) };
    let Some((_, newest)) = trees.last_key_value() else { return Ok(None) };
    if newest.size > tiles.shard.size {
        return Ok(Some(format!("{newest}: the log now says that it has {} records", tiles.shard.size)));
    }
    let mut prover = Prover::new(newest.size, tiles);
    let wrong = |error| place::unproven(origin, error);
    let root = prover.root().map_err(wrong)?;
    if root != newest.root {
        return Ok(Some(format!("SPLIT VIEW\n  {newest}\n  {origin} {} {root} (its tiles)", newest.size)));
    }
    for one in trees.values().filter(|one| one.size > 0 && one.size < newest.size) {
        let proof = prover.consistency(one.size).map_err(wrong)?;
        if verify_consistency(one.size, newest.size, &one.root, &newest.root, &proof).is_err() {
            return Ok(Some(format!("SPLIT VIEW\n  {one}\n  {newest}")));
        }
    }
    Ok(None)
}

fn tell(compared: &Compared, is_proven: impl Fn(&str) -> bool) {
    for (origin, trees) in &compared.trees {
        let sizes: Vec<String> = trees.keys().map(ToString::to_string).collect();
        let how = if is_proven(origin) || trees.len() == 1 { "consistent" } else { "equal sizes have equal roots" };
        println!("{origin}: {how} at {}", sizes.join(", "));
    }
}
