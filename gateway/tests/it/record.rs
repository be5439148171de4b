//! What requests leave on record: each in its log, once, durable before the answer, and nothing about citizens in the facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, KeyKind, Link, LogName, Opening, SubjectPart};
use gateway::routes::TABLE;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::{Keys, Store};

use crate::client::{BOTH, Client, Http, Reply, get, post_json, request};
use crate::licence_kit::{HOLDER, ORGANISATION, Office, fields, identifier};
use crate::started::{AUDITOR, ISSUER, OPERATOR, OTHER_ISSUER, Setup, Started, VERIFIER};

const JOSE: &str = "application/jose";
const OFD: &str = "application/ofd";

/// What each route leaves on record, by the name of its operation. A route that nobody has decided about is not here.
const DECIDED: &[(&str, Option<EventKind>)] = &[
    ("verify", Some(EventKind::DocumentVerify)),
    ("ingestLicence", Some(EventKind::LicenceIssue)),
    ("searchLicences", Some(EventKind::LicenceSearch)),
    ("readLicence", Some(EventKind::LicenceRead)),
    ("readLicenceFile", Some(EventKind::LicenceDownload)),
    ("changeLicenceStatus", Some(EventKind::LicenceStatus)),
    ("registerSeal", Some(EventKind::SealFile)),
    ("readSeal", Some(EventKind::SealRead)),
    ("readSealFile", Some(EventKind::SealRead)),
    ("applyForSeal", Some(EventKind::SealApply)),
    ("decideSealApplication", Some(EventKind::SealDecide)),
    ("readSealApplication", Some(EventKind::SealRead)),
    // Which of them it is, the body says.
    ("changeSealStatus", Some(EventKind::Request)),
    ("useSeal", Some(EventKind::SealUse)),
    ("readSealUse", Some(EventKind::LogRead)),
    ("makeEvidence", Some(EventKind::EvidenceMake)),
    ("registerCertificate", Some(EventKind::CertificateAdd)),
    ("readCertificate", Some(EventKind::CertificateRead)),
    ("readCertificateFile", Some(EventKind::CertificateRead)),
    ("readTrust", Some(EventKind::TrustRead)),
    ("reloadTrust", Some(EventKind::TrustChange)),
    ("readTrustStatus", Some(EventKind::TrustRead)),
    ("readStatusList", None),
    ("redeemUseCode", Some(EventKind::UseCodeRedeem)),
    ("presentLicence", Some(EventKind::PresentationIssue)),
    ("redeemPresentation", Some(EventKind::PresentationRedeem)),
    ("readLogs", None),
    ("searchLog", Some(EventKind::LogRead)),
    ("exportLog", Some(EventKind::LogExport)),
    ("readLogEntry", Some(EventKind::LogRead)),
    ("proveLogEntry", Some(EventKind::LogRead)),
    ("proveLogConsistency", Some(EventKind::LogRead)),
    ("askLog", Some(EventKind::LogRead)),
    ("eraseSubject", Some(EventKind::LogErase)),
    ("retireRecords", Some(EventKind::LogRetire)),
    ("readCheckpoint", None),
    ("readTile", None),
    ("addCheckpoint", Some(EventKind::LogWitness)),
    ("readSupervision", Some(EventKind::SupervisionRead)),
    ("readCards", Some(EventKind::SupervisionRead)),
    ("readSupervisionReport", Some(EventKind::SupervisionRead)),
    ("readOpenapi", None),
    ("lookUp", Some(EventKind::LookUp)),
    ("lookUpBatch", Some(EventKind::LookUp)),
    ("lookUpMaterials", Some(EventKind::LookUpMaterials)),
    ("compareFacts", Some(EventKind::LookUpCompare)),
    ("readCatalogue", Some(EventKind::CatalogueRead)),
    ("readCatalogueEntry", Some(EventKind::CatalogueRead)),
    ("changeCatalogue", Some(EventKind::CatalogueChange)),
    ("listCatalogueChanges", Some(EventKind::CatalogueRead)),
    ("readCatalogueChange", Some(EventKind::CatalogueRead)),
    ("readFeed", Some(EventKind::FeedRead)),
    ("fileObjection", Some(EventKind::ObjectionFile)),
    ("listObjections", Some(EventKind::ObjectionRead)),
    ("readObjection", Some(EventKind::ObjectionRead)),
    ("acceptObjection", Some(EventKind::ObjectionAnswer)),
    ("answerObjection", Some(EventKind::ObjectionAnswer)),
    ("forwardObjection", Some(EventKind::ObjectionAnswer)),
    ("withdrawObjection", Some(EventKind::ObjectionAnswer)),
    ("applyForGrant", Some(EventKind::GrantApply)),
    ("listGrantApplications", Some(EventKind::GrantRead)),
    ("readGrantApplication", Some(EventKind::GrantRead)),
    ("checkGrantApplication", Some(EventKind::GrantCheck)),
    ("decideGrantApplication", Some(EventKind::GrantDecide)),
    ("listGrants", Some(EventKind::GrantRead)),
    ("readGrant", Some(EventKind::GrantRead)),
    ("withdrawGrant", Some(EventKind::GrantWithdraw)),
];

