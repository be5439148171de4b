//! The rows of the table that are about codes for one use of a licence.

use crypto::record::EventKind;
use hyper::Method;

use super::{Content, Doc, Good, Route, schema_of};
use crate::admission::Class;
use crate::auth::{Admits, Role};
use crate::handlers::presentations::{self, ShowRequest, ShownView};
use crate::handlers::redemption::{RedemptionRequest, RedemptionView};
use crate::handlers::use_codes;
use crate::http::{BodyRule, Code};

const REDEMPTION_PROBLEMS: &[Code] = &[
    Code::UseCodeNotFound,
    Code::UseCodeSpent,
    Code::NotGranted,
    Code::LicenceNotFound,
    Code::LicenceNotValid,
    Code::SigningUnavailable,
    Code::Contention,
    Code::BadContent,
    Code::Overloaded,
    Code::Unavailable,
];

const REDEEMED: &[Good] =
    &[Good { status: 200, text: "The code is used up", content: Content::Json(schema_of::<RedemptionView>) }];

pub(super) const REDEEM: Route = Route {
    method: Method::POST,
    path: "/v1/use-codes/redemptions",
    admits: Admits::Roles(&[Role::Consumer]),
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::UseCodeRedeem),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(use_codes::redeem(app, request)),
    doc: Doc {
        id: "redeemUseCode",
        summary: "Use up a use code",
        text: "For the caller that it was given to, for the same item and case, once and within minutes. The licence is verified, and the grant must be in force. The document, or an annotated copy of it, is given where the grant tells the field `document`.",
        json: Some(schema_of::<RedemptionRequest>),
        answers: REDEEMED,
        problems: REDEMPTION_PROBLEMS,
    },
};

pub(super) const SHOW: Route = Route {
    method: Method::POST,
    path: "/v1/presentations",
    admits: Admits::Roles(&[Role::Portal]),
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::PresentationIssue),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(presentations::show(app, request)),
    doc: Doc {
        id: "presentLicence",
        summary: "Make a code for a holder to show",
        text: "Licet-Authorization carries a token of the holder in person that names no item. The code is good once, for minutes, for whoever it is shown to.",
        json: Some(schema_of::<ShowRequest>),
        answers: &[Good { status: 201, text: "The code", content: Content::Json(schema_of::<ShownView>) }],
        problems: &[
            Code::TokenRefused,
            Code::LicenceNotValid,
            Code::Contention,
            Code::BadContent,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};

pub(super) const REDEEM_SHOWN: Route = Route {
    method: Method::POST,
    path: "/v1/presentations/redemptions",
    admits: Admits::Roles(&[Role::Consumer]),
    class: Class::LookUp,
    query: &[],
    event: Some(EventKind::PresentationRedeem),
    body: BodyRule::Json,
    handler: |app, request| Box::pin(presentations::redeem(app, request)),
    doc: Doc {
        id: "redeemPresentation",
        summary: "Use up what a holder shows",
        text: "Needs an item for which the caller has a grant in force, and no grant of this licence: the holder shows it. Otherwise as with a use code.",
        json: Some(schema_of::<RedemptionRequest>),
        answers: REDEEMED,
        problems: REDEMPTION_PROBLEMS,
    },
};
