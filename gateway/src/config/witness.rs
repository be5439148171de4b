//! `[record.witnesses]`: who witnesses our logs. `[witness]`: whose logs we witness.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crypto::tlog::{KeyType, VerifierKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Faults, KeySource};

/// Who witnesses our logs, and how they are asked, in the background.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witnesses {
    /// File with the policy (C2SP tlog-policy): witnesses with keys and addresses, groups, quorum.
    pub policy: PathBuf,
    /// Shortest time between two checkpoints of a log that witnesses are asked to sign, in seconds. Default 5.
    #[serde(default = "interval_s")]
    pub interval_s: u32,
    /// For the connection to a witness, its TLS handshake included. Default 5000.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// For a witness to answer. Default 10000.
    #[serde(default = "answer_timeout_ms")]
    pub answer_timeout_ms: u64,
    /// Files with the authorities of witnesses that are asked over https, PEM. None by default.
    #[serde(default)]
    pub tls_anchors: Vec<PathBuf>,
    /// File with the certificate that is shown to witnesses, PEM, then its intermediates. None by default.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// File with its private key, PEM.
    #[serde(default)]
    pub key: Option<KeySource>,
}

/// Whose logs we witness.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The name under which we sign: an address without scheme, such as `witness.example.gov.cn`.
    pub name: String,
    /// File with our key: Ed25519, PKCS#8, PEM, readable by the owner alone.
    pub key: KeySource,
    /// `[[witness.logs]]`: the logs.
    #[serde(default)]
    pub logs: Vec<WitnessedLog>,
}

/// A log that we witness.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessedLog {
    /// Its origin; with `/*` at the end, every origin that has one more name there, as logs have that begin anew each year.
    pub origin: String,
    /// Its verifier key. For several origins, its key for one of them.
    #[serde(deserialize_with = "key")]
    #[schemars(with = "String", extend("format" = "verifier-key"))]
    pub key: VerifierKey,
}

impl Witnesses {
    /// [`Self::connect_timeout_ms`].
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// [`Self::answer_timeout_ms`].
    #[must_use]
    pub const fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }

    /// The file of our own certificate, and its key.
    #[must_use]
    pub fn own(&self) -> Option<(&Path, &KeySource)> {
        self.certificate.as_deref().zip(self.key.as_ref())
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { policy, tls_anchors, certificate, key, .. } = self;
        std::iter::once(policy).chain(tls_anchors).chain(certificate).chain(key.iter_mut().filter_map(KeySource::file_mut))
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let timeouts = [("connect_timeout_ms", self.connect_timeout_ms), ("answer_timeout_ms", self.answer_timeout_ms)];
        for (name, value) in timeouts {
            faults.demand(value > 0, format!("record.witnesses.{name}"), "must not be 0");
        }
        faults.demand(self.interval_s > 0, "record.witnesses.interval_s", "must not be 0");
        faults.demand_both("record.witnesses", self.certificate.as_deref(), self.key.as_ref());
    }
}

impl Witness {
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.key.file_mut().into_iter()
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        let is_name = VerifierKey::new(&self.name, KeyType::Cosignature, &[0; 32]).is_ok();
        faults.demand(is_name, "witness.name", "must be one word without +, such as witness.example.gov.cn");
        let mut origins = BTreeSet::new();
        for (index, log) in self.logs.iter().enumerate() {
            let key = |name: &str| format!("witness.logs[{index}].{name}");
            faults.demand(origins.insert(&log.origin), key("origin"), "is used twice");
            faults.demand(log.key.kind() != KeyType::Cosignature, key("key"), "is the key of a witness, not of a log");
            let fits = log.key_for(log.key.name()).is_some();
            faults.demand(fits, key("key"), format!("has the name {}, which is not the origin", log.key.name()));
        }
    }
}

impl WitnessedLog {
    /// The key for an origin, where that is this log's.
    #[must_use]
    pub fn key_for(&self, origin: &str) -> Option<VerifierKey> {
        let fits = match self.origin.strip_suffix("/*") {
            None => origin == self.origin,
            Some(base) => {
                let name = origin.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
                name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
            }
        };
        if fits { self.key.renamed(origin).ok() } else { None }
    }
}

fn key<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<VerifierKey, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

const fn interval_s() -> u32 {
    5
}

const fn connect_timeout_ms() -> u64 {
    5_000
}

const fn answer_timeout_ms() -> u64 {
    10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(origin: &str, name: &str) -> WitnessedLog {
        WitnessedLog { origin: origin.to_owned(), key: VerifierKey::new(name, KeyType::Ed25519, &[7; 32]).unwrap() }
    }

    #[test]
    fn a_log_is_known_by_its_origin() {
        let one = log("a.example/log", "a.example/log");
        assert_eq!(one.key_for("a.example/log"), Some(one.key.clone()));
        assert_eq!(one.key_for("a.example/log/2027"), None);
        let all = log("a.example/seal/*", "a.example/seal/2026");
        let next = all.key_for("a.example/seal/2027").unwrap();
        assert_eq!((next.name(), next.public_key()), ("a.example/seal/2027", all.key.public_key()));
        for other in ["a.example/seal/", "a.example/seal", "a.example/seals/2027", "a.example/seal/2027/x", "b/a.example/seal/1"]
        {
            assert_eq!(all.key_for(other), None, "{other}");
        }
    }

    #[test]
    fn faults_are_named() {
        let check = |witness: &Witness| {
            let mut faults = Faults::default();
            witness.check(&mut faults);
            faults.to_string()
        };
        let mut witness =
            Witness { name: "w.example".to_owned(), key: "w.key".into(), logs: vec![log("a", "a"), log("b/*", "b/1")] };
        assert_eq!(check(&witness), "");
        witness.logs.push(log("a", "c"));
        witness.name = "w example".to_owned();
        let text = check(&witness);
        for key in ["witness.name: ", "witness.logs[2].origin: ", "witness.logs[2].key: "] {
            assert!(text.contains(key), "{key} in {text}");
        }
        let parse = |text: &str| toml::from_str::<Witness>(text).map_err(|error| error.to_string());
        assert!(parse("name = 'a'\nkey = 'b'\n[[logs]]\norigin = 'c'\nkey = 'c+00000000+AAAA'").is_err());
        let smallest: Witnesses = toml::from_str("policy = 'p'").unwrap();
        assert_eq!((smallest.interval_s, smallest.answer_timeout().as_secs()), (5, 10));
    }
}
