//! The configuration of a gateway under load.

use std::fmt::Write as _;

use super::callers::{AUDITOR, CALLERS, uri};
use super::offices::Offices;
use super::organisations::organisation;

/// What every gateway of this crate has. It listens where it finds a place.
pub(crate) const BASE: &str = r#"[server]
listen = "127.0.0.1:0"
certificate = "server.pem"
key = "server.key"
client_anchors = ["clients.pem"]
[admin]
listen = "127.0.0.1:0"
[storage]
path = "data"
value_key = "value.key"
index_key = "index.key"
[record]
origin = "licet-load.example"
key = "log.key"
[log]
level = "warn"
"#;

/// Trust in the offices: name, purpose, algorithm.
const TRUST: [(&str, &str, &str); 3] =
    [("signers", "signer", "ed25519"), ("sealers", "signer", "sm2-sm3"), ("seal-makers", "seal-maker", "sm2-sm3")];

/// A section for a caller.
pub(crate) fn caller(name: &str, organisation: &str, role: &str) -> String {
    let uri = uri(name);
    format!(
        "[[callers]]\nname = \"{name}\"\norganisation = \"{organisation}\"\ncertificates = [\"uri:{uri}\"]\nroles = [\"{role}\"]\n"
    )
}

/// The whole file.
pub(super) fn text(offices: &Offices) -> String {
    let mut text = BASE.to_owned();
    for (name, purpose, algorithm) in TRUST {
        // Writing to a text cannot fail.
        write!(
            text,
            "[[trust]]\nname = \"{name}\"\npurpose = \"{purpose}\"\nanchors = [\"{name}.pem\"]\ncrls = [\"{name}.crl\"]\n\
             revocation = \"require\"\nalgorithms = [\"{algorithm}\"]\n"
        )
        .unwrap_or_default();
    }
    for (number, name) in (1..).zip(CALLERS) {
        text.push_str(&caller(name, &organisation(number), name));
        if name == AUDITOR {
            text.push_str("audits = [\"*\"]\n");
        }
    }
    for office in &offices.all {
        text.push_str(&caller(&office.caller, &office.code, "issuer"));
    }
    text
}
