//! `licet verify raw`, `licet verify chain` and `licet report diff`: the real binary, with what OpenSSL and others made.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::licence_kit::{Office, fields};
use crate::pki::Folder;
use crate::started::Setup;

fn licet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licet")).args(arguments).output().unwrap()
}

/// The exit status and what was printed.
fn said(arguments: &[&str]) -> (i32, String) {
    let output = licet(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn testdata() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/testdata");
    let folder = std::env::var_os("LICET_TESTDATA").map_or(beside, PathBuf::from);
    assert!(folder.is_dir(), "THE SAMPLES ARE MISSING: {} is not a folder. Set LICET_TESTDATA.", folder.display());
    folder
}

#[test]
fn signatures_by_openssl() {
    let scratch = Folder::new();
    let folder = scratch.path();
    scratch.write("message", "a message");
    scratch.write("other", "another message");
    let sm2_id = "distid:1234567812345678";
    for (alg, made, signing) in [
        ("ecdsa-p256-sha256", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..], &["-rawin", "-digest", "sha256"][..]),
        ("ed25519", &["ED25519"], &["-rawin"]),
        ("rsa-pkcs1-sha256", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &["-rawin", "-digest", "sha256"]),
        ("sm2-sm3", &["SM2"], &["-rawin", "-digest", "sm3", "-pkeyopt", sm2_id]),
    ] {
        openssl(folder, &[&["genpkey", "-out", "key.pem", "-algorithm"], made].concat());
        openssl(folder, &["pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem"]);
        openssl(folder, &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "pub.der"]);
        let sign = ["pkeyutl", "-sign", "-inkey", "key.pem", "-in", "message", "-out", "signature"];
        openssl(folder, &[&sign[..], signing].concat());
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let verify = |alg: &str, key: &str, message: &str| {
            let (key, message, signature) = (file(key), file(message), file("signature"));
            said(&["verify", "raw", "--alg", alg, "--key", &key, "--message", &message, "--signature", &signature])
        };
        for key in ["pub.pem", "pub.der"] {
            assert_eq!(verify(alg, key, "message"), (0, "good\n".to_owned()), "{alg}");
            assert_eq!(verify(alg, key, "other"), (1, "bad\n".to_owned()), "{alg}");
        }
        assert_eq!(verify("ecdsa-p384-sha384", "pub.pem", "message").0, 64, "{alg}");
        assert_eq!(verify(alg, "message", "message").0, 64);
        assert_eq!(verify(alg, "nowhere", "message").0, 66);
        assert_eq!(verify("md5", "pub.pem", "message").0, 64);
    }
    assert_eq!(said(&["verify", "raw", "--alg", "ed25519"]).0, 64);
    let (status, help) = said(&["verify", "raw", "--help"]);
    assert!(status == 0 && help.contains("sm2-sm3 ed25519") && help.contains("1234567812345678"), "{help}");
}

