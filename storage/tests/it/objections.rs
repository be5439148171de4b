//! Objections: filed, dealt with, found, and what is disputed because of them.

use std::sync::Arc;

use crypto::licence::Reason;
use crypto::objection::{About, Attribute, Decision, Event, FiledFor, Licence, Objection, ObjectionError, State, Step, Subject};
use crypto::record::{Ending, EventKind, Facts, LogName};
use storage::engine::memory::Memory;
use storage::log::{Draft, Pending};
use storage::objections::{Listed, OPEN_MAX, OPEN_OF_CALLER_MAX};
use storage::{StorageError, Store, Stored};

use crate::sample::{ISSUER, identifier, keys, now, number};

const OTHER: &str = "11350200004144116F";
const RESOURCE: &str = "3010010001/1";

fn objection(id: &str, about: About) -> Objection {
    Objection {
        id: id.to_owned(),
        about,
        text: Reason::new("the name is wrong".to_owned()).unwrap(),
        evidence: Vec::new(),
        filed_for: FiledFor::Holder,
        filed_at: now(),
        filed_by: "portal".to_owned(),
        organisation: OTHER.to_owned(),
        responsible: ISSUER.to_owned(),
        due: now().plus(86_400),
        events: Vec::new(),
    }
}

pub(crate) fn against_licence(id: &str, serial: &str) -> Objection {
    objection(id, About::Licence(Licence { licence: identifier(serial, 1) }))
}

fn against_field(id: &str, person: u16, field: Option<&str>) -> Objection {
    let (subject, resource) = (Subject::of(&number(person)), RESOURCE.to_owned());
    objection(id, About::Attribute(Attribute { subject, resource, field: field.map(str::to_owned) }))
}

pub(crate) fn event(step: Step, organisation: &str) -> Event {
    let by = if step == Step::Withdraw { "portal" } else { "desk" };
    Event { step, at: now().plus(60), by: by.to_owned(), organisation: organisation.to_owned() }
}

pub(crate) fn answer() -> Step {
    Step::Answer { decision: Decision::Rejected, text: Reason::new("it is right".to_owned()).unwrap() }
}

fn store() -> Store {
    Store::memory(&keys()).unwrap()
}

#[test]
fn what_is_open_is_disputed() {
    let store = store();
    let table = store.objections();
    let nobody = number(9);
    let disputed = |serial: &str| table.disputes(&nobody, &[identifier(serial, 1)], &[]).unwrap();
    assert_eq!(table.file(&against_licence("1", "A1")), Ok(Stored::Created(against_licence("1", "A1"))));
    let later = Objection { filed_at: now().plus(5), ..against_licence("1", "A1") };
    assert_eq!(table.file(&later), Ok(Stored::Unchanged(against_licence("1", "A1"))), "the same request again");
    assert_eq!(table.file(&against_licence("1", "A2")), Err(StorageError::Objection(ObjectionError::OtherRequest)));
    table.file(&Objection { filed_at: now().plus(9), ..against_licence("2", "A1") }).unwrap();
    let found = disputed("A1");
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((found[0].since, found[0].licence.as_ref()), (now(), Some(&identifier("A1", 1))));
    assert_eq!(disputed("A2"), []);
    assert_eq!(table.disputes_of_licence(&identifier("A1", 2)), Ok(Vec::new()), "another version");

    table.change("1", &event(Step::Accept, ISSUER)).unwrap();
    assert_eq!(disputed("A1").len(), 2);
    assert!(table.change("1", &event(answer(), ISSUER)).unwrap().is_new());
    assert!(!table.change("1", &event(answer(), ISSUER)).unwrap().is_new());
    assert_eq!(disputed("A1").len(), 1);
    table.change("2", &event(Step::Withdraw, OTHER)).unwrap();
    assert_eq!(disputed("A1"), []);
    assert_eq!(table.objection("1").unwrap().unwrap().state(), State::Rejected);
    assert_eq!(table.change("1", &event(Step::Withdraw, OTHER)), Err(StorageError::Objection(ObjectionError::Closed)));
    assert_eq!(table.change("3", &event(answer(), ISSUER)), Err(StorageError::NotFound { what: "objection" }));
}

#[test]
fn what_a_resource_says_is_disputed_of_one_person() {
    let store = store();
    let table = store.objections();
    table.file(&against_field("1", 1, Some("name"))).unwrap();
    table.file(&against_field("2", 1, None)).unwrap();
    table.file(&against_licence("3", "A1")).unwrap();
    let of = |person, resources: &[&str]| table.disputes(&number(person), &[identifier("A1", 1)], resources).unwrap();
    let fields = |person, resources: &[&str]| of(person, resources).into_iter().filter(|one| one.resource.is_some()).count();
    assert_eq!((fields(1, &[RESOURCE]), fields(1, &["3010010001/2", RESOURCE, RESOURCE])), (2, 2));
    assert_eq!((fields(2, &[RESOURCE]), fields(1, &["3010010001/2"]), fields(1, &[])), (0, 0, 0));
    let all = of(1, &[RESOURCE]);
    assert_eq!(all.len(), 3);
    assert!(all.iter().any(|one| one.field.as_deref() == Some("name") && one.resource.as_deref() == Some(RESOURCE)));
}

