//! The table of routes.

use crypto::record::EventKind;
use crypto::report::Depth;
use crypto::time::Timestamp;
use hyper::Method;

use super::evidence::{EVIDENCE, READ_USE, RECEIPT, REQUIRE, USE};
use super::{
    Content, Doc, Good, Parameter, Route, catalogue, codes, feed, grants, lookups, objections, record, schema_of, seals,
    supervision, witness,
};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::certificates::CertificateView;
use crate::handlers::licences::{Entry, LicenceView};
use crate::handlers::logs::LogsView;
use crate::handlers::search::{SearchAnswer, SearchRequest};
use crate::handlers::sources::SourcesView;
use crate::handlers::status::StatusRequest;
use crate::handlers::trust::TrustView;
use crate::handlers::verifications::{VerificationAnswer, VerificationRequest};
use crate::handlers::{
    certificates, licences, log_tiles, logs, openapi, search, sources, status, status_lists, trust, verifications,
};
use crate::http::{BodyRule, Code, Media};

const READERS: &[Role] = &[Role::Verifier, Role::Issuer, Role::Auditor];

pub(super) const EVERYBODY: &[Role] = &[Role::Verifier, Role::Issuer, Role::Auditor, Role::Operator];

pub(super) const DOCUMENTS_OR_JSON: &[Media] =
    &[Media::Json, Media::Ofd, Media::Pdf, Media::Jose, Media::SdJwt, Media::Cms, Media::Octets];

const DOCUMENTS: &[Media] = &[Media::Ofd, Media::Pdf, Media::Jose, Media::SdJwt, Media::Cms, Media::Octets];

pub(super) const AT: Parameter =
    Parameter { name: "at", text: "The moment in question, RFC 3339; the present when absent.", schema: schema_of::<Timestamp> };

const DEPTH: Parameter = Parameter {
    name: "depth",
    text: "How much the report says: simple, detailed or diagnostic; detailed when absent.",
    schema: schema_of::<Depth>,
};

const OPERATION: Parameter = Parameter {
    name: "operation",
    text: "What brings the licence in; issue for a first version and change for a later one when absent.",
    schema: schema_of::<Entry>,
};

pub(super) const NOT_MODIFIED: Good =
    Good { status: 304, text: "The caller has it already (If-None-Match)", content: Content::Nothing };

