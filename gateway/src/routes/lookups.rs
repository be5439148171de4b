//! The rows of the table that are about look-ups by number.

use crypto::record::EventKind;
use hyper::Method;

use super::{Content, Doc, Good, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::comparisons::{self, ComparisonAnswer, ComparisonRequest};
use crate::handlers::look_up_batches::{self, LookUpBatchAnswer, LookUpBatchRequest};
use crate::handlers::look_ups::{self, LookUpRequest};
use crate::handlers::materials::{self, MaterialsAnswer, MaterialsRequest};
use crate::http::{BodyRule, Code};
use crate::lookup::view::LookUpAnswer;

const CONSUMERS: Admits = Admits::Roles(&[Role::Consumer]);

pub(super) const LOOK_UP: Route = Route {
    method: Method::POST,
    path: "/v1/lookups",
    admits: CONSUMERS,
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::LookUp),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(look_ups::post(app, request)),
    doc: Doc {
        id: "lookUp",
        summary: "Look up a person or an organisation by number (一号通查)",
        text: "Every source is asked at once, and the answer is given by the deadline of the header Licet-Deadline, whatever has come by then. With Accept: text/event-stream the results are told as they come: an event source for each, and at the end the event result with the whole answer.",
        json: Some(schema_of::<LookUpRequest>),
        answers: &[Good {
            status: 200,
            text: "What came, and what is missing",
            content: Content::JsonOr(schema_of::<LookUpAnswer>, "text/event-stream"),
        }],
        problems: &[
            Code::NotGranted,
            Code::TokenRefused,
            Code::ItemNotFound,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const BATCH: Route = Route {
    method: Method::POST,
    path: "/v1/lookups/batch",
    admits: CONSUMERS,
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::LookUp),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(look_up_batches::post(app, request)),
    doc: Doc {
        id: "lookUpBatch",
        summary: "Look up many by number",
        text: "Under one deadline, of the class batch unless Licet-Class says otherwise, and by duty alone. About each subject there is a record of its own.",
        json: Some(schema_of::<LookUpBatchRequest>),
        answers: &[Good { status: 200, text: "What came of each", content: Content::Json(schema_of::<LookUpBatchAnswer>) }],
        problems: &[Code::NotGranted, Code::ItemNotFound, Code::BadContent, Code::Overloaded, Code::Unavailable],
    },
};

pub(super) const MATERIALS: Route = Route {
    method: Method::POST,
    path: "/v1/materials",
    admits: CONSUMERS,
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::LookUpMaterials),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(materials::post(app, request)),
    doc: Doc {
        id: "lookUpMaterials",
        summary: "Which materials of an item are on record (免证办)",
        text: "For each material of the item: on record, not on record, not known because a source is silent, not to be asked, or to be brought on paper. Licences in force come with a use code.",
        json: Some(schema_of::<MaterialsRequest>),
        answers: &[Good { status: 200, text: "The materials", content: Content::Json(schema_of::<MaterialsAnswer>) }],
        problems: &[
            Code::NotGranted,
            Code::TokenRefused,
            Code::ItemNotFound,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const COMPARE: Route = Route {
    method: Method::POST,
    path: "/v1/comparisons",
    admits: CONSUMERS,
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::LookUpCompare),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(comparisons::post(app, request)),
    doc: Doc {
        id: "compareFacts",
        summary: "Compare what is known with what is on record (比对核验)",
        text: "Yes, no, or not known, for each fact; no value is told. Each field is compared once a request, and each resource counts against the quota of its grant.",
        json: Some(schema_of::<ComparisonRequest>),
        answers: &[Good { status: 200, text: "Whether it is so", content: Content::Json(schema_of::<ComparisonAnswer>) }],
        problems: &[Code::NotGranted, Code::TokenRefused, Code::BadContent, Code::Overloaded, Code::Unavailable],
    },
};
