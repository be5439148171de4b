//! Where the rules come from: the configuration's own domains, or a signed list.

use std::io;
use std::path::Path;

use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::{Certificate, pem};

use super::domain::{one, read_all};
use super::list::{List, ListFacts, Signers};
use super::{Rules, replace};
use crate::config::{Config, Faults, SignaturePolicy, TrustDomain, TrustList};

/// Where the rules come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// `[[trust]]` with its files, and `[policy]`.
    Files {
        /// The domains.
        domains: Vec<TrustDomain>,
        /// The rules that decide on signatures.
        policy: SignaturePolicy,
    },
    /// `[trust_list]`.
    List(TrustList),
}

/// Rules as they were read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The rules.
    pub rules: Rules,
    /// The list that they stand in, if they come from one.
    pub list: Option<ListFacts>,
    /// Why the file of the list is not what was read: the list accepted last was.
    pub trouble: Option<String>,
    /// The list's file, where it is to be kept as the one accepted last.
    newly_accepted: Option<Vec<u8>>,
}

impl Source {
    /// What the configuration says.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        match &config.trust_list {
            Some(list) => Self::List(list.clone()),
            None => Self::Files { domains: config.trust.clone(), policy: config.policy.signatures.clone() },
        }
    }

    /// Whether another configuration says the same: the same files and the same rules, whatever is in the files.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        // Every part shows all that it is.
        format!("{self:?}") == format!("{other:?}")
    }

    /// Whether both are lists of which the one accepted last is kept in the same place.
    pub(super) fn is_kept_with(&self, other: &Self) -> bool {
        matches!((self, other), (Self::List(one), Self::List(other)) if one.accepted() == other.accepted())
    }

    /// `configuration` or `list`, for people.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Files { .. } => "configuration",
            Self::List(_) => "list",
        }
    }

    /// A digest over all files, readable or not: as long as it stays the same, reading again would change nothing.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256 {
        let digest = |path: &Path| match std::fs::read(path) {
            Ok(bytes) => Sha256::of(&[&bytes]).to_string(),
            Err(error) => error.kind().to_string(),
        };
        let digests: Vec<String> = match self {
            Self::Files { domains, .. } => domains.iter().flat_map(TrustDomain::materials).map(|path| digest(path)).collect(),
            Self::List(list) => std::iter::once(&list.file).chain(&list.signers).map(|path| digest(path)).collect(),
        };
        Sha256::of(&[digests.join("\n").as_bytes()])
    }

    /// Reads everything anew. `in_force` is the list in force, if one is; at the start, when none is, the list accepted last is
    /// read where the file does not do.
    ///
    /// # Errors
    /// Everything that is wrong, by its key.
    pub fn read(&self, in_force: Option<&ListFacts>, now: Timestamp) -> Result<Loaded, Faults> {
        match self {
            Self::Files { domains, policy } => {
                let rules = Rules { domains: read_all(domains, "trust")?, policy: policy.rules() };
                Ok(Loaded { rules, list: None, trouble: None, newly_accepted: None })
            }
            Self::List(list) => read_list(list, in_force, now),
        }
    }

    /// Keeps what was read as the list accepted last, durable before it counts.
    ///
    /// # Errors
    /// When it cannot be kept: then an older list could come back after a restart.
    pub fn keep(&self, loaded: &Loaded) -> Result<(), Faults> {
        let (Self::List(list), Some(bytes)) = (self, &loaded.newly_accepted) else { return Ok(()) };
        let path = list.accepted();
        let failed = |error: io::Error| Faults::one("trust_list.accepted", format!("{} cannot be kept: {error}", path.display()));
        replace(&path, bytes).map_err(failed)
    }
}

/// The certificates of those who may sign the list.
///
/// # Errors
/// Every file that cannot be read, by its key.
pub fn signers(list: &TrustList) -> Result<Vec<Certificate>, Faults> {
    let mut faults = Faults::default();
    let read = |(index, path)| faults.take(one(path, &format!("trust_list.signers[{index}]"), pem::certificates));
    let signers: Vec<Vec<Certificate>> = list.signers.iter().enumerate().filter_map(read).collect();
    faults.none_or(signers.concat())
}

/// The list accepted last, where there is one and its signers still count.
#[must_use]
pub fn last_accepted(list: &TrustList, signers: &[Certificate]) -> Option<List> {
    let bytes = std::fs::read(list.accepted()).ok()?;
    List::read(&bytes, Signers::Pinned(signers)).ok()
}

fn read_list(source: &TrustList, in_force: Option<&ListFacts>, now: Timestamp) -> Result<Loaded, Faults> {
    let signers = signers(source)?;
    let accepted = last_accepted(source, &signers);
    let last = [in_force, accepted.as_ref().map(|list| &list.facts)].into_iter().flatten().max_by_key(|facts| facts.version);
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", source.file.display());
    let read = || -> Result<(List, Vec<u8>), String> {
        let bytes = std::fs::read(&source.file).map_err(|error| failed(&format!("cannot be read: {error}")))?;
        let list = List::read(&bytes, Signers::Pinned(&signers)).map_err(|error| failed(&error))?;
        list.may_follow(last, now).map_err(|error| failed(&error))?;
        Ok((list, bytes))
    };
    match (read(), accepted, in_force) {
        (Ok((list, bytes)), accepted, _) => {
            let is_kept = accepted.is_some_and(|accepted| accepted.facts.sha256 == list.facts.sha256);
            let newly_accepted = (!is_kept).then_some(bytes);
            Ok(Loaded { rules: list.rules, list: Some(list.facts), trouble: None, newly_accepted })
        }
        (Err(trouble), Some(list), None) => {
            Ok(Loaded { rules: list.rules, list: Some(list.facts), trouble: Some(trouble), newly_accepted: None })
        }
        (Err(trouble), ..) => Err(Faults::one("trust_list.file", trouble)),
    }
}