/// Every route, in the order of the documentation.
pub static TABLE: &[Route] = &[
    Route {
        method: Method::POST,
        path: "/v1/verifications",
        admits: Admits::Roles(&[Role::Verifier, Role::Issuer, Role::Auditor]),
        class: Class::Verify,
        query: &[AT, DEPTH, REQUIRE, RECEIPT],
        event: Some(EventKind::DocumentVerify),
        body: BodyRule::Files(DOCUMENTS_OR_JSON),
        handler: |app, request| Box::pin(verifications::verify(app, request)),
        doc: Doc {
            id: "verify",
            summary: "Verify a licence",
            text: "Takes a file, or JSON with the identifier or the digest of a licence on record, or with the file and the certificates and revocation lists that belong to it, and answers with the report. A document that does not verify is no error but a report that says so; what cannot be read as a document is one, with the report. The moment in question stands in the query or, with JSON, in the body. The header Licet-Cache says where the verdict came from and how many seconds ago it was reached. A receipt is signed by the gateway and on record before it is given.",
            json: Some(schema_of::<VerificationRequest>),
            answers: &[Good {
                status: 200,
                text: "The report, and the receipt where one is wanted",
                content: Content::Json(schema_of::<VerificationAnswer<'_>>),
            }],
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
    },
    Route {
        method: Method::POST,
        path: "/v1/licences",
        admits: Admits::Roles(&[Role::Issuer]),
        class: Class::Change,
        query: &[OPERATION],
        event: Some(EventKind::LicenceIssue),
        body: BodyRule::Files(DOCUMENTS),
        handler: |app, request| Box::pin(licences::ingest(app, request)),
        doc: Doc {
            id: "ingestLicence",
            summary: "Hand in a licence",
            text: "The licence is verified before it is stored, and durable before the answer. The issuing body must be the caller's own organisation. Handing in the same file again changes nothing.",
            json: None,
            answers: &[
                Good { status: 200, text: "It was on record already", content: Content::Json(schema_of::<LicenceView>) },
                Good { status: 201, text: "It is on record now", content: Content::Json(schema_of::<LicenceView>) },
            ],
            problems: &[
                Code::OtherOrganisation,
                Code::LicenceExists,
                Code::VersionGap,
                Code::IllegalTransition,
                Code::Contention,
                Code::NotVerified,
                Code::BadContent,
                Code::Overloaded,
                Code::Unavailable,
            ],
        },
    },
    Route {
        method: Method::POST,
        path: "/v1/licences/search",
        admits: Admits::Roles(&[Role::Verifier, Role::Auditor, Role::Issuer]),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::LicenceSearch),
        body: BodyRule::Json,
        handler: |app, request| Box::pin(search::by_holder(app, request)),
        doc: Doc {
            id: "searchLicences",
            summary: "List the licences of a holder",
            text: "Newest first, a page at a time. An issuer sees its own alone.",
            json: Some(schema_of::<SearchRequest>),
            answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<SearchAnswer>) }],
            problems: &[Code::BadContent, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/licences/{identifier}",
        admits: Admits::Roles(READERS),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::LicenceRead),
        body: BodyRule::None,
        handler: |app, request| Box::pin(licences::record(app, request)),
        doc: Doc {
            id: "readLicence",
            summary: "Read what is on record about a licence",
            text: "An issuer reads its own alone.",
            json: None,
            answers: &[Good { status: 200, text: "The record", content: Content::Json(schema_of::<LicenceView>) }],
            problems: &[Code::OtherOrganisation, Code::LicenceNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/licences/{identifier}/file",
        admits: Admits::Roles(READERS),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::LicenceDownload),
        body: BodyRule::None,
        handler: |app, request| Box::pin(licences::file(app, request)),
        doc: Doc {
            id: "readLicenceFile",
            summary: "Read the file of a licence",
            text: "The bytes as they came in. An issuer reads its own alone.",
            json: None,
            answers: &[
                Good {
                    status: 200,
                    text: "The file",
                    content: Content::File(&[
                        "application/ofd",
                        "application/pdf",
                        "application/jose",
                        "application/dc+sd-jwt",
                        "application/cms",
                    ]),
                },
                NOT_MODIFIED,
            ],
            problems: &[Code::OtherOrganisation, Code::LicenceNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::POST,
        path: "/v1/licences/{identifier}/status",
        admits: Admits::Roles(&[Role::Issuer]),
        class: Class::Change,
        query: &[],
        event: Some(EventKind::LicenceStatus),
        body: BodyRule::Json,
        handler: |app, request| Box::pin(status::post(app, request)),
        doc: Doc {
            id: "changeLicenceStatus",
            summary: "Change the state of a licence",
            text: "Own licences alone. Durable before the answer, and no verdict from before it is given after it.",
            json: Some(schema_of::<StatusRequest>),
            answers: &[Good {
                status: 200,
                text: "The record after the change",
                content: Content::Json(schema_of::<LicenceView>),
            }],
            problems: &[
                Code::OtherOrganisation,
                Code::LicenceNotFound,
                Code::IllegalTransition,
                Code::Contention,
                Code::BadContent,
                Code::Overloaded,
                Code::Unavailable,
            ],
        },
    },
    seals::REGISTER,
    seals::APPLY,
    seals::APPLICATION,
    seals::DECIDE,
    seals::RECORD,
    seals::FILE,
    seals::STATUS,
    USE,
    READ_USE,
    EVIDENCE,
    Route {
        method: Method::POST,
        path: "/v1/certificates",
        admits: Admits::Roles(&[Role::Issuer, Role::Operator]),
        class: Class::Change,
        query: &[],
        event: Some(EventKind::CertificateAdd),
        body: BodyRule::Files(&[Media::Certificate, Media::Pem, Media::Octets]),
        handler: |app, request| Box::pin(certificates::register(app, request)),
        doc: Doc {
            id: "registerCertificate",
            summary: "Put a certificate on file",
            text: "One certificate, DER or PEM. That it is on file does not make it trusted.",
            json: None,
            answers: &[
                Good { status: 200, text: "It was on file already", content: Content::Json(schema_of::<CertificateView>) },
                Good { status: 201, text: "It is on file now", content: Content::Json(schema_of::<CertificateView>) },
            ],
            problems: &[Code::BadContent, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/certificates/{sha256}",
        admits: Admits::Roles(EVERYBODY),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::CertificateRead),
        body: BodyRule::None,
        handler: |app, request| Box::pin(certificates::record(app, request)),
        doc: Doc {
            id: "readCertificate",
            summary: "Read what is on file about a certificate",
            text: "By the SHA-256 of the certificate.",
            json: None,
            answers: &[Good { status: 200, text: "The certificate", content: Content::Json(schema_of::<CertificateView>) }],
            problems: &[Code::CertificateNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/certificates/{sha256}/file",
        admits: Admits::Roles(EVERYBODY),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::CertificateRead),
        body: BodyRule::None,
        handler: |app, request| Box::pin(certificates::file(app, request)),
        doc: Doc {
            id: "readCertificateFile",
            summary: "Read a certificate",
            text: "The certificate in DER.",
            json: None,
            answers: &[
                Good { status: 200, text: "The certificate", content: Content::File(&["application/pkix-cert"]) },
                NOT_MODIFIED,
            ],
            problems: &[Code::CertificateNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/trust",
        admits: Admits::Roles(EVERYBODY),
        class: Class::Read,
        query: &[],
        event: Some(EventKind::TrustRead),
        body: BodyRule::None,
        handler: |app, request| Box::pin(trust::overview(app, request)),
        doc: Doc {
            id: "readTrust",
            summary: "See whom the gateway believes",
            text: "Domains, anchors, and revocation lists, with their age.",
            json: None,
            answers: &[Good { status: 200, text: "Everything that is trusted", content: Content::Json(schema_of::<TrustView>) }],
            problems: &[],
        },
    },
    Route {
        method: Method::POST,
        path: "/v1/trust/reload",
        admits: Admits::Roles(&[Role::Operator]),
        class: Class::Operate,
        query: &[],
        event: Some(EventKind::TrustChange),
        body: BodyRule::None,
        handler: |app, request| Box::pin(trust::reload(app, request)),
        doc: Doc {
            id: "reloadTrust",
            summary: "Read trust again",
            text: "Reads the files of trust again and puts them in force, all or nothing. What is wrong leaves the last good ones in force.",
            json: None,
            answers: &[Good {
                status: 200,
                text: "Everything that is trusted now",
                content: Content::Json(schema_of::<TrustView>),
            }],
            problems: &[Code::TrustNotReloaded, Code::Overloaded],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/trust/status",
        admits: Admits::Roles(&[Role::Operator, Role::Auditor]),
        class: Class::Operate,
        query: &[],
        event: Some(EventKind::TrustRead),
        body: BodyRule::None,
        handler: |app, request| Box::pin(sources::overview(app, request)),
        doc: Doc {
            id: "readTrustStatus",
            summary: "See how the sources of revocation lists and OCSP answers do",
            text: "Each source with its last success, its last failure and when it is asked next, and how much evidence is at hand.",
            json: None,
            answers: &[Good { status: 200, text: "Every source", content: Content::Json(schema_of::<SourcesView>) }],
            problems: &[Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/v1/status-lists/{list}",
        admits: Admits::AnyCaller,
        class: Class::Verify,
        query: &[],
        event: None,
        body: BodyRule::None,
        handler: |app, request| Box::pin(status_lists::list(app, request)),
        doc: Doc {
            id: "readStatusList",
            summary: "Read a status list",
            text: "A signed Token Status List of licences on record, two bits for each: 0 in force, 1 ended, 2 suspended. It may be kept for max-age seconds.",
            json: None,
            answers: &[
                Good { status: 200, text: "The list", content: Content::File(&["application/statuslist+jwt"]) },
                NOT_MODIFIED,
            ],
            problems: &[Code::StatusListNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    witness::ADD_CHECKPOINT,
    supervision::READ,
    supervision::EVENTS,
    supervision::REPORT,
    Route {
        method: Method::GET,
        path: "/v1/logs",
        admits: Admits::AnyCaller,
        class: Class::Read,
        query: &[],
        event: None,
        body: BodyRule::None,
        handler: |app, request| Box::pin(logs::overview(app, request)),
        doc: Doc {
            id: "readLogs",
            summary: "See the two logs of what happens",
            text: "Each with its shards: origin, the keys with which its checkpoints are verified, how far it has come, and its newest checkpoint. What it says is under /log.",
            json: None,
            answers: &[Good { status: 200, text: "Both logs", content: Content::Json(schema_of::<LogsView>) }],
            problems: &[Code::Overloaded, Code::Unavailable],
        },
    },
    record::SEARCH,
    record::EXPORT,
    record::ENTRY,
    record::PROOF,
    record::CONSISTENCY,
    record::QUESTION,
    record::ERASE,
    record::RETIRE,
    Route {
        method: Method::GET,
        path: "/log/{log}/{period}/checkpoint",
        admits: Admits::AnyCaller,
        class: Class::Read,
        query: &[],
        event: None,
        body: BodyRule::None,
        handler: |app, request| Box::pin(log_tiles::checkpoint(app, request)),
        doc: Doc {
            id: "readCheckpoint",
            summary: "Read the newest checkpoint of a shard",
            text: "A signed note as C2SP tlog-checkpoint has it; the final one where the shard has ended.",
            json: None,
            answers: &[
                Good { status: 200, text: "The checkpoint", content: Content::File(&["text/plain; charset=utf-8"]) },
                NOT_MODIFIED,
            ],
            problems: &[Code::LogPartNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/log/{log}/{period}/tile/{tile...}",
        admits: Admits::AnyCaller,
        class: Class::Read,
        query: &[],
        event: None,
        body: BodyRule::None,
        handler: |app, request| Box::pin(log_tiles::tile(app, request)),
        doc: Doc {
            id: "readTile",
            summary: "Read a tile or a bundle of entries",
            text: "As C2SP tlog-tiles has them, such as 0/x001/067 or entries/000.p/8. Whole ones never change and may be kept for ever. Entries are digests of 32 bytes.",
            json: None,
            answers: &[
                Good { status: 200, text: "The tile", content: Content::File(&["application/octet-stream"]) },
                NOT_MODIFIED,
            ],
            problems: &[Code::LogPartNotFound, Code::Overloaded, Code::Unavailable],
        },
    },
    Route {
        method: Method::GET,
        path: "/openapi.json",
        admits: Admits::AnyCaller,
        class: Class::Read,
        query: &[],
        event: None,
        body: BodyRule::None,
        handler: |app, request| Box::pin(openapi::document(app, request)),
        doc: Doc {
            id: "readOpenapi",
            summary: "This document",
            text: "The description of this interface in OpenAPI 3.1.",
            json: None,
            answers: &[Good { status: 200, text: "The document", content: Content::AnyJson }],
            problems: &[],
        },
    },
    lookups::LOOK_UP,
    lookups::BATCH,
    lookups::MATERIALS,
    lookups::COMPARE,
    codes::REDEEM,
    codes::SHOW,
    codes::REDEEM_SHOWN,
    catalogue::READ,
    catalogue::ENTRY,
    catalogue::CHANGE,
    catalogue::CHANGES,
    catalogue::CHANGE_OF,
    feed::READ,
    objections::FILE,
    objections::LIST,
    objections::READ,
    objections::ACCEPT,
    objections::ANSWER,
    objections::FORWARD,
    objections::WITHDRAW,
    grants::APPLY,
    grants::APPLICATIONS,
    grants::APPLICATION,
    grants::CHECK,
    grants::DECIDE,
    grants::LIST,
    grants::RECORD,
    grants::WITHDRAW,
];
