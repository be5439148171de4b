//! Every key layout, in one table. The functions for `G` are in [`grant_keys`](crate::grant_keys).
//!
//! | space | key | value | written |
//! |---|---|---|---|
//! | Hot | `a` application | [`Application`](crypto::seal_register::Application) for a seal | changes |
//! | Hot | `b` | [`Backfilled`](crate::slots::Backfilled) | once |
//! | Hot | `C` log, kind, key | [`Link`](crypto::record::Link) of the next record of a chain | changes |
//! | Hot | `c` lineage | [`Current`](crate::records::Current) | changes |
//! | Hot | `e` seal | [`Record`](crypto::seal_register::Record) of a seal | changes |
//! | Hot | `K` | [`Head`](crate::catalogue::Head) of the catalogue | changes |
//! | Hot | `k` | [`KeyCheck`](crate::records::KeyCheck), in stores of format 1; read when they are brought to the next | once |
//! | Hot | `F` log, shard | [`Closed`](crate::log::rows::Closed) | once |
//! | Hot | `Ga` application | [`Application`](crypto::grants::Application) for a grant | changes |
//! | Hot | `Gg` grant | [`Grant`](crypto::grants::Grant) | changes |
//! | Hot | `Gu` grant | [`Usage`](crypto::grants::Usage) of its quota | changes |
//! | Hot | `L` log | [`Head`](crate::log::rows::Head) | changes |
//! | Hot | `O` log | [`KeptFrom`](crate::log::rows::KeptFrom) | changes |
//! | Hot | `P` log | [`Signed`](crate::log::rows::Signed) | changes |
//! | Hot | `o` objection | [`Objection`](crypto::objection::Objection) | changes |
//! | Hot | `p` | [`Probe`](crate::records::Probe) | changes |
//! | Hot | `Q` | [`Ring`](crate::keyring::row::Ring), sealed under the key outside | changes |
//! | Hot | `q` | [`Resealing`](crate::keyring::Resealing) | changes |
//! | Hot | `R` | [`Restoration`](crate::restoration::Restoration) that nobody has dealt with | goes |
//! | Hot | `r` lineage version | [`Record`](crypto::licence::Record) | changes |
//! | Hot | `Uc` code | [`UseCode`](crate::use_codes::UseCode) | changes |
//! | Hot | `Ut` token | [`Spent`](crate::tokens::Spent) | once |
//! | Hot | `v` SHA-256 of an origin | [`Vouched`](crate::witnessing::Vouched) | changes |
//! | Hot | `w` log shard | [`Cosigned`](crate::witnessing::Cosigned) | changes |
//! | Hot | `W` kind code 0 hour | [`Tally`](crate::ledger::Tally): figures of supervision | changes |
//! | Hot | `X` kind code | [`Card`](crate::ledger::Card) that is in force | goes |
//! | Hot | `u` | [`CardHead`](crate::ledger::CardHead) | changes |
//! | Hot | `Y` subject | [`Pseudonym`](crate::log::rows::Pseudonym) | once |
//! | Hot | `format` | [`Format`](crate::engine::Format) of the store, plain | changes |
//! | Log | log, number | [`Opening`](crypto::record::Opening) | erasures |
//! | Tile | log, shard, level, index | a tile of hashes, or with level 255 a bundle of entries; plain | once |
//! | Idem | keyed digest of caller and name | [`Recorded`](crate::log::Recorded) | once |
//! | Obj | `b` SHA-256, piece | a piece of a file, seal, certificate or status evidence | once |
//! | Obj | `e` SHA-256 | [`EvidenceRecord`](crate::evidence::EvidenceRecord) | once |
//! | Obj | `j` lineage version | [`Slot`] of a licence | once |
//! | Obj | `K` catalogue version | [`ChangeRecord`](crate::catalogue::ChangeRecord) of the change that made it | once |
//! | Obj | `k` catalogue version | [`Whole`](crate::catalogue::Whole) of it | once |
//! | Obj | `l` list, index | [`Owner`](crate::slots::Owner) of a place in a status list | once |
//! | Obj | `s` seal | [`FirstRecord`](crate::seals::FirstRecord), in stores from before `e`; read, no longer written | once |
//! | Obj | `u` number | [`Card`](crate::ledger::Card) | once |
//! | Obj | `x` SHA-256 of the certificate | [`CertificateRecord`](crate::certificates::CertificateRecord) | once |
//! | Idx | `d` SHA-256 of the file, lineage version | 0 | once |
//! | Idx | `h` holder, time lineage version | 0 | once |
//! | Idx | `i` issuer code 0, time lineage version | 0 | once |
//! | Idx | `m` SM3 of the file, lineage version | 0 | once |
//! | Idx | `t` type code 0, time lineage version | 0 | once |
//! | Idx | `e` SHA-256 of the issuer's name, time SHA-256 | 0 | once |
//! | Idx | `E` time SHA-256 | 0 | once |
//! | Idx | `Ga*` or `Gg*` time id | 0, applications for grants and grants | once |
//! | Idx | `Gd` due id, an application while it is open | 0 | goes |
//! | Idx | `Ga=` or `Gg=` organisation 0 time id | 0, those in which it is consumer or provider | once |
//! | Idx | `B` log, block | when the records of the block happened ([`times`](crate::log::times)) | once |
//! | Idx | `l` log, field, digest, block | which records of the block have the value ([`postings`](crate::log::postings)) | shrinks |
//! | Idx | `Uc` time code | 0; the time is when the row ends | swept |
//! | Idx | `Ut` time token | 0; the time is when the row ends | swept |
//! | Idx | `oa` time objection | 0 | once |
//! | Idx | `od` due objection, while it is open | 0 | goes |
//! | Idx | `of` filer, time objection | 0 | once |
//! | Idx | `or` organisation 0, time objection | 0 | goes |
//! | Idx | `oq` organisation 0, time objection, while it is open | 0 | goes |
//! | Idx | `ol` lineage version objection, while it is open | 0 | goes |
//! | Idx | `os` keyed digest of number and resource, objection, while it is open | 0 | goes |
//! | Idx | `K` digest of the name of a request, catalogue version | 0 | once |
//! | Idx | `S` time seal | 0 | once |
//! | Idx | `X` time SHA-256 of the certificate | 0 | once |
//!
//! lineage = keyed digest of type, issuer and serial (32 bytes): a serial may be somebody's number. holder = keyed digest of the
//! number's type and the number (32). seal, application, grant, id, code, objection = keyed digest of its identifier (32). token =
//! keyed digest of its issuer and name (32). filer = keyed digest of a caller's name (32). due = a time. version, piece, list, index =
//! 2, 4, 4 and 4 bytes, version of the catalogue = 8, time = seconds in 8, all big-endian, so that an index is in the order of time and a
//! lineage in the order of versions. The time of evidence is when its issuer made it. log and field = 1 byte, block = 8, digest = 16 of
//! a keyed one of the field's value. All values are sealed, but for those of index rows and the format.