#[test]
fn who_is_responsible_finds_it() {
    let store = store();
    let table = store.objections();
    for n in 0..5 {
        // Nobody has more than four open against one thing.
        let filed_by = if n == 4 { "desk" } else { "portal" }.to_owned();
        let one = Objection { filed_at: now().plus(n), filed_by, ..against_licence(&n.to_string(), "A1") };
        table.file(&one).unwrap();
    }
    let ids = |which| {
        let page = table.list(which, None, 10).unwrap();
        page.items.into_iter().map(|one| one.id).collect::<String>()
    };
    let lists = || {
        [Listed::All, Listed::FiledBy("portal"), Listed::FiledBy("desk"), Listed::Responsible(ISSUER), Listed::ToAnswer(ISSUER)]
            .map(ids)
    };
    assert_eq!(lists(), ["43210", "3210", "4", "43210", "43210"]);
    table.change("1", &event(answer(), ISSUER)).unwrap();
    let forward = |to: &str| Step::Forward { to: to.to_owned(), reason: None };
    table.change("2", &event(forward(OTHER), ISSUER)).unwrap();
    assert_eq!(lists(), ["43210", "3210", "4", "4310", "430"]);
    assert_eq!([Listed::Responsible(OTHER), Listed::ToAnswer(OTHER)].map(ids), ["2", "2"]);
    assert_eq!(table.disputes_of_licence(&identifier("A1", 1)).unwrap().len(), 4, "handed on is not answered");
    table.change("2", &event(forward(ISSUER), OTHER)).unwrap();
    assert_eq!(lists(), ["43210", "3210", "4", "43210", "4320"]);
    let first = table.list(Listed::All, None, 2).unwrap();
    let rest = table.list(Listed::All, first.next.as_ref(), 10).unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (2, 3, None));
}

#[test]
fn what_is_due_is_found_as_long_as_it_is_open() {
    let store = store();
    let table = store.objections();
    for (id, due) in [("a", 300), ("b", 100), ("c", 200)] {
        table.file(&Objection { due: now().plus(due), ..against_licence(id, "A1") }).unwrap();
    }
    let due =
        |seconds, limit| table.due_before(now().plus(seconds), limit).unwrap().into_iter().map(|one| one.id).collect::<String>();
    assert_eq!([due(301, 9), due(300, 9), due(100, 9), due(301, 1)], ["bca", "bc", "", "b"]);
    table.change("b", &event(answer(), ISSUER)).unwrap();
    assert_eq!(due(301, 9), "ca");
}

#[test]
fn so_many_and_no_more() {
    let store = store();
    let table = store.objections();
    let by = |id: &str, filer: usize| Objection { filed_by: filer.to_string(), ..against_licence(id, "A1") };
    for n in 0..OPEN_MAX {
        table.file(&by(&n.to_string(), n / OPEN_OF_CALLER_MAX)).unwrap();
    }
    let one_more = || table.file(&against_licence("more", "A1"));
    assert_eq!(one_more(), Err(StorageError::Objection(ObjectionError::TooMany)));
    table.file(&against_licence("other", "A2")).unwrap();
    table.change("7", &event(answer(), ISSUER)).unwrap();
    assert!(one_more().unwrap().is_new());
    assert_eq!(table.disputes_of_licence(&identifier("A1", 1)).unwrap().len(), OPEN_MAX);
}

#[test]
fn nobody_takes_the_places_of_everybody_else() {
    let store = store();
    let table = store.objections();
    for n in 0..OPEN_OF_CALLER_MAX {
        table.file(&against_licence(&n.to_string(), "A1")).unwrap();
    }
    let one_more = || table.file(&against_licence("more", "A1"));
    assert_eq!(one_more(), Err(StorageError::Objection(ObjectionError::TooMany)));
    table.file(&Objection { filed_by: "hall".to_owned(), ..against_licence("another's", "A1") }).unwrap();
    table.file(&against_licence("other", "A2")).unwrap();
    assert!(!table.file(&against_licence("0", "A1")).unwrap().is_new(), "the same again");
    table.change("2", &event(answer(), ISSUER)).unwrap();
    assert!(one_more().unwrap().is_new());
}

#[test]
fn each_change_takes_its_record_along() {
    let store = store();
    let pending = || {
        let facts = Facts::new(EventKind::ObjectionFile, Ending::Done, "portal".to_owned());
        Pending::new(vec![Draft::new(now(), facts)])
    };
    let (first, again, refused) = (pending(), pending(), pending());
    store.objections().recording(&first).file(&against_licence("1", "A1")).unwrap();
    store.objections().recording(&again).file(&against_licence("1", "A1")).unwrap();
    store.objections().recording(&refused).change("1", &event(answer(), OTHER)).unwrap_err();
    assert!(first.recorded().is_some() && again.recorded().is_none() && refused.recorded().is_none());
    assert_eq!(store.logs().size(LogName::Access), Ok(1));
}

#[test]
fn nothing_of_it_can_be_read_on_disk() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn storage::engine::Engine>, &keys()).unwrap();
    store.objections().file(&against_field("00112233", 1, Some("name"))).unwrap();
    store.objections().file(&against_licence("44556677", "A1")).unwrap();
    let person = number(1);
    for (_, _, key, row) in engine.rows() {
        for word in [person.expose(), "00112233", "44556677", RESOURCE, "the name is wrong", "portal"] {
            let has = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!has(&key) && !has(&row.value), "{word}");
        }
    }
}
