//! What protects the gateway beyond its answers: headers, TLS, the unit that runs it; and the documents that say so.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gateway::config::Config;

use crate::admin::{ask, ask_at};
use crate::client::Reply;
use crate::licence_kit::Office;
use crate::process::Site;
use crate::started::{Setup, Started};

/// What every answer says to a browser.
const GUARDS: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let gateway = Setup::new().start().await;
    let guarded = |reply: Reply, status: u16| {
        assert_eq!(reply.status, status);
        for (name, value) in GUARDS.into_iter().chain([("strict-transport-security", "max-age=31536000")]) {
            assert_eq!(reply.headers.get(name).unwrap(), value, "{status}");
        }
    };
    let verifier = gateway.verifier();
    guarded(verifier.get("/items/1").await, 200);
    guarded(verifier.get("/nothing").await, 404);
    guarded(gateway.client().get("/items/1").await, 401);
    for (line, status) in [("GET /live", 200), ("GET /ready", 200), ("GET /metrics", 200), ("GET /else", 404), ("PUT /live", 405)]
    {
        let reply = ask(&gateway, line).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        for (name, value) in GUARDS.into_iter().chain([("cache-control", "no-store")]) {
            assert!(reply.contains(&format!("\r\n{name}: {value}\r\n")), "{line}: {name}");
        }
        // It would be for plain HTTP, where it means nothing (RFC 6797, 7.2).
        assert!(!reply.contains("strict-transport-security"), "{reply}");
    }
}

/// What openssl says of a handshake with these options, with this on its standard input.
fn openssl(gateway: &Started, options: &[&str], input: &str) -> String {
    let address = gateway.address.to_string();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address, "-servername", "localhost"]).args(options);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have gone already.
    drop(stdin.write_all(input.as_bytes()));
    // Its standard input stays open while it has something to do: it would stop in the middle.
    let waits = input.contains('R').then_some(stdin);
    let output = child.wait_with_output().unwrap();
    drop(waits);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_strong_tls_is_spoken() {
    let gateway = Setup::new().start().await;
    for (options, said) in [
        (&["-tls1_3", "-alpn", "h2,http/1.1"][..], &["New, TLSv1.3", "ALPN protocol: h2"][..]),
        (&["-tls1_2", "-alpn", "http/1.1"], &["New, TLSv1.2", "ALPN protocol: http/1.1", "Extended master secret: yes"]),
        (&["-tls1_2", "-groups", "X25519:P-256"], &["New, TLSv1.2", "Compression: NONE"]),
        // Each of these is what the gateway answers, not what openssl would not send.
        (&["-tls1_1", "-cipher", "ALL@SECLEVEL=0"], &["SSL alert number"]),
        (&["-tls1", "-cipher", "ALL@SECLEVEL=0"], &["SSL alert number"]),
        (&["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA256:AES128-SHA"], &["alert handshake failure"]),
        (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA"], &["alert handshake failure"]),
        (&["-tls1_2", "-cipher", "ADH:AECDH:NULL:@SECLEVEL=0"], &["alert handshake failure"]),
        (&["-tls1_3", "-groups", "P-521"], &["alert handshake failure"]),
        (&["-tls1_2", "-alpn", "h3"], &["alert no application protocol"]),
    ] {
        let heard = openssl(&gateway, options, "");
        assert!(said.iter().all(|words| heard.contains(words)), "{options:?}: {heard}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_goes_on_in_another() {
    let gateway = Setup::new().start().await;
    let heard = openssl(&gateway, &["-tls1_2", "-reconnect"], "");
    assert!(heard.matches("New, TLSv1.2").count() > 1 && !heard.contains("Reused"), "{heard}");
    let heard = openssl(&gateway, &["-tls1_3"], "");
    assert!(heard.contains("New, TLSv1.3") && !heard.contains("Post-Handshake New Session Ticket"), "{heard}");
    let heard = openssl(&gateway, &["-tls1_2", "-no_ign_eof"], "R\n");
    assert!(heard.contains("RENEGOTIATING") && heard.contains("no renegotiation"), "{heard}");
}

#[tokio::test]
async fn the_supervisor_is_told_when_it_serves_and_when_it_stops() {
    let site = Site::new(&Office::new());
    let socket = site.folder.path().join("notify.sock");
    let heard = UnixDatagram::bind(&socket).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_licet"));
    command.env("NOTIFY_SOCKET", &socket);
    let process = site.start_by(command);
    let said = || {
        let mut bytes = [0; 64];
        let length = heard.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    assert_eq!(said(), "READY=1");
    // It is not said before it is so.
    assert!(ask_at(process.admin, "GET /ready").await.starts_with("HTTP/1.1 200 "));
    assert!(process.terminate().1);
    assert_eq!(said(), "STOPPING=1");
}

#[test]
fn the_unit_takes_away_what_is_not_needed() {
    let unit = text("config/licet.service");
    for line in [
        "User=licet",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "MemoryDenyWriteExecute=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=@system-service",
        "LimitCORE=0",
        "UMask=0077",
        "StateDirectory=licet",
        "StateDirectoryMode=0700",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
    // What the packaged configuration names is where the unit lets it be.
    let folder = Path::new("/etc/licet");
    let config = Config::parse(&text("config/deb/licet.toml"), folder).unwrap();
    assert!(config.storage.path.starts_with("/var/lib/licet"));
    let keys = [&config.server.key, &config.storage.value_key, config.storage.index_key.as_ref().unwrap(), &config.record.key];
    assert!(keys.into_iter().all(|source| source.file().and_then(Path::parent) == Some(folder)));
    assert!(config.server.listen.ip().is_loopback() && config.admin.listen.ip().is_loopback());
}

/// The words of a document in backticks.
fn quoted(document: &str) -> impl Iterator<Item = &str> {
    document.split('`').skip(1).step_by(2)
}

/// Whether a file has a test of this name.
fn has_test(file: &str, name: &str) -> bool {
    let source = text(file);
    let found = [format!("\nfn {name}("), format!("\nasync fn {name}(")];
    let found = found.into_iter().chain([format!("\n    fn {name}("), format!("\n    async fn {name}(")]);
    let mut before = found.filter_map(|head| source.split_once(&head)).map(|(before, _)| before);
    before.any(|before| {
        before.lines().rev().take_while(|line| line.trim_start().starts_with("#[")).any(|line| line.contains("test"))
    })
}

#[test]
fn every_file_and_test_that_is_named_exists() {
    for (document, least) in [("docs/SECURITY.md", 40), ("docs/OPERATIONS.md", 15)] {
        let text = text(document);
        let mut tests = BTreeSet::new();
        for word in quoted(&text) {
            if let Some((file, name)) = word.split_once(".rs::") {
                assert!(has_test(&format!("{file}.rs"), name), "{document} names {word}");
                tests.insert(word);
            } else if word.contains('/') && word.ends_with(".rs") {
                assert!(root().join(word).is_file(), "{document} names {word}");
            }
        }
        assert!(tests.len() >= least, "{document} names {} tests", tests.len());
        // In a table with a column for tests, no row is without.
        let mut wants = false;
        for line in text.lines() {
            if !line.starts_with('|') {
                wants = false;
            } else if line.ends_with("| test |") {
                wants = true;
            } else if wants && !line.starts_with("|---") {
                assert!(line.rsplit('|').nth(1).unwrap().contains(".rs::"), "{document}: {line}");
            }
        }
    }
}
