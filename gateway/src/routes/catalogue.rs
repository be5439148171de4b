//! The rows of the table that are about the catalogue.

use crypto::catalogue::{Change, Kind};
use crypto::record::EventKind;
use hyper::Method;

use super::schemas::between;
use super::table::NOT_MODIFIED;
use super::{Content, Doc, Good, Parameter, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::catalogue::{self, CatalogueView, EntryView};
use crate::handlers::catalogue_changes::{self, ChangeRequest, ChangesView};
use crate::http::{BodyRule, Code, Media};

const VERSION: Parameter =
    Parameter { name: "version", text: "The version in question; the newest when absent.", schema: schema_of::<u64> };

pub(super) const READ: Route = Route {
    method: Method::GET,
    path: "/v1/catalogue",
    admits: Admits::AnyCaller,
    class: Class::Read,
    query: &[VERSION, Parameter { name: "kind", text: "Entries of this kind alone.", schema: schema_of::<Kind> }],
    event: Some(EventKind::CatalogueRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(catalogue::read(app, request)),
    doc: Doc {
        id: "readCatalogue",
        summary: "Read the catalogue",
        text: "Organisations, types of licences, resources, items with their materials, and demands, in the newest version or in any that has been. A version never changes: its ETag says which one it is.",
        json: None,
        answers: &[
            Good { status: 200, text: "The catalogue", content: Content::Json(schema_of::<CatalogueView<'_>>) },
            NOT_MODIFIED,
        ],
        problems: &[Code::CatalogueVersionNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const ENTRY: Route = Route {
    method: Method::GET,
    path: "/v1/catalogue/entries/{kind}/{code}",
    admits: Admits::AnyCaller,
    class: Class::Read,
    query: &[VERSION],
    event: Some(EventKind::CatalogueRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(catalogue::entry(app, request)),
    doc: Doc {
        id: "readCatalogueEntry",
        summary: "Read an entry of the catalogue",
        text: "By its kind and its code; the / in the code of a resource is %2F.",
        json: None,
        answers: &[Good { status: 200, text: "The entry", content: Content::Json(schema_of::<EntryView<'_>>) }],
        problems: &[Code::CatalogueEntryNotFound, Code::CatalogueVersionNotFound, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const CHANGE: Route = Route {
    method: Method::POST,
    path: "/v1/catalogue/changes",
    admits: Admits::Roles(&[Role::Issuer, Role::Operator, Role::Consumer]),
    class: Class::Change,
    query: &[],
    event: Some(EventKind::CatalogueChange),
    // A catalogue may be longer than other bodies of JSON.
    body: BodyRule::Files(&[Media::Json]),
    handler: |app, request| Box::pin(catalogue_changes::change(app, request)),
    doc: Doc {
        id: "changeCatalogue",
        summary: "Change the catalogue",
        text: "All of the change or nothing, durable and in force before the answer. It names the version that it is made for, and is refused when that is not the newest, or when anything would be wrong with what it makes: then every fault is named. Operators change everything; an issuer what its own organisation and those below it answer for, but not which organisations there are and who stands above whom; a consumer the demands of its own organisation. With the same Idempotency-Key the same request again finds the same change.",
        json: Some(schema_of::<ChangeRequest>),
        answers: &[
            Good { status: 200, text: "It was made before", content: Content::Json(schema_of::<Change>) },
            Good { status: 201, text: "It is made now", content: Content::Json(schema_of::<Change>) },
        ],
        problems: &[
            Code::OtherOrganisation,
            Code::CatalogueChanged,
            Code::CatalogueFaults,
            Code::RequestReused,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const CHANGES: Route = Route {
    method: Method::GET,
    path: "/v1/catalogue/changes",
    admits: Admits::AnyCaller,
    class: Class::Read,
    query: &[
        Parameter { name: "limit", text: "Most changes of one page, 1 to 100; 50 when absent.", schema: between::<1, 100> },
        Parameter { name: "after", text: "`next` of the page before.", schema: schema_of::<u64> },
    ],
    event: Some(EventKind::CatalogueRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(catalogue_changes::list(app, request)),
    doc: Doc {
        id: "listCatalogueChanges",
        summary: "List the changes of the catalogue",
        text: "Newest first, a page at a time: who made each, when and why, and how much it changed.",
        json: None,
        answers: &[Good { status: 200, text: "A page", content: Content::Json(schema_of::<ChangesView>) }],
        problems: &[Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const CHANGE_OF: Route = Route {
    method: Method::GET,
    path: "/v1/catalogue/changes/{version}",
    admits: Admits::AnyCaller,
    class: Class::Read,
    query: &[],
    event: Some(EventKind::CatalogueRead),
    body: BodyRule::None,
    handler: |app, request| Box::pin(catalogue_changes::change_of(app, request)),
    doc: Doc {
        id: "readCatalogueChange",
        summary: "Read a change of the catalogue",
        text: "What made this version: everything that it put and removed. Its SHA-256, as it is answered, is in the access log.",
        json: None,
        answers: &[Good { status: 200, text: "The change", content: Content::Json(schema_of::<Change>) }],
        problems: &[Code::CatalogueVersionNotFound, Code::Overloaded, Code::Unavailable],
    },
};
