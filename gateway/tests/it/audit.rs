//! The logs as auditors read them: searched, proven, exported, asked, and what is kept from whom.

use crypto::licence::{HolderCodeType, HolderNumber};
use crypto::record::{
    Completeness, CompletenessError, Ending, EventKind, Facts, LogName, Opening, SealMention, SubjectPart, VerifiedTree,
};
use crypto::seal::Seal;
use crypto::seal_register::{Change, Operation, Record as SealRecord};
use crypto::time::Timestamp;
use crypto::tlog::{Checkpoint, Hash, Note, TlogProof, leaf_hash, merkle};
use serde_json::{Value, json};
use storage::log::Draft;

use crate::client::{Client, Http, Reply, post_json, request};
use crate::licence_kit::Office;
use crate::started::{AUDITOR, ISSUER, OPERATOR, Setup, Started, VERIFIER};

/// Organisations: a city, a bureau below it, and a town that has nothing to do with them.
const CITY: &str = "11350200004144116F";
pub(crate) const BUREAU: &str = "91350211M000100Y46";
pub(crate) const TOWN: &str = "11330105002500287C";

pub(crate) const ALL_SEEING: &str = "urn:test:all-seeing";

pub(crate) const SEAL: &str = "35020000000017";

/// An auditor of the town alone.
const TOWN_AUDITOR: &str = "urn:test:town";

pub(crate) fn setup() -> Setup {
    let mut setup = Setup::new();
    setup.sections = format!(
        "[[organisations]]\ncode = '{CITY}'\nname = '市'\n[[organisations]]\ncode = '{BUREAU}'\nname = '局'\nparent = '{CITY}'\n
        [[callers]]\nname = 'all-seeing'\norganisation = '{TOWN}'\ncertificates = ['uri:{ALL_SEEING}']\nroles = ['auditor']
        audits = ['*']
        [[callers]]\nname = 'town'\norganisation = '{TOWN}'\ncertificates = ['uri:{TOWN_AUDITOR}']\nroles = ['auditor']\n"
    );
    setup
}

pub(crate) async fn start() -> Started {
    setup().start_with(gateway::routes::TABLE).await
}

fn at(second: i64) -> Timestamp {
    // Wednesday, 1 July 2026, 10:00 in China.
    "2026-07-01T10:00:00+08:00".parse::<Timestamp>().unwrap().plus(second)
}

pub(crate) fn person() -> HolderNumber {
    let today = crypto::time::Date::new(2026, 7, 1).unwrap();
    HolderNumber::parse(HolderCodeType::CitizenNumber, "11010519491231002X", today).unwrap()
}

/// A use of a seal by a system of an organisation.
pub(crate) fn use_of(second: i64, organisation: &str, seal: &str) -> Draft {
    let mut facts = Facts::new(EventKind::SealUse, Ending::Done, format!("stamping-{}", organisation.len()));
    facts.organisation = Some(organisation.to_owned());
    facts.seals = vec![SealMention { id: seal.to_owned(), sha256: None, owner: None }];
    facts.approval = Some("A-1".to_owned());
    let mut draft = Draft::new(at(second), facts);
    draft.subject = SubjectPart { case: Some(format!("2026-{second}")), ..SubjectPart::default() };
    draft
}

pub(crate) async fn ask(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::One, post_json(path, &body.to_string())).await
}