#[test]
fn every_route_was_decided_about() {
    let decided: BTreeMap<_, _> = DECIDED.iter().copied().collect();
    let routes: BTreeMap<_, _> = TABLE.iter().map(|route| (route.doc.id, route.event)).collect();
    assert_eq!(routes, decided);
}

/// A record as a test looks at it.
#[derive(Debug)]
struct Seen {
    log: LogName,
    facts: Facts,
    subject: SubjectPart,
    links: Vec<Link>,
    text: String,
}

impl Seen {
    fn new(log: LogName, opening: &Opening) -> Self {
        let links = (Opening::LINKS..opening.parts.len()).map(|place| opening.read(place).unwrap());
        Self {
            log,
            facts: opening.read(Opening::FACTS).unwrap(),
            subject: opening.read(Opening::SUBJECT).unwrap(),
            links: links.collect(),
            text: opening.parts[Opening::FACTS].text().unwrap().to_owned(),
        }
    }

    fn links_of(&self, kind: KeyKind) -> usize {
        self.links.iter().filter(|link| link.kind == kind).count()
    }

    fn said(&self) -> (LogName, EventKind, Ending, &str) {
        (self.log, self.facts.event, self.facts.outcome, self.facts.code.as_deref().unwrap_or_default())
    }
}

/// A gateway with a reader of its logs.
struct Watched {
    gateway: Started,
    seen: BTreeMap<LogName, u64>,
}

impl Watched {
    fn new(gateway: Started) -> Self {
        Self { gateway, seen: BTreeMap::new() }
    }

    /// What came since the last look.
    fn news(&mut self) -> Vec<Seen> {
        let logs = self.gateway.app.store().logs();
        let mut news = Vec::new();
        for log in LogName::ALL {
            let seen = self.seen.entry(log).or_default();
            let size = logs.size(log).unwrap();
            news.extend((*seen..size).map(|number| Seen::new(log, &logs.record(log, number).unwrap().unwrap())));
            *seen = size;
        }
        news
    }

    /// The one record that this request leaves.
    async fn one(&mut self, uri: &str, request: Request<Full<Bytes>>, status: u16) -> Seen {
        assert!(self.news().is_empty());
        let holder = self.gateway.holder(uri);
        let reply = self.gateway.client().with(&holder).send(Http::One, request).await;
        assert_eq!(reply.status.as_u16(), status, "{}", String::from_utf8_lossy(&reply.body));
        let mut news = self.news();
        assert_eq!(news.len(), 1, "{news:?}");
        let one = news.remove(0);
        assert_eq!(one.facts.request.as_deref(), Some(reply.header("x-request-id")));
        assert_eq!(one.facts.address.as_deref(), Some("127.0.0.1"));
        assert_eq!(one.facts.certificate, Some(Sha256::of(&[&holder.certificate])));
        let role = Value::from_iter([uri.rsplit(['-', ':']).next().unwrap()]);
        assert_eq!(one.facts.details["roles"], if uri == VERIFIER { json!(["verifier"]) } else { role });
        assert!(!one.text.contains("null"), "{}", one.text);
        one
    }
}

