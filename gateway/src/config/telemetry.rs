//! `[telemetry]`: where traces go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Faults, KeySource, SourceUrl};

/// Where traces go, and of how many requests. Without this section none is recorded; the traces of callers are told on all the same.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The address of a collector that takes OTLP over HTTP, in JSON, such as `http://127.0.0.1:4318/v1/traces`.
    pub url: SourceUrl,
    /// Of how many of a thousand requests that come without a trace one is recorded, and of how many of the gateway's own questions.
    /// Default 10.
    #[serde(default = "sample_permille")]
    pub sample_permille: u16,
    /// Whether requests are recorded whose callers say that they record theirs. Default true.
    #[serde(default = "follow_callers")]
    pub follow_callers: bool,
    /// Spans that wait to be sent; further ones are dropped and counted. Default 8192.
    #[serde(default = "queue_spans_max")]
    pub queue_spans_max: u32,
    /// How often they are sent, in milliseconds. Default 1000.
    #[serde(default = "every_ms")]
    pub every_ms: u32,
    /// How long the collector is waited for, in milliseconds. Default 5000.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
    /// Files with the authorities of the collector, PEM. Needed over https.
    #[serde(default)]
    pub tls_anchors: Vec<PathBuf>,
    /// File with the certificate that is shown to it, PEM, then its intermediates. None by default.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// File with its private key, PEM.
    #[serde(default)]
    pub key: Option<KeySource>,
}

impl Telemetry {
    /// [`Self::every_ms`].
    #[must_use]
    pub fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms.into())
    }

    /// [`Self::timeout_ms`].
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }

    /// The files of our own certificate and of its key.
    #[must_use]
    pub fn own(&self) -> Option<(&Path, &KeySource)> {
        self.certificate.as_deref().zip(self.key.as_ref())
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let keys = self.key.iter_mut().filter_map(KeySource::file_mut);
        self.tls_anchors.iter_mut().chain(&mut self.certificate).chain(keys)
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(self.sample_permille <= 1000, "telemetry.sample_permille", "must be 0 to 1000");
        for (name, value) in
            [("queue_spans_max", self.queue_spans_max), ("every_ms", self.every_ms), ("timeout_ms", self.timeout_ms)]
        {
            faults.demand(value > 0, format!("telemetry.{name}"), "must not be 0");
        }
        faults.demand_both("telemetry", self.certificate.as_deref(), self.key.as_ref());
        let is_known = !self.url.is_tls || !self.tls_anchors.is_empty();
        faults.demand(is_known, "telemetry.tls_anchors", "must name the authorities of a collector that is reached over https");
    }
}

const fn sample_permille() -> u16 {
    10
}

const fn follow_callers() -> bool {
    true
}

const fn queue_spans_max() -> u32 {
    8192
}

const fn every_ms() -> u32 {
    1000
}

const fn timeout_ms() -> u32 {
    5000
}
