//! 免证办: which materials of an item are on record already, so that nobody has to bring them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::catalogue::{Catalogue, Material};
use crypto::grants::{Denial, Mode};
use crypto::licence::Status;
use crypto::time::Timestamp;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::HolderRequest;
use crate::app::App;
use crate::broker::{Class, State};
use crate::http::{Answer, Problem, Request};
use crate::lookup::findings::Finding;
use crate::lookup::licences::LicenceSummary;
use crate::lookup::order::{Order, subject};
use crate::lookup::plan::{Intent, Plan, granted, tally};
use crate::lookup::said::Said;
use crate::lookup::supervised;
use crate::lookup::underway::{Ended, Underway, apart};
use crate::lookup::view::{Completeness, DisputeView, Missing, disputes, lacking};
use crate::lookup::wish::{Needed, ResourcesRequest, Wish, bound, item_of};

/// Which materials of an item are on record?
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaterialsRequest {
    /// About whom.
    pub subject: HolderRequest,
    /// The code of the item, unless the header Licet-Item has it.
    pub item: Option<String>,
    /// The number of the case, unless the header Licet-Case has it.
    pub case: Option<String>,
    /// The purpose, unless the header Licet-Purpose has it.
    pub purpose: Option<String>,
    /// The person who asks, by a pseudonym, unless the header Licet-Operator has it.
    pub operator: Option<String>,
}

/// Which materials of an item are on record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MaterialsAnswer {
    /// Whether every source has spoken, and everybody who could have a material could be asked.
    pub status: Completeness,
    /// When it was asked.
    pub as_of: Timestamp,
    /// The version of the catalogue that it was given by.
    pub catalogue_version: u64,
    /// The item, by its code.
    pub item: String,
    /// Its name.
    pub name: String,
    /// Within how many milliseconds it was to be given.
    pub deadline_ms: u32,
    /// How many milliseconds it took.
    pub took_ms: u64,
    /// The materials, in the order of the item.
    pub materials: Vec<MaterialView>,
}

/// A material of an item, and what is on record that takes its place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MaterialView {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether the matter cannot do without it.
    pub required: bool,
    /// Whether it is on record.
    pub state: MaterialState,
    /// Licences of its types; of those that are not in force the state alone is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<LicenceSummary>,
    /// Resources with a record that takes its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Evidence>,
    /// Sources that did not answer, and by when they would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<Missing>,
    /// Why what it is bound to may not be asked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub denied: BTreeSet<&'static str>,
}

/// A resource with a record that takes the place of a material.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// The resource.
    pub resource: String,
    /// The organisation that provides it.
    pub provider: String,
    /// As of when.
    pub as_of: Timestamp,
    /// Whether the source does not answer, and this is from what it said before.
    pub stale: bool,
    /// Whether somebody has objected to it, and the objection is open.
    pub disputed: bool,
    /// The objections that are open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<DisputeView>,
}

/// Whether a material is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MaterialState {
    /// It is on record.
    Available,
    /// Nobody can be asked for it by a number of this kind.
    NotApplicable,
    /// Everybody who could have it was asked and has nothing that is in force.
    NotFound,
    /// Somebody who could have it has not answered.
    Silent,
    /// Somebody who could have it may not be asked.
    Denied,
    /// Nothing on record takes its place: it has to be brought.
    NotElectronic,
}

impl MaterialState {
    const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::NotApplicable => "not-applicable",
            Self::NotFound => "not-found",
            Self::Silent => "silent",
            Self::Denied => "denied",
            Self::NotElectronic => "not-electronic",
        }
    }
}

/// `POST /v1/materials`
///
/// # Errors
/// [`crate::http::Code::BadContent`], [`crate::http::Code::NotGranted`], [`crate::http::Code::ItemNotFound`],
/// [`crate::http::Code::Overloaded`].
pub async fn post(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    apart(&app, &request, answer(Arc::clone(&app), request.clone())).await
}

