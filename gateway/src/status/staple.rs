//! The status of the gateway's own certificate, asked for in the background and shown in handshakes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crypto::context::Judged;
use crypto::time::Timestamp;
use crypto::x509::ocsp::{CertificateStatus, IdDigest, Request};
use crypto::x509::{Certificate, Trust};

use super::accept;
use super::client::Client;
use super::fault::Fault;
use super::memory::ProofKind;
use super::schedule::Schedule;
use crate::app::App;
use crate::clock;
use crate::config::{Config, Faults, SourceUrl};
use crate::live::Live;
use crate::server::Shown;
use crate::shutdown::Shutdown;
use crate::spread::Spread;

/// The longest sleep, in seconds.
const SLEEP_MAX_S: i64 = 60;

/// How long an answer is shown that does not say how long it is good, in seconds.
const GOOD_S: i64 = 86_400;

/// Asks about the gateway's own certificate.
#[derive(Debug)]
pub struct Staple {
    judged: Judged,
    urls: Vec<SourceUrl>,
    client: Client,
    refresh_s_max: i64,
    shown: Arc<Shown>,
    turn: Mutex<Turn>,
}

/// When to ask again.
#[derive(Debug)]
struct Turn {
    schedule: Schedule,
    spread: Spread,
}

impl Staple {
    /// As the configuration says: nothing without `server.ocsp_urls`. The seed spreads the moments of asking.
    ///
    /// # Errors
    /// When the certificate of the issuer is missing, without which nobody can be asked.
    pub fn of(config: &Config, shown: &Arc<Shown>, seed: u64) -> Result<Option<Self>, Faults> {
        let urls = config.server.ocsp_urls.clone();
        if urls.is_empty() {
            return Ok(None);
        }
        let mut chain = shown.chain().iter().map(|der| Certificate::from_der(der));
        let (Some(Ok(certificate)), Some(Ok(issuer))) = (chain.next(), chain.next()) else {
            return Err(Faults::one(
                "server.ocsp_urls",
                "need the certificate of the issuer behind our own in server.certificate",
            ));
        };
        let judged = Judged { certificate, issuer, domain: "server".to_owned() };
        let turn = Mutex::new(Turn { schedule: Schedule::NEW, spread: Spread::new(seed) });
        let refresh_s_max = i64::from(config.status.refresh_s_max);
        Ok(Some(Self { judged, urls, client: Client::new(&config.status)?, refresh_s_max, shown: Arc::clone(shown), turn }))
    }

    /// Asks if it is time, and shows what came.
    pub async fn tick(&self, app: &App, now: Timestamp) {
        if !self.turn().schedule.is_due(now) {
            return;
        }
        for url in &self.urls {
            match self.ask(url, &app.trust.current(), now).await {
                Ok((answer, until)) => {
                    app.metrics.status_fetched(super::Kind::Ocsp, "good");
                    self.shown.staple(answer, until);
                    let mut turn = self.turn();
                    let Turn { schedule, spread } = &mut *turn;
                    schedule.answered(Some(until), now, self.refresh_s_max, spread);
                    return;
                }
                Err(fault) => {
                    app.metrics.status_fetched(super::Kind::Ocsp, fault.code());
                    tracing::warn!(%url, code = fault.code(), %fault, "the status of our own certificate was not told");
                }
            }
        }
        // Handshakes go on with what was told before, while that is good.
        let mut turn = self.turn();
        let Turn { schedule, spread } = &mut *turn;
        schedule.failed(now, spread);
    }

    async fn ask(&self, url: &SourceUrl, trust: &Trust, now: Timestamp) -> Result<(Vec<u8>, Timestamp), Fault> {
        // SHA-1 names the certificate and protects nothing; it is what every responder understands (RFC 5019, 2.1.1).
        let request = Request::new(&self.judged.certificate, &self.judged.issuer, IdDigest::Sha1);
        let bytes = self.client.ask(url, request.to_der()).await?;
        let accepted = accept::response(&bytes, &request, &self.judged, trust, now)?;
        if let Some(fault) = accepted.fault {
            return Err(fault);
        }
        let ProofKind::Response(response, _) = accepted.proof.kind else { return Err(Fault::NotAnswered) };
        let own = response.singles().find(|single| single.id.names(&self.judged.certificate, &self.judged.issuer));
        if own.is_none_or(|single| single.status != CertificateStatus::Good) {
            // Whoever asks is told by the authority; we do not say so ourselves.
            tracing::error!("the authority says that our own certificate is revoked");
            return Err(Fault::UnknownCertificate);
        }
        Ok((bytes, accepted.span.next_update.unwrap_or_else(|| now.plus(GOOD_S))))
    }

    fn pause(&self, now: Timestamp) -> i64 {
        self.turn().schedule.next_at.unix().saturating_sub(now.unix()).clamp(1, SLEEP_MAX_S)
    }

    // Whole after a panic: each change is one assignment.
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks whenever it is time, until it is time to stop.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    loop {
        let mut changes = live.changes();
        let app = live.current();
        let pause = match &app.staple {
            Some(staple) => {
                staple.tick(&app, clock::now()).await;
                staple.pause(clock::now())
            }
            None => SLEEP_MAX_S,
        };
        drop(app);
        tokio::select! {
            () = shutdown.requested() => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(Duration::from_secs(pause.unsigned_abs())) => {}
        }
    }
}
