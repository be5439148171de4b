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
