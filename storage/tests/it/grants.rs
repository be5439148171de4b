//! Grants and the applications for them, on record.

use crypto::grants::{
    Application, ApplicationState, Assessment, Check, Decision, GrantError, Lease, Quota, Usage, Verdict, Withdrawal,
};
use crypto::licence::Reason;
use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::time::Date;
use serde_json::json;
use storage::grants::Whose;
use storage::log::{Draft, Pending};
use storage::{StorageError, Store, Stored};

use crate::sample::{keys, now};

fn store() -> Store {
    Store::memory(&keys()).unwrap()
}

pub(crate) fn application(number: u8, consumer: &str) -> Application {
    serde_json::from_value(json!({
        "id": format!("{number:032x}"), "consumer": { "caller": "approval", "organisation": consumer }, "provider": "P",
        "wish": {
            "resource": "3010010001/1", "items": ["i1"], "fields": ["name"], "authorities": ["duty"],
            "until": "2030-01-01T00:00:00Z", "legal_basis": "law",
        },
        "applied_at": now().plus(i64::from(number)), "applied_by": "approval", "check_due": "2026-01-03T00:00:00Z",
    }))
    .unwrap()
}

pub(crate) fn check() -> Check {
    Check { verdict: Verdict::Approve, reason: None, at: now(), by: "platform".to_owned() }
}

pub(crate) fn decision() -> Decision {
    Decision { verdict: Verdict::Approve, reason: None, at: now(), by: "office".to_owned() }
}

pub(crate) fn conditional() -> Assessment {
    Assessment { findings: Vec::new(), decision_due: Some(now().plus(60)) }
}

fn withdrawal() -> Withdrawal {
    Withdrawal { at: now(), by: "office".to_owned(), reason: Reason::new("misuse".to_owned()).unwrap() }
}

#[test]
fn from_application_to_withdrawal() {
    let store = store();
    let grants = store.grants();
    let one = application(1, "C");
    assert_eq!(grants.check(&one.id, &check(), &conditional()).unwrap_err().code(), "not-found");
    assert_eq!(grants.apply(&one), Ok(Stored::Created(one.clone())));
    assert_eq!(grants.apply(&one), Ok(Stored::Unchanged(one.clone())));
    let mut other = one.clone();
    other.wish.feed = true;
    assert_eq!(grants.apply(&other), Err(StorageError::Grant(GrantError::OtherRequest)));

    let checked = grants.check(&one.id, &check(), &conditional()).unwrap();
    assert_eq!((checked.is_new, checked.grant, checked.application.state()), (true, None, ApplicationState::Checked));
    assert!(!grants.check(&one.id, &check(), &conditional()).unwrap().is_new);
    assert_eq!(grants.grant(&one.id), Ok(None));
    let decided = grants.decide(&one.id, &decision(), "P", &conditional()).unwrap();
    let grant = decided.grant.unwrap();
    assert_eq!(grants.grant(&one.id), Ok(Some(grant)));
    assert_eq!(grants.application(&one.id), Ok(Some(decided.application)));
    let again = grants.decide(&one.id, &decision(), "P", &conditional()).unwrap();
    assert_eq!((again.is_new, again.grant), (false, None));

    let withdrawn = grants.withdraw(&one.id, &withdrawal()).unwrap();
    assert!(withdrawn.is_new());
    let withdrawn = withdrawn.into_inner();
    assert_eq!(grants.withdraw(&one.id, &withdrawal()), Ok(Stored::Unchanged(withdrawn.clone())));
    assert_eq!(grants.all(), Ok(vec![withdrawn]));
    assert_eq!(grants.withdraw("00", &withdrawal()), Err(StorageError::NotFound { what: "grant" }));
}

#[test]
fn each_step_goes_with_its_record() {
    let store = store();
    let one = application(1, "C");
    let pending = |event| {
        let facts = Facts::new(event, Ending::Done, "x".to_owned());
        Pending::new(vec![Draft::new(now(), facts)])
    };
    let recording = |event| store.grants().recording(&pending(event));
    recording(EventKind::GrantApply).apply(&one).unwrap();
    recording(EventKind::GrantCheck).check(&one.id, &check(), &conditional()).unwrap();
    recording(EventKind::GrantDecide).decide(&one.id, &decision(), "P", &conditional()).unwrap();
    recording(EventKind::GrantWithdraw).withdraw(&one.id, &withdrawal()).unwrap();
    assert_eq!(store.logs().size(LogName::Access), Ok(4));
    // What changes nothing leaves none by itself.
    recording(EventKind::GrantWithdraw).withdraw(&one.id, &withdrawal()).unwrap();
    assert_eq!(store.logs().size(LogName::Access), Ok(4));
}

