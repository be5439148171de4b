//! The database on disk shows no number and no name.

use std::fs;

use crypto::licence::{Operation, Reason};
use crypto::record::{Ending, EventKind, Facts, SubjectPart};
use storage::Store;
use storage::licences::StatusChange;
use storage::log::{Draft, Once};

use crate::sample::{ISSUER, NAME, citizen, identifier, ingest, keys, licence, now, number, options, status};
use crate::scratch::Scratch;

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn nothing_personal_on_disk() {
    let scratch = Scratch::new("secrecy");
    let store = Store::open(scratch.path(), &keys(), &options()).unwrap();
    // A serial that is somebody's number, as some provinces have it.
    let serial = citizen(7);
    let document = [b"document of ", NAME.as_bytes()].concat();
    store.licences().ingest(&licence(&serial, 1, &[7, 8], &document), &ingest()).unwrap();
    let reason = Reason::new("holder moved to Elsewhere".to_owned()).unwrap();
    let change = StatusChange { reason: Some(reason), ..status(Operation::Suspend) };
    store.licences().change_status(&identifier(&serial, 1), &change).unwrap();
    // More than the write buffers hold, so that there are tables beside the log.
    for n in 0..8_u8 {
        let document = [document.as_slice(), &vec![n; 400_000]].concat();
        store.licences().ingest(&licence(&format!("BIG{n}"), 1, &[7], &document), &ingest()).unwrap();
    }
    // And what is on record about it, by name and by number.
    let mut facts = Facts::new(EventKind::LicenceSearch, Ending::Done, "issuing-system".to_owned());
    facts.organisation = Some(ISSUER.to_owned());
    let licence = Some(identifier(&serial, 1).to_string());
    let subject = SubjectPart { licence, case: Some("CASE-of-somebody".to_owned()), ..SubjectPart::default() };
    let name = Once { caller: "issuing-system".to_owned(), name: format!("request of {}", citizen(7)) };
    let draft = Draft { subject, holders: vec![number(7)], once: Some(name), ..Draft::new(now(), facts) };
    for _ in 0..9 {
        store.logs().append_and_wait(&vec![Draft { once: None, ..draft.clone() }; 500]).unwrap();
        store.logs().append_and_wait(std::slice::from_ref(&draft)).unwrap();
    }
    drop(store);
    let files = scratch.files();
    assert!(files.iter().any(|file| file.extension().is_some_and(|extension| extension == "sst")), "no table was written");
    let personal: [&[u8]; 7] =
        [citizen(7).as_bytes(), citizen(8).as_bytes(), NAME.as_bytes(), b"Elsewhere", b"document of", b"CASE-of", &[1; 32]]
            .map(<[u8]>::to_vec)
            .map(|needle| &*needle.leak());
    let mut issuer_seen = false;
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for needle in personal {
            assert!(!contains(&bytes, needle), "{} holds {:?}", file.display(), String::from_utf8_lossy(needle));
        }
        issuer_seen |= contains(&bytes, ISSUER.as_bytes());
    }
    assert!(issuer_seen, "the search would not have found what is there");
}
