//! Drafts, and a publisher that notes what it signs, for tests of the logs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crypto::record::{DocumentMention, Ending, EventKind, Facts, LogName, SealMention, SubjectPart};
use crypto::time::Timestamp;
use crypto::tlog::merkle::verify_consistency;
use crypto::tlog::{Hash, Prover, Tree, leaf_hash};
use storage::Store;
use storage::log::{Draft, Finding, Once, Published, Publisher};

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
