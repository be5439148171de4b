//! The change feed: a page of it, one that is waited for, or all of it as it happens.

use std::sync::Arc;
use std::time::Duration;

use crypto::record::Ending;
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName};
use serde_json::json;
use storage::log::{Draft, Recorded};
use tokio::sync::mpsc;

use super::noted::told;
use crate::app::App;
use crate::auth::Caller;
use crate::clock;
use crate::feed::{Delivered, Look, News, Page, Scope, Subscriber};
use crate::http::{Answer, Code, EVENTS, NEXT, Outgoing, Problem, Request, accepts};
use crate::shares::Share;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The most events of one page, and of one piece of a stream.
const LIMIT_MAX: usize = 500;

/// How long a page is waited for, at most.
const WAIT_S_MAX: u64 = 25;

/// Pieces that wait for the connection.
const WAITING_MAX: usize = 1;

/// Streams at the same time, and of them those of one caller; further ones are refused.
pub const STREAMS_MAX: (u32, u32) = (256, 32);

/// `GET /v1/feed`
///
/// # Errors
/// [`Code::FeedNotGranted`] where no grant allows it, [`Code::RecordRetired`], [`Code::BadParameter`], [`Code::Overloaded`].
pub async fn read(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let limit = request.query.limit(LIMIT_MAX)?;
    let wait = request.query.wait_s(WAIT_S_MAX)?;
    let after: Option<u64> = request.query.read("after", NEXT)?;
    if accepts(&request.headers, EVENTS) {
        let after = last_event(&request.headers)?.or(after);
        request.trail.note(|draft| draft.facts.details.extend(told([("after", json!(after))])));
        return stream(app, request, after).await;
    }
    let first = look(&app, &request.caller, after, limit).await?;
    let page = waited(&app, &request, (first, limit), wait).await?;
    let places = [("after", json!(after)), ("rows", json!(page.events.len())), ("next", json!(page.next))];
    request.trail.note(|draft| draft.facts.details.extend(told(places)));
    Ok(Answer::json(StatusCode::OK, &page))
}

/// The page as soon as it tells of something; as it is when that does not come in time.
async fn waited(app: &Arc<App>, request: &Request, (first, limit): (Page, usize), wait: Duration) -> Result<Page, Problem> {
    let mut page = first;
    let work = async {
        while page.events.is_empty() {
            if page.is_end && app.feed.news(page.size).await == News::Closing {
                break;
            }
            page = look(app, &request.caller, page.next, limit).await?;
        }
        Ok(())
    };
    // Half of what a request may take is left for everything else.
    let wait = wait.min(app.limits.request_timeout() / 2);
    match tokio::time::timeout(wait, work).await {
        Ok(done) => done.map(|()| page),
        Err(_elapsed) => Ok(page),
    }
}

/// A page, by what the caller may see at this moment.
async fn look(app: &Arc<App>, caller: &Arc<Caller>, after: Option<u64>, limit: usize) -> Result<Page, Problem> {
    let (shared, caller) = (Arc::clone(app), Arc::clone(caller));
    let work = move || {
        let scope = scope(&shared, &caller);
        if scope.is_empty() {
            return Err(Code::FeedNotGranted.into());
        }
        Look { logs: shared.store().logs(), scope: &scope, limit }.page(after)
    };
    app.auditing.run(work).await?
}

fn scope(app: &App, caller: &Caller) -> Scope {
    let now = clock::now();
    let mut grants = app.rights.of_caller(&caller.name, now);
    // A name of the configuration may have come to speak for another organisation since.
    grants.retain(|grant| grant.consumer.organisation == caller.organisation);
    Scope::of(&grants, &app.catalogues.current(), now)
}

/// Where a listener that comes back goes on.
fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let position = value.to_str().ok().and_then(|text| text.parse().ok());
    position.map(Some).ok_or_else(|| {
        let expected = ("the id of an event", "某一事件的id");
        Problem::expected(Code::BadParameter, LAST_EVENT_ID.as_str(), expected)
    })
}

/// Answers with events. That somebody listens is on record before the first of them leaves, and how far they were told afterwards.
async fn stream(app: Arc<App>, request: Request, after: Option<u64>) -> Result<Answer, Problem> {
    let (all, _) = STREAMS_MAX;
    let place = app.streams.take(&request.caller.name, 1, all).ok_or(Code::Overloaded)?;
    // What is wrong with the position, or with the rights, is told in words.
    look(&app, &request.caller, after, 1).await?;
    request.trail.detail("step", "begin");
    let begin = request.trail.record().await?;
    let (out, pieces) = mpsc::channel(WAITING_MAX);
    let end = End { draft: request.trail.draft(), begin };
    let work = Listening { app, caller: request.caller, after, _place: place };
    tokio::spawn(work.run(out, end));
    Ok(Answer::bytes(StatusCode::OK, EVENTS, Outgoing::Stream(pieces)))
}

/// Somebody who listens.
struct Listening {
    app: Arc<App>,
    caller: Arc<Caller>,
    after: Option<u64>,
    _place: Share,
}

/// What is to be put on record when it ends.
struct End {
    draft: Draft,
    begin: Recorded,
}

impl Listening {
    async fn run(self, out: mpsc::Sender<Result<hyper::body::Bytes, crate::http::Cut>>, end: End) {
        let subscriber = Subscriber { wake: &self.app.feed, out, stall: self.app.limits.idle_timeout() };
        let delivered = subscriber.serve(self.after, |after| look(&self.app, &self.caller, after, LIMIT_MAX)).await;
        self.app.recorder.append_unattended(end.draft(delivered));
    }
}

impl End {
    fn draft(self, delivered: Delivered) -> Draft {
        let mut draft = self.draft;
        draft.at = clock::now();
        draft.facts.outcome = if delivered.is_complete { Ending::Done } else { Ending::Failed };
        draft.facts.details.extend(told([
            ("step", json!("end")),
            ("begin", json!(self.begin.number)),
            ("rows", json!(delivered.events)),
            ("through", json!(delivered.through)),
        ]));
        draft
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::ACCEPT;

    use super::*;

    #[test]
    fn who_wants_a_stream_says_so() {
        let headers = |rows: &[(HeaderName, &str)]| {
            rows.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        assert!(accepts(&headers(&[(ACCEPT, "application/json, Text/Event-Stream;q=0.5")]), EVENTS));
        assert!(!accepts(&headers(&[(ACCEPT, "*/*")]), EVENTS) && !accepts(&headers(&[]), EVENTS));
        assert_eq!(last_event(&headers(&[(LAST_EVENT_ID, "17")])).unwrap(), Some(17));
        assert_eq!(last_event(&headers(&[(LAST_EVENT_ID, "")])).unwrap(), None);
        for bad in ["-1", "1.0", "x", "18446744073709551616"] {
            assert_eq!(last_event(&headers(&[(LAST_EVENT_ID, bad)])).unwrap_err().code(), Code::BadParameter, "{bad}");
        }
    }
}
