//! The logs over HTTPS, as a stranger to our code checks them: keys, checkpoints, tiles, entries.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crypto::budget::Budget;
use crypto::record::LogName;
use crypto::tlog::merkle::{EMPTY, verify_consistency};
use crypto::tlog::tile::{decode_entries, decode_hashes};
use crypto::tlog::{Checkpoint, Hash, KeyType, Note, Tree, VerifierKey, leaf_hash};
use gateway::config::{Config, KeySource, Record};
use gateway::record_key::LogKeys;
use serde_json::Value;
use storage::log::Publisher as _;
use tokio::sync::oneshot;

use crate::client::{BOTH, Http, get};
use crate::started::{Setup, Started};

/// Waits until a checkpoint covers all that is on record.
pub(crate) async fn covered(gateway: &Started, log: LogName) {
    let logs = gateway.app.store().logs();
    let (tell, told) = oneshot::channel();
    let last = logs.size(log).unwrap() - 1;
    logs.when_covered(log, last, Box::new(move |published| drop(tell.send(published))));
    assert!(told.await.unwrap().is_some());
}

async fn shard(gateway: &Started, log: &str) -> Value {
    let view = gateway.verifier().get("/v1/logs").await.json();
    let logs = view["logs"].as_array().unwrap();
    let log = logs.iter().find(|one| one["log"] == log).unwrap();
    assert_eq!(log["kept_from"], 0);
    assert_eq!(log["shards"].as_array().unwrap().len(), 1, "{log}");
    log["shards"][0].clone()
}

/// The checkpoint as it is served, verified with the keys that the gateway names.
async fn checkpoint(gateway: &Started, shard: &Value) -> Checkpoint {
    let origin = shard["origin"].as_str().unwrap();
    let path = origin.strip_prefix("licet.test.example").unwrap();
    let reply = gateway.verifier().get(&format!("/log{path}/checkpoint")).await;
    assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("text/plain; charset=utf-8", "no-cache"));
    let note = Note::parse(&reply.body).unwrap();
    let keys: Vec<VerifierKey> =
        shard["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(keys.iter().map(VerifierKey::kind).collect::<Vec<_>>(), [KeyType::Ed25519, KeyType::Sm2]);
    assert!(keys.iter().all(|key| key.name() == origin));
    assert_eq!(note.verify(&keys, &mut Budget::for_document()).unwrap().len(), 2, "both keys have signed");
    let checkpoint = Checkpoint::of(&note).unwrap();
    assert_eq!(checkpoint.origin(), origin);
    checkpoint
}

#[tokio::test]
async fn a_reader_finds_everything_under_the_checkpoint() {
    let gateway = Setup::new().start_with(gateway::routes::TABLE).await;
    let mut connection = gateway.verifier().connect(Http::Two).await;
    for _ in 0..300 {
        assert_eq!(connection.send(get("/v1/trust")).await.unwrap().status, 200);
    }
    covered(&gateway, LogName::Access).await;
    let view = shard(&gateway, "access").await;
    let checkpoint = checkpoint(&gateway, &view).await;
    assert_eq!((checkpoint.size(), view["first"].as_u64(), view["closed"].as_bool()), (300, Some(0), Some(false)));

    let base = format!("/log/access/{}", view["period"].as_str().unwrap());
    let mut tree = Tree::default();
    let mut leaves: Vec<Hash> = Vec::new();
    for (path, width, keep) in
        [("entries/000", 256, "public, max-age=31536000, immutable"), ("entries/001.p/44", 44, "public, max-age=5")]
    {
        let reply = gateway.verifier().get(&format!("{base}/tile/{path}")).await;
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/octet-stream", keep));
        for entry in decode_entries(&reply.body, width).unwrap() {
            assert_eq!(entry.len(), 32);
            leaves.push(leaf_hash(entry));
            tree.append(leaf_hash(entry)).unwrap();
        }
    }
    assert_eq!((tree.size(), tree.root()), (300, checkpoint.root()));
    let hashes = gateway.verifier().get(&format!("{base}/tile/0/000")).await;
    assert_eq!(decode_hashes(&hashes.body, 256).unwrap(), leaves[..256]);
    let mut again = get(&format!("{base}/tile/0/000"));
    again.headers_mut().insert("if-none-match", hashes.headers["etag"].clone());
    assert_eq!(gateway.verifier().send(Http::One, again).await.status, 304);
    assert_eq!(gateway.verifier().get(&format!("{base}/tile/1/000.p/1")).await.body.len(), 32);

    for path in [
        "/log/else/2026/checkpoint",
        "/log/access/1999/checkpoint",
        "/log/seal/1999/tile/0/000",
        &format!("{base}/tile/0/001"),
        &format!("{base}/tile/0/001.p/45"),
        &format!("{base}/tile/entries/001/000"),
        &format!("{base}/tile/0/x"),
    ] {
        for http in BOTH {
            gateway.verifier().send(http, get(path)).await.is_problem(404, "log-part-not-found");
        }
    }
    gateway.client().get(&format!("{base}/checkpoint")).await.is_problem(401, "certificate-required");
}

