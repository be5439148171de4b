//! Witnesses: ours of others' logs, and others of ours.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Barrier};

use crypto::issue::{KeyType, SigningKey};
use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::tlog::{AddCheckpoint, Checkpoint, Note, Policy, Refusal, SignatureLine, VerifierKey};
use gateway::config::WitnessedLog;
use gateway::reload::Outcome;
use gateway::routes::TABLE;
use gateway::witness::{self, Decided, Service, WitnessKey};
use serde_json::json;
use storage::Store;
use storage::log::{Draft, Pending};

use crate::client::{Http, Reply, get, request};
use crate::crash::put_in_use;
use crate::licence_kit::Office;
use crate::log_kit::{self, BEGIN, Keys, grow, key};
use crate::pki::Folder;
use crate::process::Process;
use crate::reload::again;
use crate::started::{AUDITOR, ISSUER, Setup, Started, VERIFIER, memory};
use crate::{audit, backup};

fn witness_key() -> SigningKey {
    SigningKey::from_label(KeyType::Ed25519, "witness")
}

fn service() -> Service {
    let key = WitnessKey::new("witness.test.example", witness_key()).unwrap();
    let log = WitnessedLog { origin: "log.test.example/seal/*".to_owned(), key: log_kit::key(LogName::Seal) };
    Service::new(key, vec![log])
}

fn log() -> Store {
    let store = memory();
    store.logs().publish_with(Arc::new(Keys));
    store
}

fn pending() -> Arc<Pending> {
    let facts = Facts::new(EventKind::LogWitness, Ending::Done, "test".to_owned());
    Pending::new(vec![Draft::new(BEGIN, facts)])
}

fn ask(service: &Service, table: &Store, request: &AddCheckpoint) -> Decided {
    service.answer(table.witnessing(), request, BEGIN, &pending()).unwrap()
}

#[test]
fn what_is_signed_is_kept_first_and_on_record() {
    let (service, table, log) = (service(), memory(), log());
    let ten = grow(&log, "a", 10);
    let Decided::Signed(line) = ask(&service, &table, &log_kit::request(&log, &ten, 0)) else { panic!("not signed") };
    let lines = SignatureLine::read_all(&line).unwrap();
    let time = service.verifier().verify(Note::parse(ten.note.as_bytes()).unwrap().text(), lines[0].signature()).unwrap();
    assert_eq!(time, Some(BEGIN.unix().unsigned_abs()));
    assert_eq!(table.witnessing().vouched(&origin()).unwrap().1.unwrap().size, 10);
    assert_eq!(table.logs().size(LogName::Access).unwrap(), 1);

    let twenty = grow(&log, "a", 10);
    for (request, refusal) in [
        (log_kit::request(&log, &twenty, 0), Refusal::Conflict { size: 10 }),
        (log_kit::request(&log, &twenty, 9), Refusal::Conflict { size: 10 }),
        (AddCheckpoint::new(10, Vec::new(), Note::parse(twenty.note.as_bytes()).unwrap()).unwrap(), Refusal::Inconsistent),
        (AddCheckpoint::new(11, Vec::new(), Note::parse(ten.note.as_bytes()).unwrap()).unwrap(), Refusal::Malformed),
    ] {
        assert_eq!(ask(&service, &table, &request), Decided::Refused(refusal));
    }
    assert_eq!(table.logs().size(LogName::Access).unwrap(), 1, "nothing was signed");
    assert!(matches!(ask(&service, &table, &log_kit::request(&log, &ten, 10)), Decided::Signed(_)), "the same again");
    assert!(matches!(ask(&service, &table, &log_kit::request(&log, &twenty, 10)), Decided::Signed(_)));
}

fn origin() -> String {
    key(LogName::Seal).name().to_owned()
}

