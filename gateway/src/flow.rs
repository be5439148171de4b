//! The flow of one request: identify, admit, parse, hand over, respond. Start reading at [`handle`].

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use crypto::record::{EventKind, LogName};
use crypto::time::Timestamp;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, EXPECT, HeaderName, HeaderValue};
use hyper::{Method, Response, Version, http};
use storage::StorageError;

use crate::admission::{Class, Place};
use crate::app::App;
use crate::auth::{Caller, Identity, Peer, Role};
use crate::http::{
    Answer, Code, Found, Language, Outgoing, PIECE_BYTES, Params, Problem, Query, Request, RequestId, Room, discard_body,
    discard_little, read_body,
};
use crate::metrics::{Held, NO_ROUTE};
use crate::routes::Route;
use crate::telemetry::{Fact, Here, Step};
use crate::trail::{End, Trail};
use crate::{clock, purpose, telemetry, unrecorded};

/// Origin, size and root of a log's newest checkpoint.
const CHECKPOINT: HeaderName = HeaderName::from_static("licet-checkpoint");

/// Longest path with query, in bytes.
const URI_BYTES_MAX: usize = 4096;

/// What the log and the metrics want to know of a request.
#[derive(Debug, Default)]
struct Trace {
    route: Option<&'static Route>,
    caller: Option<Arc<Caller>>,
    was_handled: bool,
    place: Option<Place>,
}

/// What an answer holds until it has left.
#[derive(Debug, Default)]
pub struct Places {
    _place: Option<Place>,
    _room: Option<Room>,
}

impl Trace {
    /// What a request was, and what came of it, as its first span tells it.
    fn end(&self, mut step: Step, here: &Here, answer: &Answer) {
        if let Some(route) = self.route {
            step.note("http.request.method", Fact::Word(route.method.as_str()));
            step.note("http.route", Fact::Word(route.path));
        }
        if let Some(name) = here.request_id().filter(|_| step.is_recorded()) {
            step.note("licet.request_id", Fact::Name(name.to_owned()));
        }
        step.note("http.response.status_code", Fact::Number(answer.status.as_u16().into()));
        if let Some(caller) = self.caller.as_ref().filter(|_| step.is_recorded()) {
            step.note("licet.caller", Fact::Name(caller.name.clone()));
        }
        if let Some(verdict) = answer.verdict {
            step.note("licet.verdict", Fact::Word(verdict.name()));
        }
        match answer.code {
            Some(code) if answer.status.is_server_error() => step.fail(code.code()),
            Some(code) => step.note("error.type", Fact::Word(code.code())),
            None => {}
        }
    }
}

/// Answers a request, whatever happens.
pub async fn handle(app: Arc<App>, peer: Arc<Peer>, request: hyper::Request<Incoming>) -> (Response<Outgoing>, Places) {
    let (started, arrived) = (clock::instant(), clock::tokio_instant());
    let _in_flight = Held::new(&app.metrics.in_flight);
    let request_id = RequestId::of(request.headers());
    let language = Language::preferred(request.headers());
    let head_only = request.method() == Method::HEAD;
    let now = clock::now();
    let trail = Trail::begin(&app.recorder, now, &request_id, &peer);
    let mut trace = Trace::default();
    let identity = app.callers.identify(&peer.credentials);
    let step = app.telemetry.request(request.headers(), is_known(&identity, now), started);
    let here = Here::of(request_id.clone(), &step);
    let (head, mut body) = request.into_parts();
    let (version, awaits_word) = (head.version, head.headers.contains_key(EXPECT));

    let asked = Asked { peer: &peer, identity, now, arrived, request_id: request_id.clone(), trail: Arc::clone(&trail) };
    let work = here.clone().doing(Guarded(Box::pin(answer(&app, asked, &mut trace, (head, &mut body)))));
    let ended = tokio::time::timeout(app.limits.request_timeout(), work).await;
    let outcome = match ended {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(Panicked)) => {
            app.metrics.panics.inc();
            Err(Problem::new(Code::Internal))
        }
        Err(_) => Err(late(&trace)),
    };
    let (outcome, room) = with_room(&app, &trace, outcome, head_only);
    let answer = outcome.unwrap_or_else(|problem| problem.answer(language, &request_id));
    let recording = here.step("record");
    let end = End { problem: answer.code, was_handled: trace.was_handled, at: clock::instant() };
    let recorded = here.clone().doing(trail.close(end)).await;
    drop(recording);
    let answer = match recorded {
        Ok(recorded) => marked(&app, answer, recorded.map(|recorded| recorded.log)),
        Err(error) => {
            without_record(&app, (&trail, &trace), answer, &error).unwrap_or_else(|problem| problem.answer(language, &request_id))
        }
    };
    tell(&app, &trace, &answer, &here, started);
    trace.end(step, &here, &answer);
    let until = started + app.limits.body_timeout();
    let is_over = match version {
        Version::HTTP_2 => {
            discard_body(&mut body, app.limits.body_bytes_max.saturating_mul(2), until).await;
            true
        }
        _ => trace.was_handled || discard_little(&mut body, awaits_word, until).await,
    };
    let mut response = answer.into_response(&request_id, head_only);
    if !is_over {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    (response, Places { _place: trace.place, _room: room })
}

