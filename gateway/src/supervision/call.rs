//! A call of a source.

use std::time::Duration;

use crypto::catalogue::Sla;
use crypto::time::Timestamp;

use crate::broker::State;

/// What came of a question to a source.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The source, by its name in the configuration, or [`LOCAL`](crate::broker::LOCAL).
    pub source: &'a str,
    /// The resource, by its code.
    pub resource: &'a str,
    /// The organisation that provides it.
    pub provider: &'a str,
    /// What came.
    pub state: State,
    /// How long it took.
    pub took: Duration,
    /// What the provider has promised.
    pub sla: &'a Sla,
    /// When.
    pub at: Timestamp,
}

impl Call<'_> {
    /// How long it took, in whole milliseconds.
    #[must_use]
    pub fn took_ms(&self) -> u64 {
        u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether it tells anything about the source: a question that was given up before the promised time was over does not.
    #[must_use]
    pub fn tells(&self) -> bool {
        match self.state {
            State::TimedOut => self.took_ms() >= u64::from(self.sla.latency_ms),
            State::Refused => false,
            _ => true,
        }
    }
}