#[test]
fn two_trees_are_never_both_signed_however_they_race() {
    let service = service();
    let (one, other) = (log(), log());
    let requests = [(&one, "a"), (&other, "b")].map(|(log, label)| log_kit::request(log, &grow(log, label, 7), 0));
    for round in 0..50 {
        let (table, barrier) = (memory(), Barrier::new(requests.len() * 2));
        let signed: Vec<bool> = std::thread::scope(|scope| {
            let race = |request| {
                let (service, table, barrier) = (&service, &table, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    matches!(ask(service, table, request), Decided::Signed(_))
                })
            };
            let threads: Vec<_> = requests.iter().chain(&requests).map(race).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        // Each tree was asked for twice from nothing: whoever came first is the only one.
        assert_eq!(signed.iter().filter(|signed| **signed).count(), 1, "round {round}: {signed:?}");
    }
}

#[test]
fn a_witness_never_goes_back() {
    let (service, table, log) = (service(), memory(), log());
    let checkpoints: Vec<_> = (0..12).map(|_| grow(&log, "a", 3)).collect();
    let signed: BTreeSet<u64> = std::thread::scope(|scope| {
        let climb = |at: usize| {
            let (service, table, log, checkpoint) = (&service, &table, &log, &checkpoints[at]);
            scope.spawn(move || {
                let mut old = 0;
                // A witness says which size it signed last; a log asks again from there.
                while old <= checkpoint.size {
                    match ask(service, table, &log_kit::request(log, checkpoint, old)) {
                        Decided::Signed(_) => return Some(checkpoint.size),
                        Decided::Refused(Refusal::Conflict { size }) => old = size,
                        Decided::Refused(other) => panic!("{other:?}"),
                    }
                }
                None
            })
        };
        let threads: Vec<_> = (0..checkpoints.len()).map(climb).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    let last = table.witnessing().vouched(&origin()).unwrap().1.unwrap();
    assert_eq!(Some(&last.size), signed.last(), "{signed:?}");
    assert_eq!(last.size, checkpoints.last().unwrap().size);
    // One record for each signature, in the order of the sizes.
    assert_eq!(table.logs().size(LogName::Access).unwrap(), u64::try_from(signed.len()).unwrap());
}

/// A gateway that witnesses the log of the kit, and of the gateways of the tests.
async fn witness_gateway() -> Started {
    let mut setup = Setup::new();
    let path = setup.folder.write("witness.key", witness_key().pem());
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let bits = SigningKey::from_label(KeyType::Ed25519, "log.key").public_key();
    let theirs = VerifierKey::new("licet.test.example/access/2026", crypto::tlog::KeyType::Ed25519, bits.bits()).unwrap();
    setup.sections.push_str(&format!(
        "[witness]\nname = 'witness.test.example'\nkey = 'witness.key'
        [[witness.logs]]\norigin = 'log.test.example/seal/*'\nkey = '{}'
        [[witness.logs]]\norigin = 'licet.test.example/access/*'\nkey = '{theirs}'\n",
        key(LogName::Seal)
    ));
    setup.start_with(TABLE).await
}

async fn add(gateway: &Started, body: impl Into<hyper::body::Bytes>) -> Reply {
    gateway.verifier().send(Http::One, request("POST", "/witness/add-checkpoint", "", body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn add_checkpoint_answers_as_the_specification_says() {
    let gateway = witness_gateway().await;
    let log = log();
    let (ten, twenty) = (grow(&log, "a", 10), grow(&log, "a", 10));
    let signed = add(&gateway, log_kit::request(&log, &ten, 0).to_string()).await;
    assert_eq!(signed.status.as_u16(), 200, "{signed:?}");
    assert!(signed.body.starts_with("\u{2014} witness.test.example ".as_bytes()) && signed.body.ends_with(b"\n"));

    let conflict = add(&gateway, log_kit::request(&log, &twenty, 3).to_string()).await;
    assert_eq!((conflict.status.as_u16(), conflict.header("content-type")), (409, "text/x.tlog.size"));
    assert_eq!(&conflict.body[..], b"10\n");
    let fork = self::log();
    let fork = log_kit::request(&fork, &grow(&fork, "b", 10), 10).to_string();
    assert_eq!(add(&gateway, fork).await.status.as_u16(), 409, "two roots for one size");

    add(&gateway, "old 5\n").await.is_problem(400, "witness-malformed");
    add(&gateway, vec![0xff; 9]).await.is_problem(400, "witness-malformed");
    let unproven = AddCheckpoint::new(10, Vec::new(), Note::parse(twenty.note.as_bytes()).unwrap()).unwrap();
    add(&gateway, unproven.to_string()).await.is_problem(422, "witness-inconsistent");
    let smaller = log_kit::request(&log, &ten, 0).to_string().replace("old 0", "old 11");
    add(&gateway, smaller).await.is_problem(400, "witness-malformed");
    let unknown = log_kit::request(&log, &twenty, 10).to_string().replace("log.test.example", "other.example");
    add(&gateway, unknown).await.is_problem(404, "witness-unknown-origin");
    // Of the log's own name, and by another key.
    let name = format!("\u{2014} {} ", origin());
    let (text, signature) = twenty.note.rsplit_once(&name).unwrap();
    // One character in the middle: what it stands for is whole octets of the signature.
    let changed = |(place, char)| if place == 20 { if char == 'A' { 'B' } else { 'A' } } else { char };
    let other: String = signature.chars().enumerate().map(changed).collect();
    let unsigned = format!("old 10\n\n{text}{name}{other}");
    add(&gateway, unsigned).await.is_problem(403, "witness-unsigned");
    assert_eq!(add(&gateway, log_kit::request(&log, &twenty, 10).to_string()).await.status.as_u16(), 200);

    // What was signed and what was refused is on record.
    let logs = gateway.app.store().logs();
    let endings = (0..logs.size(LogName::Access).unwrap()).map(|number| {
        let record = logs.record(LogName::Access, number).unwrap().unwrap();
        let facts: Facts = record.read(1).unwrap();
        (facts.event, facts.outcome, facts.code.unwrap_or_default())
    });
    let endings: Vec<_> = endings.filter(|(event, ..)| *event == EventKind::LogWitness).collect();
    assert_eq!(endings.iter().filter(|(_, outcome, _)| *outcome == Ending::Done).count(), 2, "{endings:?}");
    assert!(endings.contains(&(EventKind::LogWitness, Ending::Refused, "witness-conflict".to_owned())), "{endings:?}");
    assert_eq!(endings.len(), 10, "{endings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_witness_says_so() {
    let gateway = Setup::new().start_with(TABLE).await;
    add(&gateway, "old 0\n").await.is_problem(404, "not-found");
}

/// The section of a gateway whose logs a witness signs, no more often than that.
fn witnessed(interval_s: u32) -> String {
    format!(
        "[record.witnesses]\npolicy = 'policy.txt'\ntls_anchors = ['witness-ca.pem']\ncertificate = 'own.pem'\nkey = 'own.key'
        interval_s = {interval_s}\nconnect_timeout_ms = 2000\nanswer_timeout_ms = 5000\n"
    )
}

/// The files that it names.
fn introduce(witness: &Started, folder: &Folder) {
    let verifier = service().verifier().clone();
    let url = format!("https://localhost:{}/witness", witness.address.port());
    folder.write("policy.txt", format!("witness one {verifier} {url}\nquorum one\n"));
    folder.write("witness-ca.pem", witness.authority.pem());
    let holder = witness.holder(VERIFIER);
    folder.write("own.pem", holder.pem());
    folder.write("own.key", holder.key.pem());
}

/// A gateway whose logs that witness signs.
async fn witnessed_gateway(witness: &Started, store: Store) -> Started {
    let mut setup = Setup::new();
    introduce(witness, &setup.folder);
    setup.sections.push_str(&witnessed(5));
    setup.sections.push_str(&format!(
        "[[callers]]\nname = 'all-seeing'\norganisation = '91350211M000100Y46'\ncertificates = ['uri:{}']
        roles = ['auditor']\naudits = ['*']\n",
        audit::ALL_SEEING
    ));
    setup.start_over(TABLE, store).await
}

/// Whether `licet log check` finds that it holds.
#[track_caller]
fn holds(folder: &Folder, bytes: impl AsRef<[u8]>, more: &[&str]) -> String {
    let file = folder.write("given", bytes);
    let output = Command::new(env!("CARGO_BIN_EXE_licet")).args(["log", "check"]).arg(file).args(more).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn what_auditors_are_given_meets_a_policy_that_demands_witnesses() {
    let witness = witness_gateway().await;
    let gateway = witnessed_gateway(&witness, memory()).await;
    let now = gateway::clock::now();
    visit(&gateway).await;
    witness::tick(&gateway.app, now).await;
    // What came since is under a newer checkpoint that nobody has witnessed.
    visit(&gateway).await;
    let shard = access(&gateway).await;
    let (folder, key) = (Folder::new(), shard["keys"][0].as_str().unwrap());
    let policy = format!("log {key}\nwitness one {}\nquorum one\n", service().verifier());
    let policy = folder.write("policy", policy);
    let policy = policy.to_str().unwrap();

    let auditor = gateway.caller(AUDITOR);
    let entry = json!(gateway.app.store().logs().record(LogName::Access, 0).unwrap().unwrap().entry());
    let proof = auditor.get("/v1/logs/access/entries/0/proof").await;
    assert!(holds(&folder, &proof.body, &["--entry", entry.as_str().unwrap(), "--policy", policy]).contains("witnessed by one"));
    let period = shard["period"].as_str().unwrap();
    let grown = auditor.get(&format!("/v1/logs/access/consistency?period={period}&from=1&to=1")).await.json();
    holds(&folder, grown["checkpoint"]["note"].as_str().unwrap(), &["--policy", policy]);

    // The asking itself is to be witnessed: the answer waits until that has come in the background.
    let subject = json!({ "code_type": "111", "code": "11010519491231002X" });
    let asked = json!({ "filter": { "subject": subject }, "complete": true, "opening": true, "witnesses": "wait" });
    let auditor = gateway.caller(audit::ALL_SEEING);
    let asking = tokio::spawn(async move { audit::ask(&auditor, "/v1/logs/access/search", &asked).await });
    let mut after = 0;
    while !asking.is_finished() {
        after += 10;
        witness::tick(&gateway.app, now.plus(after)).await;
        tokio::task::yield_now().await;
    }
    let answer = asking.await.unwrap();
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    assert!(holds(&folder, &answer.body, &["--policy", policy]).contains("all 0 records of the person"));
    let shown = &answer.json()["checkpoints"][0];
    let noted = Checkpoint::of(&Note::parse(shown["note"].as_str().unwrap().as_bytes()).unwrap()).unwrap();
    assert_eq!((shown["size"].as_u64(), shown["root"].clone()), (Some(noted.size()), json!(noted.root())));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_of_witnesses_needs_no_restart() {
    let witness = witness_gateway().await;
    let gateway = witnessed_gateway(&witness, memory()).await;
    let now = gateway::clock::now();
    let text = std::fs::read_to_string(gateway.folder.path().join("licet.toml")).unwrap();
    let view = async || access(&gateway).await["witnesses"].clone();
    visit(&gateway).await;
    witness::tick(&gateway.live.current(), now).await;
    let signed = view().await["size"].as_u64().unwrap();
    assert!(signed > 0);

    // The same file with another content: what was signed stays known.
    let policy = std::fs::read_to_string(gateway.folder.path().join("policy.txt")).unwrap();
    gateway.folder.write("policy.txt", format!("# another one\n{policy}"));
    let done = again(&gateway).await.unwrap();
    assert_eq!((done.outcome, done.files), (Outcome::InForce, vec!["record.witnesses".to_owned()]));
    assert_eq!(view().await["size"], signed);
    visit(&gateway).await;
    witness::tick(&gateway.live.current(), now.plus(9)).await;
    assert!(view().await["size"].as_u64().unwrap() > signed, "{}", view().await);
    gateway.folder.write("policy.txt", "quorum everybody\n");
    assert!(again(&gateway).await.unwrap_err().to_string().contains("record.witnesses.policy: "));

    let (before, after) = text.split_once("[record.witnesses]").unwrap();
    let (_, after) = after.split_once("[[callers]]").unwrap();
    gateway.folder.write("licet.toml", format!("{before}[[callers]]{after}"));
    let done = again(&gateway).await.unwrap();
    assert_eq!(done.needs_restart, [""; 0]);
    assert_eq!(view().await["state"], "not-required");
    gateway.folder.write("policy.txt", policy);
    gateway.folder.write("licet.toml", text);
    again(&gateway).await.unwrap();
    assert!(view().await["size"].as_u64().unwrap() > signed, "it is known from the store");
}

/// Leaves a record in the access log, and waits until a checkpoint has it.
async fn visit(gateway: &Started) {
    assert_eq!(gateway.verifier().get("/v1/trust").await.status.as_u16(), 200);
    let logs = gateway.app.store().logs();
    let (tell, told) = tokio::sync::oneshot::channel();
    let last = logs.size(LogName::Access).unwrap() - 1;
    logs.when_covered(LogName::Access, last, Box::new(move |published| tell.send(published.is_some()).unwrap()));
    assert!(told.await.unwrap());
}

/// The newest shard of the access log, as `GET /v1/logs` has it.
async fn access(gateway: &Started) -> serde_json::Value {
    let answer = gateway.verifier().get("/v1/logs").await.json();
    let log = answer["logs"].as_array().unwrap().iter().find(|log| log["log"] == "access").unwrap();
    log["shards"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_logs_are_witnessed_in_the_background_and_never_wait() {
    let witness = witness_gateway().await;
    let store = memory();
    let gateway = witnessed_gateway(&witness, store.clone()).await;
    let now = gateway::clock::now();
    visit(&gateway).await;
    let before = access(&gateway).await;
    assert_eq!(before["witnesses"]["state"], "waiting", "{before}");

    witness::tick(&gateway.app, now).await;
    let shard = access(&gateway).await;
    let view = &shard["witnesses"];
    assert!(view["size"].as_u64().unwrap() > 0 && view["witnesses"][0]["name"] == "one", "{view}");
    // The newest checkpoint that is witnessed holds by the policy alone.
    let note = Note::parse(view["checkpoint"].as_str().unwrap().as_bytes()).unwrap();
    let keys: Vec<VerifierKey> =
        shard["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
    let policy: Policy = format!("witness one {}\nquorum one\n", service().verifier()).parse().unwrap();
    let seen = policy.observe(&note, &keys, &mut crypto::budget::Budget::for_document()).unwrap();
    assert!(seen.is_witnessed);

    // It grows: the next round proves that it did, from the size that the witness signed.
    let first = view["size"].as_u64().unwrap();
    visit(&gateway).await;
    witness::tick(&gateway.app, now.plus(4)).await;
    assert_eq!(access(&gateway).await["witnesses"]["size"], first, "not so soon");
    witness::tick(&gateway.app, now.plus(5)).await;
    let second = access(&gateway).await["witnesses"]["size"].as_u64().unwrap();
    assert!(second > first, "{second}");
    let checkpoint = gateway.verifier().get(&format!("/log/access/{}/checkpoint", shard["period"].as_str().unwrap())).await;
    let served = Checkpoint::of(&Note::parse(&checkpoint.body).unwrap()).unwrap();
    assert!(served.size() >= second);

    // The witness goes away. Everything goes on, and says that it waits.
    witness.trigger.stop();
    witness.running.await.unwrap();
    for after in [10, 20, 40] {
        visit(&gateway).await;
        witness::tick(&gateway.app, now.plus(after)).await;
    }
    let view = access(&gateway).await["witnesses"].clone();
    assert_eq!((view["state"].as_str(), view["size"].as_u64()), (Some("waiting"), Some(second)), "{view}");
    let one = &view["witnesses"][0];
    assert!(one["fault"] == "unreachable" && one["failures"].as_u64().unwrap() >= 1, "{one}");

    // After a restart it is known what was signed.
    drop(gateway);
    let kept = store.witnessing().cosigned(LogName::Access, 0).unwrap();
    assert_eq!(kept.newest.unwrap().size, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_signs_the_shard_that_follows_a_restoration() {
    let (witness, office) = (witness_gateway().await, Office::new());
    let site = backup::site_with(&office, &format!("every_s = 0\n{}", witnessed(1)));
    introduce(&witness, &site.folder);
    // Waits until the newest shard of the access log is witnessed, and says which it is.
    let signed = async |process: &Process| loop {
        let logs = site.client(process, VERIFIER).send(Http::One, get("/v1/logs")).await.json();
        let log = logs["logs"].as_array().unwrap().iter().find(|log| log["log"] == "access").unwrap();
        let shard = log["shards"].as_array().unwrap().last().unwrap();
        if let Some(size) = shard["witnesses"]["size"].as_u64().filter(|size| *size > 0) {
            break (shard["period"].as_str().unwrap().to_owned(), size);
        }
    };
    let process = site.start();
    put_in_use(&site.client(&process, ISSUER), &office).await;
    assert!(process.terminate().1);
    backup::back_up(&site);
    let process = site.start();
    let (before, size) = signed(&process).await;
    assert!(process.terminate().1);
    let data = backup::path(&site, "data");
    std::fs::rename(&data, backup::path(&site, "gone")).unwrap();
    let restored = backup::licet(&site, &["backup", "restore", "--to", data.to_str().unwrap()], false);
    assert!(restored.contains("behind what was published"), "{restored}");
    backup::licet(&site, &["restore", "accept", "--reason", "the disk was lost"], true);
    backup::licet(&site, &["restore", "confirm", "--reason", "nothing was revoked"], true);
    let process = site.start();
    let (after, _) = signed(&process).await;
    assert!(after.starts_with(&format!("{before}-r")), "{after}");
    // It has vouched for both, and for no other tree of the old one.
    let vouched = |period: &str| {
        let origin = format!("licet.test.example/access/{period}");
        witness.app.store().witnessing().vouched(&origin).unwrap().1.unwrap().size
    };
    assert!(vouched(&after) > 0 && vouched(&before) >= size);
    assert!(process.terminate().1);
}
