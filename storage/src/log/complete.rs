//! Proofs that an answer is complete, put together from the index, the records and the trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::licence::HolderNumber;
use crypto::record::{Completeness, CompletenessError, KeyKind, Link, LogName, Opening, Proven, Stamp, VerifiedTree};
use crypto::time::Timestamp;

use super::postings::WHAT;
use super::prepared::seal_key;
use super::query::{Order, Query, Selection};
use super::{Logs, Published, Recorded};
use crate::error::StorageError;

/// Of what all records are asked for.
#[derive(Clone, Debug)]
pub enum ChainKey {
    /// Of a seal, by its identifier.
    Seal(String),
    /// Of a person.
    Subject(HolderNumber),
}

/// A chain as links name it, and how the index finds its records.
struct Chained {
    log: LogName,
    kind: KeyKind,
    key: Sha256,
    selection: Selection,
}

impl Logs {
    /// All records of a key from `from` until `until`, both included, with the proof that they are all: each with its stamp and its
    /// link of the key open and the rest closed. `end` is the record of the asking, which is of the key itself and covered by a
    /// checkpoint; without `until`, or when that is later, the range ends there. It goes along in any case, with its facts open.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] when there are more than `limit`, [`StorageError::NotFound`] when the person or a checkpoint is not
    /// known, or records of the range have been let go; [`StorageError::Corrupt`] when the index does not lead to all records, and
    /// those of a store that does not work.
    pub fn complete(
        &self,
        key: &ChainKey,
        (from, until): (Option<Timestamp>, Option<Timestamp>),
        end: &Recorded,
        limit: usize,
    ) -> Result<Completeness, StorageError> {
        let until = until.filter(|until| *until < end.at);
        // The asking is found also when the range would only begin after it.
        let chained = self.chained(end.log, key, from.map(|from| from.min(end.at)))?;
        let mut walk = self.walk(end.log, &chained.selection, (Order::OldestFirst, None))?;
        let (mut trees, mut rows) = (BTreeMap::new(), Vec::new());
        while let Some(number) = walk.next()? {
            let Some((opening, link)) = self.with_link(&chained, number)? else { continue };
            let Stamp { at, .. } = opening.read(Opening::STAMP).ok_or(StorageError::Corrupt { what: WHAT })?;
            let is_behind = number >= end.number || until.is_some_and(|until| at > until);
            if !is_behind && from.is_some_and(|from| at < from) {
                continue;
            }
            let proven = self.proven(&mut trees, &chained, number, shown(&opening, link, number == end.number))?;
            if is_behind {
                let asking = if number == end.number { None } else { Some(self.asking(&mut trees, &chained, end.number)?) };
                let Chained { log, kind, key, .. } = chained;
                return self.checked(Completeness { log, kind, key, from, until, rows, end: proven, asking }, &trees);
            }
            if rows.len() >= limit {
                return Err(StorageError::TooLarge);
            }
            rows.push(proven);
        }
        Err(StorageError::NotFound { what: "record" })
    }

    /// The record of the asking, where another one ends the range.
    fn asking(&self, trees: &mut BTreeMap<u32, Arc<Published>>, chained: &Chained, number: u64) -> Result<Proven, StorageError> {
        let (opening, link) = self.with_link(chained, number)?.ok_or(StorageError::NotFound { what: "record" })?;
        self.proven(trees, chained, number, shown(&opening, link, true))
    }

    /// Nobody is given a proof that does not hold.
    fn checked(&self, proof: Completeness, trees: &BTreeMap<u32, Arc<Published>>) -> Result<Completeness, StorageError> {
        let tree = |origin: &str| {
            let tree = trees.values().find(|tree| origin_of(tree) == origin)?;
            Some(VerifiedTree { size: tree.size, root: tree.root })
        };
        match proof.check(&tree) {
            Ok(()) => Ok(proof),
            Err(CompletenessError::Start | CompletenessError::LeftOut) if self.kept_from(proof.log)? > 0 => {
                Err(StorageError::NotFound { what: "older record" })
            }
            Err(_) => Err(StorageError::Corrupt { what: WHAT }),
        }
    }

    fn chained(&self, log: LogName, key: &ChainKey, from: Option<Timestamp>) -> Result<Chained, StorageError> {
        let vault = &self.shelf.vault;
        Ok(match key {
            ChainKey::Seal(id) => {
                let query = Query { seal: Some(id.clone()), from, ..Query::default() };
                Chained { log, kind: KeyKind::Seal, key: seal_key(vault, id), selection: query.selection(vault, None) }
            }
            ChainKey::Subject(holder) => {
                let key = self.pseudonym(holder)?.ok_or(StorageError::NotFound { what: "subject" })?;
                let selection = Query { from, ..Query::default() }.selection(vault, Some(&key));
                Chained { log, kind: KeyKind::Subject, key, selection }
            }
        })
    }

    /// The record, and where its link of the key is. Nothing when it has none: it mentions more seals than are linked.
    fn with_link(&self, chained: &Chained, number: u64) -> Result<Option<(Opening, usize)>, StorageError> {
        let Some(opening) = self.found(chained.log, number, &chained.selection)? else { return Ok(None) };
        let is_it =
            |place: &usize| opening.read::<Link>(*place).is_some_and(|link| (link.kind, link.key) == (chained.kind, chained.key));
        let place = (Opening::LINKS..opening.parts.len()).find(is_it);
        Ok(place.map(|place| (opening, place)))
    }

    fn proven(
        &self,
        trees: &mut BTreeMap<u32, Arc<Published>>,
        chained: &Chained,
        number: u64,
        opening: Opening,
    ) -> Result<Proven, StorageError> {
        let tree = self.tree_of(trees, chained.log, number)?;
        let index = tree.leaf(number).ok_or(StorageError::NotFound { what: "checkpoint" })?;
        let path = self.inclusion(number, &tree)?;
        Ok(Proven { number, origin: origin_of(&tree), index, opening, path })
    }

    /// The checkpoint that a record is proven in: the same for all of a shard.
    fn tree_of(
        &self,
        trees: &mut BTreeMap<u32, Arc<Published>>,
        log: LogName,
        number: u64,
    ) -> Result<Arc<Published>, StorageError> {
        if let Some(tree) = trees.values().find(|tree| tree.covers(number)) {
            return Ok(Arc::clone(tree));
        }
        let shards = self.shards(log)?;
        let shard = shards.iter().rev().find(|shard| shard.first <= number).ok_or(StorageError::NotFound { what: "shard" })?;
        let tree = self.published_of(log, shard.shard)?.filter(|tree| tree.covers(number));
        let tree = tree.ok_or(StorageError::NotFound { what: "checkpoint" })?;
        trees.insert(shard.shard, Arc::clone(&tree));
        Ok(tree)
    }
}

/// The origin of a checkpoint: the first line of what is signed.
fn origin_of(tree: &Published) -> String {
    tree.note.lines().next().map_or_else(|| format!("{}/{}", tree.log, tree.period), str::to_owned)
}

/// A record with its stamp and one link open, and its facts where it is that of the asking.
fn shown(opening: &Opening, link: usize, is_asking: bool) -> Opening {
    let parts = opening.parts.iter().enumerate();
    let is_open = |place: usize| place == Opening::STAMP || place == link || (is_asking && place == Opening::FACTS);
    Opening { parts: parts.map(|(place, part)| if is_open(place) { part.clone() } else { part.closed() }).collect() }
}
