//! An identity provider for tests, whose tokens are made by a library that is not ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::issue::{KeyType, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::licence_kit::HOLDER;
use crate::started::Setup;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const ITEM: &str = "11350200-0101";
pub(crate) const RESOURCE: &str = "3010010001/1";

/// Adds the provider with the key of [`ed25519`], and with those whose public halves are given.
pub(crate) fn provided(mut setup: Setup, others: &[Value]) -> Setup {
    let (ed, p256) = (ed25519().public_key(), p256().public_key());
    let own = [
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encoded(ed.bits()) }),
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "x": encoded(&p256.bits()[1..33]), "y": encoded(&p256.bits()[33..]) }),
    ];
    let keys: Vec<_> = own.iter().chain(others).collect();
    setup.folder.write("provider.jwks", json!({ "keys": keys }).to_string());
    setup.sections.push_str(&format!(
        "[[identity_providers]]\nname = 'city'\nissuer = '{ISSUER}'\naudience = 'licet.example'\nkeys = 'provider.jwks'\n"
    ));
    setup
}

pub(crate) fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ed25519() -> SigningKey {
    SigningKey::from_label(KeyType::Ed25519, "identity provider")
}

fn p256() -> SigningKey {
    SigningKey::from_label(KeyType::P256, "identity provider")
}

/// What a token says by which the holder of the licences consents to a look-up.
pub(crate) fn consent(id: &str) -> Value {
    let now = gateway::clock::now().unix();
    json!({
        "iss": ISSUER, "aud": "licet.example", "iat": now, "exp": now + 300, "jti": id,
        "licet_holder": { "code_type": "111", "code": HOLDER },
        "licet_item": ITEM, "licet_resources": [RESOURCE], "licet_authority": "consent",
    })
}

/// What a token says by which the holder of the licences is there in person.
pub(crate) fn in_person(id: &str) -> Value {
    let mut claims = consent(id);
    let map = claims.as_object_mut().unwrap();
    drop((map.remove("licet_item"), map.remove("licet_resources")));
    claims["licet_authority"] = json!("holder");
    claims
}

/// The token, by the provider's Ed25519 key.
pub(crate) fn token(claims: &Value) -> String {
    signed(claims, (Algorithm::EdDSA, "ed"), &EncodingKey::from_ed_der(&ed25519().pkcs8()))
}

/// The token, by the provider's P-256 key.
pub(crate) fn token_by_p256(claims: &Value) -> String {
    signed(claims, (Algorithm::ES256, "ec"), &EncodingKey::from_ec_der(&p256().pkcs8()))
}

/// The token by any key.
pub(crate) fn signed(claims: &Value, (algorithm, id): (Algorithm, &str), key: &EncodingKey) -> String {
    let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, key).unwrap()
}
