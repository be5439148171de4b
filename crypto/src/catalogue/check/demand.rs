//! What must hold of a demand.

use super::organisation::NAME_MAX;
use super::place::Place;
use super::resource::SENTENCE_MAX;
use super::shape;
use crate::catalogue::{Catalogue, Demand, DemandState, Rule};

/// The most fields that are wanted, and the most items that they are wanted for.
const WANTED_MAX: usize = 256;

pub(super) fn check(demand: &Demand, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(shape::is_word(&demand.code), "code", Rule::CodeShape);
    place.demand(catalogue.organisation(&demand.organisation).is_some(), "organisation", Rule::UnknownOrganisation);
    let provider = demand.provider.as_deref();
    place.demand(provider.is_none_or(|code| catalogue.organisation(code).is_some()), "provider", Rule::UnknownOrganisation);
    place.text("name", &demand.name, NAME_MAX);
    place.demand(demand.fields.len() <= WANTED_MAX, "fields", Rule::TooMany);
    for (index, field) in demand.fields.iter().take(WANTED_MAX).enumerate() {
        place.text(&format!("fields[{index}]"), field, NAME_MAX);
    }
    let is_known = |code: &str| catalogue.item(code).is_some();
    place.references("items", demand.items.iter(), WANTED_MAX, (is_known, Rule::UnknownItem));
    place.text("legal_basis", &demand.legal_basis, SENTENCE_MAX);
    place.optional_text("reason", demand.reason.as_ref(), SENTENCE_MAX);
    answer(demand, catalogue, place);
}

fn answer(demand: &Demand, catalogue: &Catalogue, place: &mut Place<'_>) {
    match (demand.state, &demand.resource) {
        (DemandState::Answered, None) => place.demand(false, "resource", Rule::AnswerMissing),
        (DemandState::Answered, Some(code)) => {
            place.demand(catalogue.resource(code).is_some(), "resource", Rule::UnknownResource);
        }
        (DemandState::Open | DemandState::Declined, Some(_)) => place.demand(false, "resource", Rule::NotAnswered),
        (DemandState::Open, None) => {}
        (DemandState::Declined, None) => place.demand(demand.reason.is_some(), "reason", Rule::ReasonMissing),
    }
}