fn numbers(reply: &Reply) -> Vec<u64> {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["rows"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

/// The facts of the newest record of the access log.
pub(crate) fn newest(gateway: &Started, back: u64) -> Facts {
    let logs = gateway.app.store().logs();
    let number = logs.size(LogName::Access).unwrap() - back;
    logs.record(LogName::Access, number).unwrap().unwrap().read(Opening::FACTS).unwrap()
}

#[tokio::test]
async fn an_auditor_sees_the_records_of_its_subtree() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    let drafts: Vec<_> =
        (0..30).map(|second| use_of(second, [BUREAU, TOWN, CITY][usize::try_from(second % 3).unwrap()], SEAL)).collect();
    logs.append_and_wait(&drafts).unwrap();
    let (bureau, all) = (gateway.caller(AUDITOR), gateway.caller(ALL_SEEING));
    let search = "/v1/logs/seal/search";
    assert_eq!(numbers(&ask(&bureau, search, &json!({})).await), (0..10).rev().map(|n| n * 3).collect::<Vec<_>>());
    assert_eq!(numbers(&ask(&all, search, &json!({ "order": "oldest-first" })).await), (0..30).collect::<Vec<_>>());
    // What another organisation did is as good as not there.
    assert_eq!(numbers(&ask(&bureau, search, &json!({ "filter": { "organisation": TOWN } })).await), [0; 0]);
    assert_eq!(numbers(&ask(&all, search, &json!({ "filter": { "organisation": TOWN, "seal": SEAL } })).await).len(), 10);
    bureau.get("/v1/logs/seal/entries/1").await.is_problem(404, "record-not-found");
    bureau.get("/v1/logs/seal/entries/30").await.is_problem(404, "record-not-found");
    assert_eq!(all.get("/v1/logs/seal/entries/1").await.json()["facts"]["organisation"], TOWN);
    for role in [VERIFIER, OPERATOR] {
        ask(&gateway.caller(role), search, &json!({})).await.is_problem(403, "role-required");
    }
    // A record with its salts leads to its entry.
    let row = bureau.get("/v1/logs/seal/entries/3").await.json();
    let opening: Opening = serde_json::from_value(row["opening"].clone()).unwrap();
    assert_eq!(row["entry"], opening.entry().to_string());
    assert_eq!((&row["subject"]["case"], &row["facts"]["event"]), (&json!("2026-3"), &json!("seal.use")));
}

#[tokio::test]
async fn pages_are_stable_while_the_log_grows() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    let auditor = gateway.caller(ALL_SEEING);
    logs.append_and_wait(&(0..25).map(|second| use_of(second, BUREAU, SEAL)).collect::<Vec<_>>()).unwrap();
    for order in ["newest-first", "oldest-first"] {
        let (mut found, mut after, mut grown) = (Vec::new(), Value::Null, 25);
        let size = logs.size(LogName::Seal).unwrap();
        loop {
            let asked = json!({ "filter": { "seal": SEAL }, "order": order, "limit": 7, "after": after });
            let page = ask(&auditor, "/v1/logs/seal/search", &asked).await;
            found.extend(numbers(&page));
            after = page.json()["next"].clone();
            if after.is_null() {
                break;
            }
            if grown < 28 {
                logs.append_and_wait(&[use_of(grown, BUREAU, SEAL)]).unwrap();
                grown += 1;
            }
        }
        if order == "newest-first" {
            assert_eq!(found, (0..size).rev().collect::<Vec<_>>());
        } else {
            assert_eq!(found, (0..logs.size(LogName::Seal).unwrap()).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said() {
    let gateway = start().await;
    let auditor = gateway.caller(AUDITOR);
    let person = json!({ "code_type": "111", "code": "11010519491231002X" });
    for (body, code, place) in [
        (json!({ "filter": { "seals": "1" } }), "bad-json", "unknown field"),
        (json!({ "filter": { "event": "seal.used" } }), "bad-json", "seal.use"),
        (json!({ "limit": 0 }), "bad-parameter", "limit"),
        (json!({ "limit": 501 }), "bad-parameter", "limit"),
        (json!({ "after": "77" }), "bad-parameter", "after"),
        (json!({ "filter": { "from": at(1), "until": at(0) } }), "bad-parameter", "filter.until"),
        (json!({ "filter": { "actor": "11010519491231002X" } }), "bad-parameter", "filter.actor"),
        (
            json!({ "filter": { "subject": { "code_type": "111", "code": "110105194912310021" } } }),
            "bad-parameter",
            "filter.subject",
        ),
        (json!({ "complete": true }), "bad-parameter", "complete"),
        (json!({ "complete": true, "filter": { "seal": SEAL, "subject": person } }), "bad-parameter", "complete"),
        (json!({ "complete": true, "filter": { "seal": SEAL, "event": "seal.use" } }), "bad-parameter", "complete"),
        (json!({ "complete": true, "filter": { "seal": SEAL }, "limit": 5 }), "bad-parameter", "complete"),
        (
            json!({ "complete": true, "filter": { "seal": SEAL, "until": "2999-01-01T00:00:00Z" } }),
            "bad-parameter",
            "filter.until",
        ),
    ] {
        let reply = ask(&auditor, "/v1/logs/access/search", &body).await;
        reply.is_problem(400, code);
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(place) && !detail.contains("11010519491231002"), "{body} {detail}");
    }
    ask(&auditor, "/v1/logs/other/search", &json!({})).await.is_problem(404, "log-part-not-found");
    auditor.get("/v1/logs/seal/entries/01").await.is_problem(400, "bad-parameter");
    auditor.get("/v1/logs/seal/consistency?from=1&to=2").await.is_problem(400, "bad-parameter");
    ask(&auditor, "/v1/logs/seal/export?format=xml", &json!({})).await.is_problem(400, "bad-parameter");
}

/// Size and root of the tree that a checkpoint tells of.
fn tree(note: &Value) -> (u64, Hash) {
    let note = Note::parse(note.as_str().unwrap().as_bytes()).unwrap();
    let checkpoint = Checkpoint::of(&note).unwrap();
    (checkpoint.size(), checkpoint.root())
}

fn path(hashes: &Value) -> Vec<Hash> {
    hashes.as_array().unwrap().iter().map(|hash| hash.as_str().unwrap().parse().unwrap()).collect()
}

fn entry(row: &Value) -> Hash {
    let entry: crypto::digest::Sha256 = serde_json::from_value(row["entry"].clone()).unwrap();
    leaf_hash(&entry.0)
}

#[tokio::test]
async fn every_row_can_be_checked_against_the_checkpoint() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    // Two years, so two trees.
    let years = [at(0), at(1), at(200 * 86_400), at(200 * 86_400 + 1), at(200 * 86_400 + 2)];
    for moment in years {
        logs.append_and_wait(&[Draft { at: moment, ..use_of(0, BUREAU, SEAL) }]).unwrap();
    }
    let auditor = gateway.caller(AUDITOR);
    let reply = ask(&auditor, "/v1/logs/seal/search", &json!({ "proofs": true, "filter": { "seal": SEAL } })).await;
    assert_eq!(numbers(&reply), [4, 3, 2, 1, 0]);
    let answer = reply.json();
    assert_eq!(answer["checkpoints"].as_array().unwrap().len(), 2);
    for row in answer["rows"].as_array().unwrap() {
        let proof = &row["proof"];
        let checkpoint = &answer["checkpoints"][usize::try_from(proof["checkpoint"].as_u64().unwrap()).unwrap()];
        let (size, root) = tree(&checkpoint["note"]);
        let index = proof["index"].as_u64().unwrap();
        assert_eq!(index + checkpoint["first"].as_u64().unwrap(), row["number"].as_u64().unwrap());
        merkle::verify_inclusion(index, size, &entry(row), &root, &path(&proof["hashes"])).unwrap();
        // The same, as one text.
        let text = auditor.get(&format!("/v1/logs/seal/entries/{}/proof", row["number"])).await.body;
        let one: TlogProof = std::str::from_utf8(&text).unwrap().parse().unwrap();
        let signed = Checkpoint::of(one.note()).unwrap();
        merkle::verify_inclusion(one.index(), signed.size(), &entry(row), &signed.root(), one.hashes()).unwrap();
    }
    let grown = auditor.get("/v1/logs/seal/consistency?period=2027&from=1&to=2").await.json();
    let (size, root) = tree(&grown["checkpoint"]["note"]);
    assert_eq!((size, &grown["to"]), (3, &json!(2)));
    let whole = auditor.get("/v1/logs/seal/consistency?period=2027&from=1").await.json();
    let first = entry(&answer["rows"][2]);
    merkle::verify_consistency(1, 3, &first, &root, &path(&whole["hashes"])).unwrap();
    auditor.get("/v1/logs/seal/consistency?period=2027&from=1&to=4").await.is_problem(400, "bad-parameter");
    auditor.get("/v1/logs/seal/consistency?period=2025&from=1").await.is_problem(404, "log-part-not-found");
    auditor.get("/v1/logs/seal/entries/5/proof").await.is_problem(404, "record-not-found");
}

#[tokio::test]
async fn reading_a_log_is_on_record_and_names_nobody() {
    let gateway = start().await;
    let auditor = gateway.caller(AUDITOR);
    let filter = json!({ "subject": { "code_type": "111", "code": "11010519491231002X" }, "item": "I-7" });
    assert_eq!(numbers(&ask(&auditor, "/v1/logs/seal/search", &json!({ "filter": filter })).await), [0; 0]);
    let facts = newest(&gateway, 1);
    assert_eq!((facts.event, facts.caller.as_str()), (EventKind::LogRead, "audit"));
    assert_eq!(facts.details["filter"], json!({ "item": "I-7", "personal": ["subject"] }));
    assert_eq!((&facts.details["rows"], &facts.details["log"]), (&json!(0), &json!("seal")));
    assert!(!serde_json::to_string(&facts).unwrap().contains("11010519491231002X"));
    // Who looked up this person? The record of the asking is among the answers.
    let asked = json!({ "filter": { "subject": { "code_type": "111", "code": "11010519491231002X" }, "event": "log.read" } });
    assert_eq!(numbers(&ask(&auditor, "/v1/logs/access/search", &asked).await).len(), 1);
    auditor.get("/v1/logs/seal/entries/0").await.is_problem(404, "record-not-found");
    let facts = newest(&gateway, 1);
    assert_eq!((facts.event, facts.outcome, facts.details["number"].as_u64()), (EventKind::LogRead, Ending::Refused, Some(0)));
}

#[tokio::test]
async fn ready_questions() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    let evening = Draft { at: at(8 * 3600), ..use_of(0, BUREAU, SEAL) };
    let mut unapproved = use_of(1, BUREAU, SEAL);
    unapproved.facts.approval = None;
    let mut refused = Draft { at: at(8 * 3600 + 1), ..unapproved.clone() };
    refused.facts.outcome = Ending::Refused;
    let foreign = Draft { at: at(8 * 3600 + 2), ..use_of(2, TOWN, SEAL) };
    logs.append_and_wait(&[use_of(0, BUREAU, SEAL), unapproved, evening, refused, foreign]).unwrap();
    let auditor = gateway.caller(AUDITOR);
    let question = async |name: &str, body: Value| ask(&auditor, &format!("/v1/logs/seal/questions/{name}"), &body).await;
    assert_eq!(numbers(&question("uses-without-approval", json!({})).await), [1]);
    assert_eq!(numbers(&question("uses-outside-hours", json!({})).await), [2]);
    assert_eq!(numbers(&question("uses-outside-hours", json!({ "until": at(60) })).await), [0; 0]);
    assert_eq!(numbers(&question("uses-after-freezing", json!({ "seal": SEAL })).await), [0; 0]);
    assert_eq!(numbers(&question("expired-certificates-in-use", json!({})).await), [0; 0]);
    question("uses-of-force", json!({})).await.is_problem(404, "not-found");
    question("uses-outside-hours", json!({ "seals": 1 })).await.is_problem(400, "bad-json");
    assert_eq!(newest(&gateway, 3).details["question"], "expired-certificates-in-use");
}

#[tokio::test]
async fn uses_of_a_frozen_seal_are_found() {
    let office = Office::new();
    let gateway = office.trusted_by(setup()).start_with(gateway::routes::TABLE).await;
    let issuer = gateway.caller(ISSUER);
    let registered = issuer.send(Http::One, request("POST", "/v1/seals", "application/octet-stream", office.seal())).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let logs = gateway.app.store().logs();
    let now = gateway::clock::now();
    let at = |seconds| Draft { at: now.plus(seconds), ..use_of(0, BUREAU, "33010500012345") };
    // Before the freeze in the log, and stamped later than the moment from which that holds.
    logs.append_and_wait(&[at(5)]).unwrap();
    let frozen = ask(&issuer, "/v1/seals/33010500012345/status", &json!({ "operation": "freeze" })).await;
    assert_eq!(frozen.status, 200, "{frozen:?}");
    let mut refused = at(5);
    refused.facts.outcome = Ending::Refused;
    let other = Draft { at: now.plus(6), ..use_of(0, BUREAU, SEAL) };
    let recorded = logs.append_and_wait(&[refused, at(5), other]).unwrap();
    let question = "/v1/logs/seal/questions/uses-after-freezing";
    let found = numbers(&ask(&gateway.caller(ALL_SEEING), question, &json!({})).await);
    assert_eq!(found, [recorded[0].number, recorded[1].number]);
}

#[tokio::test]
async fn a_freeze_that_was_told_late_counts_from_when_it_held() {
    let gateway = start().await;
    let (now, der) = (gateway::clock::now(), Office::new().seal());
    let seal = Seal::from_der(&der).unwrap();
    let seals = gateway.app.store().seals();
    seals.register(&SealRecord::new(&seal, BUREAU, ("a", BUREAU), now.plus(-100)), &der).unwrap();
    let used = [-60, -50, -40].map(|second| Draft { at: now.plus(second), ..use_of(0, BUREAU, &seal.id) });
    let recorded = gateway.app.store().logs().append_and_wait(&used).unwrap();
    let change = Change {
        operation: Operation::Freeze,
        effective_at: Some(now.plus(-50)),
        now,
        reason: None,
        evidence: Vec::new(),
        actor: "a".to_owned(),
        organisation: BUREAU.to_owned(),
        successor: None,
        delivery: None,
        request: None,
    };
    seals.change_status(&seal.id, &change).unwrap();
    let found = ask(&gateway.caller(AUDITOR), "/v1/logs/seal/questions/uses-after-freezing", &json!({})).await;
    assert_eq!(numbers(&found), [recorded[1].number, recorded[2].number]);
}

/// A gateway with the office's seal on file, and its record.
async fn with_seal() -> (Started, crypto::seal_register::Record) {
    let office = Office::new();
    let gateway = office.trusted_by(setup()).start_with(gateway::routes::TABLE).await;
    let filed = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, filed).await.status, 201);
    let record = gateway.app.store().seals().seal("33010500012345").unwrap().unwrap();
    (gateway, record)
}

