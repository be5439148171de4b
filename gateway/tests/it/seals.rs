//! The life of seals over HTTPS, and what it does to the documents that bear them.

use crypto::record::{EventKind, Facts, LogName, Opening};
use crypto::verify;
use gateway::cache::At;
use gateway::verdict::{Document, Inquiry};
use serde_json::{Value, json};
use storage::licences::Ingest;
use storage::log::{Order, Query};

use crate::audit::{ALL_SEEING, setup};
use crate::client::{BOTH, Client, Http, Reply, post_json, request};
use crate::licence_kit::{ORGANISATION, Office, fields, identifier};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Started};

const OFD: &str = "application/ofd";
const SEAL: &str = "/v1/seals/33010500012345";
const STATUS: &str = "/v1/seals/33010500012345/status";

async fn start(office: &Office, sections: &str) -> Started {
    let mut setup = office.trusted_by(setup());
    setup.sections.push_str(sections);
    setup.start_with(gateway::routes::TABLE).await
}

/// A gateway that has the office's seal on file.
async fn filed(office: &Office) -> Started {
    let gateway = start(office, "").await;
    let created = register(&gateway, ISSUER, "/v1/seals", office.seal()).await;
    assert_eq!(created.status, 201, "{created:?}");
    gateway
}

async fn register(gateway: &Started, uri: &str, path: &str, seal: Vec<u8>) -> Reply {
    gateway.caller(uri).send(Http::One, request("POST", path, "application/octet-stream", seal)).await
}

async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(Http::Two, post_json(path, &body.to_string())).await
}

/// The same as a request with a name.
async fn post_named(client: &Client, path: &str, body: &Value, name: &str) -> Reply {
    let mut request = post_json(path, &body.to_string());
    request.headers_mut().insert("idempotency-key", name.parse().unwrap());
    client.send(Http::One, request).await
}

