//! Logs of ours before the readers of others, and theirs before ours: `signed_note` and `tlog_tiles`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto::budget::Budget;
use crypto::issue::{KeyType as KitKey, SigningKey};
use crypto::tlog::tile::{decode_hashes, encode_entries, encode_hashes, width_at};
use crypto::tlog::{
    Checkpoint, Hash, HashTiles, KeyType, Note, NoteSigner, Policy, Prover, SignatureLine, TileKind, TilePath, TlogProof, Tree,
    VerifierKey, cosignature, leaf_hash, merkle,
};
use ed25519_dalek::{Signature, VerifyingKey};
use signed_note::{StandardSigner, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{self as peer, HashReader};

const ORIGIN: &str = "licet.example/seal/2026";
const SEED: [u8; 32] = [7; 32];
const SIZE: u64 = 66_200;

/// A key of the issuing kit that signs notes.
struct Kit(VerifierKey, SigningKey);

impl Kit {
    fn new(name: &str, kind: KeyType) -> Self {
        let key = SigningKey::from_seed(if kind == KeyType::Sm2 { KitKey::Sm2 } else { KitKey::Ed25519 }, SEED);
        Self(VerifierKey::new(name, kind, key.public_key().bits()).unwrap(), key)
    }
}

impl NoteSigner for Kit {
    fn key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(self.1.sign_fixed(message))
    }
}

/// A cosignature as the specification describes it, checked without our code.
struct PeerWitness(VerifyingKey, u32);

impl Verifier for PeerWitness {
    fn name(&self) -> &str {
        "w.example/w1"
    }

    fn key_id(&self) -> u32 {
        self.1
    }

    fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        let time = u64::from_be_bytes(signature[..8].try_into().unwrap());
        let message = [format!("cosignature/v1\ntime {time}\n").as_bytes(), text].concat();
        self.0.verify_strict(&message, &Signature::from_slice(&signature[8..]).unwrap()).is_ok()
    }
}

fn their_key(key: &VerifierKey) -> Box<dyn Verifier> {
    Box::new(StandardVerifier::new(&key.to_string()).unwrap())
}

/// A checkpoint signed by log (twice) and witness.
fn our_note(size: u64, root: Hash) -> Note {
    let (log, sm2, witness) =
        (Kit::new(ORIGIN, KeyType::Ed25519), Kit::new(ORIGIN, KeyType::Sm2), Kit::new("w.example/w1", KeyType::Cosignature));
    let mut note = Checkpoint::new(ORIGIN, size, root).unwrap().note().unwrap();
    note.add(SignatureLine::sign(&log, note.text()).unwrap()).unwrap();
    note.add(SignatureLine::sign(&sm2, note.text()).unwrap()).unwrap();
    note.add(cosignature::sign(&witness, note.text(), 1_782_892_800).unwrap()).unwrap();
    note
}

#[test]
fn they_read_our_notes_and_checkpoints() {
    let root = leaf_hash(b"x");
    let note = our_note(1, root);
    let key = Kit::new(ORIGIN, KeyType::Ed25519).0;
    let witness = Kit::new("w.example/w1", KeyType::Cosignature).0;
    let bits = witness.public_key().bits().try_into().unwrap();
    let their_witness = PeerWitness(VerifyingKey::from_bytes(bits).unwrap(), u32::from_be_bytes(witness.id()));

    let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(read.to_bytes(), note.to_string().as_bytes());
    let (verified, others) = read.verify(&VerifierList::new(vec![their_key(&key), Box::new(their_witness)])).unwrap();
    assert_eq!(verified.iter().map(signed_note::Signature::name).collect::<Vec<_>>(), [ORIGIN, "w.example/w1"]);
    assert_eq!(others.len(), 1, "the signature with SM2 is one of an unknown key");
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size(), checkpoint.hash().0), (ORIGIN, 1, root.0));
}

#[test]
fn identifiers_of_keys_are_those_of_others() {
    for kind in [KeyType::Ed25519, KeyType::Sm2, KeyType::Cosignature] {
        let key = Kit::new(ORIGIN, kind).0;
        let bytes = STANDARD.decode(key.to_string().splitn(3, '+').nth(2).unwrap()).unwrap();
        assert_eq!(u32::from_be_bytes(key.id()), signed_note::key_id(ORIGIN, &bytes), "{kind:?}");
    }
}

