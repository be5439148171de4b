//! What each parser must keep, whatever bytes it gets: no panic, no endless work, and what it says of itself holds.
//!
//! Used twice: by the fuzzing engine, and by the test that replays the corpus.

#[path = "sm2.rs"]
mod sm2;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::budget::Budget;
use crypto::bundle::{self, Bundle, Given};
use crypto::chain;
use crypto::cms;
use crypto::context::Context;
use crypto::der::Reader;
use crypto::issue::sd_jwt::digest;
use crypto::issue::{CmsBuilder, KeyType, Signer, SigningKey, Stamp};
use crypto::jws::{self, Jws};
use crypto::licence::{Identifier, Metadata};
use crypto::ofd::{Package, xml};
use crypto::report::{Coverage, Indication, Role};
use crypto::sd_jwt::{Presentation, SdJwt, status_reference};
use crypto::seal::verify::verify_seal;
use crypto::seal::{Seal, SealSignature};
use crypto::status_list::{self, StatusList, StatusListToken};
use crypto::time::Timestamp;
use crypto::timestamp::Token;
use crypto::tlog::{AddCheckpoint, Checkpoint, KeyType as NoteKey, Note, Policy as LogPolicy, TilePath, TlogProof, VerifierKey};
use crypto::tlog::{leaf_hash, tile, witness};
use crypto::verify::{Question, verify};
use crypto::x509::general_name::GeneralName;
use crypto::x509::name_constraints::NameConstraints;
use crypto::x509::path;
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Evidence, OcspResponse, Purpose, RevocationList, Trust, pem};

/// Reads bytes and panics if something does not hold.
pub(super) type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder in the corpus.
pub(super) const ALL: &[(&str, Target)] = &[
    ("bundle", bundle),
    ("certificate", certificate),
    ("checkpoint", checkpoint),
    ("cms", cms),
    ("crl", crl),
    ("der", der),
    ("jws", jws),
    ("licence", licence),
    ("ocsp", ocsp),
    ("ofd", document),
    ("pdf", document),
    ("pem", pem_blocks),
    ("sd-jwt", sd_jwt),
    ("seal", seal),
    ("sm2", sm2::verification),
    ("status-list", status_list),
    ("timestamp", timestamp),
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

fn known(der: &[u8]) -> Certificate {
    Certificate::from_der(der).expect("the corpus holds this certificate")
}

/// The authority of the kept documents that were signed with Ed25519.
static ROOT: LazyLock<Certificate> = LazyLock::new(|| known(include_bytes!("corpus/certificate/root-ed25519")));

/// The certificate with which they were signed.
static SIGNER: LazyLock<Certificate> = LazyLock::new(|| known(include_bytes!("corpus/certificate/signer-ed25519")));

/// Their signer is trusted: what was signed passes, so that the code behind the signature is reached, and nothing else may.
static TRUST: LazyLock<Trust> = LazyLock::new(|| trust(RevocationPolicy::None));

/// As well, but what nobody vouches for does not pass.
static DEMANDING: LazyLock<Trust> = LazyLock::new(|| trust(RevocationPolicy::Require));

/// The only licence that the trusted signer signed.
static LICENCE: LazyLock<Metadata> = LazyLock::new(|| {
    let document = include_bytes!("corpus/cms/licence-ed25519");
    verify(&Question::new(document, now()), &TRUST).metadata.expect("the corpus holds this licence")
});

fn trust(revocation: RevocationPolicy) -> Trust {
    let domains = [("signers", Purpose::Signer), ("makers", Purpose::SealMaker), ("stamps", Purpose::Tsa)];
    let domains = domains.map(|(name, purpose)| Domain { revocation, ..Domain::new(name, purpose, vec![ROOT.clone()]) });
    Trust::new(domains.into(), Policy::default())
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
    assert_eq!(list.raw(), data);
    assert!(list.len() <= data.len() / 4, "more entries than there are bytes for");
    assert!(list.footprint() <= 4096 + 64 * data.len(), "a list takes more memory than its bytes explain");
    let _ = (list.issuer().to_string(), list.next_update(), list.is_complete(), list.find(&SIGNER));
    if ROOT.key().is_some_and(|key| list.verify_signature(key).is_err()) {
        unproven(&Evidence { lists: vec![list], ..Evidence::default() });
    }
}

fn ocsp(data: &[u8]) {
    let Ok(response) = OcspResponse::from_der(data) else { return };
    assert_eq!(response.raw(), data);
    assert!(response.singles().count() <= data.len() / 40, "more answers than there are bytes for");
    let _ = (response.responder(), response.produced_at(), response.nonce(), response.is_understood());
    let concerned = response.singles().filter(|single| single.id.names(&SIGNER, &ROOT)).count();
    assert!(concerned <= response.singles().count());
    let named = response.certificates().iter().filter(|certificate| response.is_from(certificate)).count();
    assert!(named <= data.len() / 100, "more certificates than there are bytes for");
    if ROOT.key().is_some_and(|key| response.verify_signature(key).is_err()) {
        unproven(&Evidence { responses: vec![response], ..Evidence::default() });
    }
}

/// What the trusted authority did not sign proves nothing. No kept response comes from a responder that it appointed.
fn unproven(evidence: &Evidence) {
    let question = chain::Question { leaf: &SIGNER, purpose: Purpose::Signer, at: now(), certificates: &[], evidence };
    let report = chain::judge(&question, &DEMANDING);
    assert!(!report.verdict.is_passed(), "evidence by nobody proves that all is well");
    assert!(report.verdict.indication != Indication::TotalFailed, "evidence by nobody proves that a certificate was revoked");
}

/// A token is the only thing about a sound document that is not known.
fn timestamp(data: &[u8]) {
    let _ = Token::from_info(data);
    let Ok(message) = cms::signed_data(data) else { return };
    if let Some(token) = message.content.and_then(|content| Token::from_info(content).ok()) {
        assert!(token.made_by >= token.made, "a token is made before it is made");
    }
    let key = SigningKey::from_label(KeyType::Ed25519, "signer");
    let signed_at = Timestamp::from_unix(1_780_300_800); // 2026-06-01T08:00:00Z
    let stamp = |_: &[u8]| data.to_vec();
    let builder = CmsBuilder::new(b"{}").attributes(Some(signed_at)).stamped(Stamp(&stamp));
    document(&builder.sign(Signer::new(SIGNER.raw(), &key)));
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
        let certificate = signer.certificate(&message.certificates);
        let _ = (certificate, signer.attributes(), signer.time_stamps(), signer.message(b"content"));
        let _ = SIGNER.key().and_then(|key| signer.algorithm(key));
        if let (Ok(Some(attributes)), Some(certificate)) = (signer.attributes(), certificate) {
            let _ = (attributes.names_signer(certificate), attributes.signature_policy());
        }
    }
    document(data);
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
    if let Some((token, _)) = encoded(data) {
        document(token.as_bytes());
    }
}