async fn ask(client: &Client, document: &[u8]) -> Value {
    let reply = client.send(Http::Two, request("POST", "/v1/verifications", OFD, document.to_vec())).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

/// The check with this identifier on the first signature.
fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["signatures"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id} in {report:#}"))
}

fn why(report: &Value) -> (&str, &str) {
    (report["indication"].as_str().unwrap(), report["sub_indication"].as_str().unwrap_or_default())
}

/// The facts of the last record of the seal log.
fn last(gateway: &Started) -> (Facts, Opening) {
    let logs = gateway.app.store().logs();
    let opening = logs.record(LogName::Seal, logs.size(LogName::Seal).unwrap() - 1).unwrap().unwrap();
    (opening.read(Opening::FACTS).unwrap(), opening)
}

#[tokio::test]
async fn applied_for_approved_made_and_used_up() {
    let office = Office::new();
    let gateway = start(&office, "[policy]\nseal_applications = 'required'\n").await;
    let (issuer, operator) = (gateway.caller(ISSUER), gateway.operator());
    let applications = "/v1/seals/applications";
    let application = json!({ "name": "某某局", "type": "公章", "applicant": "p-1", "evidence": ["00".repeat(32)] });

    register(&gateway, ISSUER, "/v1/seals", office.seal()).await.is_problem(422, "seal-application-required");
    let created = post_named(&issuer, applications, &application, "a-1").await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(created.header("location"), format!("{applications}/{id}"));
    assert_eq!(post_named(&issuer, applications, &application, "a-1").await.json()["id"], id.as_str());
    let other = json!({ "name": "某某局", "type": "合同章" });
    post_named(&issuer, applications, &other, "a-1").await.is_problem(422, "request-reused");
    let foreign = json!({ "name": "某某局", "type": "公章", "organisation": ORGANISATION });
    post(&gateway.caller(OTHER_ISSUER), applications, &foreign).await.is_problem(403, "other-organisation");
    for (field, bad) in [("name", ""), ("type", "x\n"), ("applicant", "11010519491231002X"), ("organisation", "1")] {
        let mut wrong = application.clone();
        wrong[field] = bad.into();
        post(&issuer, applications, &wrong).await.is_problem(422, "bad-content");
    }

    let made = format!("/v1/seals?application={id}&filing=BA-2026-7");
    register(&gateway, ISSUER, &made, office.seal()).await.is_problem(409, "seal-application-conflict");
    let decision = format!("{applications}/{id}/decision");
    let approve = json!({ "decision": "approve", "approver": "p-2" });
    post(&issuer, &decision, &approve).await.is_problem(403, "own-application");
    post(&gateway.caller(OTHER_ISSUER), &decision, &approve).await.is_problem(404, "seal-application-not-found");
    let own = json!({ "decision": "approve", "approver": "p-1" });
    post(&operator, &decision, &own).await.is_problem(403, "own-application");
    let approved = post(&operator, &decision, &approve).await;
    assert_eq!((approved.status.as_u16(), &approved.json()["judgement"]["approver"]), (200, &json!("p-2")));
    let (facts, _) = last(&gateway);
    assert_eq!((facts.event, facts.approval.as_deref()), (EventKind::SealDecide, Some(id.as_str())));
    assert_eq!((&facts.details["approver"], &facts.details["decision"]), (&json!("p-2"), &json!("approve")));

    let filed = register(&gateway, ISSUER, &made, office.seal()).await;
    assert_eq!(filed.status, 201, "{filed:?}");
    let (facts, opening) = last(&gateway);
    assert_eq!((facts.event, facts.seals[0].id.as_str()), (EventKind::SealFile, "33010500012345"));
    assert_eq!(facts.details["filing"], "BA-2026-7");
    assert_eq!(
        facts.details["picture"],
        json!({ "sha256": filed.json()["making"]["picture"]["sha256"], "sm3": filed.json()["making"]["picture"]["sm3"] })
    );
    let facts = opening.parts[Opening::FACTS].text().unwrap();
    assert!(!facts.contains("某某局"), "a seal's name may be a person's: {facts}");
    let used = gateway.caller(ALL_SEEING).get(&format!("{applications}/{id}")).await.json();
    assert_eq!(used["seal"], "33010500012345");
    for uri in [OTHER_ISSUER, AUDITOR] {
        gateway.caller(uri).get(&format!("{applications}/{id}")).await.is_problem(404, "seal-application-not-found");
    }
    let other = office.seal_with("33010500099999", b"other");
    register(&gateway, ISSUER, &format!("/v1/seals?application={id}"), other).await.is_problem(409, "seal-application-conflict");
}

#[tokio::test]
async fn who_holds_a_seal_is_on_record() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let issuer = gateway.caller(ISSUER);
    let certificate = "ab".repeat(32);
    let deliver =
        |receiver: &str| json!({ "operation": "deliver", "receiver": receiver, "medium": "ukey-1", "certificate": certificate });
    post(&issuer, STATUS, &deliver("11010519491231002X")).await.is_problem(422, "bad-content");
    let freeze = json!({ "operation": "freeze", "medium": "ukey-1" });
    post(&issuer, STATUS, &freeze).await.is_problem(422, "bad-content");
    for receiver in ["p-9", "p-10"] {
        let delivered = post(&issuer, STATUS, &deliver(receiver)).await;
        assert_eq!((delivered.status.as_u16(), &delivered.json()["status"]), (200, &json!("in-use")), "{delivered:?}");
        let kept = json!({ "receiver": receiver, "medium": "ukey-1", "certificate": certificate });
        let events = delivered.json()["events"].as_array().unwrap().clone();
        assert_eq!(events.last().unwrap()["delivery"], kept);
        let (facts, _) = last(&gateway);
        assert_eq!(facts.event, EventKind::SealDeliver);
        for name in ["receiver", "medium", "certificate"] {
            assert_eq!(facts.details[name], kept[name], "{name}");
        }
    }
    // A person holds it: that is not for everybody.
    let told = async |uri| String::from_utf8_lossy(&gateway.caller(uri).get(SEAL).await.body).contains("p-10");
    assert!(told(ALL_SEEING).await && told(ISSUER).await && !told(OTHER_ISSUER).await && !told(AUDITOR).await);
    let query = Query { actor: Some("p-9".to_owned()), ..Query::default() };
    let found = gateway.app.store().logs().search(LogName::Seal, &query, Order::NewestFirst, None, 10).unwrap();
    let events: Vec<_> = found.rows.iter().map(|row| row.opening.read::<Facts>(Opening::FACTS).unwrap().event).collect();
    assert_eq!(events, [EventKind::SealDeliver]);
}

