//! Signed trust lists: made and applied with the real binary, read by a gateway, and every way in which one is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crypto::issue::{CertificateBuilder, JwsBuilder, KeyType, Name, SigningKey, pem};
use crypto::record::EventKind;
use crypto::time::Timestamp;
use gateway::app::App;
use gateway::config::{Config, Faults};
use gateway::trust::{Keeper, Outcome, Renewal};
use serde_json::{Value, json};
use storage::StorageError;

use crate::audit::newest;
use crate::client::{Http, request};
use crate::licence_kit::{Office, fields};
use crate::started::{Setup, memory};

/// A folder with rules, the keys of those who sign lists, and a configuration that takes its trust from `trust.jws`.
struct Desk {
    setup: Setup,
    office: Office,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let (office, now) = (Office::new(), gateway::clock::now());
        let mut setup = office.trusted_by(Setup::new());
        let rules = std::mem::take(&mut setup.sections);
        setup.folder.write("rules.toml", format!("[policy]\nname = 'province'\n{rules}"));
        setup.sections = "[trust_list]\nfile = 'trust.jws'\nsigners = ['list.pem']\n[policy]\nunrecorded = 'accept'\n".to_owned();
        let desk = Self { setup, office, now };
        for (name, kind) in [("list", KeyType::Sm2), ("other", KeyType::Ed25519)] {
            let (key, certificate) = desk.signer(name, kind);
            desk.setup.folder.write(&format!("{name}.key"), key.pem());
            desk.setup.folder.write(&format!("{name}.pem"), pem::encode("CERTIFICATE", &certificate));
        }
        desk.setup.folder.write("licet.toml", desk.setup.text());
        desk
    }

    fn signer(&self, name: &str, kind: KeyType) -> (SigningKey, Vec<u8>) {
        let key = SigningKey::from_label(kind, name);
        let builder = CertificateBuilder::new(&Name::new("licet tests", name), &key, 1);
        let certificate = builder.valid(self.now.plus(-86_400), self.now.plus(86_400)).signer().self_signed(&key);
        (key, certificate)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.setup.folder.path().join(name)
    }

    /// Runs `licet trust` with names of files in the folder.
    fn trust(&self, arguments: &[&str]) -> Output {
        let place = |argument: &&str| if argument.contains('.') { self.path(argument) } else { PathBuf::from(argument) };
        let arguments: Vec<PathBuf> = arguments.iter().map(place).collect();
        Command::new(env!("CARGO_BIN_EXE_licet")).arg("trust").args(arguments).output().unwrap()
    }

    #[track_caller]
    fn sign(&self, name: &str, version: &str, out: &str) {
        let next = self.now.plus(3600).to_string().replace('.', "");
        let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
        let output = self.trust(&[
            "sign",
            "rules.toml",
            "--key",
            &key,
            "--certificate",
            &certificate,
            "--version",
            version,
            "--next-update",
            &next,
            "--out",
            out,
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn config(&self) -> Config {
        Config::read(&self.path("licet.toml")).unwrap()
    }

    fn begin(&self) -> Result<(Renewal, Keeper), Faults> {
        Renewal::begin(&self.config(), self.now)
    }

    fn copy(&self, from: &str, to: &str) {
        std::fs::copy(self.path(from), self.path(to)).unwrap();
    }

    /// A list with these members in the place of good ones, and this type, signed by the one who may.
    fn odd(&self, typ: &str, change: impl FnOnce(&mut Value)) -> String {
        let (key, certificate) = self.signer("list", KeyType::Sm2);
        let (root, _) = self.signer("root", KeyType::P256);
        let root = CertificateBuilder::new(&Name::new("licet tests", "anchor"), &root, 9).authority(None).self_signed(&root);
        let root = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, root);
        let mut payload = json!({
            "licet_trust": 1, "version": 5, "issued_at": self.now, "next_update": self.now.plus(600),
            "domains": [{ "name": "a", "purpose": "signer", "revocation": "none", "anchors": [root] }],
        });
        change(&mut payload);
        JwsBuilder::new(payload.to_string().as_bytes()).header("typ", json!(typ)).chain(&[&certificate]).compact(&key)
    }
}

#[track_caller]
fn says(output: &Output, code: i32, text: &str) {
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{all}");
    assert!(all.contains(text), "{text} in {all}");
}

#[test]
fn signed_applied_checked_and_compared() {
    let desk = Desk::new();
    desk.sign("list", "1", "one.jws");
    says(&desk.trust(&["apply", "one.jws", "--config", "licet.toml"]), 0, "version none -> 1");
    says(&desk.trust(&["check", "trust.jws"]), 0, "nothing is wrong");
    says(&desk.trust(&["check", "--config", "licet.toml"]), 0, "domain offices anchor");
    says(&desk.trust(&["check", "trust.jws"]), 0, "domain offices rules: signer, revocation require");
    says(&desk.trust(&["diff", "one.jws", "licet.toml"]), 0, "the same");

    // The second list carries the revocation list that revokes the signer.
    std::fs::write(desk.path("root.crl"), desk.office.revoking_list(80_000)).unwrap();
    desk.sign("list", "2", "two.jws");
    says(&desk.trust(&["diff", "one.jws", "two.jws"]), 1, "~ domain offices list of");
    let diff = desk.trust(&["diff", "one.jws", "two.jws", "--json"]);
    let diff: Value = serde_json::from_slice(&diff.stdout).unwrap();
    assert_eq!((&diff["same"], diff["changed"].as_array().unwrap().len()), (&json!(false), 2), "{diff}");
}

#[tokio::test]
async fn a_gateway_takes_the_next_list_and_refuses_the_last() {
    let desk = Desk::new();
    desk.sign("list", "1", "trust.jws");
    desk.copy("trust.jws", "one.jws");
    std::fs::write(desk.path("root.crl"), desk.office.revoking_list(80_000)).unwrap();
    desk.sign("list", "2", "two.jws");
    let folder = desk.setup.folder.path().to_owned();
    let document = desk.office.jws(&fields("1", 1));
    let gateway = desk.setup.start_with(gateway::routes::TABLE).await;
    let ask = async || {
        let sent = request("POST", "/v1/verifications", "application/jose", document.clone());
        gateway.verifier().send(Http::Two, sent).await.json()["indication"].clone()
    };
    let reload = async || gateway.operator().send(Http::Two, request("POST", "/v1/trust/reload", "", "")).await;
    let replace = |from: &str| std::fs::copy(folder.join(from), folder.join("trust.jws")).unwrap();
    assert_eq!(ask().await, "TOTAL-PASSED");
    assert!(folder.join("trust.jws.accepted").exists());

    replace("two.jws");
    let view = reload().await.json();
    assert_eq!(
        (&view["source"], &view["policy"]["name"], &view["policy"]["version"]),
        (&json!("list"), &json!("province"), &json!(2))
    );
    assert!(view["next_update"].is_string() && view["stale"] == false, "{view}");
    for (back, step) in [(2, "begin"), (1, "end")] {
        let facts = newest(&gateway, back);
        assert_eq!((facts.event, &facts.details["step"]), (EventKind::TrustChange, &json!(step)));
        assert_eq!((facts.caller.as_str(), &facts.details["trust"]), ("operations", &view["generation"]));
    }
    assert_eq!(ask().await, "TOTAL-FAILED");
    replace("one.jws");
    let refused = reload().await;
    refused.is_problem(409, "trust-not-reloaded");
    assert!(refused.json()["detail"].as_str().unwrap().contains("version 1 is older than 2"), "{}", refused.json());
    assert_eq!(ask().await, "TOTAL-FAILED", "the newer one stays in force");
    assert_eq!(gateway.operator().get("/v1/trust").await.json()["policy"]["version"], 2);
}

#[test]
fn sources_of_a_domain_that_the_list_lacks_are_told() {
    let mut desk = Desk::new();
    desk.sign("list", "1", "trust.jws");
    for domain in ["offices", "elsewhere"] {
        let source = format!("[[status.sources]]\ndomain = '{domain}'\ncrl_urls = ['http://127.0.0.1:9/{domain}']\n");
        desk.setup.sections.push_str(&source);
    }
    let config = Config::parse(&desk.setup.text(), desk.setup.folder.path()).unwrap();
    let app = App::build(&config, gateway::routes::TABLE, memory()).unwrap();
    let warnings = app.status.warnings(&app.trust.current());
    assert_eq!(warnings, ["status: its sources are named for elsewhere, which is no trust domain"]);
}

#[tokio::test]
async fn policies_and_lengths_of_paths_reach_the_verdict_and_are_shown() {
    let desk = Desk::new();
    desk.sign("list", "1", "one.jws");
    let rules = std::fs::read_to_string(desk.path("rules.toml")).unwrap();
    let demands = "intermediates_max = 3\npolicies = { initial = ['1.2.3.4'], explicit = true }\nname = 'offices'";
    std::fs::write(desk.path("rules.toml"), rules.replace("name = 'offices'", demands)).unwrap();
    desk.sign("list", "2", "trust.jws");
    let diff = desk.trust(&["diff", "one.jws", "trust.jws"]);
    says(&diff, 1, "good are 1.2.3.4, one is demanded");
    says(&diff, 1, "3 at most");

    let document = desk.office.jws(&fields("1", 1));
    let gateway = desk.setup.start_with(gateway::routes::TABLE).await;
    let offices = gateway.operator().get("/v1/trust").await.json()["domains"][0].clone();
    let wanted = json!({ "initial": ["1.2.3.4"], "explicit": true, "inhibit_mapping": false, "inhibit_any": false });
    assert_eq!((&offices["intermediates_max"], &offices["policies"]), (&json!(3), &wanted), "{offices}");
    let sent = request("POST", "/v1/verifications?depth=detailed", "application/jose", document);
    let report = gateway.verifier().send(Http::Two, sent).await.json();
    // The signer's certificate names no policy.
    assert_eq!(report["indication"], "INDETERMINATE", "{report}");
    assert!(report.to_string().contains("path.policies"), "{report}");
}

#[test]
fn what_was_accepted_survives_a_restart_and_a_bad_file() {
    let desk = Desk::new();
    assert!(desk.begin().is_err(), "without any list there is nothing to believe");
    desk.sign("list", "3", "trust.jws");
    let (_, keeper) = desk.begin().unwrap();
    assert_eq!((keeper.current().policy().version, keeper.standing().trouble), (3, None));
    desk.sign("list", "2", "older.jws");
    for bad in ["older.jws", "list.pem"] {
        desk.copy(bad, "trust.jws");
        let (renewal, keeper) = desk.begin().unwrap();
        let standing = keeper.standing();
        assert_eq!(keeper.current().policy().version, 3, "{bad}");
        assert!(standing.trouble.is_some() && standing.failures == 1 && !standing.warnings(desk.now).is_empty());
        assert!(renewal.renew(&keeper, desk.now, |_| Ok(())).is_err(), "{bad}");
        assert_eq!(keeper.standing().failures, 2);
    }
    desk.sign("list", "4", "trust.jws");
    let (renewal, keeper) = desk.begin().unwrap();
    assert_eq!((keeper.current().policy().version, keeper.standing().trouble), (4, None));
    // Overdue, it stays in force and says so.
    let later = desk.now.plus(7200);
    assert!(renewal.renew(&keeper, later, |_| Ok(())).is_ok() && keeper.standing().is_stale(later));
    assert!(!keeper.standing().is_stale(desk.now));
    let (_, keeper) = Renewal::begin(&desk.config(), later).unwrap();
    assert_eq!(keeper.current().policy().version, 4, "a restart does not end it either");
    assert!(keeper.standing().warnings(later).iter().any(|line| line.contains("due")));
}

#[test]
fn nothing_is_in_force_that_is_not_on_record() {
    let desk = Desk::new();
    desk.sign("list", "3", "trust.jws");
    let (renewal, keeper) = desk.begin().unwrap();
    let before = keeper.current().generation();
    std::fs::write(desk.path("root.crl"), desk.office.revoking_list(80_000)).unwrap();
    desk.sign("list", "4", "trust.jws");
    for failures in [1, 2] {
        let faults = renewal.renew(&keeper, desk.now, |_| Err(StorageError::Unavailable)).unwrap_err().to_string();
        assert!(faults.starts_with("trust: cannot be put on record"), "{faults}");
        assert_eq!((keeper.current().generation(), keeper.standing().failures), (before, failures));
        assert!(keeper.standing().trouble.unwrap().message.contains("put on record"));
    }
    // It is tried again until it is on record, under the name that it has in force.
    let mut told = None;
    let renewed = renewal.renew(&keeper, desk.now, |generation| {
        assert_eq!(keeper.current().generation(), before);
        told = Some(generation);
        Ok(())
    });
    assert_eq!((renewed.unwrap(), told), (Outcome::Changed, Some(keeper.current().generation())));
    assert_eq!((keeper.current().policy().version, keeper.standing().trouble), (4, None));
    let again = renewal.renew(&keeper, desk.now, |_| panic!("nothing is new"));
    assert_eq!(again.unwrap(), Outcome::Unchanged);
}

#[test]
fn lists_that_are_refused() {
    let desk = Desk::new();
    let kind = gateway::trust::list::TYPE;
    let refused = |list: String, why: &str| {
        std::fs::write(desk.path("trust.jws"), list).unwrap();
        let faults = desk.begin().err().map(|faults| faults.to_string()).unwrap_or_default();
        assert!(faults.starts_with("trust_list.file: ") && faults.contains(why), "{why} in {faults:?}");
    };
    refused(desk.odd("licence+jws", |_| {}), "no JWS of the type");
    refused(desk.odd(kind, |list| list["licet_trust"] = json!(2)), "its form is 2");
    refused(desk.odd(kind, |list| list["surplus"] = json!(2)), "surplus");
    refused(desk.odd(kind, |list| list["policy"] = json!({ "raw_sm3": true })), "raw_sm3");
    refused(desk.odd(kind, |list| list["domains"] = json!([])), "domains: must be at least one");
    refused(desk.odd(kind, |list| list["domains"][0]["anchors"] = json!(["AAAA"])), "domains[0].anchors[0]");
    refused(desk.odd(kind, |list| list["issued_at"] = json!(desk.now.plus(-90_000))), "signer's certificate");
    refused(desk.odd(kind, |list| list["issued_at"] = json!(desk.now.plus(500))), "in the future");
    refused(
        desk.odd(kind, |list| {
            list["issued_at"] = json!(desk.now.plus(-500));
            list["next_update"] = json!(desk.now.plus(-1));
        }),
        "a newer one was due",
    );
    let good = desk.odd(kind, |_| {});
    let (start, _) = good.rsplit_once('.').unwrap();
    let (_, other) =
        desk.odd(kind, |list| list["version"] = json!(6)).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    refused(format!("{start}.{other}"), "not signed by one of the certificates");
    desk.sign("other", "1", "trust.jws");
    let foreign = std::fs::read_to_string(desk.path("trust.jws")).unwrap();
    refused(foreign, "not signed by one of the certificates");
    std::fs::write(desk.path("trust.jws"), &good).unwrap();
    assert!(desk.begin().is_ok());
    refused_after(&desk, desk.odd(kind, |list| list["next_update"] = json!(desk.now.plus(601))));
}

/// A list of the version in force with other content.
#[track_caller]
fn refused_after(desk: &Desk, list: String) {
    let (renewal, keeper) = desk.begin().unwrap();
    std::fs::write(desk.path("trust.jws"), list).unwrap();
    let faults = renewal.renew(&keeper, desk.now, |_| Ok(())).unwrap_err().to_string();
    assert!(faults.contains("version 5 was accepted before with other content"), "{faults}");
    assert_eq!(keeper.current().policy().version, 5);
}

#[test]
fn the_commands_refuse_what_the_gateway_would() {
    let desk = Desk::new();
    desk.sign("list", "2", "two.jws");
    desk.sign("list", "1", "one.jws");
    desk.sign("other", "9", "other.jws");
    says(&desk.trust(&["apply", "two.jws", "--config", "licet.toml"]), 0, "version none -> 2");
    let before = std::fs::read(desk.path("trust.jws")).unwrap();
    says(&desk.trust(&["apply", "one.jws", "--config", "licet.toml"]), 1, "version 1 is older than 2");
    says(&desk.trust(&["apply", "other.jws", "--config", "licet.toml"]), 1, "not signed by one of the certificates");
    says(&desk.trust(&["apply", "list.pem", "--config", "licet.toml"]), 1, "no JWS");
    assert_eq!(std::fs::read(desk.path("trust.jws")).unwrap(), before);
    says(&desk.trust(&["check", "list.pem"]), 2, "configuration is wrong");
    says(&desk.trust(&["check", "nowhere.jws"]), 1, "nowhere.jws");
    for wrong in [&["fly"][..], &["apply", "two.jws"], &["diff", "two.jws"]] {
        says(&desk.trust(wrong), 2, "usage: licet trust");
    }
    says(&desk.trust(&["sign", "rules.toml", "--key", "list.key"]), 2, "sign needs --key, --certificate");
    for sides in [["two.jws", "nowhere.jws"], ["list.pem", "two.jws"]] {
        says(&desk.trust(&[&["diff"][..], &sides].concat()), 2, "licet: ");
    }
    let mixed = [
        "sign",
        "rules.toml",
        "--key",
        "other.key",
        "--certificate",
        "list.pem",
        "--version",
        "1",
        "--next-update",
        "2099-01-01",
    ];
    says(&desk.trust(&[&mixed[..], &["--out", "x.jws"]].concat()), 1, "does not go with");
    let overdue = desk.setup.folder.write(
        "old.jws",
        desk.odd(gateway::trust::list::TYPE, |list| {
            list["issued_at"] = json!(desk.now.plus(-500));
            list["next_update"] = json!(desk.now.plus(-1));
        }),
    );
    says(&desk.trust(&["check", path(&overdue)]), 1, "wrong: a newer list was due");
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
