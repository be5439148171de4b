//! When a trust anchor was in service: the part of a trust-service status list that decides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Whether a service is offered, as its supervisor says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceStatus {
    /// It is offered.
    #[default]
    Granted,
    /// It is offered no more: without an end of its period, it never counted.
    Withdrawn,
}

/// The service behind a trust anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// What its supervisor says.
    pub status: ServiceStatus,
    /// The first moment of service; `None` for since ever.
    pub from: Option<Timestamp>,
    /// The last moment of service; `None` for no end, or none that is known of a withdrawn one.
    pub until: Option<Timestamp>,
}

impl Service {
    /// First and last moment of service, both included; nothing when no moment counts.
    #[must_use]
    pub fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let until = match (self.until, self.status) {
            (Some(until), _) => until,
            (None, ServiceStatus::Granted) => Timestamp::MAX,
            (None, ServiceStatus::Withdrawn) => return None,
        };
        Some((self.from.unwrap_or(Timestamp::MIN), until))
    }

    /// Whether it was in service at a moment that does not move.
    #[must_use]
    pub fn covers(&self, moment: Timestamp) -> bool {
        self.period().is_some_and(|(from, until)| from <= moment && moment <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withdrawn_without_end_never_counted() {
        let t = Timestamp::from_unix;
        assert!(Service::default().covers(t(0)));
        let withdrawn = Service { status: ServiceStatus::Withdrawn, ..Service::default() };
        assert!(!withdrawn.covers(t(0)));
        let ended = Service { until: Some(t(10)), ..withdrawn };
        assert!(ended.covers(t(10)) && !ended.covers(t(11)));
        let begun = Service { from: Some(t(5)), ..Service::default() };
        assert!(begun.covers(t(5)) && !begun.covers(t(4)));
    }
}
