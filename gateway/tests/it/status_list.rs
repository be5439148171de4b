//! Published status lists: every licence has a place, and the list follows what becomes of it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use crypto::budget::Budget;
use crypto::issue::{KeyType, SigningKey};
use crypto::status_list::{StatusListToken, TokenStatus};
use gateway::app::App;
use gateway::config::Config;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Value, json};
use storage::{Keys, Store};

use crate::client::{Client, Http, Reply, get, post_json, request};
use crate::licence_kit::{LISTS, Office, fields, identifier};
use crate::started::{AUDITOR, ISSUER, OPERATOR, Setup, Started, VERIFIER};

const PATH: &str = "/v1/status-lists/0";

async fn start(office: &Office, kind: KeyType) -> Started {
    office.published_by(office.trusted_by(Setup::new()), kind).start_with(gateway::routes::TABLE).await
}

async fn hand_in(gateway: &Started, document: Vec<u8>) -> Value {
    let reply =
        gateway.caller(ISSUER).send(Http::Two, request("POST", "/v1/licences", "application/octet-stream", document)).await;
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

async fn change(gateway: &Started, serial: &str, operation: &str) {
    let path = format!("/v1/licences/{}/status", identifier(serial, 1));
    let body = json!({ "operation": operation }).to_string();
    assert_eq!(gateway.caller(ISSUER).send(Http::One, post_json(&path, &body)).await.status, 200, "{operation}");
}

fn place(view: &Value) -> u64 {
    assert_eq!(view["status_list"]["uri"], format!("{LISTS}/0"), "{view}");
    view["status_list"]["idx"].as_u64().unwrap()
}

/// What the list says, read by the crate that verifies.
fn states(reply: &Reply, places: &[u64]) -> Vec<TokenStatus> {
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/statuslist+jwt"));
    let token = StatusListToken::parse(&reply.body, &mut Budget::for_document()).unwrap();
    assert_eq!(token.uri(), format!("{LISTS}/0"));
    places.iter().map(|place| token.list().status(*place).unwrap()).collect()
}

/// What the list says, read by hand with nothing of ours: the signature by the key alone, two bits a state, the lowest first.
fn states_by_hand(reply: &Reply, key: &[u8], algorithm: &'static dyn VerificationAlgorithm, places: &[u64]) -> Vec<u8> {
    let text = std::str::from_utf8(&reply.body).unwrap();
    let (message, signature) = text.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(algorithm, key).verify(message.as_bytes(), &signature).unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = (read(header), read(claims));
    assert_eq!(header["typ"], "statuslist+jwt");
    let certificate = STANDARD.decode(header["x5c"][0].as_str().unwrap()).unwrap();
    assert!(certificate.windows(key.len()).any(|window| window == key), "the certificate is that of the key");
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert_eq!((&claims["sub"], &claims["ttl"], exp - iat), (&json!(format!("{LISTS}/0")), &json!(600), 1200));
    assert_eq!(claims["status_list"]["bits"], 2);
    let lst = URL_SAFE_NO_PAD.decode(claims["status_list"]["lst"].as_str().unwrap()).unwrap();
    let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(&lst).unwrap();
    assert_eq!(bytes.len(), 1 << 15);
    let at = |place: &u64| bytes[usize::try_from(*place / 4).unwrap()] >> (2 * (place % 4)) & 3;
    places.iter().map(at).collect()
}

#[tokio::test]
async fn a_list_follows_every_change_before_the_change_is_answered() {
    let algorithms: [(KeyType, &'static dyn VerificationAlgorithm); 2] =
        [(KeyType::P256, &ECDSA_P256_SHA256_FIXED), (KeyType::Ed25519, &ED25519)];
    for (kind, algorithm) in algorithms {
        let office = Office::new();
        let gateway = start(&office, kind).await;
        let key = SigningKey::from_label(kind, "gateway").public_key();
        gateway.verifier().get(PATH).await.is_problem(404, "status-list-not-found");
        let mut places = Vec::new();
        for serial in ["1", "2", "3"] {
            places.push(place(&hand_in(&gateway, office.ofd(&fields(serial, 1))).await));
        }
        let read = gateway.verifier().get(&format!("/v1/licences/{}", identifier("1", 1))).await.json();
        assert_eq!(place(&read), places[0]);
        let verifier = gateway.verifier();
        let check = async |expected: [u8; 3]| {
            let reply = verifier.get(PATH).await;
            assert_eq!(states_by_hand(&reply, key.bits(), algorithm, &places), expected);
            assert_eq!(states(&reply, &places), expected.map(TokenStatus::from_value));
        };
        check([0, 0, 0]).await;
        change(&gateway, "1", "revoke").await;
        check([1, 0, 0]).await;
        change(&gateway, "2", "suspend").await;
        check([1, 2, 0]).await;
        change(&gateway, "2", "restore").await;
        check([1, 0, 0]).await;
        let second = hand_in(&gateway, office.jws(&fields("3", 2))).await;
        check([1, 0, 1]).await;
        assert_ne!(place(&second), places[2]);
        assert_eq!(states(&verifier.get(PATH).await, &[place(&second)]), [TokenStatus::Valid]);
    }
}

#[tokio::test]
async fn a_list_may_be_kept_for_as_long_as_it_says_and_is_for_everybody() {
    let office = Office::new();
    let gateway = start(&office, KeyType::Ed25519).await;
    hand_in(&gateway, office.jws(&fields("1", 1))).await;
    let mut tags = Vec::new();
    for uri in [VERIFIER, ISSUER, AUDITOR, OPERATOR] {
        let reply = gateway.caller(uri).get(PATH).await;
        assert_eq!(reply.status, 200);
        let kept: i64 = reply.header("cache-control").strip_prefix("max-age=").unwrap().parse().unwrap();
        assert!((300..=600).contains(&kept), "{kept}");
        tags.push(reply.header("etag").to_owned());
    }
    assert!(tags.iter().all(|tag| *tag == tags[0]), "the list is signed once, not for each reader");
    let again = |tag: &str| {
        let mut request = get(PATH);
        request.headers_mut().insert("if-none-match", tag.parse().unwrap());
        request
    };
    let same = gateway.verifier().send(Http::One, again(&tags[0])).await;
    assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
    assert!(same.header("cache-control").starts_with("max-age="));
    change(&gateway, "1", "revoke").await;
    assert_eq!(gateway.verifier().send(Http::One, again(&tags[0])).await.status, 200);
    for path in ["/v1/status-lists/1", "/v1/status-lists/x", "/v1/status-lists/99999999999"] {
        gateway.verifier().get(path).await.is_problem(404, "status-list-not-found");
    }
    gateway.client().get(PATH).await.is_problem(401, "certificate-required");
}

#[tokio::test]
async fn without_the_section_nothing_is_published() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let view = hand_in(&gateway, office.jws(&fields("1", 1))).await;
    assert_eq!(view.get("status_list"), None);
    gateway.verifier().get(PATH).await.is_problem(404, "status-list-not-found");
}

async fn ask(client: &Client, document: &[u8]) -> (Value, Value) {
    let reply = client.send(Http::One, request("POST", "/v1/verifications", "application/dc+sd-jwt", document.to_vec())).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    (reply.json()["indication"].clone(), reply.json()["sub_indication"].clone())
}

#[tokio::test]
async fn credentials_that_refer_to_our_lists_follow_the_record() {
    let office = Office::new();
    let mut setup = office.published_by(office.trusted_by(Setup::new()), KeyType::P256);
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\n");
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let idx = place(&hand_in(&gateway, office.jws(&fields("1", 1))).await);
    let verifier = gateway.verifier();
    let credential = office.credential(&format!("{LISTS}/0"), idx);
    let unknown = (json!("INDETERMINATE"), json!("TRY_LATER"));
    assert_eq!(ask(&verifier, &credential).await, (json!("TOTAL-PASSED"), Value::Null));
    for (uri, idx) in [
        (format!("{LISTS}/0"), idx ^ 1),
        (format!("{LISTS}/00"), idx),
        (format!("{LISTS}/1"), idx),
        (format!("{LISTS}/0"), 1 << 40),
        ("https://elsewhere.example/0".to_owned(), idx),
    ] {
        assert_eq!(ask(&verifier, &office.credential(&uri, idx)).await, unknown, "{uri} {idx}");
    }
    change(&gateway, "1", "suspend").await;
    assert_eq!(ask(&verifier, &credential).await, unknown);
    change(&gateway, "1", "restore").await;
    assert_eq!(ask(&verifier, &credential).await.0, "TOTAL-PASSED");
    change(&gateway, "1", "revoke").await;
    assert_eq!(ask(&verifier, &credential).await, (json!("TOTAL-FAILED"), json!("REVOKED")));
}

#[tokio::test]
async fn lists_of_others_and_what_the_holder_was_asked_come_with_the_question() {
    let office = Office::new();
    let mut setup = office.trusted_by(Setup::new());
    setup.sections.push_str("[policy]\nunrecorded = 'accept'\n");
    let gateway = setup.start_with(gateway::routes::TABLE).await;
    let uri = "https://elsewhere.example/0";
    let ask = async |idx: u64, more: Value| {
        let mut question = json!({ "document": STANDARD.encode(office.credential(uri, idx)) });
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        gateway.verifier().send(Http::One, post_json("/v1/verifications", &question.to_string())).await
    };
    let list = office.status_list(uri, 5);
    let with_list = json!({ "evidence": { "status_lists": [list] } });
    let verdict = |reply: Reply| {
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        reply.json()["indication"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(ask(4, json!({})).await), "INDETERMINATE");
    assert_eq!(verdict(ask(4, with_list.clone()).await), "TOTAL-PASSED");
    assert_eq!(verdict(ask(4, json!({})).await), "INDETERMINATE", "what one was told, others are not");
    assert_eq!(verdict(ask(5, with_list.clone()).await), "TOTAL-FAILED");
    // Nobody presented it.
    let mut asked = with_list;
    asked["presentation"] = json!({ "audience": "https://verifier.example", "nonce": "1" });
    assert_eq!(verdict(ask(4, asked.clone()).await), "INDETERMINATE");
    asked["presentation"]["nonce"] = json!("");
    ask(4, asked).await.is_problem(422, "bad-content");
    ask(4, json!({ "evidence": { "status_lists": vec!["eyJ"; 9] } })).await.is_problem(422, "bad-content");
}

#[tokio::test]
async fn a_licence_as_sd_jwt_is_taken() {
    let office = Office::new();
    let gateway = start(&office, KeyType::P256).await;
    let document = office.sd_jwt(&fields("1", 1));
    let issuer = gateway.caller(ISSUER);
    for wrong in ["application/jose", "application/ofd"] {
        let reply = issuer.send(Http::One, request("POST", "/v1/licences", wrong, document.clone())).await;
        reply.is_problem(415, "unsupported-media-type");
    }
    for (media, status) in [("application/dc+sd-jwt", 201), ("application/vc+sd-jwt", 200)] {
        let reply = issuer.send(Http::One, request("POST", "/v1/licences", media, document.clone())).await;
        assert_eq!(reply.status, status, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.json()["record"]["format"], "sd-jwt");
    }
    assert_eq!(ask(&gateway.verifier(), &document).await.0, "TOTAL-PASSED");
    let file = gateway.verifier().get(&format!("/v1/licences/{}/file", identifier("1", 1))).await;
    assert_eq!((file.header("content-type"), &file.body[..]), ("application/dc+sd-jwt", &document[..]));
}

#[test]
fn a_key_that_is_not_that_of_the_certificate_is_a_fault() {
    let office = Office::new();
    let setup = office.published_by(Setup::new(), KeyType::P256);
    let build = || {
        let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
        App::build(&config, gateway::routes::TABLE, Store::memory(&Keys::new([1; 32], [2; 32])).unwrap())
    };
    assert!(build().is_ok());
    for key in [KeyType::P256, KeyType::Ed25519, KeyType::Sm2].map(|kind| SigningKey::from_label(kind, "other").pem()) {
        setup.folder.write("gateway.key", &key);
        let faults = build().unwrap_err().to_string();
        assert!(faults.contains("signing.key") && !faults.contains(key.get(40..60).unwrap()), "{faults}");
    }
    std::fs::remove_file(setup.folder.path().join("gateway.key")).unwrap();
    assert!(build().unwrap_err().to_string().contains("signing.key"));
}
