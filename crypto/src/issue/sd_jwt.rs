//! SD-JWT verifiable credentials (RFC 9901), and presentations of them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::jws::JwsBuilder;
use super::key::SigningKey;
use crate::digest::{DigestAlgorithm, Sha256};
use crate::sig::KeyKind;
use crate::time::Timestamp;

/// What a credential is to say.
#[derive(Clone, Debug)]
pub struct SdJwtBuilder {
    header: JwsHeader,
    claims: Map<String, Value>,
    disclosures: Vec<String>,
}

#[derive(Clone, Debug)]
struct JwsHeader {
    typ: String,
    chain: Vec<Vec<u8>>,
}

/// A credential with all its disclosures, in the hands of its holder.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What the issuer signed.
    pub jwt: String,
    /// Its disclosures.
    pub disclosures: Vec<String>,
}

/// To whom and when a credential is presented.
#[derive(Clone, Copy, Debug)]
pub struct PresentedTo<'a> {
    /// `aud`
    pub audience: &'a str,
    /// `nonce`
    pub nonce: &'a str,
    /// `iat`
    pub at: Timestamp,
}

impl SdJwtBuilder {
    /// A credential of a type, issued at a moment.
    #[must_use]
    pub fn new(vct: &str, at: Timestamp) -> Self {
        let claims = json!({ "vct": vct, "iat": at.unix() });
        let header = JwsHeader { typ: "dc+sd-jwt".to_owned(), chain: Vec::new() };
        Self { header, claims: claims.as_object().cloned().unwrap_or_default(), disclosures: Vec::new() }
    }

    /// A licence: every field by its short name, each left to disclosure.
    #[must_use]
    pub fn licence(vct: &str, at: Timestamp, fields: &BTreeMap<String, String>) -> Self {
        fields.iter().fold(Self::new(vct, at), |builder, (name, value)| builder.disclosable(name, json!(value)))
    }

    /// The header's `typ`.
    #[must_use]
    pub fn typ(mut self, typ: &str) -> Self {
        typ.clone_into(&mut self.header.typ);
        self
    }

    /// The certificates, DER, the signer's first (`x5c`).
    #[must_use]
    pub fn chain(mut self, chain: &[&[u8]]) -> Self {
        self.header.chain = chain.iter().map(|certificate| certificate.to_vec()).collect();
        self
    }

    /// A claim that stands open. `_sd` given here replaces the digests, and `_sd_alg` only says something.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.to_owned(), value);
        self
    }

    /// A claim that the holder may hold back.
    #[must_use]
    pub fn disclosable(mut self, name: &str, value: Value) -> Self {
        let disclosure = disclosure(&json!([salt(name), name, value]));
        let digest = json!(digest(&disclosure));
        match self.claims.get_mut("_sd").and_then(Value::as_array_mut) {
            Some(digests) => digests.push(digest),
            None => drop(self.claims.insert("_sd".to_owned(), json!([digest]))),
        }
        self.disclosures.push(disclosure);
        self
    }

    /// A disclosure made elsewhere, such as of an element of a list, whose digest stands in a claim already.
    #[must_use]
    pub fn with_disclosure(mut self, disclosure: String) -> Self {
        self.disclosures.push(disclosure);
        self
    }

    /// The holder's key (`cnf`).
    #[must_use]
    pub fn bound_to(self, holder: &SigningKey) -> Self {
        let jwk = jwk(holder);
        self.claim("cnf", json!({ "jwk": jwk }))
    }

    /// Signs it.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> Credential {
        let chain: Vec<&[u8]> = self.header.chain.iter().map(Vec::as_slice).collect();
        let payload = Value::Object(self.claims).to_string();
        let jws = JwsBuilder::new(payload.as_bytes()).header("typ", json!(self.header.typ)).chain(&chain);
        Credential { jwt: jws.compact(key), disclosures: self.disclosures }
    }
}

impl Credential {
    /// Everything disclosed, bound to nobody.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<&str> = std::iter::once(self.jwt.as_str()).chain(self.disclosures.iter().map(String::as_str)).collect();
        parts.join("~") + "~"
    }

    /// This credential with those disclosures alone whose places `keep` names.
    #[must_use]
    pub fn keeping(&self, keep: &[usize]) -> Self {
        let kept = self.disclosures.iter().enumerate().filter(|(place, _)| keep.contains(place));
        Self { jwt: self.jwt.clone(), disclosures: kept.map(|(_, disclosure)| disclosure.clone()).collect() }
    }

    /// Everything disclosed, signed by the holder (KB-JWT).
    #[must_use]
    pub fn present(&self, holder: &SigningKey, to: PresentedTo<'_>) -> String {
        let text = self.text();
        let claims = json!({ "aud": to.audience, "nonce": to.nonce, "iat": to.at.unix(), "sd_hash": digest(&text) });
        let bound = JwsBuilder::new(claims.to_string().as_bytes()).header("typ", json!("kb+jwt")).compact(holder);
        text + &bound
    }
}

/// A disclosure of this array.
#[must_use]
pub fn disclosure(parts: &Value) -> String {
    URL_SAFE_NO_PAD.encode(parts.to_string())
}

/// The SHA-256 of a text as credentials name it.
#[must_use]
pub fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(DigestAlgorithm::Sha256.hash(&[text.as_bytes()]))
}

/// A public key as JWK; the curve of SM2 goes by the name `SM2`.
#[must_use]
pub fn jwk(key: &SigningKey) -> Value {
    let public = key.public_key();
    let curve = match public.kind() {
        KeyKind::Sm2 => "SM2",
        KeyKind::P256 => "P-256",
        _ => return json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(public.bits()) }),
    };
    let (x, y) = public.bits().get(1..).and_then(|point| point.split_at_checked(32)).unwrap_or_default();
    json!({ "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
}

/// Salts are secret in earnest; here they only have to differ.
fn salt(name: &str) -> String {
    Sha256::of(&[b"salt", name.as_bytes()]).to_string().chars().take(22).collect()
}
