//! Pages over a log with thousands of records, and what of a record is told.

use crypto::licence::{HolderCodeType, HolderNumber, Identifier};
use crypto::record::{Facts, SealMention};
use crypto::time::Timestamp;
use serde_json::{Value, json};
use storage::log::Draft;
use storage::{Keys, Store};

use super::super::event::LICENCE_TYPE;
use super::*;

const OFFICE: &str = "11330105002500287C";
const TYPE: &str = "11100000000013338W009";
const HOLDER: &str = "11010519491231002X";
const AT: Timestamp = Timestamp::from_unix(1_790_000_000);

fn store() -> Store {
    Store::memory(&Keys::new([1; 32], [2; 32])).unwrap()
}

fn of_seal(event: EventKind, owner: &str) -> Draft {
    let mut facts = Facts::new(event, Ending::Done, "office".to_owned());
    facts.seals = vec![SealMention { id: "3301".to_owned(), sha256: None, owner: Some(owner.to_owned()) }];
    Draft::new(AT, facts)
}

fn of_licence(event: EventKind, serial: &str, operation: Option<&str>) -> Draft {
    let mut facts = Facts::new(event, Ending::Done, "office".to_owned());
    facts.issuer = Some(OFFICE.to_owned());
    facts.details.insert(LICENCE_TYPE.to_owned(), json!(TYPE));
    facts.details.extend(operation.map(|operation| ("operation".to_owned(), json!(operation))));
    let mut draft = Draft::new(AT, facts);
    draft.subject.licence = Some(Identifier::new(TYPE, OFFICE, serial, 1).unwrap().to_string());
    draft
}

fn scope() -> Scope {
    Scope::with(&[TYPE], &[OFFICE])
}

#[test]
fn pages_of_any_length_are_the_whole() {
    let store = store();
    let kinds = [EventKind::SealStop, EventKind::SealStop, EventKind::DocumentVerify, EventKind::SealFreeze, EventKind::SealUse];
    let owners = [OFFICE, OFFICE, OFFICE, "another"];
    let drafts: Vec<_> = (0..6_000).map(|n| of_seal(kinds[n * n % 7 % kinds.len()], owners[n % owners.len()])).collect();
    for group in drafts.chunks(500) {
        store.logs().append_and_wait(group).unwrap();
    }
    let is_told = |draft: &Draft| KINDS.contains(&draft.facts.event) && draft.facts.seals[0].owner.as_deref() == Some(OFFICE);
    let expected: Vec<u64> = (0..).zip(&drafts).filter(|(_, draft)| is_told(draft)).map(|(number, _)| number).collect();
    assert!(expected.len() > 2 * READ_MAX, "{} events do not show that a page is bounded", expected.len());
    for limit in [1_usize, 7, 500, 5_000] {
        let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = Look { logs: store.logs(), scope: &scope(), limit }.page(after).unwrap();
            assert!(page.events.len() <= limit.min(READ_MAX));
            found.extend(page.events.iter().map(|event| event.position));
            (after, pages) = (page.next, pages + 1);
            if page.is_end || pages == 200 {
                break;
            }
        }
        assert_eq!(found, expected[..found.len()], "limit {limit}");
        assert!(found.len() == expected.len() || found.len() == limit * pages, "limit {limit}");
    }
    // One who may see nothing gets to the end in few pages.
    let (mut after, mut pages) = (None, 0);
    loop {
        let nobody = Scope::with(&["other"], &["nobody"]);
        let page = Look { logs: store.logs(), scope: &nobody, limit: 1 }.page(after).unwrap();
        assert_eq!(page.events, []);
        (after, pages) = (page.next, pages + 1);
        if page.is_end {
            break;
        }
    }
    assert_eq!(after, Some(5_999));
    assert!(pages <= 6_000 / READ_MAX, "{pages}");
}

fn told(store: &Store) -> Vec<Value> {
    let page = Look { logs: store.logs(), scope: &scope(), limit: 100 }.page(None).unwrap();
    page.events.iter().map(|event| json!(event)).collect()
}

#[test]
fn what_is_told_and_what_is_not() {
    let store = store();
    let changed = |change: fn(&mut Draft)| {
        let mut draft = of_licence(EventKind::LicenceStatus, "A1", Some("suspend"));
        change(&mut draft);
        draft
    };
    let numbered = of_licence(EventKind::LicenceIssue, HOLDER, None);
    let drafts = [
        changed(|_| {}),
        changed(|draft| draft.facts.outcome = Ending::Refused),
        changed(|draft| {
            draft.facts.details.insert("unchanged".to_owned(), json!(true));
        }),
        changed(|draft| {
            draft.subject.licence = Some(Identifier::new("11100000000013338W010", OFFICE, "A1", 1).unwrap().to_string());
        }),
        numbered,
        of_licence(EventKind::LicenceIssue, "A2", Some("extend")),
        of_seal(EventKind::SealRestore, OFFICE),
        of_seal(EventKind::SealRestore, "another"),
    ];
    store.logs().append_and_wait(&drafts).unwrap();
    let events = told(&store);
    let positions: Vec<_> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, [0, 4, 5, 6]);
    assert!(!json!(events).to_string().contains(HOLDER));
    assert_eq!(events[1]["licence"], json!({ "licence_type": TYPE, "issuer": OFFICE, "erased": false }));
    assert_eq!((&events[2]["operation"], &events[2]["status"]), (&json!("extend"), &json!("valid")));
    assert_eq!((&events[3]["operation"], &events[3]["status"]), (&json!("restore"), &json!("in-use")));
}

#[test]
fn an_erased_record_from_before_it_named_its_type_is_for_nobody() {
    let store = store();
    let holder = HolderNumber::parse(HolderCodeType::CitizenNumber, HOLDER, AT.date()).unwrap();
    let mut old = of_licence(EventKind::LicenceStatus, "A1", Some("revoke"));
    old.facts.details.remove(LICENCE_TYPE);
    let mut new = of_licence(EventKind::LicenceStatus, "A1", Some("revoke"));
    (old.holders, new.holders) = (vec![holder.clone()], vec![holder.clone()]);
    store.logs().append_and_wait(&[old, new]).unwrap();
    assert_eq!(told(&store).len(), 2);
    store.logs().erase(&holder).unwrap();
    let events = told(&store);
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["position"], &events[0]["licence"]["erased"]), (&json!(1), &json!(true)));
    assert_eq!(events[0]["status"], "revoked");
}
