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

WHERE is --url, --mirror or --config; its own newest checkpoint is compared as well. Without it, different sizes are not compared.
A mirror or a copy of a store may be behind what clients saw: then it is said so, and what it has is compared. A gateway may not.
";

#[derive(Default)]
struct Options {
    place: PlaceOptions,
    has_place: bool,
    trusted: TrustedOptions,
    files: Vec<PathBuf>,
}

fn help() -> String {
    format!("{HELP}{}\n{}\n{}", place::ONLINE, place::STORE, place::MIRROR)
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log gossip", &help(), options(parser), work)
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
                options.place.take(&name, &mut parser)?;
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
        for mut shard in place.shards(&shown::logs(None))? {
            let own = own(place, &shard)?;
            // It may have grown since it said how far it is.
            shard.size = own.as_ref().map_or(shard.size, |own| own.size.max(shard.size));
            sightings.extend(own);
            shards.extend(shard.origin.clone().map(|origin| (origin, shard)));
        }
    }
    let mut findings: Vec<String> = sightings.iter().filter_map(|sighting| unsigned(sighting, &trusted)).collect();
    let compared = gossip::compare(sightings);
    findings.extend(compared.splits.iter().map(|split| format!("SPLIT VIEW\n  {}\n  {}", split.one, split.other)));
    for (origin, shard) in &shards {
        if let Some(place) = &place {
            let tiles = Tiles { place, shard };
            findings.extend(missing(&compared, origin, &tiles));
            findings.extend(broken(&compared, origin, &tiles)?);
        }
    }
    if findings.is_empty() {
        tell(&compared, |origin| shards.get(origin).map(|shard| shard.size));
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

/// A gateway must have what it once had. A copy may be behind.
fn missing(compared: &Compared, origin: &str, tiles: &Tiles<'_>) -> Option<String> {
    let (_, newest) = compared.trees.get(origin)?.last_key_value()?;
    let is_missing = newest.size > tiles.shard.size && matches!(tiles.place, Place::Online(_));
    is_missing.then(|| format!("{newest}: the log now says that it has {} records", tiles.shard.size))
}

/// Every tree of an origin must contain the one before, by the tiles that are there now and as far as they go.
fn broken(compared: &Compared, origin: &str, tiles: &Tiles<'_>) -> Result<Option<String>, InputError> {
    let Some(trees) = compared.trees.get(origin) else { return Ok(None) };
    let Some((_, newest)) = trees.range(..=tiles.shard.size).next_back() else { return Ok(None) };
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

/// Says what goes with what. The tiles of an origin reach as far as is said; without tiles equal sizes alone are compared.
fn tell(compared: &Compared, reach: impl Fn(&str) -> Option<u64>) {
    for (origin, trees) in &compared.trees {
        let end = reach(origin);
        let is_within = |size: &u64| trees.len() == 1 || end.is_some_and(|end| *size <= end);
        let (within, beyond): (Vec<u64>, Vec<u64>) = trees.keys().copied().partition(is_within);
        for (sizes, how) in [(within, "consistent"), (beyond.clone(), "equal sizes have equal roots")] {
            if !sizes.is_empty() {
                let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                println!("{origin}: {how} at {}", sizes.join(", "));
            }
        }
        if let Some(end) = end.filter(|_| !beyond.is_empty()) {
            println!("{origin}: the copy is behind, it has {end} records: run licet log monitor to compare the rest");
        }
    }
}
