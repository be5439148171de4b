//! The demo's provider of identities (OpenID): its keys as others read them, and its tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::grants::Authority;
use crypto::issue::{JwsBuilder, SigningKey};
use crypto::licence::Holder;
use crypto::time::Timestamp;
use serde_json::{Map, Value, json};

/// What its tokens say of who made them.
pub const ISSUER: &str = "https://id.licet-demo.example";
/// What its tokens say of whom they are for.
pub const AUDIENCE: &str = "licet-demo.example";

const KEY_ID: &str = "demo";
/// How long its tokens live, in seconds.
const LIFETIME_S: i64 = 300;

/// The public key, as a JWK Set.
#[must_use]
pub fn keys(key: &SigningKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.public_key().bits());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": KEY_ID, "x": x }] }).to_string()
}

/// A token of a holder who asks in person, with this name of its own.
#[must_use]
pub fn in_person(key: &SigningKey, holder: &Holder, now: Timestamp, id: &str) -> String {
    token(key, holder, (now, id), [("licet_authority", json!(Authority::Holder.name()))])
}

/// A token by which a holder consents to a look-up of this resource for this item, with this name of its own.
#[must_use]
pub fn consent(key: &SigningKey, holder: &Holder, (item, resource): (&str, &str), (now, id): (Timestamp, &str)) -> String {
    let own = [
        ("licet_authority", json!(Authority::Consent.name())),
        ("licet_item", json!(item)),
        ("licet_resources", json!([resource])),
    ];
    token(key, holder, (now, id), own)
}

fn token(
    key: &SigningKey,
    holder: &Holder,
    (now, id): (Timestamp, &str),
    own: impl IntoIterator<Item = (&'static str, Value)>,
) -> String {
    let usual = [
        ("iss", json!(ISSUER)),
        ("aud", json!(AUDIENCE)),
        ("iat", json!(now.unix())),
        ("exp", json!(now.plus(LIFETIME_S).unix())),
        ("jti", json!(id)),
        ("licet_holder", json!({ "code_type": holder.code_type.code(), "code": holder.code })),
    ];
    let claims: Map<_, _> = usual.into_iter().chain(own).map(|(name, value)| (name.to_owned(), value)).collect();
    JwsBuilder::new(Value::from(claims).to_string().as_bytes()).header("kid", json!(KEY_ID)).compact(key)
}

#[cfg(test)]
mod tests {
    use crypto::identity::KeySet;
    use crypto::issue::KeyType;

    use super::*;

    #[test]
    fn the_keys_can_be_read_and_hold_no_secret() {
        let key = SigningKey::from_label(KeyType::Ed25519, "identity");
        let text = keys(&key);
        assert!(KeySet::parse(text.as_bytes()).is_ok() && !text.contains("\"d\""), "{text}");
    }
}
