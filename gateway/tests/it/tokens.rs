//! Tokens of holders over HTTPS: on whose authority a request asks, and that a token is good for one use.

use std::process::Command;
use std::sync::Arc;

use crypto::licence::{HolderCodeType, HolderNumber};
use crypto::record::{EventKind, Facts, LogName, Opening};
use gateway::admission::Class;
use gateway::app::App;
use gateway::auth::Admits;
use gateway::authority::{self, Claim};
use gateway::http::{Answer, BodyRule, Problem, Request};
use gateway::routes::{Content, Doc, Good, Route};
use hyper::{Method, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use storage::Store;

use crate::client::{Client, Http, Reply, get};
use crate::licence_kit::HOLDER;
use crate::pki::Folder;
use crate::started::{Setup, Started, memory};
use crate::token_kit::{ITEM, RESOURCE, consent, encoded, provided, signed, token, token_by_p256};

/// A route that asks for the holder of the licences, for the item in its header.
static TABLE: &[Route] = &[Route {
    method: Method::GET,
    path: "/ask",
    admits: Admits::AnyCaller,
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::LookUp),
    body: BodyRule::None,
    handler: |app, request| Box::pin(ask(app, request)),
    doc: Doc {
        id: "ask",
        summary: "",
        text: "",
        json: None,
        answers: &[Good { status: 200, text: "", content: Content::AnyJson }],
        problems: &[],
    },
}];

async fn ask(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let today = request.now.plus(8 * 3600).date();
    let subject = HolderNumber::parse(HolderCodeType::CitizenNumber, HOLDER, today).unwrap();
    let item = request.trail.draft().facts.item.unwrap_or_default();
    let resources = [RESOURCE.to_owned()].into();
    let claim = Claim { subject: &subject, item: &item, resources: &resources };
    let standing = authority::of(&app, &request, &claim).await?;
    let authority = standing.authority;
    standing.spend(&app, &request).await?;
    Ok(Answer::json(StatusCode::OK, &json!({ "authority": authority })))
}

async fn start(others: &[Value], store: Store) -> Started {
    provided(Setup::new(), others).start_over(TABLE, store).await
}

async fn send(client: &Client, token: &str) -> Reply {
    let mut request = get("/ask");
    let headers = request.headers_mut();
    headers.insert("licet-item", ITEM.parse().unwrap());
    headers.insert("licet-operator", "w-17".parse().unwrap());
    if !token.is_empty() {
        headers.insert("licet-authorization", token.parse().unwrap());
    }
    client.send(Http::One, request).await
}

#[track_caller]
fn is_refused(reply: &Reply, reason: &str) {
    reply.is_problem(403, "token-refused");
    assert_eq!(reply.json()["reason"], reason);
}

/// The facts of the last record of the access log, with all that it says.
fn last(gateway: &Started) -> (Facts, String) {
    let logs = gateway.app.store().logs();
    let record = logs.record(LogName::Access, logs.size(LogName::Access).unwrap() - 1).unwrap().unwrap();
    let text = record.parts.iter().filter_map(|part| part.text()).collect();
    (record.read(Opening::FACTS).unwrap(), text)
}

#[tokio::test]
async fn tokens_of_another_library_are_taken_once() {
    let gateway = start(&[], memory()).await;
    let client = gateway.verifier();
    assert_eq!(send(&client, "").await.json(), json!({ "authority": "duty" }));
    assert_eq!(last(&gateway).0.details["authority"], "duty");
    for (made, authority) in [
        (token(&consent("1")), "consent"),
        (token_by_p256(&consent("2")), "consent"),
        (token(&changed(&consent("3"), &json!({ "licet_authority": "holder" }))), "holder"),
        (token(&changed(&consent("4"), &json!({ "licet_authority": "delegation", "licet_delegate": "w-17" }))), "delegation"),
    ] {
        let reply = send(&client, &made).await;
        assert_eq!(reply.json(), json!({ "authority": authority }));
        let (facts, text) = last(&gateway);
        assert_eq!((&facts.details["authority"], &facts.details["provider"]), (&json!(authority), &json!("city")));
        assert_eq!(facts.details["token"].as_str().map(str::len), Some(32));
        is_refused(&send(&client, &made).await, "replayed");
        let (refused, _) = last(&gateway);
        assert_eq!((refused.code.as_deref(), &refused.details["reason"]), (Some("token-refused"), &json!("replayed")));
        assert_eq!(refused.details["token"], facts.details["token"]);
        assert!(text.contains("city"));
        for part in made.split('.') {
            assert!(!text.contains(part), "the token stands on record");
        }
    }
    // The same name from another provider would be another token; from the same, however it is signed, it is the same.
    is_refused(&send(&client, &token_by_p256(&consent("1"))).await, "replayed");
}

