//! The work in the background: jobs that are due are done, what verifies is kept and put in force.

use std::sync::Arc;
use std::time::Duration;

use crypto::context::Judged;
use crypto::time::Timestamp;
use crypto::x509::ocsp::{IdDigest, Request};
use crypto::x509::{Certificate, Domain, Trust};
use storage::Store;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

use super::Fetcher;
use super::accept::{self, Accepted};
use super::board::{Ended, Job, Kind, Span};
use super::client::{Fetched, Validators};
use super::fault::Fault;
use super::memory::Proof;
use crate::app::App;
use crate::clock;
use crate::config::SourceUrl;
use crate::live::Live;
use crate::shutdown::Shutdown;

/// Questions that are on their way at the same time.
const JOBS_MAX: usize = 4;

/// The longest sleep: new rules and their lists are noticed by then.
const SLEEP_MAX_S: i64 = 15;

/// So long evidence is gathered before it is put in force, where more is on its way: each time, all verdicts are found anew.
const GATHER: Duration = Duration::from_secs(2);

/// A job that was done.
struct Done {
    /// Who asked: what came of it is noted there, though others may ask by now.
    by: Arc<Fetcher>,
    ended: Ended,
    proofs: Vec<Proof>,
}

/// Asks whoever is due until it is time to stop.
pub async fn run(live: Arc<Live>, mut shutdown: Shutdown) {
    let mut jobs = JoinSet::new();
    let mut gathered = Vec::new();
    let mut publish_at = None;
    loop {
        let app = live.current();
        gathered.extend(look_at_rules(&app, clock::now()).await);
        let room = JOBS_MAX.saturating_sub(jobs.len());
        for job in app.status.board().due(clock::now(), room) {
            jobs.spawn(perform(Arc::clone(&app), job, clock::now));
        }
        if gathered.is_empty() {
            publish_at = None;
        } else if jobs.is_empty() || publish_at.is_some_and(|at| at <= clock::instant()) {
            publish(&app, std::mem::take(&mut gathered), clock::now()).await;
            catch_up(&live, &app).await;
            publish_at = None;
        } else {
            publish_at.get_or_insert_with(|| clock::instant() + GATHER);
        }
        let sleep = if publish_at.is_some() { GATHER } else { pause(&app) };
        tokio::select! {
            Some(done) = jobs.join_next(), if !jobs.is_empty() => gathered.extend(settle(&app, done, clock::now())),
            () = tokio::time::sleep(sleep) => {}
            () = app.status.common.wake.notified() => {}
            () = shutdown.requested() => break,
        }
    }
    jobs.shutdown().await;
}

/// Does everything that is due at a moment, once, and puts what came of it in force.
pub async fn tick(app: &Arc<App>, now: Timestamp) {
    let mut gathered = look_at_rules(app, now).await;
    let mut jobs = JoinSet::new();
    loop {
        let room = JOBS_MAX.saturating_sub(jobs.len());
        for job in app.status.board().due(now, room) {
            jobs.spawn(perform(Arc::clone(app), job, move || now));
        }
        let Some(done) = jobs.join_next().await else { break };
        gathered.extend(settle(app, done, now));
    }
    publish(app, gathered, now).await;
}

/// How long nothing is due.
fn pause(app: &App) -> Duration {
    let next = app.status.board().next_at();
    let seconds = next.map_or(SLEEP_MAX_S, |next| next.unix().saturating_sub(clock::now().unix()));
    Duration::from_secs(seconds.clamp(1, SLEEP_MAX_S).unsigned_abs())
}

/// New rules may bring lists of their own, which become history like others, and authorities to ask about.
async fn look_at_rules(app: &Arc<App>, now: Timestamp) -> Vec<Proof> {
    let trust = app.trust.current();
    if app.status.seen().replace(trust.generation()) == Some(trust.generation()) {
        return Vec::new();
    }
    for warning in app.status.warnings(&trust) {
        tracing::warn!("{warning}");
    }
    let own = trust.domains().iter().flat_map(|domain| &domain.lists);
    let new: Vec<_> = own.filter(|list| !app.status.memory().has(list)).cloned().map(|list| Proof::list(list, now)).collect();
    for judged in trust.domains().iter().flat_map(authorities) {
        app.status.board().need(&judged, now);
    }
    let (store, kept) = (app.store().clone(), new.clone());
    // What cannot be stored is in force by the rules all the same.
    drop(spawn_blocking(move || kept.iter().for_each(|proof| keep(&store, proof))).await);
    new
}

