//! The row of the table that is about the change feed.

use crypto::record::EventKind;
use hyper::Method;

use super::schemas::between;
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::feed::Page;
use crate::handlers::feed;
use crate::http::{BodyRule, Code};

pub(super) const READ: Route = Route {
    method: Method::GET,
    path: "/v1/feed",
    admits: Admits::Roles(&[Role::Consumer]),
    class: Class::Read,
    query: &[
        Parameter {
            name: "after",
            text: "`next` of the page before, or the position of an event; from the oldest that is kept when absent.",
            schema: schema_of::<u64>,
        },
        Parameter { name: "limit", text: "Most events of one page, 1 to 500; 50 when absent.", schema: between::<1, 500> },
        Parameter {
            name: "wait_s",
            text: "How long to wait for the first event, in seconds, 0 to 25; 0 when absent.",
            schema: between::<0, 25>,
        },
    ],
    event: Some(EventKind::FeedRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(feed::read(app, request)),
    doc: Doc {
        id: "readFeed",
        summary: "Follow what happens to licences and seals (双告知)",
        text: "In the order of the seal log, at least once, of what the caller's grants with a feed are about. With Accept: text/event-stream it is told as it happens, as server-sent events whose id is the position; Last-Event-ID goes on from there.",
        json: None,
        answers: &[Good { status: 200, text: "What happened", content: Content::JsonOr(schema_of::<Page>, "text/event-stream") }],
        problems: &[Code::FeedNotGranted, Code::RecordRetired, Code::Overloaded, Code::Unavailable],
    },
};