/// What is known of a request before it is read.
struct Asked<'a> {
    peer: &'a Peer,
    identity: Identity,
    now: Timestamp,
    arrived: tokio::time::Instant,
    request_id: RequestId,
    trail: Arc<Trail>,
}

async fn answer(
    app: &Arc<App>,
    asked: Asked<'_>,
    trace: &mut Trace,
    (head, body): (http::request::Parts, &mut Incoming),
) -> Result<Answer, Problem> {
    let caller = identify(&asked.identity, asked.now)?;
    let is_known_revoked = || asked.peer.is_revoked(&app.trust.current(), &app.status, asked.now);
    if app.entrance.gate.is_revoked(asked.peer) || is_known_revoked() {
        return Err(Code::CertificateRevoked.into());
    }
    trace.caller = Some(Arc::clone(&caller));
    asked.trail.is_of(&caller);
    let (route, params) = admit(app, &caller, &head, (trace, &asked))?;
    let request = parse(app, (route, params), (caller, asked), (head, body)).await?;
    trace.was_handled = true;
    let step = telemetry::step("handle");
    step.doing((route.handler)(Arc::clone(app), request)).await
}

/// The outcome with the room that its body takes until it has left. Small ones are bounded by how many there may be.
fn with_room(
    app: &App,
    trace: &Trace,
    outcome: Result<Answer, Problem>,
    head_only: bool,
) -> (Result<Answer, Problem>, Option<Room>) {
    let length = outcome.as_ref().ok().and_then(|answer| answer.body.length()).filter(|_| !head_only).unwrap_or(0);
    let (Some(caller), true) = (&trace.caller, length > PIECE_BYTES) else { return (outcome, None) };
    let mut room = app.answers.open(&caller.name);
    match room.grow(length) {
        Ok(()) => (outcome, Some(room)),
        Err(problem) if trace.route.is_some_and(|route| route.event.is_some_and(changes)) => {
            (Err(problem.outcome_unknown()), None)
        }
        Err(problem) => (Err(problem), None),
    }
}

/// What is told when it could not be put on record what the request came to: the answer, marked, where it tells nothing of anybody.
///
/// # Errors
/// Otherwise: then the answer must not be given, and what it tells of may have happened.
fn without_record(app: &App, (trail, trace): (&Trail, &Trace), answer: Answer, error: &StorageError) -> Result<Answer, Problem> {
    if *error == StorageError::Poisoned {
        app.condition.disk.has_failed(clock::now());
    }
    let was_good = answer.code.is_none();
    unrecorded::marked(app, trace.route.filter(|_| trace.was_handled && trail.may_go_unrecorded()), error, answer).ok_or_else(
        || {
            let problem = Problem::new(Code::Unavailable);
            let changes = trace.route.is_some_and(|route| route.event.is_some_and(changes));
            let may_have_happened = changes && (was_good || *error == StorageError::Unknown);
            if may_have_happened { problem.outcome_unknown() } else { problem }
        },
    )
}

/// The answer with the newest checkpoint of the log that its record went to, so that callers can compare what they saw.
fn marked(app: &App, answer: Answer, log: Option<LogName>) -> Answer {
    let log = log.unwrap_or(LogName::Seal);
    let Some(published) = app.recorder.logs().published(log) else { return answer };
    let text = format!("{} {} {}", app.log_keys.origin(log, &published.period), published.size, published.root);
    match HeaderValue::from_str(&text) {
        Ok(value) => answer.header(CHECKPOINT, value),
        Err(_) => answer,
    }
}

/// Whether who asks for this asks for a change.
pub(crate) const fn changes(event: EventKind) -> bool {
    !matches!(
        event,
        EventKind::DocumentVerify
            | EventKind::LicenceRead
            | EventKind::LicenceDownload
            | EventKind::LicenceSearch
            | EventKind::SealRead
            | EventKind::CertificateRead
            | EventKind::TrustRead
            | EventKind::LogRead
            | EventKind::LogExport
            | EventKind::LookUp
            | EventKind::LookUpMaterials
            | EventKind::LookUpCompare
            | EventKind::CatalogueRead
            | EventKind::GrantRead
            | EventKind::FeedRead
            | EventKind::ObjectionRead
            | EventKind::SupervisionRead
            | EventKind::Request
    )
}

/// What began runs to its end, though nobody waits for it any more.
fn late(trace: &Trace) -> Problem {
    let problem = Problem::new(Code::DeadlineExceeded);
    if trace.route.is_some_and(|route| route.method == Method::POST) { problem.outcome_unknown() } else { problem }
}

/// Whether it is that of a caller. What strangers want told in traces is nothing to go by: they could have everything recorded.
fn is_known(identity: &Identity, now: Timestamp) -> bool {
    matches!(identity, Identity::Known { not_after, .. } if now <= *not_after)
}