#[test]
fn we_read_their_notes_and_checkpoints() {
    let key = Kit::new(ORIGIN, KeyType::Ed25519).0;
    let id: String = key.id().iter().map(|byte| format!("{byte:02x}")).collect();
    let private = STANDARD.encode([&[1][..], &SEED].concat());
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+{ORIGIN}+{id}+{private}")).unwrap();
    for (size, extension) in [(1u64, ""), (20_852_163, "an extension\n"), (u64::MAX, "one\ntwo\n")] {
        let hash = peer::record_hash(&size.to_be_bytes());
        let text = tlog_tiles::Checkpoint::new(ORIGIN, size, hash, extension).unwrap().to_bytes();
        let mut note = signed_note::Note::new(&text, &[]).unwrap();
        note.add_sigs(&[&signer]).unwrap();

        let read = Note::parse(&note.to_bytes()).unwrap();
        assert_eq!(read.to_string().as_bytes(), note.to_bytes());
        let seen = Policy::default().observe(&read, std::slice::from_ref(&key), &mut Budget::for_document()).unwrap();
        assert_eq!((seen.checkpoint.size(), seen.checkpoint.root()), (size, Hash(hash.0)));
        assert_eq!(seen.checkpoint.extensions().concat(), extension.replace('\n', ""));
        let line = SignatureLine::sign(&Kit::new(ORIGIN, KeyType::Ed25519), read.text()).unwrap();
        assert_eq!(read.lines(), [line], "Ed25519 has one signature for one text");
    }
}

/// Ours may be stricter; what we take, they take, and they see the same in it.
#[test]
fn nothing_is_taken_that_they_refuse() {
    let note = our_note(70_000, leaf_hash(b"x")).to_string();
    let key = Kit::new(ORIGIN, KeyType::Ed25519).0;
    let theirs = VerifierList::new(vec![their_key(&key)]);
    let (mut taken, mut refused) = (0, 0);
    let mut compare = |bytes: &[u8]| {
        let ours = Note::parse(bytes).ok().filter(|note| note.verify([&key], &mut Budget::for_document()).is_ok());
        let Some(ours) = ours else {
            refused += 1;
            return;
        };
        let peer = signed_note::Note::from_bytes(bytes).unwrap_or_else(|error| panic!("{error}: {ours}"));
        assert!(peer.verify(&theirs).is_ok(), "{ours}");
        assert_eq!(peer.text(), ours.text().as_bytes());
        assert_eq!(Checkpoint::of(&ours).is_ok(), tlog_tiles::Checkpoint::from_bytes(peer.text()).is_ok());
        taken += 1;
    };
    compare(note.as_bytes());
    for at in 0..note.len() {
        for bytes in [b'\n', b' ', b'+', b'0', b'A', b'=', 0xff] {
            let mut changed = note.clone().into_bytes();
            changed[at] = bytes;
            compare(&changed);
        }
        let (before, after) = note.as_bytes().split_at(at);
        compare(&[before, &after[1..]].concat());
        compare(&[before, b"\n", after].concat());
        compare(before);
    }
    assert!(taken > 500 && refused > 2000, "{taken} taken, {refused} refused");
}

/// All tiles of a log of ours, by the paths under which they are served.
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    tree: Tree,
    read: RefCell<usize>,
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

