//! Seals and certificates on file.

use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::seal_register::{Application, ApplicationError, Change, Decision, Judgement, Operation, RecordError, Status};
use storage::log::{Draft, Pending};
use storage::seals::SealRecord;
use storage::{StorageError, Store, Stored};

use crate::sample::{ISSUER, keys, now, seal, seal_change};

#[test]
fn one_seal_of_an_identifier() {
    let store = Store::memory(&keys()).unwrap();
    let (first, der) = seal("3301", b"one", 0);
    assert_eq!(store.seals().register(&first, &der), Ok(Stored::Created(first.clone())));
    let (again, _) = seal("3301", b"one", 9);
    assert_eq!(store.seals().register(&again, &der), Ok(Stored::Unchanged(first.clone())));
    let (other, other_der) = seal("3301", b"two", 0);
    assert_eq!(store.seals().register(&other, &other_der), Err(StorageError::SealExists));
    assert_eq!(store.seals().register(&other, &der), Err(StorageError::Internal), "a record of other bytes");
    assert_eq!(store.seals().file(&first), Ok(der));
    assert_eq!(store.seals().seal("3301"), Ok(Some(first)));
    assert_eq!(store.seals().seal("3302"), Ok(None));
}

#[test]
fn seals_are_listed_newest_first() {
    let store = Store::memory(&keys()).unwrap();
    let seals: Vec<_> = (0..5_u8).map(|n| seal(&format!("33{n}"), &[n], i64::from(n))).collect();
    for (record, der) in &seals {
        store.seals().register(record, der).unwrap();
    }
    let records: Vec<_> = seals.into_iter().rev().map(|(record, _)| record).collect();
    let first = store.seals().list(None, 3).unwrap();
    assert_eq!(first.items, records[..3]);
    let rest = store.seals().list(first.next.as_ref(), 3).unwrap();
    assert_eq!((&rest.items[..], rest.next), (&records[3..], None));
}

#[test]
fn what_becomes_of_a_seal() {
    let store = Store::memory(&keys()).unwrap();
    let (record, der) = seal("3301", b"one", 0);
    store.seals().register(&record, &der).unwrap();
    let request = Some(Sha256::of(&[b"request"]));
    let freeze = Change { request, ..seal_change(Operation::Freeze) };
    let frozen = store.seals().change_status("3301", &freeze).unwrap();
    assert!(frozen.is_new());
    let frozen = frozen.into_inner();
    assert_eq!(frozen.standing_at(now().plus(60)), Some(Status::Frozen));
    assert_eq!(frozen.standing_at(now().plus(59)), Some(Status::Filed));
    assert_eq!(store.seals().change_status("3301", &freeze), Ok(Stored::Unchanged(frozen.clone())));
    assert_eq!(store.seals().seal("3301"), Ok(Some(frozen)));
    let refused = store.seals().change_status("3301", &seal_change(Operation::Deliver)).unwrap_err();
    assert_eq!((refused.code(), refused.is_refusal()), ("illegal-seal-transition", true));
    let missing = store.seals().change_status("3302", &freeze);
    assert_eq!(missing, Err(StorageError::NotFound { what: "seal" }));
}

#[test]
fn a_seal_is_remade_by_one_that_is_there() {
    let store = Store::memory(&keys()).unwrap();
    let foreign =
        |(record, der): (SealRecord, Vec<u8>)| (SealRecord { organisation: "11350200004144116F".to_owned(), ..record }, der);
    let stopped = seal("3303", b"stopped", 0);
    for (record, der) in [seal("3301", b"old", 0), seal("3302", b"new", 0), stopped, foreign(seal("3304", b"foreign", 0))] {
        store.seals().register(&record, &der).unwrap();
    }
    store.seals().change_status("3303", &seal_change(Operation::Stop)).unwrap();
    let remake = |id: &str, next: Option<&str>| {
        let change = Change { successor: next.map(str::to_owned), ..seal_change(Operation::Remake) };
        store.seals().change_status(id, &change)
    };
    for next in [None, Some("3301"), Some("3303"), Some("3304"), Some("3305")] {
        assert_eq!(remake("3301", next), Err(StorageError::Seal(RecordError::Successor)), "{next:?}");
    }
    let remade = remake("3301", Some("3302")).unwrap().into_inner();
    assert_eq!((remade.current().map(|(status, _)| status), remade.next.as_deref()), (Some(Status::Remade), Some("3302")));
    assert_eq!(store.seals().seal("3302").unwrap().unwrap().previous.as_deref(), Some("3301"));
    assert_eq!(remake("3303", Some("3302")), Err(StorageError::Seal(RecordError::Successor)), "it has taken a place already");
}

