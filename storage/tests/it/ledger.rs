//! Drafts, and a publisher that notes what it signs, for tests of the logs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crypto::issue::{self, SigningKey};
use crypto::record::{DocumentMention, Ending, EventKind, Facts, LogName, SealMention, SubjectPart};
use crypto::time::Timestamp;
use crypto::tlog::merkle::verify_consistency;
use crypto::tlog::{Checkpoint, Hash, KeyType, NoteSigner, Prover, SignatureLine, Tree, VerifierKey, leaf_hash};
use storage::log::{Draft, Finding, Once, Pending, Published, Publisher};
use storage::witnessing::{CosignedLine, Vouched, WitnessedNote};
use storage::{StorageError, Store};

use crate::sample::{now, number};

/// A use of the seal `seal` for the citizen `holder`, some seconds after the day began.
pub(crate) fn seal_use(seal: u16, holder: u16, seconds: i64) -> Draft {
    let mut facts = Facts::new(EventKind::SealUse, Ending::Done, format!("system-{}", seal % 3));
    facts.seals = vec![SealMention { id: format!("3301000000{seal}"), sha256: None, owner: None }];
    let sha256 = crypto::digest::Sha256::of(&[&seconds.to_be_bytes()]);
    facts.document = Some(DocumentMention { sha256: Some(sha256), sm3: None });
    let subject = SubjectPart { case: Some(format!("CASE-{holder}-{seconds}")), ..SubjectPart::default() };
    Draft { subject, holders: vec![number(holder)], ..Draft::new(now().plus(seconds), facts) }
}

/// A look-up, which is about a citizen and no seal.
pub(crate) fn look_up(holder: u16, seconds: i64) -> Draft {
    let facts = Facts::new(EventKind::LicenceSearch, Ending::Done, "window-7".to_owned());
    Draft { holders: vec![number(holder)], ..Draft::new(now().plus(seconds), facts) }
}

/// The same with a name.
pub(crate) fn once(draft: Draft, name: &str) -> Draft {
    Draft { once: Some(Once { caller: "system-0".to_owned(), name: name.to_owned() }), ..draft }
}

/// Signs by writing down what it signs. Periods are hours.
#[derive(Debug, Default)]
pub(crate) struct Scribe {
    signed: Mutex<BTreeMap<(LogName, String, u64), Hash>>,
}

impl Publisher for Scribe {
    fn period(&self, _log: LogName, at: Timestamp) -> String {
        at.to_string().get(..13).unwrap().to_owned()
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        let before = self.signed.lock().unwrap().insert((log, period.to_owned(), size), *root);
        assert!(before.is_none_or(|before| before == *root), "two trees of one size were signed");
        Some(format!("{log}/{period}\n{size}\n{root}\n"))
    }
}

impl Scribe {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Everything that was signed, in order.
    pub(crate) fn signed(&self) -> Vec<(LogName, String, u64, Hash)> {
        let signed = self.signed.lock().unwrap();
        signed.iter().map(|((log, period, size), root)| (*log, period.clone(), *size, *root)).collect()
    }
}

/// Opens the store as a gateway does.
pub(crate) fn publishing(store: &Store, scribe: &Arc<Scribe>) {
    store.logs().publish_with(Arc::clone(scribe) as Arc<dyn Publisher>);
}

/// Checks all that was signed against the records: every signed tree is the one that the records make, and each the beginning of
/// the next.
pub(crate) fn assert_signed(store: &Store, scribe: &Arc<Scribe>) {
    publishing(store, scribe);
    for (log, period, size, root) in scribe.signed() {
        let shard = store.logs().shards(log).unwrap().into_iter().find(|shard| shard.period == period).unwrap();
        assert!(size <= shard.size, "signed beyond the log");
        let mut tree = Tree::default();
        for number in (shard.first..).take(usize::try_from(size).unwrap()) {
            let entry = store.logs().record(log, number).unwrap().unwrap().entry();
            tree.append(leaf_hash(&entry.0)).unwrap();
        }
        assert_eq!(tree.root(), root, "{log} {period} {size}");
        let newest = store.logs().published_of(log, shard.shard).unwrap().unwrap();
        assert!(newest.size >= size);
        let proof = store.logs().consistency(&newest, size).unwrap();
        assert_eq!(verify_consistency(size, newest.size, &root, &newest.root, &proof), Ok(()));
    }
}

