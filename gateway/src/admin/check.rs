//! What a check of the gateway's health looks at, and what it can find.

use std::sync::Arc;
use std::time::Instant;

use crypto::time::Timestamp;
use serde::Serialize;

use crate::app::App;

/// How well something works, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It works.
    Ready,
    /// It works, and somebody should look at it.
    Degraded,
    /// It was stopped on purpose.
    Maintenance,
    /// It does not work.
    NotReady,
}

impl State {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Maintenance => "maintenance",
            Self::NotReady => "not-ready",
        }
    }

    /// Whether callers should be sent here.
    #[must_use]
    pub const fn serves(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }

    /// What the metric shows for it.
    #[must_use]
    pub const fn measure(self) -> f64 {
        match self {
            Self::Ready => 1.0,
            Self::Degraded => 0.5,
            Self::Maintenance | Self::NotReady => 0.0,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How well it works.
    pub state: State,
    /// Why not better: sentences for the operator, without personal data.
    pub reasons: Vec<String>,
}

impl Found {
    /// All is well.
    #[must_use]
    pub const fn ready() -> Self {
        Self { state: State::Ready, reasons: Vec::new() }
    }

    /// It works, and somebody should look at it, for these reasons; all is well where there are none.
    #[must_use]
    pub fn degraded(reasons: Vec<String>) -> Self {
        if reasons.is_empty() { Self::ready() } else { Self { state: State::Degraded, reasons } }
    }

    /// It does not work.
    #[must_use]
    pub fn not_ready(reason: impl Into<String>) -> Self {
        Self { state: State::NotReady, reasons: vec![reason.into()] }
    }

    /// All is well, or it does not work.
    #[must_use]
    pub fn of(outcome: Result<(), String>) -> Self {
        outcome.map_or_else(Self::not_ready, |()| Self::ready())
    }
}

/// What checks look at.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The generation in force.
    pub app: Arc<App>,
    /// The wall clock.
    pub now: Timestamp,
    /// The clock that only goes on.
    pub at: Instant,
}

/// Looks at one thing in what there is to be seen.
pub(super) type Look<S> = Box<dyn Fn(&S) -> Found + Send + Sync>;

/// A check.
pub struct Check<S = Sight> {
    /// Its stable name.
    pub name: &'static str,
    /// The heading in docs/OPERATIONS.md under which an operator reads what to do, as a link has it.
    pub page: &'static str,
    /// What only looks at memory: done first, and at once.
    pub glance: Option<Look<S>>,
    /// What does a piece of work, which may take its time: done where nothing was found at a glance.
    pub work: Option<Look<S>>,
}

impl<S> Check<S> {
    /// One that only looks at memory.
    #[must_use]
    pub fn glance(name: &'static str, page: &'static str, look: impl Fn(&S) -> Found + Send + Sync + 'static) -> Self {
        Self { name, page, glance: Some(Box::new(look)), work: None }
    }

    /// One that does a piece of work.
    #[must_use]
    pub fn work(name: &'static str, page: &'static str, look: impl Fn(&S) -> Found + Send + Sync + 'static) -> Self {
        Self { name, page, glance: None, work: Some(Box::new(look)) }
    }

    /// The same, unless this shows at a glance that it need not be tried.
    #[must_use]
    pub fn unless(self, look: impl Fn(&S) -> Found + Send + Sync + 'static) -> Self {
        Self { glance: Some(Box::new(look)), ..self }
    }
}

impl<S> std::fmt::Debug for Check<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}
