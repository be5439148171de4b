//! A signed trust list: a JWS whose payload says whom to believe, in the words of the configuration.

use std::fmt;

use crypto::digest::Sha256;
use crypto::jws::Jws;
use crypto::time::Timestamp;
use crypto::x509::Certificate;
use serde::{Deserialize, Serialize};

use super::domain::read_all;
use super::{Octets, Rules};
use crate::config::{self, Faults, SignaturePolicy, TrustDomain};

/// The type that the header of a list names, so that nothing else that its signers sign can be taken for one.
pub const TYPE: &str = "licet-trust+jws";
/// The version of the form.
pub const FORM: u32 = 1;
/// Largest list that is read: it may carry revocation lists.
pub const BYTES_MAX: usize = 128 << 20;

/// The payload.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDocument {
    /// The version of the form, 1.
    pub licet_trust: u32,
    /// The version of the list: of two lists the one with the higher counts.
    pub version: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// When the next one is due at the latest.
    pub next_update: Timestamp,
    /// Rules that decide on signatures. Its `version` is that of the list.
    #[serde(default)]
    pub policy: SignaturePolicy,
    /// The domains.
    pub domains: Vec<TrustDomain<Octets>>,
}

/// What is known of a list beside what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFacts {
    /// Its version.
    pub version: u64,
    /// When it was signed, by its own word.
    pub issued_at: Timestamp,
    /// When the next one is due.
    pub next_update: Timestamp,
    /// SHA-256 of the file.
    pub sha256: Sha256,
}

/// A list whose signature is good, with what it says.
#[derive(Clone, Debug)]
pub struct List {
    /// What is known of it.
    pub facts: ListFacts,
    /// What it says.
    pub rules: Rules,
    /// Who signed it.
    pub signer: Certificate,
}

/// Why a list is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListError {
    /// It is larger than [`BYTES_MAX`].
    TooLarge,
    /// It is no JWS, or not one of this type.
    Form,
    /// The signature is not good, or its signer is not one of those named.
    Signature,
    /// The payload is not what it should be.
    Payload(String),
    /// What it says is wrong.
    Content(Faults),
    /// The signer's certificate was not valid when it was signed, or is not any more.
    SignerEnded,
    /// It says to come from the future.
    Future,
    /// It is overdue already.
    Stale(Timestamp),
    /// A newer one was accepted before.
    Older {
        /// Its version.
        version: u64,
        /// The version accepted.
        accepted: u64,
    },
    /// Another one of the same version was accepted before.
    OtherContent(u64),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "larger than {} MiB", BYTES_MAX >> 20),
            Self::Form => write!(f, "no JWS of the type {TYPE} with an algorithm and a certificate that are known"),
            Self::Signature => f.write_str("not signed by one of the certificates that may sign it, or changed since"),
            Self::Payload(error) => write!(f, "its payload is no trust list: {error}"),
            Self::Content(faults) => write!(f, "what it says is wrong\n{faults}"),
            Self::SignerEnded => f.write_str("its signer's certificate was not valid then, or has ended"),
            Self::Future => f.write_str("it says to have been signed in the future"),
            Self::Stale(next) => write!(f, "a newer one was due on {next}"),
            Self::Older { version, accepted } => {
                write!(f, "version {version} is older than {accepted}, which was accepted before")
            }
            Self::OtherContent(version) => write!(f, "version {version} was accepted before with other content"),
        }
    }
}

impl std::error::Error for ListError {}

/// Whose signature is good.
#[derive(Clone, Copy, Debug)]
pub enum Signers<'a> {
    /// Of these certificates alone.
    Pinned(&'a [Certificate]),
    /// Whoever the list itself names: good for looking at one, never for believing it.
    Anybody,
}

impl List {
    /// Reads a list and checks its signature; whether it may be put in force is asked by [`List::may_follow`].
    ///
    /// # Errors
    /// [`ListError`].
    pub fn read(bytes: &[u8], signers: Signers<'_>) -> Result<Self, ListError> {
        if bytes.len() > BYTES_MAX {
            return Err(ListError::TooLarge);
        }
        let jws = Jws::parse(bytes).or(Err(ListError::Form))?;
        let signer = jws.signer().filter(|_| jws.is_typed(&[TYPE])).ok_or(ListError::Form)?;
        let is_known = match signers {
            Signers::Pinned(pinned) => pinned.contains(&signer),
            Signers::Anybody => true,
        };
        if !is_known || !jws.is_signed_by(&signer) {
            return Err(ListError::Signature);
        }
        let payload = |error: serde_json::Error| ListError::Payload(error.to_string());
        let document: ListDocument = serde_json::from_slice(jws.payload()).map_err(payload)?;
        let rules = document.rules()?;
        if document.issued_at < signer.not_before() || document.issued_at > signer.not_after() {
            return Err(ListError::SignerEnded);
        }
        let ListDocument { version, issued_at, next_update, .. } = document;
        Ok(Self { facts: ListFacts { version, issued_at, next_update, sha256: Sha256::of(&[bytes]) }, rules, signer })
    }

    /// Whether this list may be put in force now, after the one accepted last. The same again always may: that it grows stale
    /// is shown, but does not end it.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn may_follow(&self, accepted: Option<&ListFacts>, now: Timestamp) -> Result<(), ListError> {
        let ListFacts { version, issued_at, next_update, sha256 } = self.facts;
        if let Some(accepted) = accepted {
            if accepted.sha256 == sha256 {
                return Ok(());
            }
            if version < accepted.version {
                return Err(ListError::Older { version, accepted: accepted.version });
            }
            if version == accepted.version {
                return Err(ListError::OtherContent(version));
            }
        }
        if issued_at > now.plus(self.rules.policy.clock_skew_s) {
            return Err(ListError::Future);
        }
        if now > self.signer.not_after() {
            return Err(ListError::SignerEnded);
        }
        if now > next_update { Err(ListError::Stale(next_update)) } else { Ok(()) }
    }
}

impl ListDocument {
    /// The rules, checked like those of a configuration.
    fn rules(&self) -> Result<Rules, ListError> {
        if self.licet_trust != FORM {
            return Err(ListError::Payload(format!("its form is {}, not {FORM}", self.licet_trust)));
        }
        let mut faults = Faults::default();
        self.policy.check("policy", &mut faults);
        config::trust::check(&self.domains, "domains", &mut faults);
        faults.demand(!self.domains.is_empty(), "domains", "must be at least one");
        faults.demand(self.next_update > self.issued_at, "next_update", "must be later than issued_at");
        let domains = faults.take(read_all(&self.domains, "domains")).unwrap_or_default();
        let mut policy = self.policy.rules();
        policy.version = self.version;
        faults.none_or(Rules { domains, policy }).map_err(ListError::Content)
    }
}
