//! Uses of a seal on record, and documents of which that is demanded.

use crypto::budget::Budget;
use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, LogName, Opening, SubjectPart};
use crypto::seal_register::{Change, Operation};
use crypto::time::Timestamp;
use crypto::tlog::{Policy, TlogProof, VerifierKey, leaf_hash};
use serde_json::{Value, json};

use crate::audit::{ALL_SEEING, newest, person, setup};
use crate::client::{Client, Http, Reply, get, post_json, request};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, fields, identifier};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Started};

const OFD: &str = "application/ofd";
const USES: &str = "/v1/seals/33010500012345/uses";
const STATUS: &str = "/v1/seals/33010500012345/status";

/// An auditor of another organisation that audits the office.
const TOWN_AUDITOR: &str = "urn:test:town-auditor";

/// A gateway that has the office's seal on file.
async fn filed(office: &Office) -> Started {
    let mut setup = setup();
    setup.sections.push_str(&format!(
        "[[organisations]]\ncode = '{ORGANISATION}'\nname = '镇'\n
        [[callers]]\nname = 'town-audit'\norganisation = '91350211M000100Y46'\ncertificates = ['uri:{TOWN_AUDITOR}']
        roles = ['auditor']\naudits = ['{ORGANISATION}']\n"
    ));
    let gateway = office.trusted_by(setup).start_with(gateway::routes::TABLE).await;
    let seal = request("POST", "/v1/seals", "application/octet-stream", office.seal());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, seal).await.status, 201);
    gateway
}

async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::Two, post_json(path, &body.to_string())).await
}

fn used(name: &str, document: &[u8]) -> Value {
    json!({ "use_id": name, "document": { "sha256": Sha256::of(&[document]) }, "item": "0101", "case": "c-7", "approval": "a-1" })
}

/// Facts and subject of each record of the seal log.
fn records(gateway: &Started) -> Vec<(Facts, Opening)> {
    let logs = gateway.app.store().logs();
    let record = |number| logs.record(LogName::Seal, number).unwrap().unwrap();
    (0..logs.size(LogName::Seal).unwrap()).map(record).map(|opening| (opening.read(Opening::FACTS).unwrap(), opening)).collect()
}

/// Checks the proof in an answer with the keys that the gateway tells.
async fn prove(gateway: &Started, view: &Value) {
    let logs = gateway.verifier().get("/v1/logs").await.json();
    let keys = logs["logs"][0]["shards"][0]["keys"].as_array().unwrap();
    let keys: Vec<VerifierKey> = keys.iter().map(|key| key.as_str().unwrap().parse().unwrap()).collect();
    let opening: Opening = serde_json::from_value(view["opening"].clone()).unwrap();
    assert_eq!(json!(opening.entry()), view["entry"]);
    let proof: TlogProof = view["proof"].as_str().unwrap().parse().unwrap();
    let leaf = leaf_hash(&opening.entry().0);
    proof.verify(&leaf, &keys, &Policy::default(), &mut Budget::for_document()).unwrap();
}