fn identify(identity: &Identity, now: Timestamp) -> Result<Arc<Caller>, Problem> {
    match identity {
        Identity::Anonymous => Err(Code::CertificateRequired.into()),
        Identity::Unknown => Err(Code::UnknownCaller.into()),
        // The handshake has checked this, but a connection may outlive the certificate.
        Identity::Known { not_after, .. } if now > *not_after => Err(Code::CertificateExpired.into()),
        Identity::Known { caller, .. } => Ok(Arc::clone(caller)),
    }
}

fn admit(
    app: &App,
    caller: &Caller,
    head: &http::request::Parts,
    (trace, asked): (&mut Trace, &Asked<'_>),
) -> Result<(&'static Route, Params), Problem> {
    let uri = &head.uri;
    let found = app.router.find(&head.method, uri.path());
    if let Found::Route(route, _) = &found {
        trace.route = Some(route);
        asked.trail.is_for(route.event, route.path);
    }
    // Before everything else that can be wrong: who asks too much is told so, whatever it asks.
    let class = trace.route.map_or(Class::Read, |route| route.class);
    trace.place = Some(app.admission.take(&caller.name, class, app.pool.filled_permille(), asked.arrived.into_std())?);
    if head_bytes(head) > app.limits.header_bytes_max {
        return Err(Code::HeadersTooLarge.into());
    }
    let length = uri.path_and_query().map_or(0, |text| text.as_str().len());
    if length > URI_BYTES_MAX {
        return Err(Code::UriTooLong.into());
    }
    let (route, params) = match found {
        Found::Route(route, params) => (route, params),
        Found::OtherMethods(allow) => return Err(Problem::method_not_allowed(&allow)),
        Found::Nothing => return Err(Code::NotFound.into()),
    };
    if !route.admits.admits(&caller.roles) {
        return Err(Code::RoleRequired.into());
    }
    if app.doubt.withholds(route, caller) {
        return Err(Code::StoreRestored.into());
    }
    match app.condition.maintenance.admit(asked.now) {
        Err(stopped) if !unrecorded::is_impersonal(route) && !caller.roles.contains(&Role::Operator) => Err(stopped),
        _ => Ok((route, params)),
    }
}

/// Line and fields of a head, in bytes, as HTTP/1.1 would write them.
fn head_bytes(head: &http::request::Parts) -> u32 {
    const AROUND_FIELD: usize = ": \r\n".len();
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + AROUND_FIELD);
    let line = head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    u32::try_from(fields.sum::<usize>() + line).unwrap_or(u32::MAX)
}

async fn parse(
    app: &App,
    (route, params): (&'static Route, Params),
    (caller, asked): (Arc<Caller>, Asked<'_>),
    (head, body): (http::request::Parts, &mut Incoming),
) -> Result<Request, Problem> {
    let Asked { now, arrived, request_id, trail, .. } = asked;
    let mut purpose = Ok(());
    trail.note(|draft| purpose = purpose::read(&head.headers, now, draft));
    purpose?;
    let known: Vec<_> = route.query.iter().map(|parameter| parameter.name).collect();
    let query = Query::parse(head.uri.query().unwrap_or_default(), &known)?;
    let media = route.body.admit(&head.headers)?;
    let bytes_max = route.body.bytes_max(app.limits.body_bytes_max);
    let mut room = app.bodies.open(&caller.name);
    let receiving = telemetry::step("receive");
    let body = read_body(body, bytes_max, &mut room, app.limits.body_timeout()).await?;
    drop(receiving);
    let language = Language::preferred(&head.headers);
    let room = Arc::new(room);
    Ok(Request { caller, now, arrived, request_id, trail, language, params, query, headers: head.headers, media, body, room })
}

fn tell(app: &App, trace: &Trace, answer: &Answer, here: &Here, started: Instant) {
    let took = clock::instant().saturating_duration_since(started);
    let route = trace.route.map_or(NO_ROUTE, |route| route.path);
    app.metrics.answered(route, answer.status.as_u16(), took, answer.verdict);
    if let (Some(Code::Overloaded), Some(_), Some(route)) = (answer.code, &trace.place, trace.route) {
        app.admission.had_no_room(route.class);
    }
    tracing::info!(
        request_id = here.request_id(),
        trace_id = here.trace_id(),
        method = trace.route.map_or("-", |route| route.method.as_str()),
        route,
        status = answer.status.as_u16(),
        latency_ms = took.as_secs_f64() * 1000.0,
        caller = trace.caller.as_ref().map_or("-", |caller| caller.name.as_str()),
        verdict = answer.verdict.map_or("-", |verdict| verdict.name()),
        code = answer.code.map_or("-", Code::code),
        "request"
    );
}

/// A handler panicked.
struct Panicked;

/// Keeps a panic within the request that caused it.
struct Guarded<F>(Pin<Box<F>>);

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A handler shares nothing that a panic could leave half changed: its own state is dropped with it.
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}