impl Served {
    fn new(size: u64) -> Self {
        let (mut tree, mut files) = (Tree::default(), BTreeMap::new());
        for n in 0..size {
            for tile in tree.append(leaf_hash(&entry(n))).unwrap() {
                let path = TilePath::new(TileKind::Hashes { level: tile.level }, tile.index, 256).unwrap();
                files.insert(path.to_string(), encode_hashes(&tile.hashes));
            }
        }
        for level in 0..u8::try_from(tree.levels()).unwrap() {
            let partial = tree.partial(level);
            let index = size >> (8 * (u32::from(level) + 1));
            if let Some(path) = TilePath::new(TileKind::Hashes { level }, index, u16::try_from(partial.len()).unwrap()) {
                files.insert(path.to_string(), encode_hashes(partial));
            }
        }
        Self { files, tree, read: RefCell::default() }
    }
}

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, peer::Error> {
        *self.read.borrow_mut() += tiles.len();
        // Their paths name the height as well, which is fixed in tlog-tiles.
        Ok(tiles.iter().map(|tile| self.files[&tile.path().replace("tile/8/", "tile/")].clone()).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

impl HashTiles for Served {
    type Error = Infallible;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        // Of a tile that has become full since, nothing else is kept.
        let path = |width| TilePath::new(TileKind::Hashes { level }, index, width).unwrap().to_string();
        let now = width_at(self.tree.size(), level, index).unwrap();
        let hashes = decode_hashes(&self.files[&path(now)], now).unwrap();
        Ok(hashes[..usize::from(width)].to_vec())
    }
}

/// Their log, kept in their own way: one list of all hashes.
#[derive(Default)]
struct TheirLog(Vec<peer::Hash>);

impl HashReader for TheirLog {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<peer::Hash>, peer::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

fn ours(hashes: &[peer::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

fn theirs(hashes: &[Hash]) -> Vec<peer::Hash> {
    hashes.iter().map(|hash| peer::Hash(hash.0)).collect()
}

#[test]
fn our_tree_is_theirs() {
    let (mut log, mut tree) = (TheirLog::default(), Tree::default());
    for n in 0..1500 {
        assert_eq!(tree.root().0, peer::tree_hash(n, &log).unwrap().0, "{n}");
        let stored = peer::stored_hashes(n, &entry(n), &log).unwrap();
        log.0.extend(stored);
        let full = tree.append(leaf_hash(&entry(n))).unwrap();
        for tile in &full {
            let their_tile = Tile::new(8, tile.level, tile.index, 256, false);
            assert_eq!(encode_hashes(&tile.hashes), their_tile.read_data(&log).unwrap());
        }
        let expected = Tile::new_tiles(8, n, n + 1).iter().filter(|tile| tile.width() == 256).count();
        assert_eq!(full.len(), expected, "{n}");
    }
}

#[test]
fn they_walk_our_tiles_and_make_our_proofs() {
    let served = Served::new(SIZE);
    let root = served.tree.root();
    let reader = TileHashReader::new(SIZE, peer::Hash(root.0), &served);
    let mut prover = Prover::new(SIZE, &served);
    for index in [0, 1, 255, 256, 65_535, 65_536, 66_100, SIZE - 1] {
        let proof = prover.inclusion(index).unwrap();
        let leaf = leaf_hash(&entry(index));
        assert_eq!(ours(&peer::prove_record(SIZE, index, &reader).unwrap()), proof, "{index}");
        peer::check_record(&theirs(&proof), SIZE, peer::Hash(root.0), index, peer::Hash(leaf.0)).unwrap();
        assert_eq!(merkle::verify_inclusion(index, SIZE, &leaf, &root, &proof), Ok(()));
    }
    for earlier in [1, 2, 255, 256, 257, 1000, 65_535, 65_536, 65_537, SIZE - 1] {
        let first = Prover::new(earlier, &served).root().unwrap();
        let proof = prover.consistency(earlier).unwrap();
        assert_eq!(ours(&peer::prove_tree(SIZE, earlier, &reader).unwrap()), proof, "{earlier}");
        peer::check_tree(&theirs(&proof), SIZE, peer::Hash(root.0), earlier, peer::Hash(first.0)).unwrap();
        assert_eq!(merkle::verify_consistency(earlier, SIZE, &first, &root, &proof), Ok(()));
    }
    assert!(*served.read.borrow() > 0);
}

#[test]
fn they_notice_a_tile_that_was_changed() {
    let mut served = Served::new(SIZE);
    let root = peer::Hash(served.tree.root().0);
    // The proof is checked as well: their reader compares not every tile with its parent where parts of the right edge share one.
    let walk = |served: &Served, index: u64| {
        let proof = peer::prove_record(SIZE, index, &TileHashReader::new(SIZE, root, served))?;
        peer::check_record(&proof, SIZE, root, index, peer::record_hash(&entry(index)))
    };
    for (path, index) in
        [("tile/0/003", 3 * 256 + 1), ("tile/1/000", 3 * 256), ("tile/2/000.p/1", 3 * 256), ("tile/0/258.p/152", SIZE - 1)]
    {
        let good = served.files[path].clone();
        served.files.get_mut(path).unwrap()[0] ^= 1;
        assert!(walk(&served, index).is_err(), "{path}");
        served.files.insert(path.to_owned(), good);
        assert!(walk(&served, index).is_ok(), "{path}");
    }
}

#[test]
fn paths_are_theirs() {
    for (level, index, width) in [(0, 0, 256), (0, 999, 1), (5, 1000, 255), (63, 1_234_067, 8), (0, u64::MAX, 256)] {
        let kinds = [(TileKind::Hashes { level }, false), (TileKind::Entries, true)];
        for (kind, is_data) in kinds {
            let path = TilePath::new(kind, index, width).unwrap();
            let level = if is_data { 0 } else { level };
            let tile = Tile::new(8, level, index, u32::from(width), is_data);
            // What tlog-tiles calls entries is data in the older scheme of the peer.
            let text = tile.path().replace("tile/8/data", "tile/entries").replace("tile/8/", "tile/");
            assert_eq!(path.to_string(), text);
            assert_eq!(text.parse(), Ok(path));
        }
    }
}

/// A proof that we hand out, taken apart by its specification and checked without our code.
#[test]
fn they_verify_a_proof_that_we_hand_out() {
    let served = Served::new(SIZE);
    let index = 65_000;
    let hashes = Prover::new(SIZE, &served).inclusion(index).unwrap();
    let text = TlogProof::new(index, hashes, our_note(SIZE, served.tree.root())).unwrap().to_string();

    let (head, note) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!((lines.next(), lines.next()), (Some("c2sp.org/tlog-proof@v1"), Some("index 65000")));
    let proof: Vec<peer::Hash> = lines.map(|line| peer::Hash::parse_hash(line).unwrap()).collect();
    let note = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    note.verify(&VerifierList::new(vec![their_key(&Kit::new(ORIGIN, KeyType::Ed25519).0)])).unwrap();
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    let leaf = peer::record_hash(&entry(index));
    peer::check_record(&proof, checkpoint.size(), *checkpoint.hash(), index, leaf).unwrap();
    // And the leaf is that of the entry in its bundle.
    let bundle = encode_entries(&(64_768..65_024).map(entry).collect::<Vec<_>>()).unwrap();
    let at = usize::try_from(index - 64_768).unwrap() * (2 + entry(index).len());
    assert_eq!(peer::record_hash(&bundle[at + 2..at + 2 + entry(index).len()]), leaf);
}
