//! `licet log monitor`: a copy of a log that grows with it, and proof that it did nothing but grow.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crypto::record::LogName;
use crypto::tlog::tile::{TILE_HEIGHT, TILE_WIDTH, decode_entries, encode_hashes, width_at};
use crypto::tlog::{Checkpoint, Hash, Note, TileKind, TilePath, Tree, leaf_hash};
use lexopt::prelude::*;

use super::mirror::{self, Folder, Mirror};
use super::place::{self, Place, PlaceOptions, ShardRow};
use super::shown;
use super::trusted::{Trusted, TrustedOptions};
use crate::cli::input::{self, InputError};
use crate::cli::out;

const HELP: &str = "\
Copies the entries, tiles and checkpoints of a log into a folder, and checks that the log only grew since the last time: every
entry that was seen is there, every bundle hashes to its tile and up to the root of the signed checkpoint, no number is missing.

Usage: licet log monitor DIR [LOG] [--log-key KEY...] [--policy FILE] [--once | --every SECONDS] WHERE

  DIR                  the mirror; its file keys has the keys of the log
  LOG                  seal or access; both when left out
  --log-key KEY        a verifier key of the log; repeat for more. When left out and nowhere in DIR, those that WHERE names are taken,
                       and kept: from then on no other ones are believed
  --policy FILE        a C2SP tlog-policy: a checkpoint that is not witnessed accordingly is said to be so
  --once               once, and no more
  --every SECONDS      again and again; every 60 seconds when left out
WHERE is --url or another --mirror:
";

/// The file of a mirror with the keys that are believed.
const KEYS: &str = "keys";

/// The tile that has the hashes of all lower ones is as high as any tree.
const LEVELS_MAX: u8 = 8;

#[derive(Default)]
struct Options {
    place: PlaceOptions,
    trusted: TrustedOptions,
    folder: Option<PathBuf>,
    log: Option<LogName>,
    once: bool,
    every_s: Option<u64>,
}

fn help() -> String {
    format!("{HELP}{}\n{}", place::ONLINE, place::MIRROR)
}

pub(super) fn run(parser: lexopt::Parser) -> ExitCode {
    input::with_options("log monitor", &help(), options(parser), monitor)
}

fn options(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") | Short('h') => return Ok(None),
            Long("once") => options.once = true,
            Long("every") => options.every_s = Some(parser.value()?.parse()?),
            Long("log-key") => options.trusted.keys.push(parser.value()?.string()?),
            Long("policy") => options.trusted.policy = Some(parser.value()?.into()),
            Value(word) if options.folder.is_none() => options.folder = Some(word.into()),
            Value(word) if options.log.is_none() => options.log = Some(word.parse_with(shown::log_name)?),
            Long(name) => {
                let name = name.to_owned();
                options.place.take(&name, &mut parser)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    if options.folder.is_some() { Ok(Some(options)) } else { Err("a folder for the mirror is needed".into()) }
}

fn monitor(options: &Options) -> Result<ExitCode, InputError> {
    let mirror = Mirror(options.folder.clone().unwrap_or_default());
    let place = options.place.open()?;
    if matches!(place, Place::Store(_)) {
        return Err(InputError::Wrong("--url or --mirror is needed: a store alone has no signed checkpoint".to_owned()));
    }
    let logs = shown::logs(options.log);
    loop {
        let findings = pass(&place, &mirror, &logs, options)?;
        if options.once || !findings.is_empty() || out::is_closed() {
            return Ok(shown::end(&findings));
        }
        std::thread::sleep(Duration::from_secs(options.every_s.unwrap_or(60).max(1)));
    }
}

/// Takes over what is new. What is not as it should be, in words.
fn pass(place: &Place, mirror: &Mirror, logs: &[LogName], options: &Options) -> Result<Vec<String>, InputError> {
    let shards = place.shards(logs)?;
    let trusted = keys(place, mirror, &shards, &options.trusted)?;
    let mut findings = Vec::new();
    for log in logs {
        let there: Vec<&ShardRow> = shards.iter().filter(|shard| shard.log == *log).collect();
        for period in mirror.periods(*log)? {
            if !there.iter().any(|shard| shard.period == period) {
                findings.push(format!("{log}/{period}: it was there and is no more"));
            }
        }
        for shard in there {
            let pass = Pass { place, shard, folder: mirror.shard(*log, &shard.period), trusted: &trusted };
            match pass.run()? {
                Ok(Some(said)) => println!("{log}/{}: {said}", shard.period),
                Ok(None) => {}
                Err(finding) => findings.push(format!("{log}/{}: {finding}", shard.period)),
            }
        }
    }
    Ok(findings)
}

/// The keys that are believed: named, kept, or seen first.
fn keys(place: &Place, mirror: &Mirror, shards: &[ShardRow], options: &TrustedOptions) -> Result<Trusted, InputError> {
    let named = options.read()?;
    let path = mirror.0.join(KEYS);
    if !named.is_empty() {
        return Ok(named);
    }
    let kept = mirror::read(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect());
    let keys: Vec<String> = match kept {
        Some(kept) => kept,
        None => {
            let seen: Vec<String> = shards.iter().flat_map(|shard| &shard.keys).map(ToString::to_string).collect();
            if seen.is_empty() {
                let why = if matches!(place, Place::Mirror(_)) { "a mirror names no keys" } else { "no keys are named" };
                return Err(InputError::Wrong(format!("{why}: --log-key is needed")));
            }
            mirror::write(&path, format!("{}\n", seen.join("\n")).as_bytes())?;
            seen
        }
    };
    TrustedOptions { keys, policy: options.policy.clone() }.read()
}

/// One shard, once.
struct Pass<'a> {
    place: &'a Place,
    shard: &'a ShardRow,
    folder: Folder,
    trusted: &'a Trusted,
}

