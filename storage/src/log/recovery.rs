//! What a start reads of a log: its head, and the ends of its tree and of its index, put together by the code that grew them.

use crypto::record::{Entry, LogName, Opening, Stamp};
use crypto::tlog::tile::{TILE_HEIGHT, decode_hashes};
use crypto::tlog::{Hash, TileKind, Tree, leaf_hash};

use super::live::Live;
use super::rows::{Head, Signed};
use super::tail::Tail;
use super::term::Terms;
use super::tiles;
use crate::engine::Engine;
use crate::error::StorageError;
use crate::keys::{self, Key, REGISTRY};
use crate::records::Layout;
use crate::shelf::open;
use crate::vault::Vault;

/// A row with its version.
fn row<T: Layout>(engine: &dyn Engine, vault: &Vault, key: &Key) -> Result<Option<(T, u64)>, StorageError> {
    let Some(row) = engine.get(REGISTRY, key.space, &key.bytes)? else { return Ok(None) };
    let value = T::decode(&open(vault, key.space, &key.bytes, &row.value, T::WHAT)?)?;
    Ok(Some((value, row.version)))
}

/// What the end of a log is called when it is not what its head says.
const fn what(log: LogName) -> &'static str {
    match log {
        LogName::Seal => "end of the seal log",
        LogName::Access => "end of the access log",
    }
}

/// The head of a log as it is on disk.
pub(crate) fn head(engine: &dyn Engine, vault: &Vault, log: LogName) -> Result<(Head, Option<u64>), StorageError> {
    let head = row::<Head>(engine, vault, &keys::log_head(log))?;
    Ok(head.map_or_else(|| (Head::empty(), None), |(head, version)| (head, Some(version))))
}

/// The end of a log. The work does not grow with the log.
///
/// # Errors
/// [`StorageError::Corrupt`] when the tree does not have the root that the head says.
pub(crate) fn live(engine: &dyn Engine, vault: &Vault, log: LogName) -> Result<Live, StorageError> {
    let (head, version) = head(engine, vault, log)?;
    let corrupt = || StorageError::Corrupt { what: what(log) };
    let leaves = head.size.checked_sub(head.first).ok_or_else(corrupt)?;
    let read = |number| record(engine, vault, log, number)?.ok_or_else(corrupt);
    let bundle_start = head.first.saturating_add(leaves & !0xff);
    let bundle: Vec<Entry> =
        (bundle_start..head.size).map(|number| Ok(read(number)?.entry())).collect::<Result<_, StorageError>>()?;
    let mut edge = vec![bundle.iter().map(|entry| leaf_hash(&entry.0)).collect::<Vec<Hash>>()];
    let mut level = 1_u8;
    while leaves >> (u32::from(TILE_HEIGHT) * u32::from(level)) > 0 {
        edge.push(upper(engine, log, &head, level).map_err(|_error| corrupt())?);
        level += 1;
    }
    if leaves == 0 {
        edge.clear();
    }
    let tree = Tree::from_edge(leaves, edge).map_err(|_error| corrupt())?;
    if tree.root() != head.root {
        return Err(corrupt());
    }
    let mut tail = Tail::new(head.size);
    for number in tail.start()..head.size {
        let opening = read(number)?;
        let stamp: Stamp = opening.read(Opening::STAMP).ok_or_else(corrupt)?;
        if !tail.push(number, stamp.at, &Terms::of_opening(&opening, vault)) {
            return Err(corrupt());
        }
    }
    Ok(Live { head, version, tree, bundle, tail })
}

/// The hashes of the last tile of an upper level, made from the full tiles below it.
fn upper(engine: &dyn Engine, log: LogName, head: &Head, level: u8) -> Result<Vec<Hash>, StorageError> {
    let corrupt = StorageError::Corrupt { what: tiles::WHAT };
    let below = level.saturating_sub(1);
    let full = head.leaves() >> (u32::from(TILE_HEIGHT) * u32::from(level));
    let hash = |index| {
        let key = keys::log_tile(log, head.shard, TileKind::Hashes { level: below }, index);
        let row = engine.get(REGISTRY, key.space, &key.bytes)?.ok_or_else(|| corrupt.clone())?;
        root_of_tile(&row.value).ok_or_else(|| corrupt.clone())
    };
    ((full & !0xff)..full).map(hash).collect()
}

/// What a full tile is in the tile above it.
pub(crate) fn root_of_tile(bytes: &[u8]) -> Option<Hash> {
    let mut tree = Tree::default();
    for hash in decode_hashes(bytes, 256).ok()? {
        tree.append(hash).ok()?;
    }
    Some(tree.root())
}

/// A record, if its row is there.
pub(crate) fn record(engine: &dyn Engine, vault: &Vault, log: LogName, number: u64) -> Result<Option<Opening>, StorageError> {
    Ok(row::<Opening>(engine, vault, &keys::log_row(log, number))?.map(|(opening, _)| opening))
}

/// What was signed last of a log, with the version of its row. Nothing may have been signed that the log has not.
pub(crate) fn signed(
    engine: &dyn Engine,
    vault: &Vault,
    log: LogName,
    head: &Head,
) -> Result<Option<(Signed, u64)>, StorageError> {
    let signed = row::<Signed>(engine, vault, &keys::log_signed(log))?;
    let fits = signed.as_ref().map_or_else(
        || !head.has_signed(),
        |(signed, _)| {
            let order = (signed.shard, signed.size).cmp(&(head.shard, head.leaves()));
            order.is_lt() || *signed == head.signed()
        },
    );
    if fits { Ok(signed) } else { Err(StorageError::Corrupt { what: what(log) }) }
}
