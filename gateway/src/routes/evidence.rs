//! The rows of the table that are about uses of seals, receipts and evidence.

use crypto::record::EventKind;
use hyper::Method;
use schemars::json_schema;

use super::table::{AT, DOCUMENTS_OR_JSON};
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::uses::{UseRequest, UseView};
use crate::handlers::verifications::{Requirement, VerificationRequest};
use crate::handlers::{evidence, uses};
use crate::http::{BodyRule, Code};

pub(super) const REQUIRE: Parameter = Parameter {
    name: "require",
    text: "What is demanded beside what every verification demands: logged-use, that the seal log holds the use of each seal on this document.",
    schema: schema_of::<Requirement>,
};

pub(super) const RECEIPT: Parameter = Parameter {
    name: "receipt",
    text: "Whether a signed receipt is wanted: true or false; false when absent.",
    schema: schema_of::<bool>,
};

const PROOF: Parameter = Parameter {
    name: "proof",
    text: "wait, the default, for an answer with the proof that the use is in the log; none for an answer at once.",
    schema: |_| json_schema!({ "type": "string", "enum": ["wait", "none"] }),
};

pub(super) const USE: Route = Route {
    method: Method::POST,
    path: "/v1/seals/{id}/uses",
    admits: Admits::Roles(&[Role::Issuer]),
    class: Class::Change,
    query: &[PROOF],
    event: Some(EventKind::SealUse),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(uses::record(app, request)),
    doc: Doc {
        id: "useSeal",
        summary: "Put the use of a seal on record",
        text: "Own seals alone, and only while they are in use. The same use_id again gets the same answer, with 200; a refusal leaves it free. The answer is a receipt: the record with its salts, what the tree holds of it, and the proof that it does.",
        json: Some(schema_of::<UseRequest>),
        answers: &[
            Good { status: 200, text: "It was on record already", content: Content::Json(schema_of::<UseView>) },
            Good { status: 201, text: "It is on record now", content: Content::Json(schema_of::<UseView>) },
        ],
        problems: &[
            Code::OtherOrganisation,
            Code::SealNotFound,
            Code::SealNotInUse,
            Code::SealUseConflict,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const READ_USE: Route = Route {
    method: Method::GET,
    path: "/v1/seals/{id}/uses/{number}",
    admits: Admits::Roles(&[Role::Issuer, Role::Auditor]),
    class: Class::Read,
    query: &[PROOF],
    event: Some(EventKind::LogRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(uses::read(app, request)),
    doc: Doc {
        id: "readSealUse",
        summary: "Read a use of a seal",
        text: "By its number in the seal log. An issuer reads those of its own seals alone, an auditor those that it finds in the log.",
        json: None,
        answers: &[Good { status: 200, text: "The use", content: Content::Json(schema_of::<UseView>) }],
        problems: &[Code::SealUseNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const EVIDENCE: Route = Route {
    method: Method::POST,
    path: "/v1/evidence",
    admits: Admits::Roles(&[Role::Verifier, Role::Issuer, Role::Auditor]),
    class: Class::Export,
    query: &[
        AT,
        REQUIRE,
        Parameter {
            name: "document",
            text: "enclosed, the default, or digest, which leaves the document itself out.",
            schema: |_| json_schema!({ "type": "string", "enum": ["enclosed", "digest"] }),
        },
        Parameter {
            name: "witnesses",
            text: "present, the default: the lines of witnesses that are there; wait: the answer waits a little for them.",
            schema: |_| json_schema!({ "type": "string", "enum": ["present", "wait"] }),
        },
    ],
    event: Some(EventKind::EvidenceMake),
    body: BodyRule::Files(DOCUMENTS_OR_JSON),
    handler: |app, request| Box::pin(evidence::make(app, request)),
    doc: Doc {
        id: "makeEvidence",
        summary: "Make an evidence bundle",
        text: "Takes what a verification takes, verifies anew, and answers with one file that is checked years later with licet evidence verify: the document, the report, everything that was used, the receipt, its record, and the proof that it is in the log.",
        json: Some(schema_of::<VerificationRequest>),
        answers: &[Good { status: 200, text: "The bundle", content: Content::File(&[crypto::bundle::MEDIA_TYPE]) }],
        problems: &[
            Code::OtherOrganisation,
            Code::LicenceNotFound,
            Code::MalformedDocument,
            Code::SigningUnavailable,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};