#[tokio::test]
async fn answers_name_the_newest_checkpoint() {
    let gateway = Setup::new().start_with(gateway::routes::TABLE).await;
    let ask = async || {
        let reply = gateway.verifier().get("/v1/trust").await;
        covered(&gateway, LogName::Access).await;
        let [origin, size, root] = reply.header("licet-checkpoint").split(' ').collect::<Vec<_>>()[..] else { return None };
        Some((origin.to_owned(), size.parse::<u64>().unwrap(), root.parse::<Hash>().unwrap()))
    };
    // The first one may come before the first checkpoint.
    ask().await;
    let (first, second) = (ask().await.unwrap(), ask().await.unwrap());
    let view = shard(&gateway, "access").await;
    assert_eq!((first.0.as_str(), second.0.as_str()), (view["origin"].as_str().unwrap(), view["origin"].as_str().unwrap()));
    assert!((1..=3).contains(&first.1) && (first.1..=4).contains(&second.1), "{first:?} {second:?}");
    let logs = gateway.app.store().logs();
    let published = logs.published(LogName::Access).unwrap();
    let proof = logs.consistency(&published, first.1).unwrap();
    assert_eq!(verify_consistency(first.1, published.size, &first.2, &published.root, &proof), Ok(()));
    let refused = gateway.verifier().get("/nowhere").await;
    assert!(refused.header("licet-checkpoint").starts_with("licet.test.example/access/"), "{refused:?}");
}

