//! A small store with something in every table, and the check that all of it is there.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::grants::{Lease, Quota};
use crypto::licence::{Operation, Status};
use crypto::objection::State;
use crypto::record::LogName;
use crypto::seal_register::{self, Application};
use crypto::time::{Date, Timestamp};
use storage::Store;
use storage::evidence::{EvidenceKind, EvidenceRecord};
use storage::ledger::{Card, Colour, Tally, Watched};
use storage::log::Once;

use crate::ledger::{Scribe, findings, look_up, newest, once, publishing, seal_use, witness};
use crate::sample::{ISSUER, TYPE, identifier, ingest, licence, now, number, seal, seal_change, status};
use crate::{catalogue, grants, objections, use_codes};

const SEAL: &str = "33010000001";

fn watched() -> Watched {
    Watched::Resource("3010010001/1".to_owned())
}

fn hour() -> Timestamp {
    storage::ledger::hour_of(now())
}

fn application() -> Application {
    Application {
        id: "00".repeat(16),
        name: "某某局".to_owned(),
        kind: "公章".to_owned(),
        organisation: ISSUER.to_owned(),
        evidence: Vec::new(),
        applicant: None,
        applied_at: now(),
        applied_by: "issuing-system".to_owned(),
        judgement: None,
        seal: None,
    }
}

fn evidence() -> EvidenceRecord {
    EvidenceRecord::new(EvidenceKind::List, Sha256::of(&[b"issuer"]), now(), b"a list".to_vec(), now())
}

fn card() -> Card {
    Card {
        number: 0,
        at: now(),
        about: watched(),
        organisation: ISSUER.to_owned(),
        colour: Colour::Yellow,
        before: Colour::Green,
        used_permille: 900,
        limit: "slow".to_owned(),
    }
}

fn day() -> Date {
    Date::new(2026, 3, 1).unwrap()
}

/// Puts something into every table.
pub(crate) fn fill(store: &Store) {
    let scribe = Scribe::new();
    publishing(store, &scribe);
    for (serial, version, document) in [("A1", 1, &b"one"[..]), ("A1", 2, b"two"), ("A2", 1, b"three")] {
        store.licences().ingest(&licence(serial, version, &[1, 2], document), &ingest()).unwrap();
    }
    store.licences().change_status(&identifier("A2", 1), &status(Operation::Revoke)).unwrap();
    let (record, der) = seal(SEAL, b"picture", 0);
    store.seals().register(&record, &der).unwrap();
    store.seals().change_status(SEAL, &seal_change(seal_register::Operation::Freeze)).unwrap();
    store.seals().apply(&application()).unwrap();
    store.certificates().add(b"certificate", "issuing-system", now()).unwrap();
    store.evidence().put(&evidence()).unwrap();
    let grant = grants::application(1, "C");
    store.grants().apply(&grant).unwrap();
    store.grants().check(&grant.id, &grants::check(), &grants::conditional()).unwrap();
    store.grants().decide(&grant.id, &grants::decision(), "P", &grants::conditional()).unwrap();
    let quota = Quota { total: Some(4), ..Quota::default() };
    store.grants().lease(&grant.id, &quota, day(), Lease { questions: 1, total: 1, records: 0 }).unwrap();
    store.catalogue().change(&catalogue::first(), Some(&Sha256::of(&[b"request"]))).unwrap();
    store.catalogue().tidy(&store.catalogue().newest().unwrap()).unwrap();
    store.objections().file(&objections::against_licence("1", "A1")).unwrap();
    store.objections().file(&objections::against_licence("2", "A2")).unwrap();
    store.objections().change("2", &objections::event(objections::answer(), ISSUER)).unwrap();
    assert!(store.tokens().spend(&use_codes::token("a", "1")).unwrap());
    let codes = [use_codes::code(1, now()), use_codes::code(2, now())];
    store.use_codes().issue(&codes).unwrap();
    assert!(store.use_codes().redeem(&codes[0].id, &use_codes::use_by("1")).unwrap());
    let figures = BTreeMap::from([((watched(), hour()), Tally { calls: 3, ..Tally::default() })]);
    store.ledger().add(&figures).unwrap();
    store.ledger().turn(&[card()]).unwrap();
    // Two shards of the seal log, and records of people and without.
    let drafts = [seal_use(1, 1, 0), once(seal_use(2, 2, 1), "named"), look_up(1, 2), seal_use(1, 2, 3700)];
    store.logs().append_and_wait(&drafts).unwrap();
    LogName::ALL.iter().for_each(|log| drop(newest(store, *log)));
    witness(store, "w");
    LogName::ALL.iter().for_each(|log| drop(newest(store, *log)));
    store.probe(now()).unwrap();
}

