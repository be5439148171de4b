//! 一号通查: one number, and what every department that is asked has on record of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crypto::grants::Mode;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

use super::HolderRequest;
use super::look_up_stream;
use crate::app::App;
use crate::broker::Class;
use crate::http::{Answer, EVENTS, Problem, Request, accepts};
use crate::lookup::order::{Order, subject};
use crate::lookup::places::Held;
use crate::lookup::plan::{Intent, Plan, granted};
use crate::lookup::said::Said;
use crate::lookup::supervised;
use crate::lookup::underway::{Ended, Underway, apart};
use crate::lookup::view::{LookUpAnswer, SourceView, attributes, missing};
use crate::lookup::wish::{ResourcesRequest, Wish};

/// A look-up about one subject.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpRequest {
    /// About whom.
    pub subject: HolderRequest,
    /// The code of the item that it serves, unless the header Licet-Item has it.
    pub item: Option<String>,
    /// The number of the case, unless the header Licet-Case has it.
    pub case: Option<String>,
    /// The purpose, unless the header Licet-Purpose has it.
    pub purpose: Option<String>,
    /// The person who asks, by a pseudonym, unless the header Licet-Operator has it.
    pub operator: Option<String>,
    /// Which resources: a list of codes, or `item` for everything that the item needs. When absent: what states the attributes, or
    /// else what the item needs.
    pub resources: Option<ResourcesRequest>,
    /// The fields that are wanted of a resource, by its code; every granted one where none are named.
    #[serde(default)]
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// Attributes, such as `person.name`: the fields that state them are wanted.
    #[serde(default)]
    pub attributes: BTreeSet<String>,
    /// Whether use codes are made for the licences that come.
    #[serde(default = "yes")]
    pub use_codes: bool,
}

/// What is so unless it is said otherwise.
pub(super) const fn yes() -> bool {
    true
}

/// `POST /v1/lookups`
///
/// # Errors
/// [`crate::http::Code::BadContent`], [`crate::http::Code::NotGranted`], [`crate::http::Code::ItemNotFound`],
/// [`crate::http::Code::Overloaded`].
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apart(&app, &request, answer(Arc::clone(&app), request.clone())).await
}

async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let asked: LookUpRequest = request.json()?;
    let wants_events = accepts(&request.headers, EVENTS);
    let (order, plan, held) = plan(&app, &request, asked).await?;
    if wants_events {
        return look_up_stream::answer(&app, &request, (order, plan), held).await;
    }
    let findings = Underway::begin(&app, plan, order.deadline.until).all(&app).await;
    let mut ended = Ended::new(&app, findings, request.arrived).await?;
    ended.record(&app, &request).await?;
    supervised::answered(&app, "look-up", ended.status, (&order, request.arrived));
    drop(held);
    Ok(Answer::json(StatusCode::OK, &view(&ended, &order)))
}

/// Everything before the first source is asked.
async fn plan(app: &Arc<App>, request: &Request, asked: LookUpRequest) -> Result<(Order, Plan, Held), Problem> {
    let LookUpRequest { subject: number, item, case, purpose, operator, resources, fields, attributes: names, use_codes } = asked;
    let subject = subject(&number, request.now)?;
    request.trail.note(|draft| draft.holders.push(subject.clone()));
    let order = Order::read(app, request, Said { item, case, purpose, operator }, Class::Interactive)?;
    let held = app.places.take(&request.caller.name, order.class, 1)?;
    let catalogue = app.catalogues.current();
    let granted = granted(app, &order);
    let granted = granted.iter().map(String::as_str).collect();
    let wanted = Wish { resources, fields, attributes: names }.resolve(&catalogue, &order.item, &granted)?;
    let intent = Intent { catalogue: &catalogue, order: &order, subject, wanted, mode: Mode::Tell, use_codes };
    let plan = Plan::make(app, request, intent).await?;
    Ok((order, plan, held))
}

/// The answer, once it is on record.
pub(super) fn view(ended: &Ended, order: &Order) -> LookUpAnswer {
    let findings = &ended.findings;
    LookUpAnswer {
        status: ended.status,
        as_of: order.now,
        catalogue_version: findings.plan.catalogue.version,
        deadline_ms: order.deadline.ms,
        took_ms: ended.took_ms,
        missing: missing(findings),
        sources: findings.all().map(|finding| SourceView::new(&finding, findings, &ended.licences)).collect(),
        attributes: attributes(findings),
    }
}