async fn answer(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let MaterialsRequest { subject: number, item, case, purpose, operator } = request.json()?;
    let subject = subject(&number, request.now)?;
    request.trail.note(|draft| draft.holders.push(subject.clone()));
    let order = Order::read(&app, &request, Said { item, case, purpose, operator }, Class::Interactive)?;
    let _held = app.places.take(&request.caller.name, order.class, 1)?;
    let catalogue = app.catalogues.current();
    let granted = granted(&app, &order);
    let granted = granted.iter().map(String::as_str).collect();
    let needed = Wish { resources: Some(ResourcesRequest::Needed(Needed::Item)), ..Wish::default() };
    let wanted = needed.resolve(&catalogue, &order.item, &granted)?;
    let intent = Intent { catalogue: &catalogue, order: &order, subject, wanted, mode: Mode::Tell, use_codes: true };
    let plan = Plan::make(&app, &request, intent).await?;
    let findings = Underway::begin(&app, plan, order.deadline.until).all(&app).await;
    let mut ended = Ended::new(&app, findings, request.arrived).await?;
    let item = item_of(&catalogue, &order.item)?;
    let materials: Vec<_> = item.materials.iter().map(|material| view(&catalogue, material, &ended)).collect();
    if materials.iter().any(|material| matches!(material.state, MaterialState::Denied | MaterialState::NotApplicable)) {
        ended.status = Completeness::Partial;
    }
    request.trail.detail("materials", json!(tally(materials.iter().map(|material| material.state.name()))));
    ended.record(&app, &request).await?;
    supervised::answered(&app, "materials", ended.status, (&order, request.arrived));
    let answer = MaterialsAnswer {
        status: ended.status,
        as_of: order.now,
        catalogue_version: catalogue.version,
        item: item.code.clone(),
        name: item.name.clone(),
        deadline_ms: order.deadline.ms,
        took_ms: ended.took_ms,
        materials,
    };
    Ok(Answer::json(StatusCode::OK, &answer))
}

/// What is on record that takes the place of a material.
fn view(catalogue: &Catalogue, material: &Material, ended: &Ended) -> MaterialView {
    let mut view = MaterialView {
        code: material.code.clone(),
        name: material.name.clone(),
        required: material.required,
        state: MaterialState::NotElectronic,
        licences: Vec::new(),
        resources: Vec::new(),
        silent: Vec::new(),
        denied: BTreeSet::new(),
    };
    let codes: BTreeSet<_> = bound(catalogue, material).collect();
    let kind = ended.findings.plan.subject.code_type();
    let is_for = |code: &&&str| catalogue.resource(code).is_none_or(|resource| resource.subjects.contains(&kind));
    for code in codes.iter().filter(is_for) {
        match ended.findings.of(code) {
            // What the caller has no grant of was not even planned.
            None => drop(view.denied.insert(Denial::NotGranted.name())),
            Some(finding) => add(&mut view, &finding, ended),
        }
    }
    view.state = match (codes.is_empty(), codes.iter().any(|code| is_for(&code))) {
        (true, _) => MaterialState::NotElectronic,
        (false, false) => MaterialState::NotApplicable,
        (false, true) => state(&view),
    };
    view
}

fn add(view: &mut MaterialView, finding: &Finding<'_>, ended: &Ended) {
    if let Some(denial) = finding.denial() {
        view.denied.insert(denial.name());
        return;
    }
    let licences = finding.rows().iter().filter_map(|row| row.licence.as_ref());
    view.licences.extend(licences.filter_map(|licence| ended.licences.summary(finding.place, licence)).cloned());
    let is_record = finding.rows().iter().any(|row| row.licence.is_none());
    let reply = finding.outcome.and_then(|outcome| Some((outcome.state, outcome.reply.as_ref()?)));
    if let (true, Some((state, reply)), Some(resource)) = (is_record, reply, &finding.asked.resource) {
        let disputes = disputes(finding, &ended.findings);
        view.resources.push(Evidence {
            resource: finding.asked.code.clone(),
            provider: resource.provider.clone(),
            as_of: reply.as_of,
            stale: state == State::Stale,
            disputed: !disputes.is_empty(),
            disputes,
        });
    }
    if finding.is_missing() {
        view.silent.push(lacking(finding));
    }
}

/// One thing that is there is enough. That nothing is there is said only when everybody was asked and has answered.
fn state(view: &MaterialView) -> MaterialState {
    let is_in_force = view.licences.iter().any(|licence| licence.status == Some(Status::Valid));
    if is_in_force || !view.resources.is_empty() {
        MaterialState::Available
    } else if !view.silent.is_empty() {
        MaterialState::Silent
    } else if !view.denied.is_empty() {
        MaterialState::Denied
    } else {
        MaterialState::NotFound
    }
}
