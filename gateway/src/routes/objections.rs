//! The rows of the table that are about objections.

use crypto::record::EventKind;
use hyper::Method;

use super::schemas::{between, cursor};
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::objection_steps::{self, ForwardRequest, ObjectionAnswerRequest};
use crate::handlers::objections::{self, ListRequest, ObjectionRequest, ObjectionView, ObjectionsView};
use crate::http::{BodyRule, Code};

const FILERS: Admits = Admits::Roles(&[Role::Consumer, Role::Portal, Role::Issuer]);
const READERS: Admits = Admits::Roles(&[Role::Consumer, Role::Portal, Role::Issuer, Role::Auditor]);
const DEPARTMENTS: Admits = Admits::Roles(&[Role::Issuer]);

const AFTER_IT: &[Good] =
    &[Good { status: 200, text: "The objection after it", content: Content::Json(schema_of::<ObjectionView>) }];

const STEP_PROBLEMS: &[Code] = &[
    Code::ObjectionNotFound,
    Code::OtherOrganisation,
    Code::ObjectionConflict,
    Code::Contention,
    Code::Overloaded,
    Code::Unavailable,
];

const STEP_PROBLEMS_WITH_CONTENT: &[Code] = &[
    Code::ObjectionNotFound,
    Code::OtherOrganisation,
    Code::ObjectionConflict,
    Code::BadContent,
    Code::Contention,
    Code::Overloaded,
    Code::Unavailable,
];

pub(super) const FILE: Route = Route {
    method: Method::POST,
    path: "/v1/objections",
    admits: FILERS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::ObjectionFile),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(objections::file(app, request)),
    doc: Doc {
        id: "fileObjection",
        summary: "File an objection (异议)",
        text: "Against a licence on record, which its issuer has to answer, or against what a resource says of somebody, which its provider has to answer. By whoever has a grant of the resource, or of a resource that consists of licences of this type; by the department whose own it is; or by a portal in the name of the holder, with a token of the holder in person in Licet-Authorization. From then on what it is against counts as disputed wherever it is told. With the same Idempotency-Key the same request again finds the same objection.",
        json: Some(schema_of::<ObjectionRequest>),
        answers: &[
            Good { status: 200, text: "It was on record already", content: Content::Json(schema_of::<ObjectionView>) },
            Good { status: 201, text: "It is on record now", content: Content::Json(schema_of::<ObjectionView>) },
        ],
        problems: &[
            Code::NotGranted,
            Code::TokenRefused,
            Code::LicenceNotFound,
            Code::ObjectionConflict,
            Code::RequestReused,
            Code::BadContent,
            Code::Contention,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/v1/objections",
    admits: READERS,
    class: Class::Read,
    query: &[
        Parameter {
            name: "list",
            text: "Which: filed by the caller (when absent), to-answer or responsible for those of its organisation as a department, audited for auditors.",
            schema: schema_of::<ListRequest>,
        },
        Parameter { name: "limit", text: "Most objections of one page, 1 to 100; 50 when absent.", schema: between::<1, 100> },
        Parameter { name: "after", text: "`next` of the page before.", schema: cursor },
    ],
    event: Some(EventKind::ObjectionRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(objections::list(app, request)),
    doc: Doc {
        id: "listObjections",
        summary: "List objections",
        text: "Newest first.",
        json: None,
        answers: &[Good { status: 200, text: "A page of them", content: Content::Json(schema_of::<ObjectionsView>) }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const READ: Route = Route {
    method: Method::GET,
    path: "/v1/objections/{id}",
    admits: READERS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::ObjectionRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(objections::read(app, request)),
    doc: Doc {
        id: "readObjection",
        summary: "Read an objection",
        text: "For who filed it, the organisation that is responsible, and who audits one of the two.",
        json: None,
        answers: &[Good { status: 200, text: "The objection", content: Content::Json(schema_of::<ObjectionView>) }],
        problems: &[Code::ObjectionNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const ACCEPT: Route = Route {
    method: Method::POST,
    path: "/v1/objections/{id}/acceptance",
    admits: DEPARTMENTS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::ObjectionAnswer),
    body: BodyRule::None,
    handler: |app, request| Box::pin(objection_steps::accept(app, request)),
    doc: Doc {
        id: "acceptObjection",
        summary: "Take an objection on (受理)",
        text: "By the organisation that is responsible. Again, it changes nothing.",
        json: None,
        answers: AFTER_IT,
        problems: STEP_PROBLEMS,
    },
};

pub(super) const ANSWER: Route = Route {
    method: Method::POST,
    path: "/v1/objections/{id}/answer",
    admits: DEPARTMENTS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::ObjectionAnswer),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(objection_steps::answer(app, request)),
    doc: Doc {
        id: "answerObjection",
        summary: "Answer an objection (答复)",
        text: "By the organisation that is responsible: corrected, or rejected. What it was against is no longer disputed for its sake. The same answer again changes nothing.",
        json: Some(schema_of::<ObjectionAnswerRequest>),
        answers: AFTER_IT,
        problems: STEP_PROBLEMS_WITH_CONTENT,
    },
};

pub(super) const FORWARD: Route = Route {
    method: Method::POST,
    path: "/v1/objections/{id}/forward",
    admits: DEPARTMENTS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::ObjectionAnswer),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(objection_steps::forward(app, request)),
    doc: Doc {
        id: "forwardObjection",
        summary: "Hand an objection on (转办)",
        text: "By the organisation that is responsible, to another of the catalogue, which is responsible from then on. The day on which it is due stays.",
        json: Some(schema_of::<ForwardRequest>),
        answers: AFTER_IT,
        problems: STEP_PROBLEMS_WITH_CONTENT,
    },
};

pub(super) const WITHDRAW: Route = Route {
    method: Method::POST,
    path: "/v1/objections/{id}/withdrawal",
    admits: FILERS,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::ObjectionAnswer),
    body: BodyRule::None,
    handler: |app, request| Box::pin(objection_steps::withdraw(app, request)),
    doc: Doc {
        id: "withdrawObjection",
        summary: "Take an objection back (撤回)",
        text: "By the system that filed it, as long as it is open. Again, it changes nothing.",
        json: None,
        answers: AFTER_IT,
        problems: STEP_PROBLEMS,
    },
};
