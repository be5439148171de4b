//! What an owner of a genuine certificate of another body, or of none, must not get away with.

use crypto::issue::ofd::{OfdBuilder, add_signature, find, put};
use crypto::issue::seal::SealVersion;
use crypto::issue::zip::{ZipEntry, write, zip};
use crypto::issue::{CmsBuilder, CrlBuilder, JwsBuilder, KeyType, OfdSignature, Reason};
use crypto::oid::Oid;
use crypto::report::{Indication, Outcome, Report, SubIndication};
use crypto::sig::Algorithm;
use crypto::x509::trust::{AlgorithmRule, Policy, RevocationPolicy};
use crypto::x509::{RevocationList, Trust};

use crate::world::{ISSUER, World, at, failing, fields, now, outcome, report, signed};

#[test]
fn a_part_signed_by_the_issuer_does_not_vouch_for_what_others_filled_in() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let partial = world.stamp(SealVersion::V4, &seal).leaving_out("OFD.xml");
    let mut files = OfdBuilder::new(&fields(ISSUER), "示例证照").sign(partial).build_files();
    let entry = String::from_utf8(find(&files, "OFD.xml").unwrap().to_vec()).unwrap();
    assert!(entry.contains("示例一"));
    put(&mut files, "OFD.xml", entry.replace("示例一", "骗子").into_bytes());
    add_signature(&mut files, &OfdSignature::sign(world.other.signer(), signed()));
    let report = world.report_files(&files);
    assert_ne!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    assert_eq!(outcome(&report, "licence.issuer"), Outcome::NotConcluded);
}

#[test]
fn repeated_names_do_not_make_a_licence_a_document_without_one() {
    let world = World::new();
    let payload = r#"{"ZZBS":"a","ZZBS":"b"}"#.as_bytes();
    let jws = JwsBuilder::new(payload).chain(&[&world.other.der]).signed_at(signed()).compact(&world.other.key);
    let report = world.report(jws.as_bytes());
    assert_eq!(outcome(&report, "licence.metadata"), Outcome::Failed, "{report:#?}");
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}

#[test]
fn names_that_some_readers_change_are_refused() {
    let world = World::new();
    let good = world.files(SealVersion::V4);
    for name in ["Doc_0/Pages/Page_0/Content.xml.", "Doc_0/Pages/Page_0/Content.xml ", "Doc_0/Pages/Page_0./Content.xml"] {
        let mut entries: Vec<_> = good.iter().map(|(name, data)| ZipEntry::new(name, data)).collect();
        entries.push(ZipEntry::new(name, b"<evil/>"));
        let report = world.report(&write(&entries));
        assert_eq!(outcome(&report, "document.format"), Outcome::Failed, "{name}");
    }
}

#[test]
fn an_answer_is_not_kept_longer_than_its_algorithm() {
    let world = World::new();
    let mut domains = world.domains();
    let until = at("2026-07-02T00:00:00Z");
    for domain in &mut domains {
        domain.revocation = RevocationPolicy::None;
        domain.algorithms = vec![AlgorithmRule { algorithm: Algorithm::Sm2Sm3, until: Some(until) }];
    }
    let report = report(&zip(&world.files(SealVersion::V4)), &Trust::new(domains, Policy::default()), now());
    assert!(report.verdict.is_passed(), "{report:#?}");
    assert_eq!(report.holds_until, Some(until.plus(1)));
}

#[test]
fn a_licence_that_hides_its_identifier_is_no_document_of_another_kind() {
    let world = World::new();
    let mut hidden = fields(ISSUER);
    hidden.remove("ZZBS");
    let seal = world.seal(SealVersion::V4);
    let report = world.report(&OfdBuilder::new(&hidden, "示例证照").sign(world.stamp(SealVersion::V4, &seal)).build());
    assert_eq!(report.verdict.indication, Indication::TotalFailed, "{report:#?}");
    assert_eq!(failing(&report), ["licence.identifier", "licence.metadata"]);
    let other_kind = [("InvoiceNumber".to_owned(), "1".to_owned())].into();
    let report = world.report(&OfdBuilder::new(&other_kind, "发票").sign(world.stamp(SealVersion::V4, &seal)).build());
    assert!(report.verdict.is_passed() && report.warnings.iter().any(|check| check.id == "licence.metadata"));
}

/// The verdict under these lists of the root; the signer has serial number 3, the maker 2.
fn under(world: &World, version: SealVersion, lists: Vec<CrlBuilder>) -> Report {
    let made = |list: CrlBuilder| RevocationList::from_der(&list.issue(&world.root.name, &world.root.key)).unwrap();
    let lists: Vec<_> = lists.into_iter().map(made).collect();
    let mut domains = world.domains();
    domains.iter_mut().for_each(|domain| domain.lists.clone_from(&lists));
    report(&zip(&world.files(version)), &Trust::new(domains, Policy::default()), now())
}

