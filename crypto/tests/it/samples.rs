//! OFD files, seals and signatures of other makers: what a correct verifier says of each, by the README beside them.

use crypto::context::Context;
use crypto::digest::sm3;
use crypto::report::{Indication, Outcome, Report, SignatureReport, SubIndication};
use crypto::seal::verify::{Expected, verify, verify_seal};
use crypto::seal::{Seal, SealSignature};
use crypto::time::Timestamp;
use crypto::verify::{Question, verify as verify_document};
use crypto::x509::trust::{Policy, RevocationPolicy};
use crypto::x509::{Certificate, Domain, Purpose, Trust, pem};

use crate::testdata;

fn read(path: &str) -> Vec<u8> {
    let file = testdata().join("ofd").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn certificate(path: &str) -> Certificate {
    pem::certificates(&read(path)).unwrap().remove(0)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The samples' own root for signers and makers. Its key usage lacks keyCertSign: `lax` is the explicit test policy that lets
/// the rest be seen.
fn trust(lax: bool) -> Trust {
    let domain = |name, purpose| Domain {
        revocation: RevocationPolicy::None,
        lax_issuers: lax,
        ..Domain::new(name, purpose, vec![certificate("seals/ofdrw-gm-main/ROOT.crt.pem")])
    };
    Trust::new(vec![domain("samples", Purpose::Signer), domain("sample makers", Purpose::SealMaker)], Policy::default())
}

/// Trust in the very certificates that a value carries, so that the checks beyond the path can be seen.
fn trust_carried(value: &SealSignature<'_>) -> Trust {
    let domain = |name, purpose, der| Domain {
        revocation: RevocationPolicy::None,
        ..Domain::new(name, purpose, vec![Certificate::from_der(der).unwrap()])
    };
    let signer = domain("carried signer", Purpose::Signer, value.signer);
    let maker = domain("carried maker", Purpose::SealMaker, value.seal.maker);
    // One of the samples has the bare pair r ‖ s, as some government seals do.
    Trust::new(vec![signer, maker], Policy { raw_sm2: true, ..Policy::default() })
}

fn document(path: &str, when: &str, trust: &Trust, certificates: &[Certificate]) -> Report {
    let document = read(path);
    verify_document(&Question { certificates, ..Question::new(&document, at(when)) }, trust).report
}

#[track_caller]
fn outcome(signature: &SignatureReport, id: &str) -> Outcome {
    signature.checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no check {id}: {signature:#?}")).outcome
}

#[track_caller]
fn all_pass(signature: &SignatureReport, ids: &[&str]) {
    for id in ids {
        assert_eq!(outcome(signature, id), Outcome::Passed, "{id} in {signature:#?}");
    }
}

const CRYPTOGRAPHY: [&str; 6] =
    ["signature.value", "seal.signature", "seal.signer-listed", "signature.data-hash", "ofd.references", "ofd.seal-file"];

#[test]
fn ride_right_is_good_at_its_time() {
    let report = document("synthetic/V4RideRight.ofd", "2021-05-20T00:00:00Z", &trust(true), &[]);
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    let [signature] = report.signatures.as_slice() else { panic!("{report:#?}") };
    all_pass(signature, &CRYPTOGRAPHY);
    all_pass(signature, &["ofd.coverage", "ofd.appearance", "signature.time", "path.built"]);
    assert_eq!(signature.form, "ses-v4");
}

#[test]
fn the_samples_root_may_not_issue() {
    let report = document("synthetic/V4RideRight.ofd", "2021-05-20T00:00:00Z", &trust(false), &[]);
    assert_eq!(report.verdict.sub_indication, Some(SubIndication::ChainConstraintsFailure));
    assert_eq!(outcome(&report.signatures[0], "path.constraints"), Outcome::Failed);
}

#[test]
fn signed_after_everything_had_ended() {
    let report = document("synthetic/SESV4SignDoc.ofd", "2026-08-05T00:00:00Z", &trust(true), &[]);
    assert_eq!(report.verdict.indication, Indication::TotalFailed, "{report:#?}");
    let signature = &report.signatures[0];
    all_pass(signature, &CRYPTOGRAPHY);
    for id in ["signature.time", "seal.validity", "path.validity"] {
        assert_eq!(outcome(signature, id), Outcome::Failed, "{id}");
    }
}

#[test]
fn a_second_signature_breaks_the_first_that_protected_the_list() {
    let report = document("synthetic/h.ofd", "2020-07-17T00:00:00Z", &trust(true), &[]);
    let [first, second] = report.signatures.as_slice() else { panic!("{report:#?}") };
    assert_eq!((first.id.as_str(), second.id.as_str()), ("s001", "s007"));
    assert_eq!(outcome(first, "ofd.later-signature"), Outcome::Failed);
    assert_eq!(first.verdict.indication, Indication::TotalFailed);
    all_pass(first, &["signature.value", "seal.signature", "signature.data-hash"]);
    all_pass(second, &CRYPTOGRAPHY);
    assert_eq!(second.verdict.indication, Indication::TotalPassed, "{second:#?}");
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}

#[test]
fn a_bare_value_needs_a_certificate_from_outside() {
    let when = "2020-04-23T00:00:00Z";
    let report = document("synthetic/DigitalSign.ofd", when, &trust(true), &[]);
    assert_eq!(report.verdict.sub_indication, Some(SubIndication::NoSigningCertificateFound), "{report:#?}");
    let user = certificate("seals/ofdrw-gm/USER.crt.pem");
    let report = document("synthetic/DigitalSign.ofd", when, &trust(true), &[user]);
    all_pass(&report.signatures[0], &["signature.value", "ofd.references", "ofd.coverage"]);
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
}

#[test]
fn unsigned_documents_prove_nothing() {
    for name in ["helloworld", "hello", "VPage7", "chineseDir", "namespace_no_std", "no_page_container", "hello-integrity"] {
        let report = document(&format!("synthetic/{name}.ofd"), "2024-01-01T00:00:00Z", &trust(true), &[]);
        assert_eq!(report.verdict.indication, Indication::TotalFailed, "{name}: {report:#?}");
        assert!(report.signatures.is_empty(), "{name}");
        let ids: Vec<_> = report.checks.iter().filter(|check| check.outcome == Outcome::Failed).map(|check| &*check.id).collect();
        assert_eq!(ids, ["document.signed"], "{name}: {report:#?}");
    }
}

/// Judges a signature value by itself, with its own certificates trusted, at a moment.
fn layer(folder: &str, number: &str, when: &str) -> SignatureReport {
    let folder = format!("signature-layers/{folder}/{number}");
    let value = read(&format!("{folder}/SignedValue.dat"));
    let value = SealSignature::from_der(&value).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let xml = read(&format!("{folder}/Signature.xml"));
    let trust = trust_carried(&value);
    let expected = Expected { id: number, data_hash: sm3(&[&xml]), property: None };
    verify(&value, &expected, &mut Context::new(&trust, at(when))).unwrap()
}

const LAYER: [&str; 4] = ["signature.value", "seal.signature", "seal.signer-listed", "signature.data-hash"];

#[test]
fn signature_layers_of_several_vendors() {
    // A seal whose extension says an explicit FALSE: only the bytes as received verify.
    let report = layer("v4signed", "Sign_0", "2020-10-11T00:00:00Z");
    all_pass(&report, &LAYER);
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");

    let report = layer("signedFile", "Sign_0", "2020-10-05T00:00:00Z");
    all_pass(&report, &LAYER);
    assert_eq!(outcome(&report, "seal.created"), Outcome::Failed);

    let report = layer("anon-licence-tongzhi", "Sign_1", "2020-06-21T00:00:00Z");
    all_pass(&report, &LAYER);
    assert_eq!(outcome(&report, "signature.encoding"), Outcome::Failed, "the raw pair is reported");

    for (folder, number, when) in [
        ("V4RideRight", "Sign_0", "2021-05-20T00:00:00Z"),
        ("h", "Sign_0", "2020-07-17T00:00:00Z"),
        ("h", "Sign_1", "2020-07-17T00:00:00Z"),
        ("SESV4SignDoc", "Sign_0", "2022-01-01T00:00:00Z"),
    ] {
        all_pass(&layer(folder, number, when), &LAYER);
    }
}

#[test]
fn a_good_first_generation_seal_under_a_bad_signature() {
    let report = layer("n", "Sign_0", "2020-01-26T00:00:00Z");
    assert_eq!(report.form, "ses-v1");
    all_pass(&report, &["seal.signature"]);
    for id in ["signature.value", "signature.data-hash"] {
        assert_eq!(outcome(&report, id), Outcome::Failed, "{id}");
    }
    assert_eq!(report.verdict.indication, Indication::TotalFailed);
}

#[test]
fn a_plain_signature_over_the_digest_of_its_description() {
    use crypto::cms::verify::{Place, Protected, verify};
    let folder = "signature-layers/anon-licence-tongzhi/Sign_3";
    let (value, xml) = (read(&format!("{folder}/SignedValue.dat")), read(&format!("{folder}/Signature.xml")));
    let data = crypto::cms::signed_data(&value).unwrap();
    let signer = data.signers[0].certificate(&data.certificates).unwrap().clone();
    let domain = Domain { revocation: RevocationPolicy::None, ..Domain::new("carried", Purpose::Signer, vec![signer]) };
    let trust = Trust::new(vec![domain], Policy { raw_sm2: true, ..Policy::default() });
    let judge = |xml: &[u8]| {
        let place = Place { id: "4", claimed: Some(at("2020-06-20T09:18:49Z")) };
        let mut context = Context::new(&trust, at("2020-06-21T00:00:00Z"));
        verify(&data, &data.signers[0], Protected::DigestOf(sm3(&[xml])), place, &mut context).unwrap()
    };
    let report = judge(&xml);
    all_pass(&report, &["signature.value", "signature.data-hash", "signature.time"]);
    assert_eq!(report.form, "gbt35275");
    assert_eq!(outcome(&judge(b"another file"), "signature.data-hash"), Outcome::Failed);
}

#[test]
fn stand_alone_seals() {
    for (path, form) in [
        ("ofdrw-gm/UserV1.esl", "ses-v1"),
        ("ofdrw-gm/UserV4.esl", "ses-v4"),
        ("ofdrw-gm/UserV5.esl", "ses-v5"),
        ("ofdrw-gm/UserV5_ts.esl", "ses-v5"),
        ("ofdrw-sign/UserV1.esl", "ses-v1"),
        ("ofdrw-sign/UserV4.esl", "ses-v4"),
        ("ofdrw-sign/UserV5.esl", "ses-v5"),
    ] {
        let bytes = read(&format!("seals/{path}"));
        let seal = Seal::from_der(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        let maker = Certificate::from_der(seal.maker).unwrap();
        let domain = Domain { revocation: RevocationPolicy::None, ..Domain::new("carried", Purpose::SealMaker, vec![maker]) };
        let trust = Trust::new(vec![domain], Policy::default());
        let report = verify_seal(&seal, &mut Context::new(&trust, seal.created)).unwrap();
        assert_eq!(report.form, form, "{path}");
        all_pass(&report, &["seal.signature"]);
        if path.ends_with("_ts.esl") {
            assert_eq!(outcome(&report, "seal.timestamp"), Outcome::Failed, "three bytes are no time stamp");
            assert_eq!(report.verdict.indication, Indication::TotalFailed);
        }
    }
}

#[test]
fn stand_alone_values_do_not_belong_to_the_description_beside_them() {
    for version in ["V4", "V5"] {
        let value = read(&format!("seals/ofdrw-gm/SignedValue{version}.dat"));
        let value = SealSignature::from_der(&value).unwrap();
        let trust = trust_carried(&value);
        let xml = read("seals/ofdrw-gm/Signature.xml");
        let expected = Expected { id: "1", data_hash: sm3(&[&xml]), property: None };
        let report = verify(&value, &expected, &mut Context::new(&trust, value.seal.created)).unwrap();
        all_pass(&report, &["signature.value", "seal.signature"]);
        assert_eq!(outcome(&report, "signature.data-hash"), Outcome::Failed, "{version}");
    }
}