fn changed(claims: &Value, changes: &Value) -> Value {
    let mut claims = claims.clone();
    changes.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
    claims
}

#[tokio::test]
async fn what_does_not_fit_is_refused_for_its_reason() {
    let gateway = start(&[], memory()).await;
    let client = gateway.verifier();
    let now = gateway::clock::now().unix();
    for (changes, reason) in [
        (json!({ "iss": "https://other.example" }), "issuer"),
        (json!({ "aud": "other.example" }), "audience"),
        (json!({ "iat": now - 900, "exp": now - 600 }), "expired"),
        (json!({ "iat": now + 300, "exp": now + 400 }), "not-yet-valid"),
        (json!({ "exp": now + 86_400 }), "lifetime"),
        (json!({ "licet_holder": { "code_type": "414", "code": "E12345678" } }), "holder"),
        (json!({ "licet_item": "other" }), "item"),
        (json!({ "licet_resources": ["3010010002/1"] }), "resource"),
        (json!({ "licet_consumer": "other" }), "consumer"),
        (json!({ "licet_authority": "delegation", "licet_delegate": "w-18" }), "delegate"),
        (json!({ "jti": 7 }), "malformed"),
    ] {
        let claims = changed(&consent("1"), &changes);
        is_refused(&send(&client, &token(&claims)).await, reason);
        assert_eq!(last(&gateway).0.details["reason"], reason);
    }
    // A key that is public must not do as a secret, and no other key does at all.
    let secret = EncodingKey::from_secret(&gateway.authority.certificate);
    is_refused(&send(&client, &signed(&consent("1"), (Algorithm::HS256, "ed"), &secret)).await, "signature");
    let good = token(&consent("1"));
    let (rest, _) = good.rsplit_once('.').unwrap();
    is_refused(&send(&client, &format!("{rest}.AAAA")).await, "signature");
    is_refused(&send(&client, &"x".repeat(8193)).await, "malformed");
    let mut twice = get("/ask");
    twice.headers_mut().append("licet-authorization", good.parse().unwrap());
    twice.headers_mut().append("licet-authorization", good.parse().unwrap());
    client.send(Http::One, twice).await.is_problem(400, "bad-parameter");
    // None of these has used it up.
    assert_eq!(send(&client, &good).await.status, 200);
}

#[tokio::test]
async fn of_many_who_use_a_token_at_once_one_does() {
    let gateway = start(&[], memory()).await;
    let made = token(&consent("1"));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (client, made) = (gateway.verifier(), made.clone());
            tokio::spawn(async move { send(&client, &made).await })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        if reply.status == 200 {
            taken += 1;
        } else {
            is_refused(&reply, "replayed");
        }
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn keys_of_openssl_do_too() {
    let folder = Folder::new();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder.path()).output();
        let output = output.unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"]);
    let private = openssl(&["rsa", "-in", "key.pem", "-traditional", "-outform", "DER"]);
    let modulus = String::from_utf8(openssl(&["rsa", "-in", "key.pem", "-noout", "-modulus"])).unwrap();
    let modulus = crypto::digest::from_hex(&modulus.trim().strip_prefix("Modulus=").unwrap().to_lowercase()).unwrap();
    let public = |id: &str, alg: &str| json!({ "kty": "RSA", "kid": id, "alg": alg, "n": encoded(&modulus), "e": "AQAB" });
    let gateway = start(&[public("rs", "RS256"), public("ps", "PS384")], memory()).await;
    let client = gateway.verifier();
    let key = EncodingKey::from_rsa_der(&private);
    for (id, algorithm) in [("rs", Algorithm::RS256), ("ps", Algorithm::PS384)] {
        assert_eq!(send(&client, &signed(&consent(id), (algorithm, id), &key)).await.json()["authority"], "consent");
    }
    is_refused(&send(&client, &signed(&consent("3"), (Algorithm::RS512, "rs"), &key)).await, "signature");
}
