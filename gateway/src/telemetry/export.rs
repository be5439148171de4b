//! Sends spans to the collector, in the background.

use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::otlp;
use super::queue::Queue;
use crate::config::{self, Faults, SourceUrl};
use crate::outbound::{Material, Outbound, Question};
use crate::status::Fault;

/// Spans of one message.
const MESSAGE_SPANS_MAX: usize = 512;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What sends them.
#[derive(Debug)]
pub(super) struct Exporter {
    outbound: Outbound,
    url: SourceUrl,
    /// Who says it.
    instance: String,
    pub(super) every: Duration,
    pub(super) within: Duration,
}

impl Exporter {
    /// With what the configuration has for it.
    pub(super) fn new(settings: &config::Telemetry, instance: &str) -> Result<Self, Faults> {
        let own = settings.own().map(|(certificate, key)| ("telemetry.certificate", certificate, key));
        let material = Material { anchors_key: "telemetry.tls_anchors", anchors: &settings.tls_anchors, own };
        let outbound = Outbound::new(settings.timeout(), &material)?;
        let (every, within) = (settings.every(), settings.timeout());
        Ok(Self { outbound, url: settings.url.clone(), instance: instance.to_owned(), every, within })
    }

    /// Sends all that waits, until the collector does not take it.
    pub(super) async fn send_all(&self, queue: &Queue, is_well: &mut bool) {
        loop {
            let spans = queue.take(MESSAGE_SPANS_MAX);
            if spans.is_empty() {
                return;
            }
            let sent = self.send(otlp::message(&self.instance, &spans).to_string()).await;
            queue.tally().ended(if sent.is_ok() { "exported" } else { "refused" }, spans.len());
            match sent {
                Err(fault) if *is_well => tracing::warn!(code = fault.code(), "the collector of traces does not take them"),
                Ok(()) if !*is_well => tracing::info!("the collector of traces takes them again"),
                _ => {}
            }
            *is_well = sent.is_ok();
            if !*is_well {
                return;
            }
        }
    }

    async fn send(&self, message: String) -> Result<(), Fault> {
        let mut question = Question::post(&self.url, message, ANSWER_BYTES_MAX, self.within);
        question.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let reply = self.outbound.ask(question).await?;
        if reply.status.is_success() { Ok(()) } else { Err(Fault::Refused(reply.status.as_u16())) }
    }
}