fn list(number: u128, made: &str) -> CrlBuilder {
    CrlBuilder::new(number, at(made), Some(at("2026-07-15T00:00:00Z")))
}

#[test]
fn lists_add_up_whatever_their_order() {
    let world = World::new();
    let (old, new) = ("2026-06-10T00:00:00Z", "2026-06-20T00:00:00Z");
    let early = at("2026-05-01T00:00:00Z");
    let delta = |reason| list(2, new).extension(Oid::DELTA_CRL, true, &[2, 1, 1]).revoke(3, early, reason);
    for reversed in [false, true] {
        let judge = |mut lists: Vec<CrlBuilder>| {
            if reversed {
                lists.reverse();
            }
            under(&world, SealVersion::V4, lists).verdict.sub_indication
        };
        assert_eq!(judge(vec![list(1, old), delta(Reason::KeyCompromise)]), Some(SubIndication::Revoked), "a delta revokes");
        let hold = || list(1, old).revoke(3, early, Reason::CertificateHold);
        assert_eq!(judge(vec![hold()]), Some(SubIndication::TryLater));
        assert_eq!(judge(vec![hold(), list(2, new)]), None, "a newer list lifts the hold");
        assert_eq!(judge(vec![hold(), delta(Reason::RemoveFromCrl)]), None, "a delta lifts the hold");
        assert_eq!(judge(vec![hold(), list(2, new).revoke(3, early, Reason::Superseded)]), Some(SubIndication::Revoked));
        assert_eq!(judge(vec![delta(Reason::RemoveFromCrl)]), Some(SubIndication::TryLater), "a delta alone proves nothing");
    }
}

#[test]
fn a_stolen_makers_key_makes_no_seal_of_the_past() {
    let world = World::new();
    let late = at("2026-06-01T00:00:00Z");
    let judge = |reason| under(&world, SealVersion::V5, vec![list(1, "2026-06-20T00:00:00Z").revoke(2, late, reason)]);
    let stolen = judge(Reason::KeyCompromise);
    assert_eq!(stolen.verdict.sub_indication, Some(SubIndication::RevokedNoPoe), "{stolen:#?}");
    let retired = judge(Reason::CessationOfOperation);
    assert!(retired.verdict.is_passed() && retired.warnings.iter().any(|check| check.id == "path.revocation"), "{retired:#?}");
}

#[test]
fn what_one_domain_knows_of_an_issuer_counts_in_all() {
    let world = World::with(KeyType::Sm2, &[(3, at("2026-05-01T00:00:00Z"))]);
    let mut lax = world.domains().remove(0);
    (lax.lists, lax.revocation) = (Vec::new(), RevocationPolicy::IfAvailable);
    let mut domains = world.domains();
    domains.insert(0, lax);
    let report = report(&zip(&world.files(SealVersion::V4)), &Trust::new(domains, Policy::default()), now());
    assert_eq!(report.verdict.sub_indication, Some(SubIndication::Revoked), "{report:#?}");
}

#[test]
fn a_dangling_path_does_not_show_a_file_of_another_case() {
    let world = World::new();
    let seal = world.seal(SealVersion::V4);
    let mut files = OfdBuilder::new(&fields(ISSUER), "示例证照").locating_signatures().build_files();
    let document = String::from_utf8(find(&files, "Doc_0/Document.xml").unwrap().to_vec()).unwrap();
    let dangling = document.replace("</ofd:Document>", "<ofd:Annotations>Annots.xml</ofd:Annotations></ofd:Document>");
    put(&mut files, "Doc_0/Document.xml", dangling.into_bytes());
    add_signature(&mut files, &world.stamp(SealVersion::V4, &seal));
    assert!(world.report_files(&files).verdict.is_passed(), "what is not there is not shown");
    put(&mut files, "Doc_0/annots.XML", b"<ofd:Annotations xmlns:ofd=\"http://www.ofdspec.org/2016\"/>".to_vec());
    assert_eq!(failing(&world.report_files(&files)), ["licence.issuer", "ofd.coverage"]);
}

#[test]
fn signed_bytes_of_another_use_are_no_content() {
    let world = World::new();
    let content = CmsBuilder::new(b"\x31\x03not a JSON object").sign(world.signer.signer());
    let report = world.report(&content);
    assert_eq!(outcome(&report, "cms.attributes"), Outcome::Failed, "{report:#?}");
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}
