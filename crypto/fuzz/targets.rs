//! What each parser must keep, whatever bytes it gets: no panic, no endless work, and what it says of itself holds.
//!
//! Used twice: by the fuzzing engine, and by the test that replays the corpus.

use crypto::budget::Budget;
use crypto::cms;
use crypto::context::Context;
use crypto::der::Reader;
use crypto::jws::{self, Jws};
use crypto::licence::{Identifier, Metadata};
use crypto::ofd::{Package, xml};
use crypto::report::Role;
use crypto::seal::verify::verify_seal;
use crypto::seal::{Seal, SealSignature};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify};
use crypto::x509::general_name::GeneralName;
use crypto::x509::name_constraints::NameConstraints;
use crypto::x509::path;
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, RevocationList, Trust, pem};

/// Reads bytes and panics if something does not hold.
pub(super) type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in the corpus.
pub(super) const ALL: &[(&str, Target)] = &[
    ("certificate", certificate),
    ("cms", cms),
    ("crl", crl),
    ("der", der),
    ("jws", jws),
    ("licence", licence),
    ("ofd", document),
    ("pem", pem_blocks),
    ("seal", seal),
    ("xml", xml_text),
];

fn now() -> Timestamp {
    Timestamp::from_unix(1_782_892_800) // 2026-07-01T08:00:00Z
}

/// Nobody is trusted: nothing may ever pass.
fn distrust() -> Trust {
    let domains = [("signers", Purpose::Signer), ("makers", Purpose::SealMaker), ("stamps", Purpose::Tsa)];
    Trust::new(domains.map(|(name, purpose)| Domain::new(name, purpose, Vec::new())).into(), Policy::default())
}

/// Every element lies within the input, and the parts of a constructed one fill it.
fn der(data: &[u8]) {
    fn walk(mut reader: Reader<'_>, data: &[u8], depth: usize) {
        while let Ok(element) = reader.any() {
            let range = element.range();
            assert_eq!(data.get(range.clone()), Some(element.raw), "the place of an element is not where it was read");
            assert!(element.raw.ends_with(element.content) && element.content_range().end == range.end);
            let _ = (element.boolean(), element.small(), element.octets(), element.text(), element.time(), element.unsigned());
            if element.tag & 0x20 != 0 && depth < 32 {
                walk(element.reader(), data, depth + 1);
            }
        }
    }
    walk(Reader::new(data), data, 0);
}

fn certificate(data: &[u8]) {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.raw(), data);
    let extensions = certificate.extensions();
    let _ = (certificate.summary(), certificate.organisation_code(), extensions.alternative_names());
    let _ = (extensions.basic_constraints(), extensions.key_usage(), extensions.extended_key_usage());
    let _ = (extensions.subject_key_id(), extensions.authority_key_id());
    let (subject, issuer) = (certificate.subject(), certificate.issuer());
    assert!(subject.matches(subject) && subject.matches(issuer) == issuer.matches(subject), "names are equal one way only");
    // As its own anchor, so that every rule on paths reads it.
    let own = Domain { revocation: RevocationPolicy::None, ..Domain::new("own", Purpose::Signer, vec![certificate.clone()]) };
    let (trust, role) = (Trust::new(vec![own], Policy::default()), Role::Signer);
    let question =
        path::Question { purpose: Purpose::Signer, role, algorithm: None, used_at: None, lifetime: path::Lifetime::Now };
    let answer = path::validate(&certificate, &question, &mut Context::new(&trust, now()));
    assert!(answer.is_ok_and(|answer| answer.chain.len() == 1), "an anchor is a path to itself");
    if let (Ok(names), Ok(Some(constraints))) = (GeneralName::alternatives(extensions), NameConstraints::of(extensions)) {
        let refused = names.iter().filter(|name| constraints.allow(name) != Ok(true)).count();
        assert!(refused == 0 || !constraints.is_empty(), "no constraint refuses a name");
    }
    if let Some(key) = certificate.key() {
        // Nobody finds a certificate that signs itself by chance, but the code runs.
        let _ = (key.size(), certificate.verify_signature(key));
    }
}

fn crl(data: &[u8]) {
    let Ok(list) = RevocationList::from_der(data) else { return };
    assert!(list.len() <= data.len() / 4, "more entries than there are bytes for");
    let _ = (list.issuer().to_string(), list.next_update(), list.is_complete());
}

fn seal(data: &[u8]) {
    if let Ok(seal) = Seal::from_der(data) {
        let trust = distrust();
        let report = verify_seal(&seal, &mut Context::new(&trust, now()));
        assert!(!report.is_ok_and(|report| report.verdict.is_passed()));
    }
    if let Ok(value) = SealSignature::from_der(data) {
        assert!(!value.signed_bytes.is_empty() && !value.seal.signed_bytes().is_empty());
    }
}

fn cms(data: &[u8]) {
    let Ok(message) = cms::signed_data(data) else { return };
    for signer in &message.signers {
        let _ = (signer.certificate(&message.certificates), signer.attributes(), signer.message(b"content"));
    }
}

fn xml_text(data: &[u8]) {
    let mut budget = Budget::for_document();
    let before = budget.nodes_left();
    if let Ok(document) = xml::parse_any(data, &mut budget) {
        assert!(budget.nodes_left() < before, "nodes cost nothing");
        for node in document.descendants().filter(|node| node.is_element()) {
            let _ = (xml::text(node), xml::children(node, "Signature"));
        }
    }
}

fn jws(data: &[u8]) {
    let _ = jws::object(data);
    if let Ok(message) = Jws::parse(data) {
        let _ = (message.signer(), message.payload());
    }
    document(data);
}

/// The whole way of a document, by people whom nobody trusts.
fn document(data: &[u8]) {
    let report = verify(&Question::new(data, now()), &distrust()).report;
    assert!(!report.verdict.is_passed(), "a document passes by people whom nobody trusts");
    assert!(serde_json::to_vec(&report).is_ok(), "the report cannot be written");
    if let Ok(package) = Package::open(data, &mut Budget::for_document()) {
        let _ = package.custom_data();
    }
}

fn pem_blocks(data: &[u8]) {
    let _ = (pem::certificates(data), pem::revocation_lists(data));
}

fn licence(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(identifier) = text.parse::<Identifier>() {
        assert_eq!(identifier.to_string().parse::<Identifier>(), Ok(identifier), "an identifier reads back as itself");
    }
    if let Ok(metadata) = serde_json::from_str::<Metadata>(text) {
        let written = serde_json::to_string(&metadata).unwrap_or_default();
        assert!(serde_json::from_str::<Metadata>(&written).is_ok(), "metadata read back as themselves");
    }
    let _ = (text.parse::<Timestamp>(), crypto::seal::signature::time_from_text(text));
}