/// The intermediate authorities of a domain with their issuers, as far as the domain knows them.
fn authorities(domain: &Domain) -> impl Iterator<Item = Judged> {
    let known = || domain.anchors.iter().chain(&domain.intermediates);
    domain.intermediates.iter().filter_map(move |certificate| {
        let signs = |issuer: &&Certificate| {
            let is_named = issuer.subject().matches(certificate.issuer()) && issuer.sha256() != certificate.sha256();
            is_named && issuer.key().is_some_and(|key| certificate.verify_signature(key).is_ok())
        };
        let issuer = known().find(signs)?;
        Some(Judged { certificate: certificate.clone(), issuer: issuer.clone(), domain: domain.name.clone() })
    })
}

async fn perform(app: Arc<App>, job: Job, now: impl Fn() -> Timestamp + Copy + Send + 'static) -> Done {
    let by = Arc::clone(&app.status);
    match job {
        Job::List { source, url, known } => {
            tracing::debug!(%url, kind = Kind::List.name(), "a source of status is asked");
            let (result, proof) = fetch_list(&app, &url, &known, now).await;
            Done { by, ended: Ended::List { source, result }, proofs: proof.into_iter().collect() }
        }
        Job::Question { judged, responders } => ask(&app, judged, responders, now).await,
    }
}

type ListResult = Result<Option<(Span, Validators)>, Fault>;

async fn fetch_list(
    app: &Arc<App>,
    url: &SourceUrl,
    known: &Validators,
    now: impl Fn() -> Timestamp + Send + 'static,
) -> (ListResult, Option<Proof>) {
    let (bytes, validators) = match app.telemetry.own("status").doing(app.status.client.list(url, known)).await {
        Ok(Fetched::New(bytes, validators)) => (bytes, validators),
        Ok(Fetched::Unchanged) => return (Ok(None), None),
        Err(fault) => return (Err(fault), None),
    };
    match accepted(app, now, move |trust, now| accept::list(bytes, trust, now)).await {
        Ok(Accepted { proof, span, fault }) => (fault.map_or(Ok(Some((span, validators))), Err), Some(proof)),
        Err(fault) => (Err(fault), None),
    }
}

/// Asks one responder after the other until one answers.
async fn ask(
    app: &Arc<App>,
    judged: Arc<Judged>,
    responders: Vec<(usize, Arc<SourceUrl>)>,
    now: impl Fn() -> Timestamp + Copy + Send + 'static,
) -> Done {
    let request = question(&judged, app.status.with_nonce);
    let (mut faults, mut proofs, mut answer) = (Vec::new(), Vec::new(), None);
    for (source, url) in responders {
        tracing::debug!(%url, kind = Kind::Ocsp.name(), "a source of status is asked");
        let outcome = match app.telemetry.own("status").doing(app.status.client.ask(&url, request.to_der())).await {
            Ok(bytes) => {
                let (request, judged) = (request.clone(), Arc::clone(&judged));
                accepted(app, now, move |trust, now| accept::response(&bytes, &request, &judged, trust, now)).await
            }
            Err(fault) => Err(fault),
        };
        match outcome {
            Ok(Accepted { proof, span, fault }) => {
                proofs.push(proof);
                match fault {
                    None => {
                        answer = Some((source, span));
                        break;
                    }
                    Some(fault) => faults.push((source, fault)),
                }
            }
            Err(fault) => faults.push((source, fault)),
        }
    }
    let ended = Ended::Question { certificate: judged.certificate.sha256(), faults, answer };
    Done { by: Arc::clone(&app.status), ended, proofs }
}

