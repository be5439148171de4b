//! Keeps the generation in force. Rules and evidence change apart from each other; each change makes a whole new generation,
//! and a change that fails leaves the last good one in force.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use crypto::digest::Sha256;
use crypto::time::Timestamp;
use crypto::x509::trust::Policy;
use crypto::x509::{Domain, Evidence, Trust};

use super::Loaded;
use super::list::ListFacts;

/// Domains and rules as they were read together.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The domains.
    pub domains: Vec<Domain>,
    /// What holds for all of them.
    pub policy: Policy,
}

/// Why the rules were not renewed the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When it was noticed.
    pub at: Timestamp,
    /// What is wrong, for the operator.
    pub message: String,
}

/// How the rules in force stand.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The list in which they stand, if they come from one.
    pub list: Option<ListFacts>,
    /// When they were last read well, or found unchanged.
    pub loaded_at: Timestamp,
    /// Why they were not renewed since, if that failed.
    pub trouble: Option<Trouble>,
    /// How often in all they could not be renewed.
    pub failures: u64,
    /// How many generations followed the first, for new rules or new evidence.
    pub generations: u64,
}

impl Standing {
    /// Seconds since the rules were last read well.
    #[must_use]
    pub const fn age_s(&self, now: Timestamp) -> i64 {
        now.unix().saturating_sub(self.loaded_at.unix())
    }

    /// Whether a newer list is overdue.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.list.as_ref().is_some_and(|list| now > list.next_update)
    }

    /// What an operator should look at, though nothing has stopped working.
    #[must_use]
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let trouble = self.trouble.as_ref().map(|trouble| format!("trust: not read again since {}", trouble.at));
        let overdue = self.list.as_ref().filter(|_| self.is_stale(now));
        let overdue = overdue.map(|list| format!("trust: a newer list was due on {}", list.next_update));
        trouble.into_iter().chain(overdue).collect()
    }
}

/// The generation in force, and what it was made of.
#[derive(Debug)]
pub struct Keeper {
    current: ArcSwap<Trust>,
    parts: Mutex<Parts>,
}

#[derive(Debug)]
struct Parts {
    rules: Rules,
    evidence: Evidence,
    standing: Standing,
}

impl Keeper {
    /// A first generation of rules that were read at this moment.
    #[must_use]
    pub fn new(loaded: Loaded, now: Timestamp) -> Self {
        let failures = loaded.trouble.is_some().into();
        let trouble = loaded.trouble.map(|message| Trouble { at: now, message });
        let standing = Standing { list: loaded.list, loaded_at: now, trouble, failures, generations: 0 };
        let parts = Parts { rules: loaded.rules, evidence: Evidence::default(), standing };
        Self { current: ArcSwap::from_pointee(parts.generation()), parts: Mutex::new(parts) }
    }

    /// What another configuration makes of the rules that were read with it at this moment, with the evidence that is in force here. This
    /// one stays as it is, for those who go on with it.
    #[must_use]
    pub fn renewed(&self, loaded: Loaded, now: Timestamp) -> Self {
        let (evidence, before) = self.change(|parts| (parts.evidence.clone(), parts.standing.clone()));
        let standing = Standing { list: loaded.list, loaded_at: now, trouble: None, ..before };
        let mut parts = Parts { rules: loaded.rules, evidence, standing };
        let next = parts.generation();
        let is_new = next.generation() != self.current.load().generation();
        parts.standing.generations = parts.standing.generations.saturating_add(is_new.into());
        Self { current: ArcSwap::from_pointee(next), parts: Mutex::new(parts) }
    }

    /// The generation in force.
    #[must_use]
    pub fn current(&self) -> Arc<Trust> {
        self.current.load_full()
    }

    /// How the rules in force stand.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.change(|parts| parts.standing.clone())
    }

    /// What the generation would be called that these rules make with the evidence in force.
    #[must_use]
    pub fn generation_with(&self, rules: &Rules) -> Sha256 {
        let evidence = self.change(|parts| parts.evidence.clone());
        Trust::with_evidence(rules.domains.clone(), rules.policy.clone(), &evidence).generation()
    }

    /// Puts rules in force that were read at this moment. Whether the generation is another one now.
    pub fn replace_rules(&self, loaded: Loaded, now: Timestamp) -> bool {
        self.change(|parts| {
            parts.rules = loaded.rules;
            parts.standing.list = loaded.list;
            (parts.standing.loaded_at, parts.standing.trouble) = (now, None);
            self.swap(parts)
        })
    }

    /// Notes that the rules in force were found to be those of the files.
    pub fn confirm(&self, now: Timestamp) {
        self.change(|parts| (parts.standing.loaded_at, parts.standing.trouble) = (now, None));
    }

    /// Puts evidence of status in force, all of it: what was there before is forgotten. Whether the generation is another one.
    pub fn replace_evidence(&self, evidence: Evidence) -> bool {
        self.change(|parts| {
            parts.evidence = evidence;
            self.swap(parts)
        })
    }

    /// Notes that the rules could not be renewed: the last good ones stay in force.
    pub fn note_failure(&self, message: String, now: Timestamp) {
        self.change(|parts| {
            parts.standing.failures = parts.standing.failures.saturating_add(1);
            parts.standing.trouble = Some(Trouble { at: now, message });
        });
    }

    /// Under the lock, so that of two changes at once none is lost. What a panic leaves behind is whole: parts are assigned.
    fn change<T>(&self, work: impl FnOnce(&mut Parts) -> T) -> T {
        work(&mut self.parts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn swap(&self, parts: &mut Parts) -> bool {
        let next = parts.generation();
        let is_new = next.generation() != self.current.load().generation();
        if is_new {
            self.current.store(Arc::new(next));
            parts.standing.generations = parts.standing.generations.saturating_add(1);
        }
        is_new
    }
}

impl Parts {
    fn generation(&self) -> Trust {
        Trust::with_evidence(self.rules.domains.clone(), self.rules.policy.clone(), &self.evidence)
    }
}