/// A compact JWS from a header and a payload in lines of their own, so that what is changed is not hidden by base64; and the
/// further lines, as they are.
fn encoded(data: &[u8]) -> Option<(String, Vec<&str>)> {
    let mut lines = std::str::from_utf8(data).ok()?.lines();
    let parts = [lines.next()?, lines.next()?].map(|line| URL_SAFE_NO_PAD.encode(line));
    Some((format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode([0; 64])), lines.collect()))
}

/// A presentation as it is sent; or its parts in lines of their own: header, payload, disclosures. `$1` stands for the digest of
/// the disclosure in the last line, `$2` for that of the one before it.
fn sd_jwt(data: &[u8]) {
    presented(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (mut text, mut disclosures) = (text.to_owned(), Vec::new());
    while text.lines().count() > 2 && disclosures.len() < 9 {
        let (before, last) = text.rsplit_once('\n').unwrap_or_default();
        disclosures.insert(0, URL_SAFE_NO_PAD.encode(last));
        let place = format!("${}", disclosures.len());
        text = before.replace(&place, &digest(&disclosures[0]));
    }
    if let Some((token, _)) = encoded(text.as_bytes()) {
        presented(format!("{token}~{}~", disclosures.join("~")).as_bytes());
        presented(format!("{token}~{}~{token}", disclosures.join("~")).as_bytes());
    }
}

fn presented(data: &[u8]) {
    document(data);
    if let Ok(presentation) = SdJwt::parse(data) {
        let _ = (presentation.issued().signer(), status_reference(data));
        let expected = Presentation { audience: "https://verifier.example", nonce: "n-0S6", age_max_s: 300 };
        let tokens = [data.to_vec()];
        let status = status_list::Evidence { tokens: &tokens, known: None };
        let question = Question { presentation: Some(&expected), status, ..Question::new(data, now()) };
        forged(&question);
    }
}

/// A signed list as it is sent; or its header and payload in lines of their own; or the width in one byte and the list in zlib.
fn status_list(data: &[u8]) {
    let token = encoded(data).map(|(token, _)| token.into_bytes());
    for token in [Some(data), token.as_deref()].into_iter().flatten() {
        if let Ok(token) = StatusListToken::parse(token, &mut Budget::for_document()) {
            let _ = (token.uri(), token.issued_at(), token.expires_at(), token.ttl_s(), token.jws().signer());
            read_back(token.list());
        }
    }
    let Some((bits, packed)) = data.split_first() else { return };
    let lst = URL_SAFE_NO_PAD.encode(packed);
    if let Ok(list) = StatusList::read(u64::from(*bits), &lst, &mut Budget::for_document()) {
        read_back(&list);
    }
}

fn read_back(list: &StatusList) {
    let count = list.count();
    assert!(list.status(count).is_none() && list.status(u64::MAX).is_none(), "a state behind the end");
    assert!(count == 0 || list.status(count - 1).is_some(), "no state at the end");
    // Packing a long list takes a second.
    if count < 1 << 16 {
        let again = StatusList::read(u64::from(list.bits().number()), &list.lst(), &mut Budget::for_document());
        assert_eq!(again.as_ref(), Ok(list), "a list reads back as itself");
    }
}

/// Whatever is made of the trusted signer's documents, nothing passes but what was signed.
fn forged(question: &Question<'_>) {
    let verification = verify(question, &TRUST);
    assert!(serde_json::to_vec(&verification.diagnostic).is_ok(), "the inputs cannot be written");
    if verification.report.verdict.is_passed() {
        let signatures = &verification.report.signatures;
        assert!(!signatures.is_empty(), "a document passes without a signature");
        assert!(signatures.iter().all(|signature| signature.coverage != Some(Coverage::Partial)), "a part is not covered");
        assert!(verification.metadata.is_none_or(|metadata| metadata == *LICENCE), "a licence that nobody signed");
    }
}

/// The whole way of a document: by people whom nobody trusts, and by one who is trusted.
fn document(data: &[u8]) {
    forged(&Question::new(data, now()));
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

/// The key of the kept checkpoint's log.
static LOG: LazyLock<VerifierKey> = LazyLock::new(|| {
    let key = SigningKey::from_label(KeyType::Ed25519, "log").public_key();
    VerifierKey::new("log.example/seal", NoteKey::Ed25519, key.bits()).expect("a name and a key")
});

/// The only text that this log signed.
static LOGGED: LazyLock<Note> =
    LazyLock::new(|| Note::parse(include_bytes!("corpus/checkpoint/note")).expect("the corpus holds this note"));

/// Every text around transparency logs prints as it was, and nothing counts as signed that the log did not sign.
fn checkpoint(data: &[u8]) {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data, "a note prints as it was");
        logged(&note);
    }
    if let Ok(policy) = LogPolicy::parse(data) {
        assert_eq!(LogPolicy::parse(policy.to_string().as_bytes()).as_ref(), Ok(&policy), "a policy reads back as itself");
        assert!(!policy.asks_for_witnesses() || !policy.is_met(&[]), "a quorum of nobody");
    }
    if let Ok(request) = AddCheckpoint::parse(data) {
        assert_eq!(request.to_string().as_bytes(), data, "a request prints as it was");
        let decision = witness::decide(None, &request, std::slice::from_ref(&*LOG), &mut Budget::for_document());
        assert!(decision.is_err() || request.note().text() == LOGGED.text(), "a checkpoint that nobody signed");
    }
    for width in [1, 3] {
        if let Ok(entries) = tile::decode_entries(data, width) {
            assert_eq!(tile::encode_entries(&entries).as_deref(), Ok(data), "a bundle packs as it was");
        }
        if let Ok(hashes) = tile::decode_hashes(data, width) {
            assert_eq!(tile::encode_hashes(&hashes), data, "a tile packs as it was");
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        log_text(text);
    }
}

fn log_text(text: &str) {
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text, "a checkpoint prints as it was");
    }
    if let Ok(path) = text.parse::<TilePath>() {
        assert_eq!(path.to_string(), text, "a path prints as it was");
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text, "a key prints as it was");
    }
    if let Ok(proof) = text.parse::<TlogProof>() {
        assert_eq!(proof.to_string(), text, "a proof prints as it was");
        logged(proof.note());
        let (leaf, keys) = (leaf_hash(b"entry 77"), std::slice::from_ref(&*LOG));
        let proven = proof.verify(&leaf, keys, &LogPolicy::default(), &mut Budget::for_document());
        assert!(proven.is_err() || proof.index() == 77, "an entry at two places");
    }
}

fn logged(note: &Note) {
    let seen = LogPolicy::default().observe(note, std::slice::from_ref(&*LOG), &mut Budget::for_document());
    assert!(seen.is_err() || note.text() == LOGGED.text(), "a checkpoint that nobody signed");
}

/// The only evidence that there is: with the document, and without.
static EVIDENCE: LazyLock<[Bundle; 2]> = LazyLock::new(|| {
    let files = [&include_bytes!("corpus/bundle/good")[..], include_bytes!("corpus/bundle/digest")];
    files.map(|file| Bundle::parse(file).expect("the corpus holds this bundle"))
});

/// A bundle has one form, and nothing counts as evidence but what was given out.
fn bundle(data: &[u8]) {
    let Ok(bundle) = Bundle::parse(data) else { return };
    let written = bundle.to_bytes();
    assert!(written.len() <= data.len(), "a bundle is longer than it was");
    assert_eq!(Bundle::parse(&written).as_ref(), Ok(&bundle), "a bundle reads back as itself");
    let given = Given { log_keys: &[], anchors: None, policy: None, document: None, now: now().plus(86_400) };
    assert!(!bundle::check(&bundle, &given).is_good() || EVIDENCE.contains(&bundle), "evidence that nobody gave out");
}
