//! The demo as people run it, and its files in the hands of `licet verify` and `licet pki`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::pki::Folder;

fn licet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licet")).args(arguments).output().unwrap()
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_licet"));
    let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs the demo once in this folder, on free ports.
fn demo(folder: &Path) -> Output {
    licet(&["demo", "--once", "--dir", word(folder), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
}

fn named(folder: &Path, part: &str) -> PathBuf {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found.into_iter().find(|path| word(path).contains(part)).unwrap()
}

#[test]
fn every_verdict_is_as_expected_and_the_files_stand_by_themselves() {
    let scratch = Folder::new();
    let folder = scratch.path().join("demo");
    let output = demo(&folder);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    assert!(printed.contains("All is as expected.") && !printed.contains('✗'), "{printed}");
    for name in ["营业执照", "食品经营许可证", "建筑工程施工许可证", "结婚证", "机动车驾驶证"] {
        assert!(printed.contains(name), "{name}");
    }
    for form in ["OFD v1", "OFD v4", "OFD v5", "OFD v4 stamped", "JWS SM2", "JWS ES256", "JWS EdDSA", "SD-JWT", "CMS SM2", "PDF"]
    {
        assert!(printed.contains(form), "{form}");
    }
    for verdict in
        ["HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "EXPIRED", "REVOKED_NO_POE", "with a warning", "INDETERMINATE"]
    {
        assert!(printed.contains(verdict), "{verdict}");
    }

    one_number_is_told(printed);
    the_catalogue_stands_by_itself(&folder);
    verify_by_itself(&folder);
    show_by_itself(&folder);

    // The folder is taken again, and a foreign file in it survives; a folder that is no demo's is left alone.
    fs::write(folder.join("mine.txt"), "kept").unwrap();
    assert!(demo(&folder).status.success());
    assert!(folder.join("mine.txt").exists());
    let refused = demo(scratch.path());
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("not a demo"));
}

/// What came of each line is held against what should by the demo itself: here, that the lines are there, and that nobody's number is.
fn one_number_is_told(printed: &str) {
    let story = printed.split_once("One number 一号通查").unwrap().1;
    for line in [
        "complete: answered, answered",
        "birth, name",
        "partial: answered, answered, denied",
        "403 not-granted",
        "partial: timed-out, answered",
        "available, available, not-electronic",
        "410 use-code-spent",
        "no-match",
        "403 token-refused",
        "suspend, restore",
    ] {
        assert!(story.contains(line), "{line}: {story}");
    }
    for person in [40, 41] {
        assert!(!printed.contains(&gateway::demo::people::person(person).code), "{printed}");
    }
}

fn the_catalogue_stands_by_itself(folder: &Path) {
    let output = licet(&["catalogue", "check", word(&folder.join("catalogue.toml"))]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("nothing is wrong"), "{}", text(&output.stdout));
}

fn verify_by_itself(folder: &Path) {
    let config = folder.join("licet.toml");
    let config = word(&config);
    let licences = folder.join("licences");
    let good = fs::read(named(&licences, "000000-001.ofd")).unwrap();
    let output = piped(&["verify", "--config", config, "-"], &good);
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}{}", text(&output.stderr));
    assert!(printed.starts_with("-: TOTAL-PASSED\n") && printed.contains("✓ seal.signer-listed"), "{printed}");
    assert!(printed.contains("No register was asked"));

    let output = piped(&["verify", "--config", config, "--json", "-"], &good);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["file"], &report["indication"]), (&Value::from("-"), &Value::from("TOTAL-PASSED")));
    assert_eq!(report["signatures"][0]["seal"]["version"], 4);

    for name in ["000047-001.pdf", "000048-001.sdjwt", "000027-001.p7m"] {
        let output = licet(&["verify", "--config", config, word(&named(&licences, name))]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stdout));
    }
    let stamped = licet(&["verify", "--config", config, word(&named(&licences, "000008-001.ofd"))]);
    assert_eq!(stamped.status.code(), Some(0));
    assert!(text(&stamped.stdout).contains("! signature.existence"), "{}", text(&stamped.stdout));
    let late = licet(&["verify", "--config", config, word(&named(&folder.join("forgeries"), "stamped-late"))]);
    assert_eq!(late.status.code(), Some(2));

    let forged = named(&folder.join("forgeries"), "page-byte");
    let output = licet(&["verify", "--config", config, "--lang", "zh", word(&forged)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("TOTAL-FAILED (HASH_FAILURE)") && text(&output.stdout).contains("受保护文件被改动"));
    let strange = named(&folder.join("forgeries"), "home-made-root");
    assert_eq!(licet(&["verify", "--config", config, word(&strange)]).status.code(), Some(2));

    let authorities = folder.join("pki/authorities");
    let file = |name: &str| word(&authorities.join(name)).to_owned();
    let (root, ca, users) = (file("sm2-root.pem"), file("sm2-seal-ca.pem"), file("sm2-signer-ca.pem"));
    let licence = named(&licences, "000020-001.ofd");
    let mut arguments = vec!["verify", "--trust", &root, "--certificate", &ca, "--certificate", &users, word(&licence)];
    let output = licet(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("! path.revocation"), "{}", text(&output.stdout));
    let lists = [file("sm2-root.crl"), file("sm2-seal-ca.crl"), file("sm2-signer-ca.crl")];
    lists.iter().for_each(|list| arguments.extend(["--crl", list]));
    let output = licet(&arguments);
    assert_eq!(output.status.code(), Some(0));
    assert!(!text(&output.stdout).contains("! path.revocation"), "{}", text(&output.stdout));
    arguments.extend(["--at", "2001-01-01T00:00:00Z"]);
    assert_eq!(licet(&arguments).status.code(), Some(1));
}

