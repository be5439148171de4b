//! The rows of the table that are about what the logs say.

use crypto::record::EventKind;
use hyper::Method;
use schemars::json_schema;

use super::schemas::between;
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::audit::RowView;
use crate::auth::{Admits, Role};
use crate::handlers::log_entries::{self, ConsistencyView};
use crate::handlers::log_export::{self, LogExportRequest};
use crate::handlers::log_questions::{self, QuestionRequest};
use crate::handlers::log_removal::{self, ErasureRequest, ErasureView, RetirementRequest, RetirementView};
use crate::handlers::log_search::{self, LogSearchAnswer, LogSearchRequest};
use crate::http::{BodyRule, Code};

const AUDITORS: Admits = Admits::Roles(&[Role::Auditor]);

const OPERATORS: Admits = Admits::Roles(&[Role::Operator]);

pub(super) const SEARCH: Route = Route {
    method: Method::POST,
    path: "/v1/logs/{log}/search",
    admits: AUDITORS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::LogRead),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(log_search::search(app, request)),
    doc: Doc {
        id: "searchLog",
        summary: "Find records of a log",
        text: "A page at a time, stable while the log grows. Only records that concern an organisation of the caller's subtrees are given. With proofs each record comes with its place in the tree of a checkpoint; with complete the answer is proven to have every record of a seal or of a person in a range.",
        json: Some(schema_of::<LogSearchRequest>),
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<LogSearchAnswer>) }],
        problems: &[
            Code::BadJson,
            Code::OtherOrganisation,
            Code::LogPartNotFound,
            Code::RangeTooLong,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const EXPORT: Route = Route {
    method: Method::POST,
    path: "/v1/logs/{log}/export",
    admits: AUDITORS,
    class: Class::Export,
    query: &[Parameter {
        name: "format",
        text: "How rows are written: jsonl or csv; jsonl when absent.",
        schema: |_| json_schema!({ "type": "string", "enum": ["jsonl", "csv"] }),
    }],
    event: Some(EventKind::LogExport),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(log_export::export(app, request)),
    doc: Doc {
        id: "exportLog",
        summary: "Stream records of a log",
        text: "Oldest first, up to what the log has when it begins. It takes as long as the caller reads, unless it stops reading for as long as an idle connection may last. The last line says how many rows came and up to which number; without it the export was cut short.",
        json: Some(schema_of::<LogExportRequest>),
        answers: &[Good {
            status: 200,
            text: "The rows, as they are found",
            content: Content::File(&["application/x-ndjson", "text/csv"]),
        }],
        problems: &[Code::BadJson, Code::LogPartNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const ENTRY: Route = Route {
    method: Method::GET,
    path: "/v1/logs/{log}/entries/{number}",
    admits: AUDITORS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::LogRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(log_entries::entry(app, request)),
    doc: Doc {
        id: "readLogEntry",
        summary: "Read a record of a log",
        text: "With its salts, from which its entry in the tree follows.",
        json: None,
        answers: &[Good { status: 200, text: "The record", content: Content::Json(schema_of::<RowView>) }],
        problems: &[Code::LogPartNotFound, Code::RecordNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const PROOF: Route = Route {
    method: Method::GET,
    path: "/v1/logs/{log}/entries/{number}/proof",
    admits: AUDITORS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::LogRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(log_entries::proof(app, request)),
    doc: Doc {
        id: "proveLogEntry",
        summary: "Prove that a record is in the log",
        text: "A proof as C2SP tlog-proof has it, with the newest checkpoint of the shard. It shows nothing of the record.",
        json: None,
        answers: &[Good { status: 200, text: "The proof", content: Content::File(&["text/plain; charset=utf-8"]) }],
        problems: &[Code::LogPartNotFound, Code::RecordNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const CONSISTENCY: Route = Route {
    method: Method::GET,
    path: "/v1/logs/{log}/consistency",
    admits: AUDITORS,
    class: Class::Read,
    query: &[
        Parameter { name: "period", text: "The period of the shard.", schema: schema_of::<String> },
        Parameter { name: "from", text: "The size of the smaller tree.", schema: between::<1, { u64::MAX }> },
        Parameter {
            name: "to",
            text: "The size of the larger tree; that of the newest checkpoint when absent.",
            schema: between::<1, { u64::MAX }>,
        },
    ],
    event: Some(EventKind::LogRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(log_entries::consistency(app, request)),
    doc: Doc {
        id: "proveLogConsistency",
        summary: "Prove that a log only grew",
        text: "The proof that the smaller tree is the beginning of the larger one (RFC 6962), of one shard.",
        json: None,
        answers: &[Good { status: 200, text: "The proof", content: Content::Json(schema_of::<ConsistencyView>) }],
        problems: &[Code::LogPartNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const QUESTION: Route = Route {
    method: Method::POST,
    path: "/v1/logs/seal/questions/{question}",
    admits: AUDITORS,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::LogRead),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(log_questions::ask(app, request)),
    doc: Doc {
        id: "askLog",
        summary: "Ask a ready question about uses of seals",
        text: "uses-after-freezing, uses-without-approval, uses-outside-hours or expired-certificates-in-use; oldest first, a page at a time.",
        json: Some(schema_of::<QuestionRequest>),
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<LogSearchAnswer>) }],
        problems: &[Code::BadJson, Code::NotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const ERASE: Route = Route {
    method: Method::POST,
    path: "/v1/erasures",
    admits: OPERATORS,
    class: Class::Operate,
    query: &[],
    event: Some(EventKind::LogErase),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(log_removal::erase(app, request)),
    doc: Doc {
        id: "eraseSubject",
        summary: "Erase what the logs say about a person",
        text: "From both logs, for good. The proofs of the records stay valid. It may be asked again.",
        json: Some(schema_of::<ErasureRequest>),
        answers: &[Good { status: 200, text: "It is erased", content: Content::Json(schema_of::<ErasureView>) }],
        problems: &[Code::BadJson, Code::Contention, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const RETIRE: Route = Route {
    method: Method::POST,
    path: "/v1/logs/{log}/retirements",
    admits: OPERATORS,
    class: Class::Operate,
    query: &[],
    event: Some(EventKind::LogRetire),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(log_removal::retire(app, request)),
    doc: Doc {
        id: "retireRecords",
        summary: "Let old records go",
        text: "Records from before a moment, for good; some of them may stay. The proofs stay valid. Not before the time of keeping is over.",
        json: Some(schema_of::<RetirementRequest>),
        answers: &[Good { status: 200, text: "They are gone", content: Content::Json(schema_of::<RetirementView>) }],
        problems: &[
            Code::BadJson,
            Code::LogPartNotFound,
            Code::RetentionNotOver,
            Code::Contention,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};
