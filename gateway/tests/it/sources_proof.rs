//! What proves to sources who asks: certificates, tokens, signatures, secrets in bodies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::broker::SourceFault;
use hyper::Version;
use ring::{digest, hmac};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use crate::department::{Department, Seen, ask, question, resource, rows, says, source};
use crate::started::Setup;

const REQUEST: &str = r#"request = '{ "id": "{number}" }'"#;

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

fn secret(setup: &Setup, name: &str, text: &str) {
    let path = setup.folder.write(name, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// An authority, a server and a client, all made by OpenSSL, and what the server needs.
fn made_by_openssl(folder: &Path, protocols: &[&str]) -> TlsAcceptor {
    let new = "-x509 -newkey rsa:2048 -noenc -days 2";
    openssl(folder, &format!("req {new} -keyout dept-ca.key -out dept-ca.pem -subj /CN=department-ca"));
    for (name, more) in
        [("dept", "-addext subjectAltName=DNS:localhost,IP:127.0.0.1"), ("asker", "-addext extendedKeyUsage=clientAuth")]
    {
        let by = "-CA dept-ca.pem -CAkey dept-ca.key -addext basicConstraints=critical,CA:FALSE";
        openssl(folder, &format!("req {new} {by} {more} -keyout {name}.key -out {name}.pem -subj /CN={name}"));
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&read("dept-ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&read("dept.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&read("dept.key")).unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_client_certificate_made_by_openssl() {
    for (protocols, version) in
        [(&["h2", "http/1.1"][..], Version::HTTP_2), (&["http/1.1"], Version::HTTP_11), (&[], Version::HTTP_11)]
    {
        let mut setup = Setup::new();
        let tls = made_by_openssl(setup.folder.path(), protocols);
        let department = Department::start_with(Some(tls), |_: &Seen| says(&json!([{ "name": "某甲" }]))).await;
        let url = format!("url = 'https://localhost:{}/q'", department.address.port());
        let shown = "certificate = 'asker.pem'\nkey = 'asker.key'";
        let section = |lines: &str| format!("kind = 'http-json'\n{url}\n{lines}\n{REQUEST}\nanswer = {{}}");
        let good = source(&mut setup, &section(&format!("tls_anchors = ['dept-ca.pem']\n{shown}")));
        let question = question(&resource(&json!({})), &["name"]);
        for _ in 0..3 {
            assert_eq!(rows(ask(&good, &question).await), json!([{ "name": "某甲" }]));
        }
        let seen = department.seen();
        assert!(seen.iter().all(|one| one.version == version && one.connection == 0), "{seen:?}");

        let nameless = source(&mut setup, &section("tls_anchors = ['dept-ca.pem']"));
        assert_eq!(ask(&nameless, &question).await, Err(SourceFault::Unreachable), "without a certificate");
        let stranger = source(&mut setup, &section(&format!("tls_anchors = ['clients.pem']\n{shown}")));
        assert_eq!(ask(&stranger, &question).await, Err(SourceFault::Unreachable), "of a server that nobody knows");
        assert!(department.seen().is_empty());
    }
}

#[tokio::test]
async fn a_signature_over_what_is_asked() {
    const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
    let department = Department::start(|_: &Seen| says(&json!([]))).await;
    let mut setup = Setup::new();
    secret(&setup, "hmac.txt", &format!("{}\n", STANDARD.encode(KEY)));
    let auth = "auth = { kind = 'hmac', key_id = 'licet-1', file = 'hmac.txt' }";
    let url = department.url("/v1/q");
    let source = source(&mut setup, &format!("kind = 'http-json'\nurl = '{url}'\n{auth}\n{REQUEST}\nanswer = {{}}"));
    let question = question(&resource(&json!({})), &["name"]);
    ask(&source, &question).await.unwrap();
    let seen = department.seen();
    let asked = seen.first().unwrap();
    let digest = format!("sha-256=:{}:", STANDARD.encode(digest::digest(&digest::SHA256, &asked.body)));
    assert_eq!(asked.header("content-digest"), digest);
    let created = question.errand.now.unix();
    let names = r#"("@method" "@authority" "@path" "date" "content-type" "content-digest")"#;
    let parameters = format!(r#"{names};created={created};keyid="licet-1";alg="hmac-sha256""#);
    assert_eq!(asked.header("signature-input"), format!("licet={parameters}"));
    // What the other side signs over, from what it got.
    let base = format!(
        "\"@method\": POST\n\"@authority\": {}\n\"@path\": /v1/q\n\"date\": {}\n\"content-type\": {}\n\"content-digest\": {digest}\n\"@signature-params\": {parameters}",
        asked.header("host"),
        asked.header("date"),
        asked.header("content-type"),
    );
    let tag = asked.header("signature").strip_prefix("licet=:").unwrap().strip_suffix(':').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    hmac::verify(&key, base.as_bytes(), &STANDARD.decode(tag).unwrap()).unwrap();
    assert!(asked.header("date").ends_with(" GMT"));
}

#[tokio::test]
async fn tokens_and_secrets() {
    let department = Department::start(|_: &Seen| says(&json!([]))).await;
    let mut setup = Setup::new();
    secret(&setup, "token.txt", "a.b.c\n");
    let question = question(&resource(&json!({})), &["name"]);
    let section = |kind: &str, request: &str| {
        let auth = format!("auth = {{ kind = '{kind}', file = 'token.txt' }}");
        format!("kind = 'http-json'\nurl = '{}'\n{auth}\nrequest = '{request}'\nanswer = {{}}", department.url("/q"))
    };
    let bearer = source(&mut setup, &section("bearer", r#"{"id":"{number}"}"#));
    assert!(!format!("{bearer:?}").contains("a.b.c"));
    ask(&bearer, &question).await.unwrap();
    assert_eq!(department.seen().first().unwrap().header("authorization"), "Bearer a.b.c");

    // 山东: the token stands in the envelope.
    let body =
        source(&mut setup, &section("body", r#"{"accessId":"x","accessToken":"{secret}","data":{"holderCode":"{number}"}}"#));
    assert!(!format!("{body:?}").contains("a.b.c"));
    ask(&body, &question).await.unwrap();
    let seen = department.seen();
    assert_eq!(seen.first().unwrap().json()["accessToken"], "a.b.c");
    assert_eq!(seen.first().unwrap().header("authorization"), "");
}