#[tokio::test]
async fn a_use_is_on_record_once_with_a_proof() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let asked = used("u-1", b"document");
    let created = post(&issuer, USES, &asked).await;
    assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
    let view = created.json();
    prove(&gateway, &view).await;
    let place = format!("{USES}/{}", view["number"]);
    assert_eq!(created.header("location"), place);
    let (facts, opening) = records(&gateway).pop().unwrap();
    assert_eq!((facts.event, facts.outcome, facts.seals[0].id.as_str()), (EventKind::SealUse, Ending::Done, "33010500012345"));
    assert_eq!((facts.item.as_deref(), facts.approval.as_deref()), (Some("0101"), Some("a-1")));
    assert_eq!(opening.read::<SubjectPart>(Opening::SUBJECT).unwrap().case.as_deref(), Some("c-7"));

    let again = post(&issuer, &format!("{USES}?proof=none"), &asked).await;
    assert_eq!((again.status.as_u16(), &again.json()["number"], again.json().get("proof")), (200, &view["number"], None));
    // It was asked, and is no second use.
    let facts = newest(&gateway, 1);
    assert_eq!((facts.event, facts.outcome, facts.seals[0].id.as_str()), (EventKind::SealRead, Ending::Done, "33010500012345"));
    assert_eq!((&facts.details["unchanged"], &facts.details["number"]), (&json!(true), &view["number"]));
    assert_eq!(records(&gateway).len(), 2);
    post(&issuer, USES, &used("u-1", b"another document")).await.is_problem(409, "seal-use-conflict");
    let (facts, _) = records(&gateway).pop().unwrap();
    assert_eq!((facts.outcome, facts.code.as_deref()), (Ending::Refused, Some("seal-use-conflict")));

    for uri in [ISSUER, ALL_SEEING, TOWN_AUDITOR] {
        let read = gateway.caller(uri).get(&place).await;
        assert_eq!((read.status.as_u16(), &read.json()["entry"]), (200, &view["entry"]), "{uri}");
        prove(&gateway, &read.json()).await;
    }
    // Reading it is reading the log.
    let logs = gateway.app.store().logs();
    let newest = logs.record(LogName::Access, logs.size(LogName::Access).unwrap() - 1).unwrap().unwrap();
    let facts: Facts = newest.read(Opening::FACTS).unwrap();
    assert_eq!((facts.event, facts.caller.as_str(), facts.seals.len()), (EventKind::LogRead, "town-audit", 1));
    // An auditor of another subtree does not see it, nor does who runs the gateway.
    for uri in [OTHER_ISSUER, AUDITOR] {
        gateway.caller(uri).get(&place).await.is_problem(404, "seal-use-not-found");
    }
    gateway.caller(OPERATOR).get(&place).await.is_problem(403, "role-required");
    // The first record is that of the filing.
    issuer.get(&format!("{USES}/0")).await.is_problem(404, "seal-use-not-found");
    issuer.get(&format!("{USES}/999")).await.is_problem(404, "seal-use-not-found");
    issuer.get(&format!("{USES}/one")).await.is_problem(400, "bad-parameter");
    issuer.get(&format!("{place}?proof=perhaps")).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn only_a_seal_of_ones_own_that_is_in_use() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    post(&issuer, "/v1/seals/33010599999999/uses", &used("u-1", b"a")).await.is_problem(404, "seal-not-found");
    post(&gateway.caller(OTHER_ISSUER), USES, &used("u-1", b"a")).await.is_problem(403, "other-organisation");
    post(&gateway.operator(), USES, &used("u-1", b"a")).await.is_problem(403, "role-required");
    assert_eq!(post(&issuer, USES, &used("u-1", b"a")).await.status, 201);
    assert_eq!(post(&issuer, STATUS, &json!({ "operation": "freeze" })).await.status, 200);
    post(&issuer, USES, &used("u-2", b"b")).await.is_problem(409, "seal-not-in-use");
    let (facts, _) = records(&gateway).pop().unwrap();
    assert_eq!(
        (facts.event, facts.outcome, facts.code.as_deref()),
        (EventKind::SealUse, Ending::Refused, Some("seal-not-in-use"))
    );
    assert_eq!(facts.details["state"], "frozen");
    // What was done stays done, and what was refused may be done later under the same name.
    assert_eq!(post(&issuer, USES, &used("u-1", b"a")).await.status, 200);
    assert_eq!(post(&issuer, STATUS, &json!({ "operation": "restore" })).await.status, 200);
    assert_eq!(post(&issuer, USES, &used("u-2", b"b")).await.status, 201);
}