async fn start(office: &Office) -> Watched {
    Watched::new(office.trusted_by(Setup::new()).start_with(TABLE).await)
}

#[tokio::test]
async fn what_happens_to_a_licence_is_on_record() {
    let office = Office::new();
    let mut at = start(&office).await;
    let document = office.ofd(&fields("1", 1));
    let path = format!("/v1/licences/{}", identifier("1", 1));
    let mut all = Vec::new();
    let licence = identifier("1", 1).to_string();

    let hand_in = || request("POST", "/v1/licences", OFD, document.clone());
    let issued = at.one(ISSUER, hand_in(), 201).await;
    assert_eq!(issued.said(), (LogName::Seal, EventKind::LicenceIssue, Ending::Done, "TOTAL-PASSED"));
    assert_eq!((issued.facts.caller.as_str(), issued.facts.organisation.as_deref()), ("office", Some(ORGANISATION)));
    assert_eq!(issued.facts.issuer.as_deref(), Some(ORGANISATION));
    let mention = issued.facts.document.as_ref().unwrap();
    assert_eq!((mention.sha256, mention.sm3.as_ref().map(String::len)), (Some(Sha256::of(&[&document])), Some(64)));
    let [seal] = issued.facts.seals.as_slice() else { panic!("one seal: {issued:?}") };
    assert_eq!((seal.id.as_str(), seal.sha256, seal.owner.as_deref()), {
        ("33010500012345", Some(Sha256::of(&[&office.seal()])), Some(ORGANISATION))
    });
    assert_eq!((issued.links_of(KeyKind::Seal), issued.links_of(KeyKind::Subject)), (1, 1));
    assert!(issued.facts.details["status"]["age_s"].as_i64().unwrap() >= 3600, "{issued:?}");
    let again = at.one(ISSUER, hand_in(), 200).await;
    assert_eq!(again.facts.details["unchanged"], true);
    all.extend([issued, again]);

    let asked = request("POST", "/v1/verifications", OFD, document.clone());
    let verified = at.one(VERIFIER, asked, 200).await;
    assert_eq!(verified.said(), (LogName::Seal, EventKind::DocumentVerify, Ending::Done, "TOTAL-PASSED"));
    let details = &verified.facts.details;
    assert_eq!((&details["cache"], &details["format"]), (&json!("miss"), &json!("ofd")));
    assert_eq!(details["signers"][0]["organisation"], ORGANISATION);
    assert!(details["status"]["age_s"].as_i64().unwrap() >= 3600 && details["steps"]["passed"].as_u64().unwrap() > 10);
    assert_eq!(details["trust"], json!(at.gateway.app.trust.current().generation()));
    assert_eq!((verified.links_of(KeyKind::Seal), verified.links_of(KeyKind::Subject)), (1, 1));
    let by_name = || post_json("/v1/verifications", &json!({ "identifier": licence }).to_string());
    let named = at.one(VERIFIER, by_name(), 200).await;
    assert_eq!((&named.facts.details["cache"], named.facts.document.as_ref().unwrap().sm3.is_some()), (&json!("hit"), true));
    assert_eq!(named.links_of(KeyKind::Subject), 1, "a kept verdict concerns the same person");
    all.extend([verified, named]);

    for (path, event) in [(path.clone(), EventKind::LicenceRead), (format!("{path}/file"), EventKind::LicenceDownload)] {
        let read = at.one(AUDITOR, get(&path), 200).await;
        assert_eq!(read.said(), (LogName::Access, event, Ending::Done, ""));
        assert_eq!((read.links_of(KeyKind::Subject), read.facts.document.is_some()), (1, true));
        all.push(read);
    }
    let holder = json!({ "holder": { "code_type": "111", "code": HOLDER } }).to_string();
    let found = at.one(VERIFIER, post_json("/v1/licences/search", &holder), 200).await;
    assert_eq!(found.said(), (LogName::Access, EventKind::LicenceSearch, Ending::Done, ""));
    assert_eq!((found.links_of(KeyKind::Subject), &found.facts.details["rows"]), (1, &json!(1)));
    assert!(found.subject.licence.is_none());
    let person = found.links[0].key;

    let revoke = json!({ "operation": "revoke", "reason": "某甲 deceived us" }).to_string();
    let status = |uri| (uri, post_json(&format!("{path}/status"), &revoke));
    let (uri, change) = status(ISSUER);
    let revoked = at.one(uri, change, 200).await;
    assert_eq!(revoked.said(), (LogName::Seal, EventKind::LicenceStatus, Ending::Done, ""));
    assert_eq!(revoked.facts.details["operation"], "revoke");
    assert_eq!(revoked.subject.details["reason"], "某甲 deceived us");
    let (uri, change) = status(ISSUER);
    let illegal = at.one(uri, change, 409).await;
    assert_eq!(illegal.said(), (LogName::Seal, EventKind::LicenceStatus, Ending::Refused, "illegal-transition"));
    let (uri, change) = status(OTHER_ISSUER);
    let foreign = at.one(uri, change, 403).await;
    assert_eq!(foreign.said(), (LogName::Seal, EventKind::LicenceStatus, Ending::Refused, "other-organisation"));
    all.extend([found, revoked, illegal, foreign]);

    for seen in &all {
        for personal in [HOLDER, "某甲", licence.as_str(), "deceived"] {
            assert!(!seen.text.contains(personal), "{personal} in {}", seen.text);
        }
        let subject = seen.links.iter().filter(|link| link.kind == KeyKind::Subject);
        assert!(subject.map(|link| link.key).all(|key| key == person), "one pseudonym for one person");
        assert!(seen.facts.event == EventKind::LicenceSearch || seen.subject.licence.as_ref() == Some(&licence));
    }
}

