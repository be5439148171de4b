//! What `licet log monitor` has copied from a running gateway over HTTPS, read and checked by implementations of others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crypto::record::LogName;
use crypto::tlog::{KeyType, VerifierKey};
use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::tile::{Tile, TileHashReader, TileReader};
use tlog_tiles::tlog::{self as peer};

use crate::client::{Http, get};
use crate::go_reader;
use crate::log_tiles::covered;
use crate::started::{Setup, Started, VERIFIER};

/// A mirror that was brought up to date twice.
struct Mirrored {
    /// Keeps the folder.
    gateway: Started,
    /// Where the checkpoint and the tiles of the access log are.
    shard: PathBuf,
    /// The key of the log, as the gateway tells it.
    key: VerifierKey,
    /// The checkpoint of the first time.
    old: PathBuf,
}

impl Mirrored {
    async fn new() -> Self {
        let setup = Setup::new();
        let folder = setup.folder.path().to_owned();
        let gateway = setup.start_with(gateway::routes::TABLE).await;
        let holder = gateway.holder(VERIFIER);
        for (name, content) in [("ca.pem", gateway.authority.pem()), ("cert.pem", holder.pem()), ("cert.key", holder.key.pem())] {
            fs::write(folder.join(name), content).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let (mirror, old) = (folder.join("mirror"), folder.join("old"));
        let mut connection = gateway.verifier().connect(Http::Two).await;
        let mut shard = None;
        // The first time within the second bundle, then within the third.
        for count in [300, 300] {
            for _ in 0..count {
                assert_eq!(connection.send(get("/v1/trust")).await.unwrap().status, 200);
            }
            covered(&gateway, LogName::Access).await;
            let output = monitor(&gateway, &folder, &mirror).await;
            assert!(output.status.success(), "{}", go_reader::said(&output));
            let mut periods = fs::read_dir(mirror.join("access")).unwrap();
            let found = periods.next().unwrap().unwrap().path();
            assert!(periods.next().is_none(), "one shard");
            if shard.is_none() {
                fs::copy(found.join("checkpoint"), &old).unwrap();
            }
            shard = Some(found);
        }
        let keys = fs::read_to_string(mirror.join("keys")).unwrap();
        let mut keys = keys.lines().map(|line| line.parse::<VerifierKey>().unwrap());
        let key = keys.find(|key| key.kind() == KeyType::Ed25519 && key.name().contains("/access/")).unwrap();
        Self { gateway, shard: shard.unwrap(), key, old }
    }

    /// The tree that a checkpoint tells of, by their reading.
    fn tree(&self, path: &Path) -> (u64, peer::Hash) {
        let note = signed_note::Note::from_bytes(&fs::read(path).unwrap()).unwrap();
        let key = StandardVerifier::new(&self.key.to_string()).unwrap();
        let (verified, others) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
        assert_eq!((verified.len(), others.len()), (1, 1), "the signature with SM2 is one of an unknown key");
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!(checkpoint.origin(), self.key.name());
        (checkpoint.size(), *checkpoint.hash())
    }

    fn file(&self, tile: &Tile) -> Vec<u8> {
        // Their paths name the height as well, which is fixed in tlog-tiles, and what it calls entries is data to them.
        let path = tile.path().replace("tile/8/data", "tile/entries").replace("tile/8/", "tile/");
        fs::read(self.shard.join(path)).unwrap()
    }
}

impl TileReader for Mirrored {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, peer::Error> {
        Ok(tiles.iter().map(|tile| self.file(tile)).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

async fn monitor(gateway: &Started, folder: &Path, mirror: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_licet"));
    command.args(["log", "monitor", "--once"]).arg(mirror).arg("--url");
    command.arg(format!("https://localhost:{}", gateway.address.port()));
    for (option, name) in [("--ca", "ca.pem"), ("--cert", "cert.pem"), ("--key", "cert.key")] {
        command.arg(option).arg(folder.join(name));
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_others_walk_what_was_copied_over_https() {
    let mirrored = Mirrored::new().await;
    let (old, old_root) = mirrored.tree(&mirrored.old);
    let (size, root) = mirrored.tree(&mirrored.shard.join("checkpoint"));
    assert!(old >= 300 && size >= old + 300, "{old} {size}");
    let reader = TileHashReader::new(size, root, &mirrored);
    let proof = peer::prove_tree(size, old, &reader).unwrap();
    peer::check_tree(&proof, size, root, old, old_root).unwrap();

    let mut index = 0;
    while index < size {
        let bundle = mirrored.file(&Tile::new(8, 0, index / 256, u32::try_from((size - index).min(256)).unwrap(), true));
        let mut rest = &bundle[..];
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            assert_eq!(entry.len(), 32);
            let proof = peer::prove_record(size, index, &reader).unwrap();
            peer::check_record(&proof, size, root, index, peer::record_hash(entry)).unwrap();
            (index, rest) = (index + 1, after);
        }
    }
    assert_eq!(index, size);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_in_go_walks_what_was_copied_over_https() {
    if !go_reader::is_there() {
        return;
    }
    let mirrored = Mirrored::new().await;
    let program = go_reader::build(mirrored.old.parent().unwrap());
    let read = Command::new(program).arg(&mirrored.shard).arg(mirrored.key.to_string()).arg(&mirrored.old).output().unwrap();
    let (old, size) = (mirrored.tree(&mirrored.old).0, mirrored.tree(&mirrored.shard.join("checkpoint")).0);
    assert!(read.status.success(), "{}", go_reader::said(&read));
    assert_eq!(go_reader::said(&read), format!("consistent with {old}\n{size} entries\n"));
    assert_eq!(mirrored.gateway.app.store().logs().shards(LogName::Access).unwrap().len(), 1);
}