/// A use that was done, recorded at a moment, with the moment that it names.
fn done(at: Timestamp, effective_at: Option<Timestamp>) -> Draft {
    let mut draft = Draft { at, ..use_of(0, BUREAU, "33010500012345") };
    draft.facts.effective_at = effective_at;
    draft
}

#[tokio::test]
async fn uses_after_the_end_of_all_certificates_are_found() {
    let (gateway, seal) = with_seal().await;
    let end = seal.making.signers.iter().filter_map(|signer| signer.not_after).max().unwrap();
    let drafts = [
        done(end, None),
        done(end.plus(1), None),
        // What is only reported after the end was done before it.
        done(end.plus(2), Some(end.plus(-60))),
        done(end.plus(3), Some(end.plus(1))),
    ];
    let recorded = gateway.app.store().logs().append_and_wait(&drafts).unwrap();
    let question = "/v1/logs/seal/questions/expired-certificates-in-use";
    let found = numbers(&ask(&gateway.caller(ALL_SEEING), question, &json!({})).await);
    assert_eq!(found, [recorded[1].number, recorded[3].number]);
}

#[tokio::test]
async fn records_are_kept_as_long_as_they_must_be() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    logs.append_and_wait(&[Draft { at: "2001-01-01T00:00:00Z".parse().unwrap(), ..use_of(0, BUREAU, SEAL) }]).unwrap();
    let operator = gateway.caller(OPERATOR);
    let retire = "/v1/logs/seal/retirements";
    let recent = json!({ "before": gateway::clock::now().plus(-86_400), "reason": "space" });
    ask(&operator, retire, &recent).await.is_problem(409, "retention-not-over");
    ask(&operator, retire, &json!({ "before": "2999-01-01T00:00:00Z", "reason": "x" })).await.is_problem(400, "bad-parameter");
    ask(&gateway.caller(AUDITOR), retire, &recent).await.is_problem(403, "role-required");
    let done = ask(&operator, retire, &json!({ "before": "2002-01-01T00:00:00Z", "reason": "space" })).await;
    assert_eq!(done.status, 200, "{done:?}");
    let (begin, end) = (newest(&gateway, 2), newest(&gateway, 1));
    assert_eq!((begin.event, end.event), (EventKind::LogRetire, EventKind::LogRetire));
    assert_eq!((&begin.details["step"], begin.details.get("kept_from")), (&json!("begin"), None));
    assert_eq!((&end.details["step"], &end.details["kept_from"]), (&json!("end"), &done.json()["kept_from"]));
    assert!(!newest(&gateway, 3).details.contains_key("step"), "what is refused does not begin");
}

