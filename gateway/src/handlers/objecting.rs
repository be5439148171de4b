//! Who may object: a holder through a portal, who is there in person, and whoever has a grant of what it is against, or answers for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::catalogue::Catalogue;
use crypto::identity::Refusal;
use crypto::licence::{HolderNumber, Identifier, Record};
use crypto::objection::FiledFor;

use super::own::today_in_china;
use crate::app::App;
use crate::auth::Role;
use crate::authority::{self, Sought, Token};
use crate::http::{Code, Problem, Request};

/// Demands that the caller may object to a licence, and gives back the token by which it may, where that takes one. Without the licence
/// there are no holders: the refusal does not tell whether it is on record.
///
/// # Errors
/// [`Code::NotGranted`], [`Code::TokenRefused`].
pub(super) async fn demand_licence(
    app: &Arc<App>,
    request: &Request,
    (licence, record): (&Identifier, Option<&Record>),
    filed_for: FiledFor,
) -> Result<Option<Token>, Problem> {
    let catalogue = app.catalogues.current();
    let codes: BTreeSet<&str> = catalogue.resources_of_type(licence.type_code()).map(|resource| resource.code.as_str()).collect();
    let is_own = licence.issuer() == request.caller.organisation;
    if is_office(app, request, is_own, |code| codes.contains(code)) {
        return Ok(None);
    }
    let today = today_in_china(request.now);
    let holders = record.into_iter().flat_map(|record| &record.metadata.holders);
    let subjects = holders.filter_map(|holder| holder.number(today).ok()).collect();
    demand_holder(app, request, subjects, filed_for).await.map(Some)
}

/// The same for what a resource says of somebody.
///
/// # Errors
/// [`Code::NotGranted`], [`Code::TokenRefused`].
pub(super) async fn demand_resource(
    app: &Arc<App>,
    request: &Request,
    (number, resource): (&HolderNumber, &str),
    filed_for: FiledFor,
) -> Result<Option<Token>, Problem> {
    let is_own = provides(&app.catalogues.current(), resource, &request.caller.organisation);
    if is_office(app, request, is_own, |code| code == resource) {
        return Ok(None);
    }
    demand_holder(app, request, vec![number.clone()], filed_for).await.map(Some)
}

fn provides(catalogue: &Catalogue, resource: &str, organisation: &str) -> bool {
    catalogue.resource(resource).is_some_and(|found| found.provider == organisation)
}

/// Whether an office asks that has to do with it: the department whose own it is, or one with a grant of such a resource.
fn is_office(app: &App, request: &Request, is_own: bool, is_it: impl Fn(&str) -> bool) -> bool {
    let caller = &request.caller;
    let grants = app.rights.of_caller(&caller.name, request.now);
    // A name of the configuration may have come to speak for another organisation since.
    let mut granted = grants.iter().filter(|grant| grant.consumer.organisation == caller.organisation);
    (caller.is(Role::Issuer) && is_own) || granted.any(|grant| is_it(&grant.resource))
}

/// Demands a token of one of these holders in person, from a portal that files in their name.
async fn demand_holder(
    app: &Arc<App>,
    request: &Request,
    subjects: Vec<HolderNumber>,
    filed_for: FiledFor,
) -> Result<Token, Problem> {
    if filed_for != FiledFor::Holder || !request.caller.is(Role::Portal) {
        return Err(Code::NotGranted.into());
    }
    let sought = Sought { subjects, in_person: true, item: None, resources: BTreeSet::new() };
    let token = authority::token(app, request, sought).await?;
    let token = token.ok_or_else(|| authority::refused(request, Refusal::Missing))?;
    request.trail.detail("authority", token.authority().name());
    Ok(token)
}