#[tokio::test]
async fn registers_and_trust_are_on_record() {
    let office = Office::new();
    let mut at = start(&office).await;
    let der = office.maker().to_vec();
    let sha256 = Sha256::of(&[&der]);
    let add = || request("POST", "/v1/certificates", "application/pkix-cert", der.clone());
    for (status, unchanged) in [(201, None), (200, Some(&json!(true)))] {
        let added = at.one(OPERATOR, add(), status).await;
        assert_eq!(added.said(), (LogName::Access, EventKind::CertificateAdd, Ending::Done, ""));
        assert_eq!((&added.facts.details["sha256"], added.facts.details.get("unchanged")), (&json!(sha256), unchanged));
    }
    for path in [format!("/v1/certificates/{sha256}"), format!("/v1/certificates/{sha256}/file")] {
        let read = at.one(VERIFIER, get(&path), 200).await;
        assert_eq!(read.said(), (LogName::Access, EventKind::CertificateRead, Ending::Done, ""));
    }
    assert_eq!(at.one(VERIFIER, get("/v1/trust"), 200).await.facts.event, EventKind::TrustRead);
    assert_eq!(at.one(AUDITOR, get("/v1/trust/status"), 200).await.facts.event, EventKind::TrustRead);
    let reloaded = at.one(OPERATOR, request("POST", "/v1/trust/reload", "", ""), 200).await;
    assert_eq!(reloaded.said(), (LogName::Access, EventKind::TrustChange, Ending::Done, ""));
    assert_eq!(reloaded.facts.details["unchanged"], true);
    let seal = at.one(ISSUER, request("POST", "/v1/seals", "application/octet-stream", office.seal()), 201).await;
    assert_eq!((seal.log, seal.facts.event), (LogName::Seal, EventKind::SealFile));
    assert_eq!(at.one(AUDITOR, get("/v1/seals/33010500012345"), 200).await.log, LogName::Access);

    for path in ["/openapi.json", "/v1/logs"] {
        assert_eq!(at.gateway.verifier().get(path).await.status, 200);
    }
    at.gateway.verifier().get("/v1/status-lists/7").await.is_problem(404, "status-list-not-found");
    assert!(at.news().is_empty(), "what everybody may see is nobody's business");
}