/// What is wrong, in words.
type Checked<T> = Result<Result<T, String>, InputError>;

impl Pass<'_> {
    fn run(&self) -> Checked<Option<String>> {
        let (log, period) = (self.shard.log, &self.shard.period);
        let Some(bytes) = self.place.checkpoint(log, period)? else { return Ok(Ok(None)) };
        let (new, note) = match self.verified(&bytes) {
            Ok(verified) => verified,
            Err(finding) => return Ok(Err(finding)),
        };
        let old = self.folder.checkpoint()?.map(|bytes| self.verified(&bytes)).transpose();
        let old = match old {
            Ok(old) => old.map(|(old, _)| old),
            Err(finding) => return Ok(Err(format!("the mirror itself: {finding}"))),
        };
        if let Some(old) = &old
            && let Some(finding) = compared(old, &new)
        {
            return Ok(Err(finding));
        }
        let from = old.as_ref().map_or(0, Checkpoint::size);
        let tree = match self.edge(old.as_ref())? {
            Ok(tree) => tree,
            Err(finding) => return Ok(Err(finding)),
        };
        if let Err(finding) = self.grow(tree, &new)? {
            return Ok(Err(finding));
        }
        self.folder.put_checkpoint(&bytes)?;
        let said = format!("{} records, {} new", new.size(), new.size() - from);
        let is_witnessed = self.trusted.observe(&note).is_ok_and(|seen| seen.is_witnessed);
        Ok(Ok(Some(if is_witnessed { said } else { format!("{said}, not yet witnessed") })))
    }

    fn verified(&self, bytes: &[u8]) -> Result<(Checkpoint, Note), String> {
        let note = Note::parse(bytes).map_err(|error| error.to_string())?;
        let seen = self.trusted.observe(&note).map_err(|error| error.to_string())?;
        let tail = format!("/{}/{}", self.shard.log, self.shard.period);
        let origin = seen.checkpoint.origin();
        if origin.ends_with(&tail) && self.shard.origin.as_ref().is_none_or(|named| named == origin) {
            Ok((seen.checkpoint, note))
        } else {
            Err(format!("the checkpoint is of {origin}"))
        }
    }

    /// The right edge of the tree that the mirror has.
    fn edge(&self, old: Option<&Checkpoint>) -> Checked<Tree> {
        let Some(old) = old else { return Ok(Ok(Tree::default())) };
        let mut edge = Vec::new();
        for level in 0..LEVELS_MAX {
            let hashes = old.size() >> (u32::from(TILE_HEIGHT) * u32::from(level));
            if hashes == 0 {
                break;
            }
            let width = u16::try_from(hashes % u64::from(TILE_WIDTH)).unwrap_or(0);
            let row =
                if width == 0 { Vec::new() } else { self.folder.tile_hashes(level, hashes / u64::from(TILE_WIDTH), width)? };
            edge.push(row);
        }
        let tree = Tree::from_edge(old.size(), edge).map_err(|error| error.to_string());
        Ok(tree.and_then(|tree| {
            let fits = tree.root() == old.root();
            if fits { Ok(tree) } else { Err("the mirror itself: its tiles have another root than its checkpoint".to_owned()) }
        }))
    }

    /// Takes over all entries from where the mirror ends, and checks that they lead to the new root.
    fn grow(&self, mut tree: Tree, new: &Checkpoint) -> Checked<()> {
        let mut full = Vec::new();
        while tree.size() < new.size() {
            let index = tree.size() / u64::from(TILE_WIDTH);
            let bundle = match self.bundle(index, new.size(), tree.partial(0))? {
                Ok(bundle) => bundle,
                Err(finding) => return Ok(Err(finding)),
            };
            for leaf in &bundle {
                match tree.append(*leaf) {
                    Ok(tiles) => full.extend(tiles),
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
            for tile in std::mem::take(&mut full) {
                if let Err(finding) = self.tile((tile.level, tile.index), &tile.hashes)? {
                    return Ok(Err(finding));
                }
            }
        }
        for level in 0..u8::try_from(tree.levels()).unwrap_or(0) {
            let index = tree.size().checked_shr(u32::from(TILE_HEIGHT) * (u32::from(level) + 1)).unwrap_or(0);
            let partial = tree.partial(level);
            if !partial.is_empty()
                && let Err(finding) = self.tile((level, index), partial)?
            {
                return Ok(Err(finding));
            }
        }
        let fits = tree.root() == new.root();
        Ok(if fits { Ok(()) } else { Err("the entries do not lead to the root of the checkpoint".to_owned()) })
    }

    /// The new leaves of a bundle; those that the mirror has already must be the same.
    fn bundle(&self, index: u64, size: u64, known: &[Hash]) -> Checked<Vec<Hash>> {
        let Some(width) = width_at(size, 0, index) else { return Ok(Err("the tree is smaller than it was".to_owned())) };
        let Some(path) = TilePath::new(TileKind::Entries, index, width) else { return Ok(Err("no such bundle".to_owned())) };
        let Some(bytes) = self.fetched(path)? else { return Ok(Err(format!("{path} is missing"))) };
        let Ok(entries) = decode_entries(&bytes, width) else { return Ok(Err(format!("{path} is malformed"))) };
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let Some((before, after)) = leaves.split_at_checked(known.len()) else { return Ok(Err(format!("{path} is too short"))) };
        if let Some(place) = before.iter().zip(known).position(|(now, then)| now != then) {
            let number = index * u64::from(TILE_WIDTH) + u64::try_from(place).unwrap_or(0);
            return Ok(Err(format!("entry {number} is not what it was")));
        }
        self.folder.put_tile(path, &bytes)?;
        Ok(Ok(after.to_vec()))
    }

    /// Keeps a hash tile, which must be what is served.
    fn tile(&self, (level, index): (u8, u64), hashes: &[Hash]) -> Checked<()> {
        let width = u16::try_from(hashes.len()).unwrap_or(TILE_WIDTH);
        let Some(path) = TilePath::new(TileKind::Hashes { level }, index, width) else {
            return Ok(Err("no such tile".to_owned()));
        };
        let ours = encode_hashes(hashes);
        match self.fetched(path)? {
            Some(theirs) if theirs == ours => self.folder.put_tile(path, &ours).map(Ok),
            Some(_) => Ok(Err(format!("{path} does not follow from the entries"))),
            None => Ok(Err(format!("{path} is missing"))),
        }
    }

    /// A tile of that width. Where it has grown since, the beginning of it is as good.
    fn fetched(&self, path: TilePath) -> Result<Option<Vec<u8>>, InputError> {
        let (log, period) = (self.shard.log, &self.shard.period);
        if let Some(bytes) = self.place.tile(log, period, path)? {
            return Ok(Some(bytes));
        }
        let Some(whole) = TilePath::new(path.kind(), path.index(), TILE_WIDTH) else { return Ok(None) };
        let bytes = self.place.tile(log, period, whole)?;
        Ok(bytes.and_then(|bytes| mirror::cut(path, &bytes)))
    }
}

impl Folder {
    fn tile_hashes(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, InputError> {
        crypto::tlog::HashTiles::tile(self, level, index, width)
    }
}

/// What two checkpoints of one log may not be to each other.
fn compared(old: &Checkpoint, new: &Checkpoint) -> Option<String> {
    if new.size() < old.size() {
        return Some(format!("it had {} records and now has {}", old.size(), new.size()));
    }
    if new.size() == old.size() && new.root() != old.root() {
        return Some(format!("SPLIT VIEW: two roots for {} records, {} and {}", old.size(), old.root(), new.root()));
    }
    None
}