#[tokio::test]
async fn frozen_restored_and_remade() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    let freeze = json!({ "operation": "freeze", "reason": "张三遗失", "evidence": ["00".repeat(32)] });
    post(&gateway.caller(OTHER_ISSUER), STATUS, &freeze).await.is_problem(403, "other-organisation");
    post(&issuer, "/v1/seals/0/status", &freeze).await.is_problem(404, "seal-not-found");
    let frozen = post_named(&issuer, STATUS, &freeze, "f-1").await;
    assert_eq!((frozen.status.as_u16(), &frozen.json()["status"]), (200, &json!("frozen")));
    let (facts, opening) = last(&gateway);
    assert_eq!((facts.event, facts.seals[0].owner.as_deref()), (EventKind::SealFreeze, Some(ORGANISATION)));
    assert!(!opening.parts[Opening::FACTS].text().unwrap().contains("张三"), "reasons can be erased");
    assert!(opening.parts[Opening::SUBJECT].text().unwrap().contains("张三"));

    // Sent again: no error, nothing new. Something else under the name: refused.
    let again = post_named(&issuer, STATUS, &freeze, "f-1").await;
    assert_eq!((again.status.as_u16(), again.json()["events"].as_array().unwrap().len()), (200, 2));
    let cancel = json!({ "operation": "cancel" });
    post_named(&issuer, STATUS, &cancel, "f-1").await.is_problem(422, "request-reused");
    post_named(&issuer, STATUS, &cancel, "two words").await.is_problem(400, "bad-parameter");
    post(&issuer, STATUS, &freeze).await.is_problem(409, "illegal-seal-transition");

    // Everybody may ask about a seal, and not everybody why.
    let told = async |client: Client| String::from_utf8_lossy(&client.get(SEAL).await.body).contains("张三");
    assert!(told(gateway.caller(ALL_SEEING)).await && told(gateway.caller(ISSUER)).await);
    assert!(!told(gateway.caller(AUDITOR)).await && !told(gateway.verifier()).await && !told(gateway.caller(OTHER_ISSUER)).await);

    // Its state at any time.
    let now = gateway::clock::now();
    assert_eq!(verifier.get(SEAL).await.json()["status"], "frozen");
    assert!(verifier.get(&format!("{SEAL}?at={}", now.plus(-3600))).await.json().get("status").is_none());
    verifier.get(&format!("{SEAL}?at={}", now.plus(3600))).await.is_problem(400, "bad-parameter");

    assert_eq!(post(&gateway.operator(), STATUS, &json!({ "operation": "restore" })).await.json()["status"], "in-use");
    let remake = |successor: &str| json!({ "operation": "remake", "successor": successor });
    post(&issuer, STATUS, &remake("33010500099999")).await.is_problem(422, "bad-content");
    let successor = office.seal_with("33010500099999", b"other");
    assert_eq!(register(&gateway, OPERATOR, "/v1/seals", successor).await.status, 201);
    assert_eq!(post(&issuer, STATUS, &remake("33010500099999")).await.json()["next"], "33010500099999");
    assert_eq!(verifier.get("/v1/seals/33010500099999").await.json()["previous"], "33010500012345");
    let (facts, _) = last_of(&gateway, EventKind::SealRemake);
    assert_eq!(facts.seals.iter().map(|seal| seal.id.as_str()).collect::<Vec<_>>(), ["33010500012345", "33010500099999"]);
    post(&issuer, STATUS, &json!({ "operation": "restore" })).await.is_problem(409, "illegal-seal-transition");
}

/// The last record of this event.
fn last_of(gateway: &Started, event: EventKind) -> (Facts, Opening) {
    let logs = gateway.app.store().logs();
    let all = (0..logs.size(LogName::Seal).unwrap()).rev().map(|number| logs.record(LogName::Seal, number).unwrap().unwrap());
    let mut all = all.map(|opening| (opening.read::<Facts>(Opening::FACTS).unwrap(), opening));
    all.find(|(facts, _)| facts.event == event).unwrap()
}

#[tokio::test]
async fn no_verdict_from_before_a_freezing_is_given_after_it() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    // Claims to have been sealed a minute ago, and nothing proves it.
    let document = office.ofd(&fields("31", 1));
    assert_eq!(why(&ask(&verifier, &document).await), ("INDETERMINATE", "TRY_LATER"));
    assert_eq!(check(&ask(&verifier, &document).await, "seal.state")["outcome"], "passed");

    let askers = keep_asking(&verifier, &document);
    assert_eq!(post(&issuer, STATUS, &json!({ "operation": "freeze" })).await.status, 200);
    // From here on nobody who asks may be told anything else.
    for asker in keep_asking(&verifier, &document) {
        for report in asker.await.unwrap() {
            assert_eq!(check(&report, "seal.state")["outcome"], "not-concluded", "{report:#}");
            assert_eq!(why(&report), ("INDETERMINATE", "REVOKED_NO_POE"));
        }
    }
    for asker in askers {
        let frozen = |report: &Value| check(report, "seal.state")["outcome"] != "passed";
        let replies: Vec<_> = asker.await.unwrap().iter().map(frozen).collect();
        assert!(replies.is_sorted(), "once frozen, always frozen: {replies:?}");
    }
    let restore = post(&issuer, STATUS, &json!({ "operation": "restore" })).await;
    assert_eq!(restore.status, 200);
    assert_eq!(check(&ask(&verifier, &document).await, "seal.state")["outcome"], "passed");
}

/// 64 askers, several times each.
fn keep_asking(verifier: &Client, document: &[u8]) -> Vec<tokio::task::JoinHandle<Vec<Value>>> {
    let one = |index: usize| {
        let (client, document) = (verifier.clone(), document.to_vec());
        tokio::spawn(async move {
            let mut connection = client.connect(BOTH[index % 2]).await;
            let mut reports = Vec::new();
            for _ in 0..4 {
                let reply = connection.send(request("POST", "/v1/verifications", OFD, document.clone())).await.unwrap();
                reports.push(reply.json());
            }
            reports
        })
    };
    (0..64).map(one).collect()
}