use crypto::digest::Sha256;
use crypto::licence::{HolderNumber, Identifier};
use crypto::record::{KeyKind, LogName};
use crypto::time::Timestamp;
use crypto::tlog::TileKind;

use crate::engine::{Part, Space};
use crate::log::term::Term;
use crate::slots::Slot;
use crate::vault::{Blind, Vault};

/// The part of the registry: licences, seals and certificates, all of it.
///
/// A batch lives in one part and there is no transaction over several, while an ingest writes a licence, its predecessor and the
/// indexes of issuer, holder and digest together. One gateway is therefore one part, until issuing authorities have parts of
/// their own and the indexes across them are built from their logs.
pub(crate) const REGISTRY: Part = Part(0);

/// The value of an index row: there are no empty values.
pub(crate) const INDEX_VALUE: &[u8] = &[0];

/// A key with its space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) space: Space,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn key(space: Space, parts: &[&[u8]]) -> Key {
    Key { space, bytes: parts.concat() }
}

/// One version of a licence, as keys name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LicenceKey {
    pub(crate) lineage: Blind,
    pub(crate) version: u16,
}

impl LicenceKey {
    pub(crate) fn of(vault: &Vault, identifier: &Identifier) -> Self {
        Self { lineage: lineage(vault, &identifier.lineage()), version: identifier.version() }
    }

    pub(crate) fn record(&self) -> Key {
        key(Space::Hot, &[RECORDS, &self.lineage, &self.version.to_be_bytes()])
    }

    /// The licence's place in a status list.
    pub(crate) fn slot(&self) -> Key {
        key(Space::Obj, &[b"j", &self.lineage, &self.version.to_be_bytes()])
    }

    pub(crate) fn current(&self) -> Key {
        current(&self.lineage)
    }