#[tokio::test]
async fn refusals_are_on_record() {
    let office = Office::new();
    let mut at = start(&office).await;
    let nowhere = at.one(VERIFIER, get("/nowhere/11010519491231002X"), 404).await;
    assert_eq!(nowhere.said(), (LogName::Access, EventKind::Request, Ending::Refused, "not-found"));
    let role = at.one(VERIFIER, request("POST", "/v1/licences", JOSE, "x"), 403).await;
    assert_eq!(role.said(), (LogName::Seal, EventKind::LicenceIssue, Ending::Refused, "role-required"));
    let silent = at.one(VERIFIER, get("/v1/logs?x=1"), 400).await;
    assert_eq!(silent.said(), (LogName::Access, EventKind::Request, Ending::Refused, "bad-parameter"));
    assert_eq!(silent.facts.details["route"], "/v1/logs");
    let no_document = at.one(VERIFIER, request("POST", "/v1/verifications", "application/octet-stream", "x"), 422).await;
    assert_eq!(no_document.said(), (LogName::Access, EventKind::DocumentVerify, Ending::Refused, "malformed-document"));
    let unverified = at.one(ISSUER, request("POST", "/v1/licences", "application/octet-stream", "x"), 422).await;
    assert_eq!(unverified.said(), (LogName::Seal, EventKind::LicenceIssue, Ending::Refused, "not-verified"));
    assert!(unverified.facts.details.contains_key("verdict"));
    let missing = format!("/v1/licences/{}", identifier("9", 1));
    let unknown = at.one(AUDITOR, get(&missing), 404).await;
    assert_eq!(unknown.said(), (LogName::Access, EventKind::LicenceRead, Ending::Refused, "licence-not-found"));
    assert_eq!(unknown.subject.licence, Some(identifier("9", 1).to_string()));
    for seen in [nowhere, role, silent, no_document, unverified, unknown] {
        assert!(!seen.text.contains("19491231") && !seen.text.contains(&identifier("9", 1).to_string()), "{}", seen.text);
    }
}

#[tokio::test]
async fn strangers_cannot_fill_the_log() {
    let setup = Setup { record: "refusals_per_s = 3".to_owned(), ..Setup::new() };
    let mut at = Watched::new(setup.start().await);
    let mut stranger = at.gateway.client().with(&at.gateway.holder("urn:test:nobody")).connect(Http::Two).await;
    for _ in 0..40 {
        stranger.send(get("/whoami")).await.unwrap().is_problem(403, "unknown-caller");
    }
    let news = at.news();
    assert!((3..40).contains(&news.len()), "{}", news.len());
    assert!(news.iter().all(|seen| seen.said() == (LogName::Access, EventKind::Request, Ending::Refused, "unknown-caller")));
    assert!(news.iter().all(|seen| seen.facts.caller == "-" && seen.facts.organisation.is_none()));
    let told = |seen: &[Seen]| seen.iter().filter_map(|seen| seen.facts.details.get("suppressed")?.as_u64()).sum::<u64>();
    let (recorded, before) = (u64::try_from(news.len()).unwrap(), told(&news));
    let next = at.one(VERIFIER, get("/whoami"), 200).await;
    assert_eq!(recorded + before + told(&[next]), 40, "every refusal is there or counted");
    at.gateway.client().get("/whoami").await.is_problem(401, "certificate-required");
}