/// Reads every table, and checks the logs.
pub(crate) fn check(store: &Store) {
    check_registers(store);
    check_rights(store);
    check_logs(store);
}

fn check_registers(store: &Store) {
    let licences = store.licences();
    for (serial, version, document) in [("A1", 1, &b"one"[..]), ("A1", 2, b"two"), ("A2", 1, b"three")] {
        let identifier = identifier(serial, version);
        assert_eq!(licences.file(&identifier).unwrap().unwrap(), document);
        let by_file = licences.by_sha256(&Sha256::of(&[document])).unwrap().unwrap();
        assert_eq!(by_file.identifier(), &identifier);
        let slot = licences.slot(&identifier).unwrap().unwrap();
        assert_eq!(licences.by_slot(slot).unwrap(), Some(by_file));
    }
    let revoked = licences.record(&identifier("A2", 1)).unwrap().unwrap();
    assert_eq!(revoked.current().unwrap().0, Status::Revoked);
    for page in [licences.by_holder(&number(1), None, 10), licences.by_issuer(ISSUER, None, 10), licences.by_type(TYPE, None, 10)]
    {
        assert_eq!(page.unwrap().items.len(), 3);
    }
    let sealed = store.seals().seal(SEAL).unwrap().unwrap();
    assert_eq!(sealed.standing_at(now().plus(60)), Some(seal_register::Status::Frozen));
    assert_eq!(store.seals().file(&sealed), Ok(seal(SEAL, b"picture", 0).1));
    assert_eq!(store.seals().list(None, 10).unwrap().items, [sealed]);
    assert_eq!(store.seals().application(&application().id), Ok(Some(application())));
    let certificate = store.certificates().certificate(&Sha256::of(&[b"certificate"])).unwrap().unwrap();
    assert_eq!(store.certificates().list(None, 10).unwrap().items, [certificate]);
    assert_eq!(store.evidence().newest(u64::MAX), Ok(vec![evidence()]));
}

fn check_rights(store: &Store) {
    let grant = grants::application(1, "C").id;
    assert!(store.grants().application(&grant).unwrap().is_some());
    assert_eq!(store.grants().all().unwrap().len(), 1);
    assert_eq!(store.grants().usage(&grant).unwrap().unwrap().total, 1);
    assert_eq!(store.catalogue().newest().unwrap().version, 1);
    assert_eq!(store.catalogue().named(&Sha256::of(&[b"request"])), Ok(Some(catalogue::first())));
    assert_eq!(store.objections().disputes_of_licence(&identifier("A1", 1)).unwrap().len(), 1);
    assert_eq!(store.objections().objection("2").unwrap().unwrap().state(), State::Rejected);
    assert!(store.tokens().is_spent("a", "1").unwrap(), "what was used stays used");
    let codes = [use_codes::code(1, now()), use_codes::code(2, now())];
    let redeemed = |code: &str| store.use_codes().find(code).unwrap().unwrap().redeemed.is_some();
    assert_eq!(codes.map(|code| redeemed(&code.id)), [true, false]);
    assert_eq!(store.ledger().sum(&watched(), hour(), hour().plus(3600)).unwrap().calls, 3);
    assert_eq!((store.ledger().standing(), store.ledger().cards(0, 9)), (Ok(vec![card()]), Ok(vec![card()])));
}

fn check_logs(store: &Store) {
    let logs = store.logs();
    assert_eq!(LogName::ALL.map(|log| logs.size(log).unwrap()).iter().sum::<u64>(), 5);
    for log in LogName::ALL {
        for record in 0..logs.size(log).unwrap() {
            assert!(logs.record(log, record).unwrap().is_some(), "{log} {record}");
        }
    }
    assert_eq!(logs.shards(LogName::Seal).unwrap().len(), 2);
    let name = Once { caller: "system-0".to_owned(), name: "named".to_owned() };
    assert_eq!(logs.once(&name).unwrap().unwrap().number, 1);
    assert_eq!(store.witnessing().cosigned(LogName::Seal, 1).unwrap().lines.len(), 1);
    assert!(store.witnessing().vouched("other.example/w").unwrap().1.is_some());
    assert_eq!(findings(store), []);
}