#[test]
fn an_application_is_good_for_one_seal() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.seals();
    let application = Application {
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
    };
    assert!(table.apply(&application).unwrap().is_new());
    let later = Application { applied_at: now().plus(5), ..application.clone() };
    assert_eq!(table.apply(&later), Ok(Stored::Unchanged(application.clone())));
    let other = Application { kind: "合同章".to_owned(), ..application.clone() };
    assert_eq!(table.apply(&other), Err(StorageError::Application(ApplicationError::OtherRequest)));

    let (record, der) = seal("3301", b"one", 0);
    let record = SealRecord { application: Some(application.id.clone()), ..record };
    assert_eq!(table.register(&record, &der), Err(StorageError::Application(ApplicationError::NotApproved)));
    assert_eq!(table.seal("3301"), Ok(None));
    let judgement = Judgement {
        decision: Decision::Approve,
        approver: "p-2".to_owned(),
        reason: None,
        decided_at: now(),
        decided_by: "operations".to_owned(),
    };
    assert!(table.decide(&application.id, &judgement).unwrap().is_new());
    assert!(!table.decide(&application.id, &judgement).unwrap().is_new());
    assert_eq!(table.decide("none", &judgement), Err(StorageError::NotFound { what: "seal application" }));
    assert!(table.register(&record, &der).unwrap().is_new());
    assert_eq!(table.application(&application.id).unwrap().unwrap().seal.as_deref(), Some("3301"));
    let (second, der) = seal("3302", b"two", 0);
    let second = SealRecord { application: Some(application.id), ..second };
    assert_eq!(table.register(&second, &der), Err(StorageError::Application(ApplicationError::Used)));
    let lost = SealRecord { application: Some("none".to_owned()), ..second };
    assert_eq!(table.register(&lost, &der), Err(StorageError::NotFound { what: "seal application" }));
}

#[test]
fn a_change_and_its_record_are_one() {
    let store = Store::memory(&keys()).unwrap();
    let (record, der) = seal("3301", b"one", 0);
    let pending = |event| Pending::new(vec![Draft::new(now(), Facts::new(event, Ending::Done, "issuing-system".to_owned()))]);
    let filing = pending(EventKind::SealFile);
    store.seals().recording(&filing).register(&record, &der).unwrap();
    assert_eq!(filing.recorded().map(<[_]>::len), Some(1));
    let refused = pending(EventKind::SealRestore);
    store.seals().recording(&refused).change_status("3301", &seal_change(Operation::Restore)).unwrap_err();
    assert!(refused.recorded().is_none());
    let freezing = pending(EventKind::SealFreeze);
    store.seals().recording(&freezing).change_status("3301", &seal_change(Operation::Freeze)).unwrap();
    assert_eq!(store.logs().size(LogName::Seal), Ok(2));
}

#[test]
fn certificates_by_digest_and_in_order() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.certificates();
    let add = |der: &[u8], seconds| table.add(der, "issuing-system", now().plus(seconds)).unwrap();
    let first = add(b"one", 0);
    assert!(first.is_new());
    let first = first.into_inner();
    assert_eq!(add(b"one", 5), Stored::Unchanged(first.clone()));
    let second = add(b"two", 1).into_inner();
    assert_eq!(table.certificate(&Sha256::of(&[b"one"])), Ok(Some(first.clone())));
    assert_eq!(table.certificate(&Sha256::of(&[b"three"])), Ok(None));
    assert_eq!(table.list(None, 10).unwrap().items, [second, first]);
}