#[tokio::test]
async fn what_is_said_about_a_person_is_erased() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    let about = Draft { holders: vec![person()], ..use_of(0, BUREAU, SEAL) };
    logs.append_and_wait(&[about, use_of(1, BUREAU, SEAL)]).unwrap();
    let auditor = gateway.caller(AUDITOR);
    let before = auditor.get("/v1/logs/seal/entries/0").await.json();
    let asked = json!({
        "subject": { "code_type": "111", "code": "11010519491231002X" }, "reason": "request", "authority": "2026-17"
    });
    ask(&auditor, "/v1/erasures", &asked).await.is_problem(403, "role-required");
    let done = ask(&gateway.caller(OPERATOR), "/v1/erasures", &asked).await;
    assert_eq!((done.status.as_u16(), &done.json()["records"]), (200, &json!(1)), "{done:?}");
    let facts = newest(&gateway, 1);
    assert_eq!((facts.event, &facts.details["authority"]), (EventKind::LogErase, &json!("2026-17")));
    assert_eq!((&facts.details["step"], &facts.details["records"]), (&json!("end"), &json!(1)));
    let begin = newest(&gateway, 2);
    assert_eq!((begin.event, &begin.details["authority"]), (EventKind::LogErase, &json!("2026-17")));
    assert_eq!((&begin.details["step"], begin.details.get("records")), (&json!("begin"), None));
    for facts in [begin, facts] {
        assert!(!serde_json::to_string(&facts).unwrap().contains("11010519491231002X"));
    }
    let after = auditor.get("/v1/logs/seal/entries/0").await.json();
    assert_eq!((after["entry"].clone(), after["subject"].is_null()), (before["entry"].clone(), true));
    let filter = json!({ "filter": { "subject": asked["subject"] } });
    assert_eq!(numbers(&ask(&auditor, "/v1/logs/seal/search", &filter).await), [0; 0]);
}