#[test]
fn lists_are_of_both_sides_and_in_pages() {
    let store = store();
    let grants = store.grants();
    let consumers = ["C", "D", "P", "C", "D", "C"];
    for (number, consumer) in (1..).zip(consumers) {
        let one = application(number, consumer);
        grants.apply(&one).unwrap();
        let free = Assessment { decision_due: None, ..conditional() };
        let platform = Check { at: one.applied_at, ..check() };
        grants.check(&one.id, &platform, &free).unwrap();
    }
    let ids = |page: &storage::page::Page<Application>| page.items.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let named = |numbers: &[u8]| numbers.iter().map(|number| format!("{number:032x}")).collect::<Vec<_>>();
    for (whose, expected) in [
        (Whose::All, &[6, 5, 4, 3, 2, 1][..]),
        (Whose::Of("C"), &[6, 4, 1]),
        (Whose::Of("P"), &[6, 5, 4, 3, 2, 1]),
        (Whose::Of("E"), &[]),
    ] {
        let page = grants.applications(whose, (None, 50), |_| true).unwrap();
        assert_eq!((ids(&page), page.next), (named(expected), None), "{whose:?}");
        let granted = grants.grants(whose, (None, 50), |_| true).unwrap();
        assert_eq!(granted.items.into_iter().map(|grant| grant.id).collect::<Vec<_>>(), named(expected));
    }
    // Page by page, with some left out.
    let keep = |one: &Application| one.consumer.organisation != "D";
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = grants.applications(Whose::All, (after.as_ref(), 2), keep).unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(ids(&page));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, named(&[6, 4, 3, 1]));
    assert_eq!(grants.all().unwrap().len(), 6);
}

#[test]
fn what_is_open_is_found_by_when_it_is_due() {
    let store = store();
    let grants = store.grants();
    let due = |days: i64| now().plus(days * 86_400);
    // The later it was filed, the sooner it is due.
    for number in 1..=4 {
        let check_due = due(10 - i64::from(number));
        grants.apply(&Application { check_due, ..application(number, "C") }).unwrap();
    }
    let found = |days: i64, limit: usize| {
        let found = grants.due_before(due(days), limit).unwrap();
        found.iter().map(|one| u8::from_str_radix(&one.id, 16).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((found(6, 9), found(8, 9), found(99, 9), found(99, 2)), (vec![], vec![4, 3], vec![4, 3, 2, 1], vec![4, 3]));
    // What is checked is due when the decision is, what is decided or does not conform no more.
    let id = |number: u8| application(number, "C").id;
    let until = |days: i64| Assessment { decision_due: Some(due(days)), ..conditional() };
    grants.check(&id(4), &check(), &until(20)).unwrap();
    grants.check(&id(3), &check(), &until(7)).unwrap();
    let no = Check { verdict: Verdict::Reject, reason: Some(Reason::new("x".to_owned()).unwrap()), ..check() };
    grants.check(&id(2), &no, &conditional()).unwrap();
    assert_eq!(found(99, 9), [3, 1, 4]);
    grants.decide(&id(4), &decision(), "P", &until(20)).unwrap();
    grants.check(&id(1), &check(), &Assessment { decision_due: None, ..conditional() }).unwrap();
    assert_eq!(found(99, 9), [3]);
}

#[test]
fn leases_are_durable_and_end_with_the_quota() {
    let store = store();
    let quota = Quota { per_day: Some(3), total: Some(4), ..Quota::default() };
    let (day, one) = (Date::new(2026, 7, 1).unwrap(), Lease { questions: 1, total: 1, records: 0 });
    let lease = |day| store.grants().lease("g", &quota, day, one).unwrap();
    assert_eq!(store.grants().usage("g"), Ok(None));
    assert_eq!([lease(day), lease(day), lease(day)], [(day, one); 3]);
    assert_eq!(lease(day), (day, Lease { total: 1, ..Lease::default() }));
    assert_eq!(lease(day), (day, Lease::default()));
    let next = Date::new(2026, 7, 2).unwrap();
    assert_eq!(lease(next), (next, Lease { questions: 1, ..Lease::default() }));
    assert_eq!(lease(day), (next, Lease { questions: 1, ..Lease::default() }), "a day that is over does not begin again");
    let kept = Usage { day: next, questions: 2, records: 0, total: 4 };
    assert_eq!(store.grants().usage("g"), Ok(Some(kept)));
}