#[tokio::test]
async fn a_use_that_is_told_afterwards_is_judged_by_its_moment() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let at = |name: &str, moment: Timestamp| {
        let mut asked = used(name, b"document");
        asked["used_at"] = json!(moment);
        asked
    };
    let filed_at = gateway.app.store().seals().seal("33010500012345").unwrap().unwrap().registered_at;
    post(&issuer, USES, &at("u-1", gateway::clock::now().plus(600))).await.is_problem(400, "bad-parameter");
    post(&issuer, USES, &at("u-1", filed_at.plus(-1))).await.is_problem(409, "seal-not-in-use");
    assert_eq!(post(&issuer, USES, &at("u-1", filed_at)).await.status, 201);
    let (facts, _) = records(&gateway).pop().unwrap();
    assert_eq!((facts.effective_at, facts.details.get("late")), (Some(filed_at), None));
    post(&issuer, USES, &used("u-1", b"document")).await.is_problem(409, "seal-use-conflict");

    let seals = gateway.app.store().seals();
    let freeze = Change {
        operation: Operation::Freeze,
        effective_at: Some(filed_at.plus(10)),
        now: filed_at.plus(20),
        reason: None,
        evidence: Vec::new(),
        actor: "office".to_owned(),
        organisation: ORGANISATION.to_owned(),
        successor: None,
        delivery: None,
        request: None,
    };
    seals.change_status("33010500012345", &freeze).unwrap();
    post(&issuer, USES, &used("u-2", b"document")).await.is_problem(409, "seal-not-in-use");
    let late = at("u-2", filed_at);
    let told = post(&issuer, USES, &late).await;
    assert_eq!(told.status, 201, "{told:?}");
    let (facts, _) = records(&gateway).pop().unwrap();
    assert_eq!((facts.effective_at, &facts.details["late"]), (Some(filed_at), &json!(true)));
    let again = post(&issuer, USES, &late).await;
    assert_eq!((again.status.as_u16(), &again.json()["number"]), (200, &told.json()["number"]));
}

