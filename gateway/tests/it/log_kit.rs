//! A log with keys of its own, and what others see of it.

use std::path::Path;
use std::sync::Arc;

use crypto::issue::{self, SigningKey};
use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::time::Timestamp;
use crypto::tlog::tile::width_at;
use crypto::tlog::{AddCheckpoint, Checkpoint, Hash, KeyType, Note, NoteSigner, SignatureLine, TileKind, TilePath, VerifierKey};
use storage::Store;
use storage::log::{Draft, Published, Publisher};

/// Who signs the logs of tests.
#[derive(Debug)]
pub(crate) struct Keys;

struct Signer(VerifierKey, SigningKey);

/// The first moment of a log.
pub(crate) const BEGIN: Timestamp = Timestamp::from_unix(1_780_000_000);

fn signer(log: LogName, period: &str) -> Signer {
    let key = SigningKey::from_label(issue::KeyType::Ed25519, "the log");
    let name = format!("log.test.example/{log}/{period}");
    Signer(VerifierKey::new(&name, KeyType::Ed25519, key.public_key().bits()).unwrap(), key)
}

impl NoteSigner for Signer {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.1.sign_fixed(message))
    }
}

impl Publisher for Keys {
    /// A day.
    fn period(&self, _: LogName, at: Timestamp) -> String {
        at.date().compact()
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        let signer = signer(log, period);
        let mut note = Checkpoint::new(signer.0.name(), size, *root).ok()?.note().ok()?;
        note.add(SignatureLine::sign(&signer, note.text())?).ok()?;
        Some(note.to_string())
    }
}

/// The key of the shard that [`BEGIN`] is in.
pub(crate) fn key(log: LogName) -> VerifierKey {
    signer(log, &BEGIN.date().compact()).0
}

/// Puts so many records into the seal log, and says what is published then.
pub(crate) fn grow(store: &Store, label: &str, count: u64) -> Arc<Published> {
    let draft = |n| {
        let mut facts = Facts::new(EventKind::SealUse, Ending::Done, label.to_owned());
        facts.item = Some(format!("{n}"));
        Draft::new(BEGIN, facts)
    };
    let drafts: Vec<Draft> = (0..count).map(draft).collect();
    let mut last = 0;
    for some in drafts.chunks(200) {
        last = store.logs().append_and_wait(some).unwrap().last().unwrap().number;
    }
    let (tell, told) = std::sync::mpsc::channel();
    store.logs().when_covered(LogName::Seal, last, Box::new(move |published| tell.send(published).unwrap()));
    let published = told.recv().unwrap().unwrap();
    assert!(published.size > last, "all is under the checkpoint");
    published
}

/// The request to a witness to sign a checkpoint of this store's log, by a proof from this size.
pub(crate) fn request(store: &Store, published: &Published, old: u64) -> AddCheckpoint {
    let proof = if old == 0 || old >= published.size { Vec::new() } else { store.logs().consistency(published, old).unwrap() };
    AddCheckpoint::new(old, proof, Note::parse(published.note.as_bytes()).unwrap()).unwrap()
}

/// Writes a mirror of a shard: `FOLDER/seal/PERIOD/…`. Says where.
pub(crate) fn mirror(store: &Store, published: &Published, folder: &Path) -> std::path::PathBuf {
    let folder = folder.join(published.log.name()).join(&published.period);
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    put("checkpoint", published.note.as_bytes());
    let kinds = (0..8).map(|level| (level, TileKind::Hashes { level })).chain([(0, TileKind::Entries)]);
    for (level, kind) in kinds {
        for index in 0.. {
            let Some(width) = width_at(published.size, level, index) else { break };
            let path = TilePath::new(kind, index, width).unwrap();
            put(&path.to_string(), &store.logs().tile(published.log, published.shard, &path).unwrap().unwrap());
        }
    }
    folder
}
