//! `licet trust sign`: makes a signed trust list.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crypto::issue::{JwsBuilder, SigningKey};
use crypto::x509::{Certificate, pem};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use super::Failure;
use crate::clock;
use crate::config::{Moment, RulesFile};
use crate::trust::list::{self, List, ListDocument, Signers};
use crate::trust::{embed, replace};

/// What is to be made.
pub(super) struct Order {
    pub(super) key: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) version: u64,
    pub(super) next_update: Moment,
    pub(super) out: PathBuf,
}

pub(super) fn run(rules: &Path, order: &Order) -> Result<ExitCode, Failure> {
    let rules = RulesFile::read(rules)?;
    let signer = certificate(&order.certificate)?;
    let key = key(&order.key)?;
    if signer.key() != Some(&key.public_key()) {
        return Err(Failure::Work(format!("{} does not go with {}", order.key.display(), order.certificate.display())));
    }
    let document = ListDocument {
        licet_trust: list::FORM,
        version: order.version,
        issued_at: clock::now(),
        next_update: order.next_update.last(),
        policy: rules.policy,
        domains: embed(&rules.trust)?,
    };
    let payload = serde_json::to_vec(&document).map_err(|error| Failure::Work(error.to_string()))?;
    let list = JwsBuilder::new(&payload).header("typ", json!(list::TYPE)).chain(&[signer.raw()]).compact(&key);
    // As a gateway would read it, so that nothing leaves here that no gateway takes.
    let refused = |error: list::ListError| Failure::Work(format!("the list would be refused: {error}"));
    let read = List::read(list.as_bytes(), Signers::Pinned(std::slice::from_ref(&signer))).map_err(refused)?;
    read.may_follow(None, clock::now()).map_err(refused)?;
    replace(&order.out, list.as_bytes())
        .map_err(|error| Failure::Work(format!("{} cannot be written: {error}", order.out.display())))?;
    println!("{}: version {}, SHA-256 {}", order.out.display(), read.facts.version, read.facts.sha256);
    Ok(ExitCode::SUCCESS)
}

fn certificate(path: &Path) -> Result<Certificate, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let all = pem::certificates(&bytes).map_err(|error| failed(&error))?;
    all.into_iter().next().ok_or_else(|| failed(&"holds no certificate"))
}

fn key(path: &Path) -> Result<SigningKey, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(&bytes).ok();
    let key = key.and_then(|key| SigningKey::from_pkcs8(key.secret_pkcs8_der()));
    key.ok_or_else(|| failed(&"holds no Ed25519, P-256 or SM2 key as unencrypted PKCS#8 in PEM"))
}