    /// The end of every index key of this version.
    fn suffix(&self) -> Vec<u8> {
        [&self.lineage[..], &self.version.to_be_bytes()].concat()
    }

    /// Reads the end of an index key.
    pub(crate) fn from_suffix(index_key: &[u8]) -> Option<Self> {
        let (rest, version) = index_key.split_last_chunk::<2>()?;
        let (_, lineage) = rest.split_last_chunk::<32>()?;
        Some(Self { lineage: *lineage, version: u16::from_be_bytes(*version) })
    }

    pub(crate) fn by_sha256(&self, digest: &Sha256) -> Key {
        key(Space::Idx, &[&by_sha256(digest), &self.suffix()])
    }

    pub(crate) fn by_sm3(&self, digest: &[u8; 32]) -> Key {
        key(Space::Idx, &[&by_sm3(digest), &self.suffix()])
    }

    /// The row of an index in the order of time: `index` is [`by_holder`], [`by_issuer`] or [`by_type`].
    pub(crate) fn in_index(&self, index: &[u8], received: Timestamp) -> Key {
        key(Space::Idx, &[index, &time(received), &self.suffix()])
    }
}

/// The keyed digest of a lineage, `type.issuer.serial`.
pub(crate) fn lineage(vault: &Vault, lineage: &str) -> Blind {
    vault.blind(b"lineage", lineage.as_bytes())
}

pub(crate) fn current(lineage: &Blind) -> Key {
    key(Space::Hot, &[b"c", lineage])
}

pub(crate) fn by_sha256(digest: &Sha256) -> Vec<u8> {
    [&b"d"[..], &digest.0].concat()
}

pub(crate) fn by_sm3(digest: &[u8; 32]) -> Vec<u8> {
    [&b"m"[..], digest].concat()
}

/// The index of what a holder has. The number is normalised by its type.
pub(crate) fn by_holder(vault: &Vault, number: &HolderNumber) -> Vec<u8> {
    [&b"h"[..], &vault.blind(b"holder", &holder(number))].concat()
}

pub(crate) fn by_issuer(issuer: &str) -> Vec<u8> {
    [b"i", issuer.as_bytes(), &[0]].concat()
}

pub(crate) fn by_type(type_code: &str) -> Vec<u8> {
    [b"t", type_code.as_bytes(), &[0]].concat()
}

pub(crate) fn piece(digest: &Sha256, number: u32) -> Key {
    key(Space::Obj, &[b"b", &digest.0, &number.to_be_bytes()])
}

pub(crate) fn seal_id(vault: &Vault, id: &str) -> Blind {
    vault.blind(b"seal", id.as_bytes())
}

/// What is on file about a seal.
pub(crate) fn seal(id: &Blind) -> Key {
    key(Space::Hot, &[b"e", id])
}

/// The same in stores from before it could change.
pub(crate) fn first_seal(id: &Blind) -> Key {
    key(Space::Obj, &[b"s", id])
}

pub(crate) fn seal_application(vault: &Vault, id: &str) -> Key {
    key(Space::Hot, &[b"a", &vault.blind(b"seal application", id.as_bytes())])
}

pub(crate) const SEALS: &[u8] = b"S";

pub(crate) fn seal_in_list(registered: Timestamp, id: &Blind) -> Key {
    key(Space::Idx, &[SEALS, &time(registered), id])
}

pub(crate) fn certificate(digest: &Sha256) -> Key {
    key(Space::Obj, &[b"x", &digest.0])
}

pub(crate) const CERTIFICATES: &[u8] = b"X";

pub(crate) fn certificate_in_list(added: Timestamp, digest: &Sha256) -> Key {
    key(Space::Idx, &[CERTIFICATES, &time(added), &digest.0])
}

pub(crate) fn evidence(digest: &Sha256) -> Key {
    key(Space::Obj, &[b"e", &digest.0])
}

/// The index of all evidence, in the order in which it was made.
pub(crate) const EVIDENCE: &[u8] = b"E";

pub(crate) fn evidence_in_list(made: Timestamp, digest: &Sha256) -> Key {
    key(Space::Idx, &[EVIDENCE, &time(made), &digest.0])
}

/// The index of one issuer's evidence, in the order in which it was made.
pub(crate) fn evidence_of(issuer: &Sha256) -> Vec<u8> {
    [&b"e"[..], &issuer.0].concat()
}

pub(crate) fn evidence_of_issuer(issuer: &Sha256, made: Timestamp, digest: &Sha256) -> Key {
    key(Space::Idx, &[&evidence_of(issuer), &time(made), &digest.0])
}

