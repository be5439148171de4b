//! The rows of the table that are about grants and the applications for them.

use crypto::grants::Wish;
use crypto::record::EventKind;
use hyper::Method;
use schemars::json_schema;

use super::schemas::{between, cursor};
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::grant_applications::{self, GrantApplicationView, GrantApplicationsAnswer, VerdictRequest};
use crate::handlers::grants::{self, GrantView, GrantsAnswer, WithdrawalRequest};
use crate::http::{BodyRule, Code};

const READERS: Admits = Admits::Roles(&[Role::Consumer, Role::Issuer, Role::Operator, Role::Auditor]);
const AFTER: Parameter = Parameter { name: "after", text: "`next` of the page before.", schema: cursor };
const LIMIT: Parameter =
    Parameter { name: "limit", text: "Most rows of the page, 1 to 500; 50 when absent.", schema: between::<1, 500> };

pub(super) const APPLY: Route = Route {
    method: Method::POST,
    path: "/v1/grants/applications",
    admits: Admits::Roles(&[Role::Consumer]),
    class: Class::Change,
    query: &[],
    event: Some(EventKind::GrantApply),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(grant_applications::apply(app, request)),
    doc: Doc {
        id: "applyForGrant",
        summary: "Apply for a grant",
        text: "For the calling system itself: which fields of one resource, for which items and purposes, on whose authority, how often and until when. With the same Idempotency-Key the same request again finds the same application.",
        json: Some(schema_of::<Wish>),
        answers: &[
            Good { status: 200, text: "It was on record already", content: Content::Json(schema_of::<GrantApplicationView>) },
            Good { status: 201, text: "It is on record now", content: Content::Json(schema_of::<GrantApplicationView>) },
        ],
        problems: &[Code::RequestReused, Code::BadContent, Code::Contention, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const APPLICATIONS: Route = Route {
    method: Method::GET,
    path: "/v1/grants/applications",
    admits: READERS,
    class: Class::Read,
    query: &[
        Parameter {
            name: "state",
            text: "Only those in this state: applied, nonconforming, checked, refused, granted.",
            schema: |_| json_schema!({ "type": "string", "enum": ["applied", "nonconforming", "checked", "refused", "granted"] }),
        },
        AFTER,
        LIMIT,
    ],
    event: Some(EventKind::GrantRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(grant_applications::list(app, request)),
    doc: Doc {
        id: "listGrantApplications",
        summary: "List applications for grants",
        text: "Newest first: those in which the caller's organisation is consumer or provider; operators see all, auditors those of their organisations.",
        json: None,
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<GrantApplicationsAnswer>) }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const APPLICATION: Route = Route {
    method: Method::GET,
    path: "/v1/grants/applications/{id}",
    admits: READERS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::GrantRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(grant_applications::record(app, request)),
    doc: Doc {
        id: "readGrantApplication",
        summary: "Read an application for a grant",
        text: "With its state, whether something about it is overdue, and what the automatic check finds.",
        json: None,
        answers: &[Good { status: 200, text: "The application", content: Content::Json(schema_of::<GrantApplicationView>) }],
        problems: &[Code::GrantApplicationNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const CHECK: Route = Route {
    method: Method::POST,
    path: "/v1/grants/applications/{id}/check",
    admits: Admits::Roles(&[Role::Operator]),
    class: Class::Operate,
    query: &[],
    event: Some(EventKind::GrantCheck),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(grant_applications::check(app, request)),
    doc: Doc {
        id: "checkGrantApplication",
        summary: "Check an application for conformity",
        text: "By another caller than applied; with a fault of the automatic check it cannot pass. A resource that is shared without condition is granted by passing. The same check again changes nothing.",
        json: Some(schema_of::<VerdictRequest>),
        answers: &[Good {
            status: 200,
            text: "The application after it",
            content: Content::Json(schema_of::<GrantApplicationView>),
        }],
        problems: &[
            Code::OwnApplication,
            Code::GrantApplicationNotFound,
            Code::GrantConflict,
            Code::Contention,
            Code::GrantNonconforming,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const DECIDE: Route = Route {
    method: Method::POST,
    path: "/v1/grants/applications/{id}/decision",
    admits: Admits::Roles(&[Role::Issuer]),
    class: Class::Change,
    query: &[],
    event: Some(EventKind::GrantDecide),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(grant_applications::decide(app, request)),
    doc: Doc {
        id: "decideGrantApplication",
        summary: "Decide an application for a grant",
        text: "By the provider of the resource, once the check is passed; a no has a reason. The grant has the identifier of the application. The same decision again changes nothing.",
        json: Some(schema_of::<VerdictRequest>),
        answers: &[Good {
            status: 200,
            text: "The application after it",
            content: Content::Json(schema_of::<GrantApplicationView>),
        }],
        problems: &[
            Code::OtherOrganisation,
            Code::OwnApplication,
            Code::GrantApplicationNotFound,
            Code::GrantConflict,
            Code::Contention,
            Code::GrantNonconforming,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/v1/grants",
    admits: READERS,
    class: Class::Read,
    query: &[AFTER, LIMIT],
    event: Some(EventKind::GrantRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(grants::list(app, request)),
    doc: Doc {
        id: "listGrants",
        summary: "List grants",
        text: "Newest first: those in which the caller's organisation is consumer or provider; operators see all, auditors those of their organisations.",
        json: None,
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<GrantsAnswer>) }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const RECORD: Route = Route {
    method: Method::GET,
    path: "/v1/grants/{id}",
    admits: READERS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::GrantRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(grants::record(app, request)),
    doc: Doc {
        id: "readGrant",
        summary: "Read a grant",
        text: "With what is used of its quota.",
        json: None,
        answers: &[Good { status: 200, text: "The grant", content: Content::Json(schema_of::<GrantView>) }],
        problems: &[Code::GrantNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const WITHDRAW: Route = Route {
    method: Method::POST,
    path: "/v1/grants/{id}/withdrawal",
    admits: Admits::Roles(&[Role::Consumer, Role::Issuer, Role::Operator]),
    class: Class::Change,
    query: &[],
    event: Some(EventKind::GrantWithdraw),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(grants::withdraw(app, request)),
    doc: Doc {
        id: "withdrawGrant",
        summary: "Withdraw a grant, or give it back",
        text: "By its provider, its consumer or an operator. Durable before the answer, and nothing more is told under it after the answer. The same withdrawal again changes nothing.",
        json: Some(schema_of::<WithdrawalRequest>),
        answers: &[Good { status: 200, text: "The grant after it", content: Content::Json(schema_of::<GrantView>) }],
        problems: &[
            Code::OtherOrganisation,
            Code::GrantNotFound,
            Code::GrantConflict,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};
