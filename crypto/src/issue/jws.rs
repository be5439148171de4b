//! JWS (RFC 7515), compact and JSON.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::key::SigningKey;
use super::seal::Stamp;
use crate::time::Timestamp;

/// What a signed JSON licence is to say.
#[derive(Clone, Debug)]
pub struct JwsBuilder {
    header: Map<String, Value>,
    payload: Vec<u8>,
}

impl JwsBuilder {
    /// A licence: an object of its fields by their short names, under the type `licence+jws`.
    #[must_use]
    pub fn licence(fields: &BTreeMap<String, String>) -> Self {
        Self::new(json!(fields).to_string().as_bytes()).header("typ", json!("licence+jws"))
    }

    /// Any payload, with no header but `alg`.
    #[must_use]
    pub fn new(payload: &[u8]) -> Self {
        Self { header: Map::new(), payload: payload.to_vec() }
    }

    /// The certificates, DER, the signer's first (`x5c`).
    #[must_use]
    pub fn chain(self, chain: &[&[u8]]) -> Self {
        let chain: Vec<String> = chain.iter().map(|certificate| STANDARD.encode(certificate)).collect();
        self.header("x5c", json!(chain))
    }

    /// The claimed signing time (`sigT`, ETSI TS 119 182-1 5.2.1).
    #[must_use]
    pub fn signed_at(self, at: Timestamp) -> Self {
        self.header("sigT", json!(at))
    }

    /// Any protected header parameter. `alg` given here replaces the right one.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.to_owned(), value);
        self
    }

    /// The compact serialisation. SM2 signs as `SM2-SM3` with r ‖ s.
    #[must_use]
    pub fn compact(&self, key: &SigningKey) -> String {
        let (protected, payload, signature) = self.parts(key);
        format!("{protected}.{payload}.{signature}")
    }

    /// The flattened JSON serialisation with a time stamp over the signature's text (`sigTst`, ETSI TS 119 182-1, 5.3.4).
    #[must_use]
    pub fn stamped(&self, key: &SigningKey, stamp: Stamp<'_>) -> String {
        let (protected, payload, signature) = self.parts(key);
        let token = STANDARD.encode((stamp.0)(signature.as_bytes()));
        let header = json!({ "etsiU": [{ "sigTst": { "tstTokens": [{ "val": token }] } }] });
        json!({ "protected": protected, "header": header, "payload": payload, "signature": signature }).to_string()
    }

    /// The flattened JSON serialisation with revocation lists and OCSP responses, DER (`rVals`, ETSI TS 119 182-1, 5.3.5.2).
    #[must_use]
    pub fn with_evidence(&self, key: &SigningKey, lists: &[Vec<u8>], responses: &[Vec<u8>]) -> String {
        let (protected, payload, signature) = self.parts(key);
        let values = |items: &[Vec<u8>]| -> Value { items.iter().map(|der| json!({ "val": STANDARD.encode(der) })).collect() };
        let header = json!({ "etsiU": [{ "rVals": { "crlVals": values(lists), "ocspVals": values(responses) } }] });
        json!({ "protected": protected, "header": header, "payload": payload, "signature": signature }).to_string()
    }

    /// The flattened JSON serialisation.
    #[must_use]
    pub fn flattened(&self, key: &SigningKey) -> String {
        let (protected, payload, signature) = self.parts(key);
        json!({ "protected": protected, "payload": payload, "signature": signature }).to_string()
    }

    fn parts(&self, key: &SigningKey) -> (String, String, String) {
        let mut header = self.header.clone();
        header.entry("alg").or_insert_with(|| json!(key.algorithm().row().jose));
        let protected = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
        let payload = URL_SAFE_NO_PAD.encode(&self.payload);
        let signature = key.sign_fixed(format!("{protected}.{payload}").as_bytes());
        (protected, payload, URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::KeyType;
    use crate::sig::Algorithm;

    #[test]
    fn the_parts_verify_and_say_what_they_should() {
        for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
            let key = SigningKey::from_label(kind, "signer");
            let fields = BTreeMap::from([("ZZMC".to_owned(), "营业执照".to_owned())]);
            let at = Timestamp::from_unix(1_780_000_000);
            let text = JwsBuilder::licence(&fields).chain(&[&[1, 2]]).signed_at(at).compact(&key);
            let (message, value) = text.rsplit_once('.').unwrap();
            let (header, payload) = message.split_once('.').unwrap();
            let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
            let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
            assert_eq!(payload, json!({ "ZZMC": "营业执照" }));
            assert_eq!((&header["typ"], &header["x5c"], &header["sigT"]), (&json!("licence+jws"), &json!(["AQI="]), &json!(at)));
            let algorithm = Algorithm::from_jose(header["alg"].as_str().unwrap()).unwrap();
            let value = URL_SAFE_NO_PAD.decode(value).unwrap();
            assert_eq!(algorithm.verify_fixed(&key.public_key(), message.as_bytes(), &value), Ok(()));
            assert_eq!(
                serde_json::from_str::<Value>(&JwsBuilder::new(b"x").flattened(&key)).unwrap().as_object().unwrap().len(),
                3
            );
        }
    }
}