/// The digest or keyed digest at the end of an index key of seals, certificates or evidence.
pub(crate) fn last_digest(index_key: &[u8]) -> Option<[u8; 32]> {
    index_key.last_chunk::<32>().copied()
}

/// The beginning of every record's key.
pub(crate) const RECORDS: &[u8] = b"r";

/// The beginning of every key of a place.
pub(crate) const OWNERS: &[u8] = b"l";

/// The beginning of the keys of a list's places.
pub(crate) fn owners_of(list: u32) -> Vec<u8> {
    [OWNERS, &list.to_be_bytes()].concat()
}

pub(crate) fn owner(slot: Slot) -> Key {
    key(Space::Obj, &[&owners_of(slot.list), &slot.index.to_be_bytes()])
}

/// The place that a key of [`owner`] is about.
pub(crate) fn slot_of(key: &[u8]) -> Option<Slot> {
    let (list, index) = key.strip_prefix(OWNERS)?.split_first_chunk::<4>()?;
    Some(Slot { list: u32::from_be_bytes(*list), index: u32::from_be_bytes(index.try_into().ok()?) })
}

/// A restoration that nobody has dealt with.
pub(crate) fn restoration() -> Key {
    key(Space::Hot, &[b"R"])
}

pub(crate) fn backfilled() -> Key {
    key(Space::Hot, &[b"b"])
}

/// The number of the holder, normalised by its type, as keyed digests take it.
fn holder(number: &HolderNumber) -> zeroize::Zeroizing<Vec<u8>> {
    zeroize::Zeroizing::new([number.code_type().code().as_bytes(), &[0], number.expose().as_bytes()].concat())
}

/// Under which name the pseudonym of a person is kept.
pub(crate) fn subject(vault: &Vault, number: &HolderNumber) -> Blind {
    vault.blind(b"log subject number", &holder(number))
}

/// The pseudonym of a person.
pub(crate) fn pseudonym(subject: &Blind) -> Key {
    key(Space::Hot, &[PSEUDONYMS, subject])
}

/// The beginning of the keys of pseudonyms.
pub(crate) const PSEUDONYMS: &[u8] = b"Y";

/// What the link of the next record of a chain will be.
pub(crate) fn chain(log: LogName, kind: KeyKind, chain: &Sha256) -> Key {
    key(Space::Hot, &[&chains_of(log, kind), &chain.0])
}

/// The beginning of the keys of a log's chains of one kind.
pub(crate) const fn chains_of(log: LogName, kind: KeyKind) -> [u8; 3] {
    let kind = match kind {
        KeyKind::Seal => 1,
        KeyKind::Subject => 2,
    };
    [b'C', log.number(), kind]
}

/// The beginning of the keys of a log's chains.
pub(crate) const fn chains(log: LogName) -> [u8; 2] {
    [b'C', log.number()]
}

/// What came of a request that a caller gave a name.
pub(crate) fn once(vault: &Vault, caller: &str, name: &str) -> Key {
    // Callers' names come from the configuration and hold no zero byte.
    key(Space::Idem, &[&vault.blind(b"once", &[caller.as_bytes(), &[0], name.as_bytes()].concat())])
}

/// What was signed last of a log.
pub(crate) fn log_signed(log: LogName) -> Key {
    key(Space::Hot, &[b"P", &[log.number()]])
}

/// The beginning of the keys of a log's closed shards.
pub(crate) const fn log_shards(log: LogName) -> [u8; 2] {
    [b'F', log.number()]
}

/// A closed shard.
pub(crate) fn log_shard(log: LogName, shard: u32) -> Key {
    key(Space::Hot, &[&log_shards(log), &shard.to_be_bytes()])
}

/// From where on the records of a log are kept.
pub(crate) fn log_kept(log: LogName) -> Key {
    key(Space::Hot, &[b"O", &[log.number()]])
}

/// A tile of a shard's tree, or a bundle of its entries.
pub(crate) fn log_tile(log: LogName, shard: u32, kind: TileKind, index: u64) -> Key {
    let level = match kind {
        TileKind::Hashes { level } => level,
        TileKind::Entries => ENTRIES,
    };
    key(Space::Tile, &[&[log.number()], &shard.to_be_bytes(), &[level], &index.to_be_bytes()])
}

