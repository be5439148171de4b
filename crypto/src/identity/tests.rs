//! Tokens held against questions.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::grants::Authority;
use crate::issue::{KeyType, SigningKey};
use crate::licence::{HolderCodeType, HolderNumber};
use crate::time::Timestamp;

const NOW: i64 = 1_800_000_000;
const NUMBER: &str = "11010519491231002X";

fn key() -> SigningKey {
    SigningKey::from_label(KeyType::Ed25519, "provider")
}

fn provider() -> Provider {
    let x = URL_SAFE_NO_PAD.encode(key().public_key().bits());
    let keys = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"1"}}]}}"#);
    Provider {
        name: "city".to_owned(),
        issuer: "https://id.example".to_owned(),
        audience: "licet.example".to_owned(),
        keys: KeySet::parse(keys.as_bytes()).unwrap(),
        clock_skew_s: 30,
        lifetime_s_max: 600,
        claims: ClaimNames::default(),
    }
}

fn holder(text: &str) -> HolderNumber {
    let today = Timestamp::from_unix(NOW).date();
    HolderNumber::parse(HolderCodeType::CitizenNumber, text, today).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": "licet.example", "iat": NOW, "exp": NOW + 600, "jti": "a-1",
        "licet_holder": { "code_type": "111", "code": NUMBER }, "licet_item": "item-1",
        "licet_resources": ["3010010001/1", "3010010002/1"], "licet_authority": "consent",
    })
}

fn with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn signed(header: &Value, claims: &str, key: &SigningKey) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign_fixed(input.as_bytes()));
    format!("{input}.{signature}")
}

fn token(claims: &Value) -> String {
    signed(&json!({ "alg": "EdDSA", "kid": "1" }), &claims.to_string(), &key())
}