fn show_by_itself(folder: &Path) {
    let pki = folder.join("pki");
    let shown = |path: &str| {
        let output = licet(&["pki", "show", word(&pki.join(path))]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    assert!(shown("clients/approval.pem").contains("uri:urn:licet:demo:approval"));
    assert!(shown("authorities/sm2-signer-ca.crl").contains("revokes 1 certificates"));
    let seal = shown("seals/market-v4.esl");
    assert!(seal.contains("示例市市场监督管理局电子证照专用章") && seal.contains("CN=seal-maker"), "{seal}");
}

#[test]
fn wrong_use_is_told_apart() {
    let scratch = Folder::new();
    let file = scratch.write("x.ofd", b"PK");
    let file = word(&file);
    for (arguments, status) in [
        (&["verify"][..], 64),
        (&["verify", file], 64),
        (&["verify", "--trust", file, "--lang", "de", file], 64),
        (&["verify", "--trust", file, file], 64),
        (&["verify", "--trust", "/nowhere.pem", file], 66),
        (&["verify", "--config", "/nowhere.toml", file], 66),
        (&["verify", "--help"], 0),
        (&["pki", "--help"], 0),
        (&["pki", "new"], 2),
        (&["pki", "show", file], 1),
        (&["demo", "--help"], 0),
        (&["demo", "--listen", "here"], 2),
    ] {
        let output = licet(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_taken_port_is_named_before_anything_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let scratch = Folder::new();
    let folder = scratch.path().join("demo");
    let output = licet(&["demo", "--once", "--dir", word(&folder), "--listen", &address, "--admin", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("{address} cannot be used")), "{}", text(&output.stderr));
    assert!(!folder.exists());
}

#[test]
fn keys_are_made_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Folder::new();
    let folder = scratch.path().join("pki");
    assert!(licet(&["pki", "new", word(&folder)]).status.success());
    for (name, mode) in [("clients/approval.key", 0o600), ("clients/approval.pem", 0o644), ("README.md", 0o644)] {
        let found = fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found & !mode, 0, "{name}");
    }
    let again = licet(&["pki", "new", word(&folder)]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("not empty"));
}