fn question(judged: &Judged, with_nonce: bool) -> Request {
    // SHA-1 names the certificate and protects nothing; it is what every responder understands (RFC 5019, 2.1.1).
    let request = Request::new(&judged.certificate, &judged.issuer, IdDigest::Sha1);
    let mut nonce = [0; 32];
    // On a machine without randomness an answer is no worse than without the option.
    let is_there = with_nonce && getrandom::fill(&mut nonce).is_ok();
    if is_there { request.nonce(&nonce) } else { request }
}

/// Verifies what came, and stores it: beside the tasks that speak to the network, as a long list takes a second.
async fn accepted(
    app: &Arc<App>,
    now: impl Fn() -> Timestamp + Send + 'static,
    verify: impl FnOnce(&Trust, Timestamp) -> Result<Accepted, Fault> + Send + 'static,
) -> Result<Accepted, Fault> {
    let app = Arc::clone(app);
    let work = spawn_blocking(move || {
        let now = now();
        let accepted = verify(&app.trust.current(), now)?;
        keep(app.store(), &accepted.proof);
        Ok(accepted)
    });
    work.await.unwrap_or(Err(Fault::Internal))
}

/// A store that does not work is no reason not to believe a revocation: it counts until the next restart.
fn keep(store: &Store, proof: &Proof) {
    if let Err(error) = store.evidence().put(&proof.record()) {
        tracing::error!(%error, "evidence of status could not be stored");
    }
}

/// Takes in a job that ended, and tells of it.
fn settle(app: &App, done: Result<Done, JoinError>, now: Timestamp) -> Vec<Proof> {
    let Done { by, ended, proofs } = match done {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(panic = error.is_panic(), "a question about status did not end");
            return Vec::new();
        }
    };
    let (kind, good, faults) = match &ended {
        Ended::List { source, result } => (Kind::List, result.as_ref().ok().map(|_| *source), one_fault(*source, result)),
        Ended::Question { faults, answer, .. } => (Kind::Ocsp, answer.map(|(source, _)| source), faults.clone()),
    };
    let recovered = good.filter(|source| by.board().sources().get(*source).is_some_and(|source| source.failures > 0));
    by.board().settle(ended, now);
    if let Some(source) = good {
        let url = by.board().sources().get(source).map(|source| source.url.to_string());
        tracing::debug!(url, kind = kind.name(), "a source of status answered");
        app.metrics.status_fetched(kind, "good");
    }
    for (source, fault) in faults {
        app.metrics.status_fetched(kind, fault.code());
        if let Some(source) = by.board().sources().get(source) {
            let (url, domain, failures) = (&source.url, &source.domain, source.failures);
            tracing::warn!(%url, domain, kind = kind.name(), code = fault.code(), %fault, failures, "a source of status failed");
        }
    }
    if let Some(source) = recovered.and_then(|index| by.board().sources().get(index).map(|source| Arc::clone(&source.url))) {
        tracing::info!(url = %source, kind = kind.name(), "a source of status works again");
    }
    proofs
}

fn one_fault(source: usize, result: &ListResult) -> Vec<(usize, Fault)> {
    result.as_ref().err().map(|fault| (source, *fault)).into_iter().collect()
}

/// Another configuration may have come in force meanwhile, with rules of its own: what was put in force for the one before is in force for
/// it as well.
async fn catch_up(live: &Live, before: &App) {
    let app = live.current();
    if !Arc::ptr_eq(&app.trust, &before.trust) {
        let work = move || app.status.take_over(&app.trust, &app.status.turn());
        drop(spawn_blocking(work).await);
    }
}

/// Puts evidence in force, with all that was there before. A generation takes a processor for a while.
async fn publish(app: &Arc<App>, gathered: Vec<Proof>, now: Timestamp) {
    let work = Arc::clone(app);
    let swap = spawn_blocking(move || {
        let _turn = work.status.turn();
        let is_new = work.status.memory().add(gathered);
        if is_new {
            let evidence = work.status.memory().evidence();
            work.trust.replace_evidence(evidence);
        }
        is_new
    });
    if matches!(swap.await, Ok(true)) {
        // What is in force now holds nothing that was not looked at.
        app.status.seen().replace(app.trust.current().generation());
        tracing::debug!(%now, "new evidence of status is in force");
    }
}