fn ask_at(token: &str, now: i64, change: impl FnOnce(&mut Demand<'_>)) -> Result<Accepted, Refusal> {
    let (subjects, resources) = ([holder(NUMBER)], ["3010010001/1".to_owned()].into());
    let mut demand = Demand {
        now: Timestamp::from_unix(now),
        subjects: &subjects,
        in_person: false,
        item: Some("item-1"),
        resources: &resources,
        operator: Some("w-17"),
        caller: "approval",
        organisation: "91350211M000100Y46",
    };
    change(&mut demand);
    verify(token.as_bytes(), &[provider()], &demand)
}

fn ask(changes: &Value) -> Result<Accepted, Refusal> {
    ask_at(&token(&with(changes)), NOW, |_| ())
}

#[track_caller]
fn refused(changes: &Value, refusal: Refusal) {
    assert_eq!(ask(changes).unwrap_err(), refusal, "{changes}");
}

#[test]
fn a_good_token_is_taken() {
    let accepted = ask(&json!({})).unwrap();
    assert_eq!(
        (accepted.provider.as_str(), accepted.issuer.as_str(), accepted.id.as_str()),
        ("city", "https://id.example", "a-1")
    );
    assert_eq!((accepted.authority, accepted.dead_at), (Authority::Consent, Timestamp::from_unix(NOW + 630)));
    assert_eq!(accepted.holder, holder(NUMBER));
    for good in [
        json!({ "aud": ["other", "licet.example"], "nbf": NOW, "licet_resources": "*" }),
        json!({ "licet_consumer": "approval" }),
        json!({ "licet_consumer": "91350211M000100Y46" }),
        json!({ "licet_authority": "holder" }),
        json!({ "licet_authority": "delegation", "licet_delegate": "w-17" }),
        json!({ "licet_holder": { "code_type": "111", "code": " 11010519491231002x" } }),
    ] {
        assert!(ask(&good).is_ok(), "{good}");
    }
}

#[test]
fn what_does_not_fit_is_refused_for_its_reason() {
    refused(&json!({ "iss": "https://other.example" }), Refusal::Issuer);
    refused(&json!({ "iss": null }), Refusal::Issuer);
    refused(&json!({ "aud": "licet.example.org" }), Refusal::Audience);
    refused(&json!({ "aud": ["a", "b"] }), Refusal::Audience);
    refused(&json!({ "licet_holder": { "code_type": "111", "code": "110105194912310097" } }), Refusal::Malformed);
    refused(&json!({ "licet_holder": { "code_type": "414", "code": "E12345678" } }), Refusal::Holder);
    // The same characters as a number of another kind are somebody else.
    refused(&json!({ "licet_holder": { "code_type": "999", "code": NUMBER } }), Refusal::Holder);
    refused(&json!({ "licet_item": "item-2" }), Refusal::Item);
    refused(&json!({ "licet_item": null }), Refusal::Item);
    refused(&json!({ "licet_resources": ["3010010002/1"] }), Refusal::Resource);
    refused(&json!({ "licet_resources": null }), Refusal::Resource);
    refused(&json!({ "licet_consumer": "other" }), Refusal::Consumer);
    refused(&json!({ "licet_authority": "delegation", "licet_delegate": "w-18" }), Refusal::Delegate);
    refused(&json!({ "licet_authority": "delegation" }), Refusal::Delegate);
    let unnamed = token(&with(&json!({ "licet_authority": "delegation" })));
    assert_eq!(ask_at(&unnamed, NOW, |demand| demand.operator = None), Err(Refusal::Delegate), "nobody is nobody's delegate");
    for bad in [
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": "x".repeat(257) }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "exp": 1_800_000_000.5 }),
        json!({ "iat": null }),
        json!({ "iat": -1 }),
        json!({ "aud": [] }),
        json!({ "aud": [1] }),
        json!({ "licet_authority": "duty" }),
        json!({ "licet_authority": null }),
        json!({ "licet_resources": "3010010001/1" }),
        json!({ "licet_holder": NUMBER }),
    ] {
        refused(&bad, Refusal::Malformed);
    }
}

#[test]
fn times_hold_to_the_second() {
    let at = |now| ask_at(&token(&claims()), now, |_| ()).err();
    assert_eq!([at(NOW - 31), at(NOW - 30)], [Some(Refusal::NotYetValid), None]);
    assert_eq!([at(NOW + 629), at(NOW + 630)], [None, Some(Refusal::Expired)]);
    refused(&json!({ "exp": NOW + 601 }), Refusal::Lifetime);
    refused(&json!({ "nbf": NOW + 31 }), Refusal::NotYetValid);
    refused(&json!({ "exp": i64::MAX }), Refusal::Malformed);
}

#[test]
fn what_serves_no_item_needs_a_token_that_names_none() {
    static NONE: BTreeSet<String> = BTreeSet::new();
    let show = |changes: &Value| {
        ask_at(&token(&with(changes)), NOW, |demand| {
            (demand.item, demand.resources, demand.in_person) = (None, &NONE, true);
        })
    };
    assert_eq!(show(&json!({})), Err(Refusal::Authority));
    assert_eq!(show(&json!({ "licet_authority": "holder" })), Err(Refusal::Item));
    assert!(show(&json!({ "licet_authority": "holder", "licet_item": null, "licet_resources": null })).is_ok());
}

#[test]
fn the_key_says_which_algorithm_it_is_for() {
    let text = claims().to_string();
    let headed = |header: Value| ask_at(&signed(&header, &text, &key()), NOW, |_| ()).err();
    assert_eq!(headed(json!({ "alg": "EdDSA" })), None, "the only key need not be named");
    assert_eq!(headed(json!({ "alg": "EdDSA", "typ": "JWT" })), None);
    assert_eq!(headed(json!({ "alg": "EdDSA", "typ": "licet-receipt+jwt" })), Some(Refusal::Malformed));
    for bad in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "EdDSA", "kid": "2" }),
        json!({ "alg": "EdDSA", "crit": ["exp"], "exp": 1 }),
        json!({}),
    ] {
        assert_eq!(headed(bad.clone()), Some(Refusal::Signature), "{bad}");
    }
    let other = signed(&json!({ "alg": "EdDSA" }), &text, &SigningKey::from_label(KeyType::Ed25519, "other"));
    assert_eq!(ask_at(&other, NOW, |_| ()), Err(Refusal::Signature));
    let good = token(&claims());
    let (rest, _) = good.rsplit_once('.').unwrap();
    assert_eq!(ask_at(&format!("{rest}."), NOW, |_| ()), Err(Refusal::Signature));
}

#[test]
fn only_tokens_are_read() {
    let twice = claims().to_string().replacen('{', r#"{"aud":"other","#, 1);
    let twice = signed(&json!({ "alg": "EdDSA" }), &twice, &key());
    let long = token(&with(&json!({ "more": "x".repeat(8192) })));
    let flattened = json!({ "protected": "e30", "payload": "e30", "signature": "" }).to_string();
    for bad in ["", "a.b", "a.b.c.d", "e30.e30.", &twice, &long, &flattened, "\u{ff10}"] {
        let refusal = ask_at(bad, NOW, |_| ()).unwrap_err();
        assert_eq!(refusal, if bad == "e30.e30." { Refusal::Issuer } else { Refusal::Malformed }, "{bad}");
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let good = token(&claims());
    for place in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[place] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        assert!(ask_at(&changed, NOW, |_| ()).is_err(), "byte {place}");
    }
}

#[test]
fn reasons_are_distinct() {
    let codes: BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), Refusal::ALL.len());
}