#[tokio::test]
async fn failures_are_on_record() {
    let mut at = Watched::new(Setup::new().with("request_timeout_ms = 50").start().await);
    let panicked = at.one(VERIFIER, get("/panic"), 500).await;
    assert_eq!((panicked.facts.outcome, panicked.facts.code.as_deref()), (Ending::Failed, Some("internal")));
    let late = at.one(VERIFIER, get("/stuck"), 503).await;
    assert_eq!((late.facts.outcome, late.facts.code.as_deref()), (Ending::Failed, Some("deadline-exceeded")));
}

#[tokio::test]
async fn what_a_request_is_for_is_on_record() {
    let mut at = Watched::new(Setup::new().start().await);
    let mut asked = get("/whoami");
    for (name, value) in [
        ("licet-item", "000113005002"),
        ("licet-case", "2026%2F7"),
        ("licet-purpose", "%E5%8A%9E%E7%90%86"),
        ("licet-operator", "w-17"),
    ] {
        asked.headers_mut().insert(name, value.parse().unwrap());
    }
    let seen = at.one(VERIFIER, asked, 200).await;
    assert_eq!((seen.facts.item.as_deref(), seen.facts.purpose.as_deref()), (Some("000113005002"), Some("办理")));
    assert_eq!((seen.facts.operator.as_deref(), seen.subject.case.as_deref()), (Some("w-17"), Some("2026/7")));
    assert!(!seen.text.contains("2026/7"));
    let mut personal = get("/whoami");
    personal.headers_mut().insert("licet-purpose", HOLDER.parse().unwrap());
    let refused = at.one(VERIFIER, personal, 400).await;
    assert!(!refused.text.contains(HOLDER));
}

#[tokio::test]
async fn without_its_record_no_answer_is_given() {
    let office = Office::new();
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::<Memory>::clone(&engine), &Keys::new([1; 32], [2; 32])).unwrap();
    let mut setup = office.trusted_by(Setup::new());
    setup.record.push_str("when_failed = 'refuse'");
    let gateway = setup.start_over(TABLE, store).await;
    let document = office.ofd(&fields("1", 1));
    let created = gateway.caller(ISSUER).send(Http::One, request("POST", "/v1/licences", OFD, document.clone())).await;
    assert_eq!(created.status, 201);
    let ask = async |client: &Client| client.send(Http::One, request("POST", "/v1/verifications", OFD, document.clone())).await;
    let verifier = gateway.verifier();
    assert_eq!(ask(&verifier).await.status, 200);
    gateway.app.store().probe(gateway::clock::now()).unwrap();

    engine.plan(FaultPlan::new().at(0, Fault::Lost).poisoning());
    for http in BOTH {
        let reply = ask(&verifier).await;
        reply.is_problem(503, "unavailable");
        tells_nothing(&reply);
        for path in [format!("/v1/licences/{}", identifier("1", 1)), "/v1/trust".to_owned(), "/nowhere".to_owned()] {
            let reply = verifier.send(http, get(&path)).await;
            reply.is_problem(503, "unavailable");
            tells_nothing(&reply);
        }
    }
    let reload = gateway.operator().send(Http::One, request("POST", "/v1/trust/reload", "", "")).await;
    reload.is_problem(503, "unavailable");
    assert!(reload.json()["detail"].as_str().unwrap().contains("may have been made"));
}

#[track_caller]
fn tells_nothing(reply: &Reply) {
    let Value::Object(body) = reply.json() else { panic!("{reply:?}") };
    let keys: Vec<_> = body.keys().map(String::as_str).collect();
    assert_eq!(keys, ["code", "request_id", "status", "title", "type"]);
}
