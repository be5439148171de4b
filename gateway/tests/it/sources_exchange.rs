//! The national exchange as a source: signed headers, and a secret that is replaced while questions run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use aes::Aes128;
use aes::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::broker::SourceFault;
use ring::hmac;
use serde_json::{Value, json};

use crate::department::{Department, Says, Seen, ask, question, resource, rows, says, source};
use crate::licence_kit::HOLDER;
use crate::started::Setup;

const APP_KEY: &str = "0123456789abcdef";

/// An exchange that numbers its secrets, and believes the newest alone.
#[derive(Clone, Default)]
struct Exchange {
    given: Arc<AtomicUsize>,
    /// How long a secret lives, in milliseconds.
    life_ms: Arc<AtomicI64>,
}

fn sign(seen: impl Fn(&str) -> String, key: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let text = ["sid", "rid", "rtime"].map(seen).concat();
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

impl Exchange {
    fn answer(&self, seen: &Seen) -> Says {
        if seen.target == "/key" { self.key(&seen.json()) } else { self.service(seen) }
    }

    fn key(&self, asked: &Value) -> Says {
        let field = |name: &str| asked[format!("hnjhpt_{name}")].as_str().unwrap().to_owned();
        if field("sign") != sign(field, APP_KEY) || field("sid") != "s_1_2" || field("rid") != "app-1" {
            return says(&json!({ "code": "E-106", "data": "", "message": "x" }));
        }
        let secret = format!("secret-{}", self.given.fetch_add(1, Ordering::SeqCst) + 1);
        let end = gateway::clock::unix_ms() + self.life_ms.load(Ordering::SeqCst);
        let data = json!({ "secret": encrypted(&secret), "secretEndTime": end.to_string() });
        says(&json!({ "code": "0", "data": data }))
    }

    fn service(&self, seen: &Seen) -> Says {
        let field = |name: &str| seen.header(&format!("hnjhpt_{name}")).to_owned();
        let expected = sign(field, &format!("secret-{}", self.given.load(Ordering::SeqCst)));
        let asked = String::from_utf8(seen.body.clone()).unwrap();
        if field("sign") != expected || asked != format!("zjhm={HOLDER}&sxbm=%E4%BA%8B%E9%A1%B9%2F1+a") {
            return says(&json!({ "code": "401" }));
        }
        assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
        says(&json!({ "code": "200", "data": [{ "name": "某甲" }] }))
    }
}

/// AES/ECB/PKCS5Padding, as the exchange does it.
fn encrypted(text: &str) -> String {
    let padding = 16 - text.len() % 16;
    let mut bytes = text.as_bytes().to_vec();
    bytes.extend(std::iter::repeat_n(u8::try_from(padding).unwrap(), padding));
    let cipher = Aes128::new_from_slice(APP_KEY.as_bytes()).unwrap();
    for chunk in bytes.as_chunks_mut::<16>().0 {
        let mut block = Array::from(*chunk);
        cipher.encrypt_block(&mut block);
        *chunk = block.into();
    }
    STANDARD.encode(bytes)
}

fn section(setup: &Setup, department: &Department, app_key: &str) -> String {
    let path = setup.folder.write("app.key", app_key);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    format!(
        r#"
        kind = "exchange"
        url = "{}"
        form = true
        request = '{{ "zjhm": "{{number}}", "sxbm": "{{item}} a" }}'
        answer = {{ rows = "/data", found = [{{ pointer = "/code", equals = [200] }}], refused = [{{ pointer = "/code", equals = [401] }}] }}
        exchange = {{ prefix = "hnjhpt_", rid = "app-1", sid = "s_1_2", app_key = "app.key", key_url = "{}", cipher = "aes-ecb" }}
        "#,
        department.url("/service"),
        department.url("/key"),
    )
}

async fn start(app_key: &str, life_ms: i64) -> (Exchange, Department, Arc<dyn gateway::broker::Source>, Setup) {
    let exchange = Exchange::default();
    exchange.life_ms.store(life_ms, Ordering::SeqCst);
    let answering = exchange.clone();
    let department = Department::start(move |seen: &Seen| answering.answer(seen)).await;
    let mut setup = Setup::new();
    let section = section(&setup, &department, app_key);
    let source = source(&mut setup, &section);
    (exchange, department, source, setup)
}

#[tokio::test]
async fn many_ask_with_one_secret() {
    let (exchange, department, source, _setup) = start(APP_KEY, 3_600_000).await;
    let question = question(&resource(&json!({})), &["name"]);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (source, question) = (Arc::clone(&source), question.clone());
            tokio::spawn(async move { rows(ask(&source, &question).await) })
        })
        .collect();
    for one in asking {
        assert_eq!(one.await.unwrap(), json!([{ "name": "某甲" }]));
    }
    assert_eq!(exchange.given.load(Ordering::SeqCst), 1);
    let seen = department.seen();
    assert_eq!(seen.iter().filter(|one| one.target == "/key").count(), 1);
    assert!(!format!("{source:?}").contains("secret-1"), "{source:?}");
}

#[tokio::test]
async fn a_secret_that_is_over_is_replaced() {
    // Over as soon as it is given: each question needs its own, and there is one a second at most.
    let (exchange, _department, source, _setup) = start(APP_KEY, 0).await;
    let question = question(&resource(&json!({})), &["name"]);
    assert_eq!(rows(ask(&source, &question).await), json!([{ "name": "某甲" }]));
    let second = ask(&source, &question).await;
    let given = exchange.given.load(Ordering::SeqCst);
    assert!((second == Err(SourceFault::Unreachable) && given == 1) || (second.is_ok() && given == 2), "{second:?} {given}");
}

#[tokio::test]
async fn a_wrong_key_is_told() {
    let (exchange, department, source, _setup) = start("fedcba9876543210", 3_600_000).await;
    let question = question(&resource(&json!({})), &["name"]);
    assert_eq!(ask(&source, &question).await, Err(SourceFault::Refused));
    assert_eq!(exchange.given.load(Ordering::SeqCst), 0);
    assert!(department.seen().iter().all(|one| one.target == "/key"), "nobody is asked without a secret");
}
