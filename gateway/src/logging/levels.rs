//! How much is written, for the whole and for single modules; it can be changed while the gateway runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogLevel};

/// The longest that other levels are wanted for, in seconds: a day.
const FOR_S_MAX: u32 = 86_400;

/// The levels in force.
pub struct Levels {
    state: Mutex<State>,
    apply: Box<dyn Fn(EnvFilter) -> bool + Send + Sync>,
}

#[derive(Debug)]
struct State {
    log: Log,
    /// What an operator wants instead, and until when.
    wanted: Option<(Wanted, Option<Instant>)>,
    /// How often it was changed.
    turn: u64,
}

/// Other levels than those of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// For all modules that are not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// By module.
    #[serde(default)]
    pub levels: BTreeMap<String, LogLevel>,
    /// For how many seconds; until a restart where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u32>,
}

/// What is in force, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// For all modules that are not named.
    pub level: LogLevel,
    /// By module.
    pub levels: BTreeMap<String, LogLevel>,
    /// Whether this is what the configuration says.
    pub configured: bool,
    /// For how many seconds more, where that has an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_in_s: Option<u64>,
}

impl Wanted {
    /// What is wrong with it.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if let Some(unknown) = self.levels.keys().find(|module| !Log::is_module(module)) {
            return Err(format!("there is no module {unknown:?}"));
        }
        if self.for_s.is_some_and(|seconds| !(1..=FOR_S_MAX).contains(&seconds)) {
            return Err(format!("levels may be changed for 1 to {FOR_S_MAX} seconds"));
        }
        Ok(())
    }
}

impl Levels {
    pub(super) fn new(log: &Log, apply: impl Fn(EnvFilter) -> bool + Send + Sync + 'static) -> Self {
        Self { state: Mutex::new(State { log: log.clone(), wanted: None, turn: 0 }), apply: Box::new(apply) }
    }

    /// What is in force.
    #[must_use]
    pub fn shown(&self, now: Instant) -> Shown {
        let state = self.state();
        let wanted = state.wanted.as_ref().map(|(wanted, _)| wanted);
        let (level, levels) = merged(&state.log, wanted);
        let until = state.wanted.as_ref().and_then(|(_, until)| *until);
        let ends_in_s = until.map(|until| until.saturating_duration_since(now).as_secs());
        Shown { level, levels, configured: wanted.is_none(), ends_in_s }
    }

    /// Puts other levels in force, or with none those of the configuration. Says the turn, for [`Levels::end`]; nothing when the log
    /// does not take them.
    #[must_use]
    pub fn want(&self, wanted: Option<Wanted>, now: Instant) -> Option<u64> {
        let mut state = self.state();
        let until = |wanted: &Wanted| wanted.for_s.map(|seconds| now + Duration::from_secs(seconds.into()));
        state.wanted = wanted.map(|wanted| {
            let until = until(&wanted);
            (wanted, until)
        });
        state.turn += 1;
        self.renew(&state).then_some(state.turn)
    }

    /// Goes back to the levels of the configuration, unless something else was wanted since that turn. Says whether it did.
    #[must_use]
    pub fn end(&self, turn: u64) -> bool {
        let mut state = self.state();
        if state.turn != turn {
            return false;
        }
        state.wanted = None;
        state.turn += 1;
        self.renew(&state)
    }

    /// Goes by another configuration. What an operator wanted instead stays.
    pub fn follow(&self, log: &Log) {
        let mut state = self.state();
        state.log = log.clone();
        // The levels before stay in force where the log does not take these; it always took them so far.
        let _is_taken = self.renew(&state);
    }

    fn renew(&self, state: &State) -> bool {
        (self.apply)(EnvFilter::new(directives(&state.log, state.wanted.as_ref().map(|(wanted, _)| wanted))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Levels").field("state", &self.state).finish_non_exhaustive()
    }
}

fn merged(log: &Log, wanted: Option<&Wanted>) -> (LogLevel, BTreeMap<String, LogLevel>) {
    let mut levels = log.levels.clone();
    let more = wanted.map(|wanted| wanted.levels.clone()).unwrap_or_default();
    levels.extend(more);
    (wanted.and_then(|wanted| wanted.level).unwrap_or(log.level), levels)
}

/// The libraries below speak of addresses and headers at their lower levels: only our own lines follow the settings.
pub(super) fn directives(log: &Log, wanted: Option<&Wanted>) -> String {
    let (level, levels) = merged(log, wanted);
    let level = level.name();
    let mut text = format!("warn,gateway={level},storage={level}");
    for (module, level) in levels {
        let target = if module == Log::STORAGE { module } else { format!("gateway::{module}") };
        text.push_str(&format!(",{target}={}", level.name()));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock;

    fn log(text: &str) -> Log {
        toml::from_str(text).unwrap()
    }

    fn wanted(text: &str) -> Wanted {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn libraries_stay_silent() {
        let log = log("level = 'info'\nlevels = { broker = 'debug', storage = 'error' }");
        assert_eq!(directives(&log, None), "warn,gateway=info,storage=info,gateway::broker=debug,storage=error");
        let more = wanted(r#"{"level":"warn","levels":{"broker":"off"}}"#);
        assert_eq!(directives(&log, Some(&more)), "warn,gateway=warn,storage=warn,gateway::broker=off,storage=error");
    }

    #[test]
    fn modules_that_do_not_exist_are_refused_by_name() {
        assert_eq!(wanted(r#"{"levels":{"brokr":"debug"}}"#).check(), Err("there is no module \"brokr\"".to_owned()));
        assert!(wanted(r#"{"for_s":0}"#).check().is_err() && wanted(r#"{"for_s":86401}"#).check().is_err());
        assert_eq!(wanted(r#"{"levels":{"storage":"trace","logging":"debug"},"for_s":60}"#).check(), Ok(()));
    }

    #[test]
    fn what_is_wanted_for_a_while_ends_unless_something_else_is_wanted() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&taken);
        let levels = Levels::new(&log(""), move |filter| {
            seen.lock().unwrap().push(filter.to_string());
            true
        });
        let now = clock::instant();
        let first = levels.want(Some(wanted(r#"{"levels":{"broker":"debug"},"for_s":60}"#)), now).unwrap();
        let shown = levels.shown(now + Duration::from_secs(15));
        assert_eq!((shown.configured, shown.ends_in_s, shown.levels.len()), (false, Some(45), 1));
        let second = levels.want(Some(wanted(r#"{"level":"warn"}"#)), now).unwrap();
        assert!(!levels.end(first) && levels.end(second));
        let shown = levels.shown(now);
        assert_eq!((shown.configured, shown.level, shown.levels.len()), (true, LogLevel::Info, 0));
        assert_eq!(taken.lock().unwrap().len(), 3);
        levels.follow(&log("level = 'error'"));
        assert_eq!(levels.shown(now).level, LogLevel::Error);
    }
}
