//! The rows of the table that are about seals.

use crypto::record::EventKind;
use crypto::seal_register::Application;
use hyper::Method;

use super::table::{AT, EVERYBODY, NOT_MODIFIED};
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::seal_applications::{self, ApplicationRequest, DecisionRequest};
use crate::handlers::seal_status::{self, SealStatusRequest};
use crate::handlers::seals::{self, SealView};
use crate::http::{BodyRule, Code, Media};

const KEEPERS: Admits = Admits::Roles(&[Role::Issuer, Role::Operator]);

pub(super) const REGISTER: Route = Route {
    method: Method::POST,
    path: "/v1/seals",
    admits: KEEPERS,
    class: Class::Change,
    query: &[
        Parameter { name: "application", text: "The application that it was made on.", schema: schema_of::<String> },
        Parameter { name: "filing", text: "The number under which it was filed (备案编号).", schema: schema_of::<String> },
    ],
    event: Some(EventKind::SealFile),
    body: BodyRule::Files(&[Media::Octets]),
    handler: |app, request| Box::pin(seals::register(app, request)),
    doc: Doc {
        id: "registerSeal",
        summary: "Put a seal on file",
        text: "The seal in DER (GB/T 38540). It is verified before it is stored. An issuer registers its own alone. An application must be approved, for the same name and owner, and is used up.",
        json: None,
        answers: &[
            Good { status: 200, text: "It was on file already", content: Content::Json(schema_of::<SealView>) },
            Good { status: 201, text: "It is on file now", content: Content::Json(schema_of::<SealView>) },
        ],
        problems: &[
            Code::OtherOrganisation,
            Code::SealExists,
            Code::SealApplicationNotFound,
            Code::SealApplicationConflict,
            Code::SealApplicationRequired,
            Code::Contention,
            Code::NotVerified,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const APPLY: Route = Route {
    method: Method::POST,
    path: "/v1/seals/applications",
    admits: KEEPERS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::SealApply),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(seal_applications::apply(app, request)),
    doc: Doc {
        id: "applyForSeal",
        summary: "Apply for a seal",
        text: "An issuer applies for seals of its own organisation alone. With the same Idempotency-Key the same request again finds the same application.",
        json: Some(schema_of::<ApplicationRequest>),
        answers: &[
            Good { status: 200, text: "It was on record already", content: Content::Json(schema_of::<Application>) },
            Good { status: 201, text: "It is on record now", content: Content::Json(schema_of::<Application>) },
        ],
        problems: &[
            Code::OtherOrganisation,
            Code::RequestReused,
            Code::BadContent,
            Code::Contention,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const APPLICATION: Route = Route {
    method: Method::GET,
    path: "/v1/seals/applications/{id}",
    admits: Admits::Roles(&[Role::Issuer, Role::Operator, Role::Auditor]),
    class: Class::Read,
    query: &[],
    event: Some(EventKind::SealRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(seal_applications::record(app, request)),
    doc: Doc {
        id: "readSealApplication",
        summary: "Read an application for a seal",
        text: "An issuer reads those of its own organisation alone.",
        json: None,
        answers: &[Good { status: 200, text: "The application", content: Content::Json(schema_of::<Application>) }],
        problems: &[Code::SealApplicationNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const DECIDE: Route = Route {
    method: Method::POST,
    path: "/v1/seals/applications/{id}/decision",
    admits: KEEPERS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::SealDecide),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(seal_applications::decide(app, request)),
    doc: Doc {
        id: "decideSealApplication",
        summary: "Decide an application for a seal",
        text: "By another caller, and another person, than applied. The same decision again changes nothing.",
        json: Some(schema_of::<DecisionRequest>),
        answers: &[Good { status: 200, text: "The application after it", content: Content::Json(schema_of::<Application>) }],
        problems: &[
            Code::OwnApplication,
            Code::SealApplicationNotFound,
            Code::SealApplicationConflict,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const RECORD: Route = Route {
    method: Method::GET,
    path: "/v1/seals/{id}",
    admits: Admits::Roles(EVERYBODY),
    class: Class::Read,
    query: &[AT],
    event: Some(EventKind::SealRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(seals::record(app, request)),
    doc: Doc {
        id: "readSeal",
        summary: "Read what is on file about a seal",
        text: "By the seal's own identifier: what it is, everything that was done to it, and its state at the moment in question.",
        json: None,
        answers: &[Good { status: 200, text: "The seal", content: Content::Json(schema_of::<SealView>) }],
        problems: &[Code::SealNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const FILE: Route = Route {
    method: Method::GET,
    path: "/v1/seals/{id}/file",
    admits: Admits::Roles(EVERYBODY),
    class: Class::Read,
    query: &[],
    event: Some(EventKind::SealRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(seals::file(app, request)),
    doc: Doc {
        id: "readSealFile",
        summary: "Read a seal",
        text: "The seal in DER.",
        json: None,
        answers: &[Good { status: 200, text: "The seal", content: Content::File(&["application/octet-stream"]) }, NOT_MODIFIED],
        problems: &[Code::SealNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const STATUS: Route = Route {
    method: Method::POST,
    path: "/v1/seals/{id}/status",
    admits: KEEPERS,
    class: Class::Change,
    query: &[],
    // Which of them it is, the body says.
    event: Some(EventKind::Request),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(seal_status::post(app, request)),
    doc: Doc {
        id: "changeSealStatus",
        summary: "Change the state of a seal",
        text: "An issuer deals with its own alone. Durable before the answer, and no verdict from before it is given after it. The same request again, with the same Idempotency-Key, changes nothing.",
        json: Some(schema_of::<SealStatusRequest>),
        answers: &[Good { status: 200, text: "The record after the change", content: Content::Json(schema_of::<SealView>) }],
        problems: &[
            Code::OtherOrganisation,
            Code::SealNotFound,
            Code::SealTransition,
            Code::RequestReused,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};