/// Checks a proof with the checkpoints that came with it.
fn check(proof: &Completeness, checkpoints: &Value) -> Result<(), CompletenessError> {
    let tree_of = |origin: &str| {
        let notes = checkpoints.as_array()?.iter().map(|checkpoint| &checkpoint["note"]);
        let mut mine = notes.filter(|note| note.as_str().unwrap().lines().next() == Some(origin));
        let (size, root) = tree(mine.next()?);
        Some(VerifiedTree { size, root })
    };
    proof.check(&tree_of)
}

#[tokio::test]
async fn an_answer_is_proven_to_be_complete() {
    let gateway = start().await;
    let logs = gateway.app.store().logs();
    for second in 0..12 {
        let seal = if second % 3 == 2 { "35020000000099" } else { SEAL };
        let holders = if second % 2 == 0 { vec![person()] } else { Vec::new() };
        let organisation = if second == 4 { TOWN } else { BUREAU };
        logs.append_and_wait(&[Draft { holders, ..use_of(second, organisation, seal) }]).unwrap();
    }
    let (bureau, all) = (gateway.caller(AUDITOR), gateway.caller(ALL_SEEING));
    let search = "/v1/logs/seal/search";
    let of_seal = json!({ "complete": true, "filter": { "seal": SEAL, "from": at(1), "until": at(10) } });
    let reply = ask(&all, search, &of_seal).await;
    assert_eq!(numbers(&reply), [1, 3, 4, 6, 7, 9, 10]);
    let answer = reply.json();
    let proof: Completeness = serde_json::from_value(answer["completeness"].clone()).unwrap();
    check(&proof, &answer["checkpoints"]).unwrap();
    // The asking ends the range, and says which seal was asked for.
    let asked = proof.asked().unwrap();
    assert_eq!((asked.event, asked.caller.as_str(), asked.seals[0].id.as_str()), (EventKind::LogRead, "all-seeing", SEAL));
    assert_eq!(asked.details["filter"]["seal"], SEAL);
    assert_eq!(proof.asking, None);
    for left_out in 0..proof.rows.len() {
        let mut short = proof.clone();
        short.rows.remove(left_out);
        assert!(check(&short, &answer["checkpoints"]).is_err(), "{left_out}");
    }
    // Of an earlier range, the record behind it is another one: the asking comes beside it, and the other says nothing.
    let earlier = json!({ "complete": true, "opening": true, "filter": { "seal": SEAL, "until": at(6) } });
    let answer = ask(&all, search, &earlier).await.json();
    let proof: Completeness = serde_json::from_value(answer["completeness"].clone()).unwrap();
    check(&proof, &answer["checkpoints"]).unwrap();
    assert_eq!(
        (proof.end.number, proof.asking.as_ref().unwrap().number, proof.asked().unwrap().seals[0].id.as_str()),
        (7, 13, SEAL)
    );
    assert_eq!(proof.end.opening.read::<Facts>(Opening::FACTS), None);
    // A seal that is not known to be of the subtree is not told about, whether it is on file or not.
    ask(&bureau, search, &of_seal).await.is_problem(403, "other-organisation");

    let person = json!({ "code_type": "111", "code": "11010519491231002X" });
    let of_person = json!({ "complete": true, "proofs": true, "filter": { "subject": person } });
    // How many records there are of a person, everywhere, is told to who sees all.
    ask(&bureau, search, &of_person).await.is_problem(403, "other-organisation");
    let refused = newest(&gateway, 1);
    assert_eq!((refused.outcome, &refused.details["filter"]), (Ending::Refused, &json!({ "personal": ["subject"] })));
    let reply = ask(&all, search, &of_person).await;
    assert_eq!(numbers(&reply), [0, 2, 4, 6, 8, 10]);
    let answer = reply.json();
    let proof: Completeness = serde_json::from_value(answer["completeness"].clone()).unwrap();
    check(&proof, &answer["checkpoints"]).unwrap();
    assert!(!reply.body.windows(18).any(|window| window == b"11010519491231002X"));
    // The asking stands in the log that was asked, and in the chain: asked again, it is among the answers.
    assert_eq!(numbers(&ask(&all, search, &of_person).await), [0, 2, 4, 6, 8, 10, 14]);
}

#[tokio::test]
async fn a_complete_answer_hides_what_is_of_others() {
    let office = Office::new();
    let gateway = office.trusted_by(setup()).start_with(gateway::routes::TABLE).await;
    let seal = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, seal).await.status, 201);
    let id = "33010500012345";
    let logs = gateway.app.store().logs();
    logs.append_and_wait(&[use_of(0, BUREAU, id), use_of(1, TOWN, id)]).unwrap();
    let asked = json!({ "complete": true, "proofs": true, "filter": { "seal": id } });
    let reply = ask(&gateway.caller(TOWN_AUDITOR), "/v1/logs/seal/search", &asked).await;
    assert_eq!(numbers(&reply), [0, 1, 2]);
    let answer = reply.json();
    let proof: Completeness = serde_json::from_value(answer["completeness"].clone()).unwrap();
    check(&proof, &answer["checkpoints"]).unwrap();
    // The proof needs the record of the other organisation; what it says is not shown.
    let hidden = &answer["rows"][1];
    assert!(hidden["facts"].is_null() && hidden["at"].is_null() && hidden["subject"].is_null() && hidden["proof"].is_object());
    assert!(answer["rows"][0]["facts"].is_object() && answer["rows"][2]["facts"].is_object());
}
