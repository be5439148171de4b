//! What a report says of the inputs that were used, and of what each signature is over.

use crypto::issue::KeyType;
use crypto::issue::seal::SealVersion;
use crypto::issue::zip;
use crypto::report::{Depth, ScopeKind};
use crypto::verify::{Question, verify};

use crate::world::{World, at, now};

#[test]
fn every_input_is_named_once() {
    let world = World::with(KeyType::Sm2, &[(4, at("2026-05-01T00:00:00Z"))]);
    let document = zip::zip(&world.files(SealVersion::V4));
    let verification = verify(&Question::new(&document, now()), &world.trust());
    let used = verification.diagnostic;
    let names: Vec<_> = used.certificates.values().map(|used| used.summary.common_name.as_deref().unwrap()).collect();
    for name in ["root", "maker", "signer"] {
        assert_eq!(names.iter().filter(|found| **found == name).count(), 1, "{names:?}");
    }
    assert_eq!(used.lists.len(), 1);
    let (digest, list) = used.lists.iter().next().unwrap();
    assert_eq!((*digest, list.entries), (world.lists[0].sha256(), 1));
    assert!(list.said.len() == 2 && list.said.values().all(|said| !said.listed), "{list:?}");
    for moment in ["2025-01-01T00:00:00Z", "2028-01-01T00:00:01Z", "2026-01-01T00:00:00Z"] {
        assert!(used.times.contains(&at(moment)), "{moment} in {:?}", used.times);
    }
    assert!(used.spent["signatures"].used >= 2 && used.spent["xml_nodes"].used > 0);
    assert!(used.spent.values().all(|spent| spent.used <= spent.limit));

    let report = verification.report.with_diagnostic(used);
    let read: crypto::report::Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(read, report, "a report is read back as it was written");
    assert_eq!(report.depth, Depth::Diagnostic);
}

#[test]
fn what_a_list_said_of_whom() {
    let world = World::with(KeyType::P256, &[(3, at("2026-05-01T00:00:00Z"))]);
    let document = zip::zip(&world.files(SealVersion::V4));
    let used = verify(&Question::new(&document, now()), &world.trust()).diagnostic;
    let said = &used.lists.values().next().unwrap().said;
    let revoked = said[&world.signer.certificate().sha256()];
    assert_eq!((revoked.listed, revoked.revoked_at, revoked.reason_code), (true, Some(at("2026-05-01T00:00:00Z")), Some(1)));
    assert!(!said[&world.maker.certificate().sha256()].listed);
}

#[test]
fn what_is_covered_and_what_is_not() {
    let world = World::new();
    let mut files = world.files(SealVersion::V4);
    let scope = |files: &crypto::issue::ofd::Files| world.report_files(files).signatures[0].scope.clone().unwrap();
    let whole = scope(&files);
    assert_eq!((whole.kind, whole.uncovered_count), (ScopeKind::ListedFiles, 0));
    assert!(whole.covered.iter().any(|name| name.ends_with("Document.xml")), "{whole:?}");
    files.push(("Doc_0/later.xml".to_owned(), b"<x/>".to_vec()));
    let open = scope(&files);
    assert_eq!((open.covered_count, open.uncovered), (whole.covered_count, vec!["Doc_0/later.xml".to_owned()]));
}