/// The newest checkpoint of a log.
pub(crate) fn newest(store: &Store, log: LogName) -> Arc<Published> {
    // The thread that writes answers first and publishes then: whoever waits for the record hears of the checkpoint.
    let size = store.logs().size(log).unwrap();
    let (reply, done) = std::sync::mpsc::channel();
    store.logs().when_covered(log, size - 1, Box::new(move |published| reply.send(published).unwrap()));
    done.recv().unwrap().unwrap()
}

/// Puts a witness on file for the newest checkpoint of the seal log, and us as the witness of somebody else.
pub(crate) fn witness(store: &Store, name: &str) {
    keep_cosigned(store, name).unwrap();
    vouch(store, name, 1).unwrap();
}

/// Keeps what a witness signed of the newest tree of the seal log.
pub(crate) fn keep_cosigned(store: &Store, name: &str) -> Result<(), StorageError> {
    let logs = store.logs();
    let shard = logs.shards(LogName::Seal)?.pop().ok_or(StorageError::NotFound { what: "shard" })?;
    let mut note = Checkpoint::new("log.example/seal", shard.size, logs.root(&shard)?).unwrap().note().unwrap();
    note.add(SignatureLine::sign(&Signer::new(name), note.text()).unwrap()).unwrap();
    let mut cosigned = store.witnessing().cosigned(LogName::Seal, shard.shard)?;
    let line = CosignedLine { size: shard.size, at: now(), line: note.lines()[0].to_string() };
    cosigned.lines.insert(name.to_owned(), line);
    cosigned.newest = Some(WitnessedNote { size: shard.size, at: now(), note: note.to_string() });
    store.witnessing().keep_cosigned(LogName::Seal, shard.shard, &cosigned)
}

/// Signs as a witness a tree of somebody else, with the record of it.
pub(crate) fn vouch(store: &Store, name: &str, size: u64) -> Result<(), StorageError> {
    let origin = format!("other.example/{name}");
    let mut facts = Facts::new(EventKind::LogWitness, Ending::Done, "other".to_owned());
    facts.details.extend([("origin".to_owned(), origin.as_str().into()), ("size".to_owned(), size.into())]);
    let pending = Pending::new(vec![Draft::new(now(), facts)]);
    let next = Vouched { origin, size, root: leaf_hash(name.as_bytes()), at: now() };
    let (before, _) = store.witnessing().vouched(&next.origin)?;
    assert!(store.witnessing().vouch(before, &next, &pending)?, "nobody else writes");
    Ok(())
}

struct Signer(VerifierKey, SigningKey);

impl Signer {
    fn new(name: &str) -> Self {
        let key = SigningKey::from_label(issue::KeyType::Ed25519, name);
        Self(VerifierKey::new("witness.example", KeyType::Ed25519, key.public_key().bits()).unwrap(), key)
    }
}

impl NoteSigner for Signer {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.1.sign_fixed(message))
    }
}

/// What a check of the store finds.
pub(crate) fn findings(store: &Store) -> Vec<Finding> {
    let mut findings = Vec::new();
    store.logs().fsck(&mut |finding| findings.push(finding)).unwrap();
    findings
}

/// The root that the tiles of a published tree make.
pub(crate) fn root_of_tiles(store: &Store, published: &Published) -> Hash {
    struct Served<'a>(&'a Store, &'a Published);
    impl crypto::tlog::HashTiles for Served<'_> {
        type Error = ();

        fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, ()> {
            let path = crypto::tlog::TilePath::new(crypto::tlog::TileKind::Hashes { level }, index, width).unwrap();
            let bytes = self.0.logs().tile(self.1.log, self.1.shard, &path).unwrap().ok_or(())?;
            crypto::tlog::tile::decode_hashes(&bytes, width).map_err(|_error| ())
        }
    }
    Prover::new(published.size, &Served(store, published)).root().unwrap()
}