#[test]
fn paths_of_the_public_suite() {
    let suite = testdata().join("pkits");
    let file = |name: &str| suite.join(name).to_str().unwrap().to_owned();
    let (anchor, good) = (file("certs/TrustAnchorRootCertificate.crt"), file("certs/GoodCACert.crt"));
    let lists = [file("crls/TrustAnchorRootCRL.crl"), file("crls/GoodCACRL.crl")];
    let chain = |leaf: &str, more: &[&str]| {
        let leaf = file(leaf);
        let head = ["verify", "chain", &leaf, &good, "--anchors", &anchor, "--time", "2022-03-14T13:36:21Z"];
        said(&[&head[..], more].concat())
    };
    let crls = ["--crls", &lists[0], &lists[1]];
    let (status, text) = chain("certs/ValidCertificatePathTest1EE.crt", &crls);
    assert!(status == 0 && text.starts_with("TOTAL-PASSED\n") && text.contains("Trust Anchor"), "{text}");
    assert_ne!(chain("certs/InvalidEESignatureTest3EE.crt", &crls).0, 0);
    let (status, text) = chain("certs/InvalidRevokedEETest3EE.crt", &[&crls[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &report["sub_indication"]), (1, &Value::from("REVOKED")), "{text}");

    let leaf = "certs/ValidCertificatePathTest1EE.crt";
    assert_eq!(chain(leaf, &[]).0, 2, "no list, no conclusion");
    assert_eq!(chain(leaf, &["--revocation", "if-available"]).0, 0);
    assert_eq!(chain(leaf, &["--revocation", "none"]).0, 0);
    assert_ne!(chain(leaf, &["--purpose", "tsa", "--revocation", "none"]).0, 0);
    let (_, text) = chain(leaf, &[&crls[..], &["--json", "--depth", "diagnostic"]].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["diagnostic"]["certificates"].as_object().unwrap().len(), 3, "{text}");
    assert_eq!(report["diagnostic"]["lists"].as_object().unwrap().len(), 2);
    let (_, text) = chain(leaf, &[&crls[..], &["--depth", "diagnostic", "--lang", "zh"]].concat());
    assert!(text.contains("吊销列表") && text.contains("未列入"), "{text}");
    for wrong in [&["--purpose", "dentist"][..], &["--revocation", "maybe"], &["--crls", &good], &["--depth", "deep"]] {
        assert_eq!(chain(leaf, wrong).0, 64, "{wrong:?}");
    }
    assert_eq!(chain(leaf, &["--crls", "/nowhere.crl"]).0, 66);
    assert_eq!(said(&["verify", "chain", "--anchors", &anchor]).0, 64);
    let swallowed = said(&["verify", "chain", "--anchors", &anchor, &good]);
    assert!(swallowed.0 == 64 && swallowed.1.contains("it stands before --anchors"), "{}", swallowed.1);
    let (status, fault) = chain("certs/BadSignedCACert.crt", &[]);
    assert!(status == 64 && fault.contains("holds no certificate: a value is outside its type"), "{fault}");
    assert!(!chain(leaf, &["--purpose", "dentist"]).1.contains("--help; see"));
    assert_eq!(said(&["verify", "chain", &good]).0, 64);
    assert!(said(&["verify", "chain", "--help"]).1.contains("--anchors FILE..."));
}

#[test]
fn reports_are_compared() {
    let (office, setup) = (Office::new(), Setup::new());
    let setup = office.trusted_by(setup);
    let folder = &setup.folder;
    let root = folder.path().join("root.pem");
    let list = folder.path().join("root.crl");
    let revoking = folder.write("revoking.crl", office.revoking_list(120));
    let licence = folder.write("licence.ofd", office.ofd(&fields("1", 1)));
    let save = |name: &str, licence: &Path, more: &[&str]| {
        let head = ["verify", word(licence), "--trust", word(&root), "--crl", word(&list), "--json"];
        let output = licet(&[&head[..], more].concat());
        folder.write(name, output.stdout)
    };
    let simple = save("simple.json", &licence, &["--depth", "simple"]);
    let detailed = save("detailed.json", &licence, &[]);
    let full = save("full.json", &licence, &["--depth", "diagnostic"]);
    let revoked = save("revoked.json", &licence, &["--depth", "diagnostic", "--crl", word(&revoking)]);
    let diff = |a: &Path, b: &Path, more: &[&str]| said(&[&["report", "diff", word(a), word(b)], more].concat());

    for (a, b) in [(&simple, &full), (&detailed, &simple), (&full, &detailed), (&full, &full)] {
        let (status, text) = diff(a, b, &[]);
        assert!(status == 0 && text.contains("Both say the same."), "{text}");
    }
    let (status, text) = diff(&full, &revoked, &["--lang", "zh"]);
    assert_eq!(status, 1);
    for line in ["verdict: TOTAL-PASSED → TOTAL-FAILED (REVOKED)", "path.revocation signer outcome: passed → failed", "所用材料"]
    {
        assert!(text.contains(line), "{line} in {text}");
    }
    let (status, text) = diff(&simple, &revoked, &["--json"]);
    let difference: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &difference["same_document"]), (1, &Value::from(true)));
    assert_eq!(difference["changes"][0]["before"], "TOTAL-PASSED");
    let another = folder.write("another.ofd", office.ofd(&fields("2", 1)));
    let other = save("other.json", &another, &[]);
    let (status, text) = diff(&detailed, &other, &[]);
    assert!(status == 1 && text.contains("NOT THE SAME DOCUMENT"), "{text}");

    assert_eq!(diff(&detailed, &licence, &[]).0, 64, "no report");
    assert_eq!(diff(&detailed, Path::new("/nowhere.json"), &[]).0, 66);
    for wrong in [&["report"][..], &["report", "diff", "x"], &["report", "merge", "x", "y"]] {
        assert_eq!(said(wrong).0, 64, "{wrong:?}");
    }
    assert_eq!(said(&["report", "--help"]).0, 0);
}