#[tokio::test]
async fn what_is_on_record_from_before_stays_good_and_nothing_new_comes_in() {
    let office = Office::new();
    let gateway = filed(&office).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    let before = office.ofd(&fields("32", 1));
    hand_in_before(&gateway, &before);
    assert_eq!(post(&issuer, STATUS, &json!({ "operation": "cancel" })).await.json()["status"], "cancelled");

    let report = ask(&verifier, &before).await;
    assert_eq!(why(&report), ("TOTAL-PASSED", ""), "{report:#}");
    assert_eq!(check(&report, "seal.state")["inputs"]["state"], "cancelled");
    let by_name = post(&verifier, "/v1/verifications", &json!({ "identifier": identifier("32", 1) })).await;
    assert_eq!(why(&by_name.json()), ("TOTAL-PASSED", ""));

    // Clocks may differ by some minutes.
    let after = office.ofd_at(&fields("33", 1), 200);
    let report = ask(&verifier, &after).await;
    assert_eq!(check(&report, "seal.state")["effect"], json!({ "indication": "TOTAL-FAILED", "sub_indication": "REVOKED" }));
    let refused = issuer.send(Http::One, request("POST", "/v1/licences", OFD, after)).await;
    refused.is_problem(422, "not-verified");
    let backdated = issuer.send(Http::One, request("POST", "/v1/licences", OFD, office.ofd(&fields("34", 1)))).await;
    backdated.is_problem(422, "not-verified");
    assert_eq!(backdated.json()["report"]["sub_indication"], "REVOKED_NO_POE");
}

/// Puts a licence on record as it was half a minute ago.
fn hand_in_before(gateway: &Started, document: &[u8]) {
    let (now, trust) = (gateway::clock::now().plus(-30), gateway.app.trust.current());
    let verified = verify::verify(&verify::Question::new(document, now), &trust).into_verified(document.to_vec()).unwrap();
    let how = Ingest { operation: None, actor: "office".to_owned(), organisation: ORGANISATION.to_owned(), now };
    assert!(gateway.app.store().licences().ingest(&verified, &how).unwrap().is_new());
}

#[tokio::test]
async fn a_clock_set_back_takes_no_seal_into_use() {
    let office = Office::new();
    let gateway = filed(&office).await;
    assert_eq!(post(&gateway.caller(ISSUER), STATUS, &json!({ "operation": "stop" })).await.status, 200);
    let document = office.ofd(&fields("35", 1));
    let (now, trust) = (gateway::clock::now(), gateway.app.trust.current());
    let sha256 = crypto::digest::Sha256::of(&[&document]);
    for (at, outcome) in [(At::Now, "not-concluded"), (At::Moment(now.plus(-30)), "passed")] {
        let inquiry = Inquiry { document: Document::Given(document.clone().into()), sha256, at, now: now.plus(-30), along: None };
        let judged = gateway.app.judge.judge(&inquiry, &trust).unwrap();
        let report = serde_json::to_value(&*judged.report).unwrap();
        assert_eq!(check(&report, "seal.state")["outcome"], outcome);
    }
}

#[tokio::test]
async fn a_seal_that_is_not_on_file_or_is_another() {
    let office = Office::new();
    let document = office.ofd(&fields("36", 1));
    let lenient = start(&office, "[policy]\nunrecorded = 'accept'\n").await;
    let report = ask(&lenient.verifier(), &document).await;
    assert_eq!(why(&report), ("TOTAL-PASSED", ""));
    assert!(report["warnings"].as_array().unwrap().iter().any(|check| check["id"] == "seal.record"));
    // The next one who asks is told what came on file meanwhile.
    let other = office.seal_with("33010500012345", b"other");
    assert_eq!(register(&lenient, ISSUER, "/v1/seals", other).await.status, 201);
    let report = ask(&lenient.verifier(), &document).await;
    assert_eq!(why(&report), ("TOTAL-FAILED", "HASH_FAILURE"));
    assert_eq!(check(&report, "seal.record")["outcome"], "failed");

    let strict = start(&office, "[policy]\nunrecorded = 'accept'\nunfiled_seals = 'indeterminate'\n").await;
    assert_eq!(why(&ask(&strict.verifier(), &document).await), ("INDETERMINATE", "TRY_LATER"));
    assert_eq!(register(&strict, ISSUER, "/v1/seals", office.seal()).await.status, 201);
    assert_eq!(why(&ask(&strict.verifier(), &document).await), ("TOTAL-PASSED", ""));
}
