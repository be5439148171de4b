//! The rows of the table that are about supervision.

use crypto::record::EventKind;
use hyper::Method;

use super::schemas::between;
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::supervision::{self, CardsView, SupervisionView};
use crate::http::{BodyRule, Code};
use crate::supervision::report::MonthReport;

const WATCHERS: Admits = Admits::Roles(&[Role::Operator, Role::Auditor, Role::Issuer, Role::Consumer]);

pub(super) const READ: Route = Route {
    method: Method::GET,
    path: "/v1/supervision",
    admits: WATCHERS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::SupervisionRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(supervision::read(app, request)),
    doc: Doc {
        id: "readSupervision",
        summary: "Read which cards are in force, and how much of each limit is used",
        text: "Operators see all, and how each source is treated at present; auditors what they audit, departments their own resources and matters, consumers themselves.",
        json: None,
        answers: &[Good { status: 200, text: "The cards and budgets", content: Content::Json(schema_of::<SupervisionView>) }],
        problems: &[Code::Unavailable],
    },
};

pub(super) const EVENTS: Route = Route {
    method: Method::GET,
    path: "/v1/supervision/events",
    admits: WATCHERS,
    class: Class::Read,
    query: &[
        Parameter {
            name: "after",
            text: "The number of the first change that is looked at, which is `next` of the page before; 0 when absent.",
            schema: schema_of::<u64>,
        },
        Parameter {
            name: "limit",
            text: "Most changes that are looked at, 1 to 500; 50 when absent.",
            schema: between::<1, 500>,
        },
        Parameter {
            name: "wait_s",
            text: "How long to wait for the first change, in seconds, 0 to 25; 0 when absent.",
            schema: between::<0, 25>,
        },
    ],
    event: Some(EventKind::SupervisionRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(supervision::events(app, request)),
    doc: Doc {
        id: "readCards",
        summary: "Follow the changes of cards",
        text: "In the order in which they were made, without gaps; resumed at any position, for ever.",
        json: None,
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<CardsView>) }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const REPORT: Route = Route {
    method: Method::GET,
    path: "/v1/supervision/reports/{month}",
    admits: Admits::Roles(&[Role::Operator, Role::Auditor, Role::Issuer]),
    class: Class::Read,
    query: &[Parameter { name: "organisation", text: "Of this provider alone.", schema: schema_of::<String> }],
    event: Some(EventKind::SupervisionRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(supervision::report(app, request)),
    doc: Doc {
        id: "readSupervisionReport",
        summary: "Read how departments kept what they promised in a month",
        text: "Month as 2026-07, in China. As text/csv where Accept says so. Percentiles are upper bounds of classes.",
        json: None,
        answers: &[Good { status: 200, text: "The report", content: Content::JsonOr(schema_of::<MonthReport>, "text/csv") }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};