/// The shard, the level (none for entries) and the index of a key of [`log_tile`].
pub(crate) fn log_tile_of(key: &[u8]) -> Option<(u32, Option<u8>, u64)> {
    let (shard, rest) = key.get(1..)?.split_first_chunk::<4>()?;
    let (level, index) = rest.split_first()?;
    let level = (*level != ENTRIES).then_some(*level);
    Some((u32::from_be_bytes(*shard), level, u64::from_be_bytes(index.try_into().ok()?)))
}

/// Where other tiles have their level.
const ENTRIES: u8 = 0xff;

/// How far a log has come.
pub(crate) fn log_head(log: LogName) -> Key {
    key(Space::Hot, &[b"L", &[log.number()]])
}

/// A record of a log.
pub(crate) fn log_row(log: LogName, number: u64) -> Key {
    key(Space::Log, &[&[log.number()], &number.to_be_bytes()])
}

/// What the witnesses of a shard have signed.
pub(crate) fn log_cosigned(log: LogName, shard: u32) -> Key {
    key(Space::Hot, &[&log_cosigned_of(log), &shard.to_be_bytes()])
}

/// The beginning of the keys of what the witnesses of a log have signed.
pub(crate) const fn log_cosigned_of(log: LogName) -> [u8; 2] {
    [b'w', log.number()]
}

/// The shard at the end of a key of [`log_cosigned`].
pub(crate) fn log_cosigned_shard(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().filter(|_| key.len() == 6).map(|shard| u32::from_be_bytes(*shard))
}

/// What we signed of another log as its witness.
pub(crate) fn vouched(origin: &str) -> Key {
    key(Space::Hot, &[VOUCHED, &Sha256::of(&[origin.as_bytes()]).0])
}

/// The beginning of the keys of what we signed as a witness.
pub(crate) const VOUCHED: &[u8] = b"v";

/// The number in a key of [`log_row`].
pub(crate) fn log_number(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().filter(|_| key.len() == 9).map(|number| u64::from_be_bytes(*number))
}

/// The beginning of the postings of a value.
pub(crate) fn log_postings_of(log: LogName, term: &Term) -> Vec<u8> {
    [&[b'l', log.number(), term.field.number()][..], &term.digest].concat()
}

/// Which records of a block have a value.
pub(crate) fn log_postings(log: LogName, term: &Term, block: u64) -> Key {
    key(Space::Idx, &[&log_postings_of(log, term), &block.to_be_bytes()])
}

/// The beginning of the postings of a log.
pub(crate) const fn log_index(log: LogName) -> [u8; 2] {
    [b'l', log.number()]
}

/// The beginning of the times of a log.
pub(crate) const fn log_times_of(log: LogName) -> [u8; 2] {
    [b'B', log.number()]
}

/// When the records of a block happened.
pub(crate) fn log_times(log: LogName, block: u64) -> Key {
    key(Space::Idx, &[&log_times_of(log), &block.to_be_bytes()])
}

/// The block at the end of a key of postings or times.
pub(crate) fn log_block(index_key: &[u8]) -> Option<u64> {
    index_key.last_chunk::<8>().map(|block| u64::from_be_bytes(*block))
}

/// The keys of the store.
pub(crate) fn ring() -> Key {
    key(Space::Hot, &[b"Q"])
}

/// How far re-encryption has come.
pub(crate) fn resealing() -> Key {
    key(Space::Hot, &[b"q"])
}

pub(crate) fn key_check() -> Key {
    key(Space::Hot, &[b"k"])
}

pub(crate) fn probe() -> Key {
    key(Space::Hot, &[b"p"])
}

/// Eight bytes in the order of time, before 1970 too.
pub(crate) fn time(at: Timestamp) -> [u8; 8] {
    (at.unix().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_order() {
        let times = [Timestamp::MIN, Timestamp::from_unix(-1), Timestamp::from_unix(0), Timestamp::from_unix(1), Timestamp::MAX];
        assert!(times.map(time).is_sorted());
    }

    #[test]
    fn an_index_key_names_its_licence() {
        let licence = LicenceKey { lineage: [7; 32], version: 12 };
        for index in [by_issuer("110000"), by_type("1"), by_sha256(&Sha256([1; 32]))] {
            let row = licence.in_index(&index, Timestamp::from_unix(5));
            assert_eq!(LicenceKey::from_suffix(&row.bytes), Some(licence));
            assert!(row.bytes.len() <= crate::engine::KEY_BYTES_MAX);
        }
    }
}