#[tokio::test]
async fn a_name_of_a_use_is_one_for_all_seals() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let other = request("POST", "/v1/seals", "application/octet-stream", office.seal_with("33010500099999", b"other"));
    assert_eq!(issuer.send(Http::One, other).await.status, 201);
    assert_eq!(post(&issuer, USES, &used("u-1", b"a")).await.status, 201);
    let uses = "/v1/seals/33010500099999/uses";
    post(&issuer, uses, &used("u-1", b"a")).await.is_problem(409, "seal-use-conflict");
    let freeze = json!({ "operation": "freeze" });
    assert_eq!(post(&issuer, "/v1/seals/33010500099999/status", &freeze).await.status, 200);
    post(&issuer, uses, &used("u-1", b"a")).await.is_problem(409, "seal-use-conflict");
    let uses = records(&gateway).into_iter().filter(|(facts, _)| facts.event == EventKind::SealUse);
    let said: Vec<_> = uses.map(|(facts, _)| (facts.outcome, facts.seals[0].id.clone())).collect();
    let (mine, other) = ("33010500012345".to_owned(), "33010500099999".to_owned());
    assert_eq!(said, [(Ending::Done, mine), (Ending::Refused, other.clone()), (Ending::Refused, other)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_loses_a_race_for_a_name_is_on_record() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let tasks: Vec<_> = (0..8)
        .map(|caller: u8| {
            let issuer = gateway.caller(ISSUER);
            tokio::spawn(
                async move { post(&issuer, &format!("{USES}?proof=none"), &used("u-1", &[caller])).await.status.as_u16() },
            )
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409, 409, 409]);
    let uses: Vec<_> = records(&gateway).into_iter().filter(|(facts, _)| facts.event == EventKind::SealUse).collect();
    let done = uses.iter().filter(|(facts, _)| facts.outcome == Ending::Done).count();
    assert_eq!((uses.len(), done), (8, 1));
}

/// What both logs still say about citizens.
fn said_of_citizens(gateway: &Started) -> Vec<String> {
    let logs = gateway.app.store().logs();
    let all = LogName::ALL.into_iter().flat_map(|log| (0..logs.size(log).unwrap()).map(move |number| (log, number)));
    let subjects = all.filter_map(|(log, number)| {
        let record = logs.record(log, number).unwrap().unwrap();
        record.parts[Opening::SUBJECT].text().map(str::to_owned)
    });
    subjects.collect()
}

#[tokio::test]
async fn refusals_that_concern_somebody_are_erased_with_the_rest() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let (issuer, foreign) = (gateway.caller(ISSUER), gateway.caller(OTHER_ISSUER));
    let (document, licence) = (office.ofd(&fields("1", 1)), identifier("1", 1).to_string());
    assert_eq!(issuer.send(Http::One, request("POST", "/v1/licences", OFD, document.clone())).await.status, 201);
    assert_eq!(post(&issuer, STATUS, &json!({ "operation": "freeze" })).await.status, 200);
    // Of the document, of the licence, of the number itself.
    let mut asked = [used("u-1", &document), used("u-2", b"a"), used("u-3", b"b"), used("u-4", b"c")];
    asked[1]["document_id"] = json!(licence);
    asked[2]["document_id"] = json!(HOLDER);
    asked[3]["case"] = json!(format!("350200/{HOLDER}"));
    for asked in &asked {
        post(&issuer, USES, asked).await.is_problem(409, "seal-not-in-use");
    }
    let path = format!("/v1/licences/{licence}");
    foreign.get(&path).await.is_problem(403, "other-organisation");
    foreign.get(&format!("{path}/file")).await.is_problem(403, "other-organisation");
    let revoke = json!({ "operation": "revoke" });
    post(&foreign, &format!("{path}/status"), &revoke).await.is_problem(403, "other-organisation");
    post(&issuer, &format!("{path}/status"), &json!({ "operation": "x" })).await.is_problem(400, "bad-json");
    post(&foreign, "/v1/verifications", &json!({ "identifier": licence })).await.is_problem(403, "other-organisation");
    let search = json!({ "filter": { "licence": licence } });
    assert_eq!(post(&gateway.caller(AUDITOR), "/v1/logs/seal/search", &search).await.status, 200);
    let mut served = get("/v1/trust");
    served.headers_mut().insert("licet-case", HOLDER.parse().unwrap());
    assert_eq!(gateway.verifier().send(Http::One, served).await.status, 200);

    let is_about = |text: &String| text.contains(HOLDER) || text.contains(&licence) || text.contains("c-7");
    assert_eq!(said_of_citizens(&gateway).iter().filter(|text| is_about(text)).count(), 12);
    assert_eq!(gateway.app.store().logs().erase(&person()).unwrap().records, 12);
    let left: Vec<_> = said_of_citizens(&gateway).into_iter().filter(is_about).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn no_number_of_a_citizen_stays_for_ever() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let number = "11010519491231002X";
    for place in ["use_id", "title_class", "approval", "approver", "operator", "purpose", "item"] {
        let mut asked = used("u-1", b"a");
        asked[place] = json!(format!("x{number}"));
        post(&issuer, USES, &asked).await.is_problem(422, "bad-content");
    }
    let mut asked = used("u-1", b"a");
    (asked["case"], asked["document_id"]) = (json!(number), json!(number));
    assert_eq!(post(&issuer, USES, &asked).await.status, 201);
    assert!(records(&gateway).iter().all(|(facts, _)| !serde_json::to_string(facts).unwrap().contains(number)));
    for (place, wrong) in
        [("case", json!("")), ("page", json!("one")), ("document", json!({ "sha256": "00" })), ("more", json!(1))]
    {
        let mut asked = used("u-3", b"a");
        asked[place] = wrong;
        assert!(post(&issuer, USES, &asked).await.status.is_client_error(), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_use_is_let_in_before_a_freeze_and_recorded_after_it() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let tasks: Vec<_> = (0..8)
        .map(|caller| {
            let issuer = gateway.caller(ISSUER);
            tokio::spawn(async move {
                for count in 0.. {
                    let path = format!("{USES}?proof=none");
                    let reply = post(&issuer, &path, &used(&format!("u-{caller}-{count}"), b"document")).await;
                    if reply.status == 409 {
                        return count;
                    }
                    assert_eq!(reply.status, 201);
                }
                0
            })
        })
        .collect();
    while records(&gateway).len() < 40 {
        tokio::task::yield_now().await;
    }
    assert_eq!(post(&gateway.caller(ISSUER), STATUS, &json!({ "operation": "freeze" })).await.status, 200);
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let records = records(&gateway);
    let freeze = records.iter().position(|(facts, _)| facts.event == EventKind::SealFreeze).unwrap();
    let uses = records.iter().enumerate().filter(|(_, (facts, _))| facts.event == EventKind::SealUse);
    let (before, after): (Vec<_>, Vec<_>) = uses.partition(|(place, _)| *place < freeze);
    assert!(before.iter().all(|(_, (facts, _))| facts.outcome == Ending::Done));
    assert!(after.iter().all(|(_, (facts, _))| facts.outcome == Ending::Refused));
    assert_eq!((before.len(), after.len()), (done, 8));
}

#[tokio::test]
async fn a_verification_may_demand_the_record_of_the_use() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let document = office.ofd(&fields("1", 1));
    assert_eq!(issuer.send(Http::One, request("POST", "/v1/licences", OFD, document.clone())).await.status, 201);
    let ask = async |path: &str| {
        let reply = gateway.verifier().send(Http::Two, request("POST", path, OFD, document.clone())).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        reply.json()
    };
    let check = |report: &Value| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == "seal.use-logged").cloned()
    };
    let demanded = "/v1/verifications?require=logged-use";
    assert_eq!(ask("/v1/verifications").await["indication"], "TOTAL-PASSED");
    let missing = ask(demanded).await;
    assert_eq!(
        (&missing["indication"], &missing["sub_indication"]),
        (&json!("INDETERMINATE"), &json!("SIG_CONSTRAINTS_FAILURE"))
    );
    assert_eq!(check(&missing).unwrap()["outcome"], "failed");
    // The use on another document is none, and a verdict without the demand is as before.
    assert_eq!(post(&issuer, USES, &used("u-1", b"another")).await.status, 201);
    assert_eq!(ask(demanded).await["indication"], "INDETERMINATE");
    let plain = ask("/v1/verifications").await;
    assert_eq!((&plain["indication"], check(&plain)), (&json!("TOTAL-PASSED"), None));

    let view = post(&issuer, USES, &used("u-2", &document)).await.json();
    let found = ask(demanded).await;
    assert_eq!(found["indication"], "TOTAL-PASSED", "{found:#}");
    assert_eq!(check(&found).unwrap()["inputs"]["number"], json!(view["number"].to_string()));
    let body = json!({ "digest": { "algorithm": "SHA-256", "value": Sha256::of(&[&document]) }, "require": "logged-use" });
    assert_eq!(post(&gateway.verifier(), "/v1/verifications", &body).await.json()["indication"], "TOTAL-PASSED");
    // Before the use nobody had recorded it.
    let before = format!("{demanded}&at={}", gateway::clock::now().plus(-30));
    assert_eq!(check(&ask(&before).await).unwrap()["outcome"], "failed");
    post(&gateway.verifier(), "/v1/verifications?require=blessing", &body).await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn what_bears_no_seal_needs_no_use() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let document = request("POST", "/v1/verifications?require=logged-use", "application/jose", office.jws(&fields("1", 1)));
    let report = gateway.verifier().send(Http::One, document).await.json();
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.iter().find(|check| check["id"] == "seal.use-logged").unwrap()["outcome"], "not-applicable");
}
