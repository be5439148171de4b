//! The real binary.

use std::path::Path;
use std::process::{Command, Output};

use crypto::tlog::VerifierKey;

use crate::started::Setup;

fn licet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licet")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn says_what_it_is() {
    let version = licet(&["--version"]);
    assert!(version.status.success());
    assert_eq!(text(&version.stdout), format!("licet {}\n", env!("CARGO_PKG_VERSION")));
    assert!(text(&licet(&["--help"]).stdout).contains("licet serve --config FILE"));
    for command in [&["serve"][..], &["demo"], &["verify"], &["pki"], &["trust"], &["config"], &["config", "check"]] {
        let output = licet(&[command, &["--help"]].concat());
        assert!(output.status.success() && text(&output.stdout).contains("Usage: licet "), "{command:?}");
    }
    for wrong in [&[][..], &["fly"], &["serve"], &["serve", "--port", "1"], &["config", "check"]] {
        assert_eq!(licet(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_wrong_configuration_stops_it_before_anything_is_bound() {
    let setup = Setup::new();
    storage::Keys::generate(setup.folder.path()).unwrap();
    let good = setup.folder.write("licet.toml", setup.text());
    let checked = licet(&["config", "check", path(&good)]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    let said = text(&checked.stdout);
    let keys: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("log ")).collect();
    for log in ["licet.test.example/seal/", "licet.test.example/access/"] {
        assert!(keys.iter().any(|key| key.starts_with(log) && key.parse::<VerifierKey>().is_ok()), "{keys:?}");
    }

    let both = setup.text().replace("server.pem", "nowhere.pem").replace("value.key", "no-value.key");
    let checked = licet(&["config", "check", path(&setup.folder.write("both.toml", both))]);
    for key in ["server.certificate: ", "storage.value_key"] {
        assert!(text(&checked.stderr).contains(key), "{key} in {}", text(&checked.stderr));
    }

    setup.folder.write("witnesses.policy", "quorum everybody\n");
    let source = "name = 'a'\nkind = 'licet'\nurl = 'https://localhost:1/v1/lookups'\n";
    let provider = "name = 'a'\nissuer = 'https://a.example'\naudience = 'licet'\n";
    let lists = "[status_list]\nbase_uri = 'https://licences.example/v1/status-lists'\n";
    for (broken, key) in [
        (setup.text().replace("server.pem", "nowhere.pem"), "server.certificate: "),
        (setup.text().replace("certificate = \"server.pem\"", "certificate = \"clients.pem\""), "server.key: does not go with"),
        (setup.text().replace("[\"clients.pem\"]", "[\"server.key\"]"), "server.client_anchors[0]: "),
        (setup.text().replace("roles = ['verifier']", "roles = []"), "callers[0].roles: "),
        (format!("{}\n[signing]\nkey = 'gateway.key'\ncertificate = 'gateway.pem'\n{lists}", setup.text()), "signing.key: "),
        (format!("surplus = 1\n{}", setup.text()), "surplus"),
        (format!("{}\n[record.witnesses]\npolicy = 'witnesses.policy'\n", setup.text()), "record.witnesses.policy: "),
        (format!("{}\n[[sources]]\n{source}tls_anchors = ['nowhere.pem']\n", setup.text()), "sources[0].tls_anchors"),
        (format!("{}\n[[identity_providers]]\n{provider}keys = 'nowhere.jwks'\n", setup.text()), "identity_providers[0].keys: "),
        (format!("{}\n[status]\ntls_anchors = ['nowhere.pem']\n", setup.text()), "status.tls_anchors"),
    ] {
        let file = setup.folder.write("broken.toml", broken);
        for command in [&["config", "check", path(&file)][..], &["serve", "--config", path(&file)]] {
            let output = licet(command);
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            assert!(text(&output.stderr).contains(key), "{key} in {}", text(&output.stderr));
        }
    }
}

/// The line on which this stands, as a fault names it.
fn line_of(text: &str, what: &str) -> u64 {
    let place = text.find(what).unwrap_or_else(|| panic!("{what}"));
    u64::try_from(text.as_bytes()[..place].iter().filter(|byte| **byte == b'\n').count() + 1).unwrap()
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line_and_a_hint() {
    let setup = Setup::new();
    storage::Keys::generate(setup.folder.path()).unwrap();
    let wrong = setup.text().replacen("listen =", "listn =", 1).replace("index.key", "no-index.key");
    let wrong = wrong.replacen("key = \"log.key\"", "key = \"no-log.key\"", 1).replacen(
        "roles = ['issuer']",
        "roles = ['isuer']",
        1,
    ) + "[cache]\nverdicts_mib = '64'\n[log]\nlevel = 'inf'\n[lookup]\ndeadline_ms = 0\n[[trust]]\nname = 'a'\npurpose = 'signer'\n\
           revocation = 'none'\nanchors = 'a.pem'\n[status]\nrefresh_s_max = 1\ntls_anchors = ['nowhere.pem']\n";
    let file = setup.folder.write("wrong.toml", &wrong);
    let checked = licet(&["config", "check", "--json", path(&file)]);
    assert_eq!(checked.status.code(), Some(2), "{}", text(&checked.stderr));
    let said: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let faults = said["faults"].as_array().unwrap();
    for (key, what, hint) in [
        ("server.listn", "listn", "did you mean `listen`?"),
        ("storage.index_key", "index_key", "The key of the index over holder numbers"),
        ("record.key", "key = \"no-log.key", "File with the key that signs checkpoints"),
        ("callers[2].roles[0]", "roles = ['isuer", "did you mean \"issuer\"?"),
        ("cache.verdicts_mib", "verdicts_mib", "without quotes: 64"),
        ("log.level", "level = 'inf", "did you mean \"info\"?"),
        ("lookup.deadline_ms", "deadline_ms", "Within how many milliseconds"),
        ("trust[0].anchors", "anchors = 'a", "in brackets: [\"a.pem\"]"),
        ("status.refresh_s_max", "refresh_s_max", "Longest time between two questions"),
        ("status.tls_anchors[0]", "['nowhere", ""),
    ] {
        let fault = faults.iter().find(|fault| fault["key"] == key).unwrap_or_else(|| panic!("{key} in {faults:#?}"));
        assert_eq!(fault["line"], line_of(&wrong, what), "{fault}");
        assert!(fault["hint"].as_str().unwrap_or_default().contains(hint), "{fault}");
    }
    // And lookup.reserve_ms, which must be less than the deadline.
    assert_eq!(faults.len(), 11, "{faults:#?}");

    let checked = licet(&["config", "check", path(&file)]);
    let expected =
        format!("{}:{}: server.listn: is not known\n    did you mean `listen`?\n", path(&file), line_of(&wrong, "listn"));
    assert!(text(&checked.stderr).contains(&expected), "{}", text(&checked.stderr));
    let good = licet(&["config", "check", "--json", path(&setup.folder.write("good.toml", setup.text()))]);
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&good.stdout).unwrap()["faults"], serde_json::json!([]));
}

#[test]
fn what_is_no_toml_is_said_line_by_line_and_the_rest_all_the_same() {
    let setup = Setup::new();
    storage::Keys::generate(setup.folder.path()).unwrap();
    let wrong = setup.text() + "[cache]\nverdicts_mib = = 1\n[lookup]\nbatch_max = 0\n[grants]\ncheck_days = 2 days\n";
    let checked = licet(&["config", "check", "--json", path(&setup.folder.write("wrong.toml", &wrong))]);
    let said: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    let faults: Vec<(&str, u64)> = said["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["key"].as_str().unwrap(), fault["line"].as_u64().unwrap()))
        .collect();
    let expected = [("(syntax)", "verdicts_mib"), ("lookup.batch_max", "batch_max"), ("(syntax)", "check_days")];
    for (key, what) in expected {
        assert!(faults.contains(&(key, line_of(&wrong, what))), "{key} {what} in {faults:?}");
    }
}

#[test]
fn every_setting_is_printed() {
    let page = text(&licet(&["config", "docs"]).stdout);
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIGURATION.md");
    let is_new = page == std::fs::read_to_string(written).unwrap();
    assert!(is_new, "docs/CONFIGURATION.md is old: licet config docs > docs/CONFIGURATION.md");
    assert!(page.contains("| `client_anchors` | list of texts | required |"), "{page}");
    let schema: serde_json::Value = serde_json::from_slice(&licet(&["config", "docs", "--schema"]).stdout).unwrap();
    assert!(schema["$defs"]["Server"]["properties"]["listen"]["description"].is_string());
    assert_eq!(licet(&["config", "docs", "more"]).status.code(), Some(2));
}