#[tokio::test]
async fn the_metrics_tell_of_the_logs() {
    let gateway = Setup::new().start_with(gateway::routes::TABLE).await;
    assert_eq!(gateway.verifier().get("/v1/trust").await.status, 200);
    gateway.verifier().get("/v1/licences/11010519491231002X").await.is_problem(400, "bad-parameter");
    covered(&gateway, LogName::Access).await;
    let metrics = crate::admin::ask(&gateway, "GET /metrics").await;
    for line in [
        "licet_log_records_total{event=\"trust.read\",log=\"access\",outcome=\"done\"} 1",
        "licet_log_records_total{event=\"licence.read\",log=\"access\",outcome=\"refused\"} 1",
        "licet_log_append_seconds_count 2",
        "licet_log_records{log=\"access\"} 2",
        "licet_log_published{log=\"access\"} 2",
        "licet_log_records{log=\"seal\"} 0",
        "licet_log_suppressed_total 0",
        "licet_log_failures_total 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("19491231"), "{metrics}");
    let watch = gateway::admin::LogWatch::default();
    assert_eq!(watch.check(gateway.app.store().logs(), gateway::clock::instant()), Ok(()));
}

/// Made by OpenSSL 3, and used nowhere.
const ED25519: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MC4CAQAwBQYDK2VwBCIEIHORu2kt9jcBwZLBAmw/BuZlhYK5duneUASzgTh5bJYo\n\
-----END PRIVATE KEY-----\n\n";
const SM2: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgYnaBo7C64SlKoQhf\n\
FjrrnT8xvcm0rXmwH8Rb38TiLXahRANCAAQfrwgC3HGCL76X4/pS3P5ANVvw3spx\n\
/JBybspVNqotwUR21R2g7PcMrJ3pirc9On8ieRcubfmKwLvjwamj4EPG\n\
-----END PRIVATE KEY-----\n\n";

#[test]
fn keys_of_logs_are_secret_and_of_their_kind() {
    let setup = Setup::new();
    let record = Config::parse(&setup.text(), setup.folder.path()).unwrap().record;
    assert_eq!(LogKeys::load(&record).unwrap().verifiers(LogName::Seal, "2026").len(), 2);
    let write = |name: &str, text: &str, mode| {
        let path = setup.folder.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let [key, sm2] = [("made.key", ED25519), ("made-sm2.key", SM2)].map(|(name, text)| write(name, text, 0o600));
    let made = Record { key: key.clone().into(), sm2_key: Some(sm2.clone().into()), ..record.clone() };
    let keys = LogKeys::load(&made).unwrap();
    assert!(keys.sign(LogName::Seal, "2026", 0, &EMPTY).is_some());
    assert!(!format!("{keys:?}").contains("MC4"));
    let fault = |record: &Record| LogKeys::load(record).unwrap_err().to_string();
    let swapped = Record { key: sm2.into(), ..record.clone() };
    assert!(fault(&swapped).starts_with("record.key: ") && fault(&swapped).contains("holds no Ed25519 key"));
    let swapped = Record { sm2_key: Some(key.into()), ..record.clone() };
    assert!(fault(&swapped).starts_with("record.sm2_key: ") && fault(&swapped).contains("holds no SM2 key"));
    let shown = Record { key: write("shown.key", ED25519, 0o640).into(), ..record.clone() };
    assert!(fault(&shown).contains("mode 640"));
    let missing = Record { key: setup.folder.path().join("none.key").into(), ..record };
    assert!(fault(&missing).contains("cannot be read"));
}

#[test]
fn a_key_of_the_logs_follows_another_and_old_proofs_hold() {
    let setup = Setup::new();
    let record = Config::parse(&setup.text(), setup.folder.path()).unwrap().record;
    let next: KeySource = setup.folder.write("next.key", ED25519).into();
    let verifies = |note: &str, keys: &LogKeys| {
        let note = Note::parse(note.as_bytes()).unwrap();
        note.verify(&keys.verifiers(LogName::Seal, "2026"), &mut Budget::for_document()).is_ok_and(|keys| !keys.is_empty())
    };
    let sign = |keys: &LogKeys| keys.sign(LogName::Seal, "2026", 0, &EMPTY).unwrap();
    let old = LogKeys::load(&record).unwrap();
    let proof = sign(&old);
    // The new key signs beside the old ones, then they change places, then the old ones go.
    let beside = LogKeys::load(&Record { keys_also: vec![next.clone()], ..record.clone() }).unwrap();
    let old_also = vec![record.key.clone(), record.sm2_key.clone().unwrap()];
    let swapped = LogKeys::load(&Record { key: next.clone(), sm2_key: None, keys_also: old_also, ..record.clone() }).unwrap();
    let new = LogKeys::load(&Record { key: next, sm2_key: None, ..record.clone() }).unwrap();
    assert_eq!((beside.verifiers(LogName::Seal, "2026").len(), swapped.verifiers(LogName::Seal, "2026").len()), (3, 3));
    for signer in [&beside, &swapped] {
        for reader in [&old, &beside, &swapped, &new] {
            assert!(verifies(&sign(signer), reader), "whoever knows either is served");
        }
    }
    assert!(verifies(&sign(&new), &new) && !verifies(&sign(&new), &old));
    assert!(verifies(&proof, &old) && verifies(&proof, &beside) && verifies(&proof, &swapped), "what was signed stays signed");
    let twice = Record { keys_also: vec![record.key.clone()], ..record.clone() };
    assert!(LogKeys::load(&twice).unwrap_err().to_string().starts_with("record.keys_also[0]: "));
    let wrong = Record { keys_also: vec![setup.folder.write("no.key", "no key").into()], ..record };
    assert!(LogKeys::load(&wrong).unwrap_err().to_string().contains("holds no Ed25519 or SM2 key in PKCS#8 PEM"));
}
