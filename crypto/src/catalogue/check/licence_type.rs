//! What must hold of a type of licence.

use super::organisation::NAME_MAX;
use super::place::Place;
use super::shape;
use crate::catalogue::{Catalogue, LicenceType, Rule};

/// The most items of a type of licence.
const ITEMS_MAX: usize = 1024;

pub(super) fn check(licence_type: &LicenceType, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(shape::is_licence_type(&licence_type.code), "code", Rule::CodeShape);
    place.text("name", &licence_type.name, NAME_MAX);
    place.demand(catalogue.organisation(&licence_type.authority).is_some(), "authority", Rule::UnknownOrganisation);
    place.text("authority_name", &licence_type.authority_name, NAME_MAX);
    place.optional_text("validity", licence_type.validity.as_ref(), NAME_MAX);
    place.optional_text("issuing_level", licence_type.issuing_level.as_ref(), NAME_MAX);
    place.optional_text("template", licence_type.template.as_ref(), NAME_MAX);
    place.area(licence_type.area.as_ref());
    let is_known = |code: &str| catalogue.item(code).is_some();
    place.references("items", licence_type.items.iter(), ITEMS_MAX, (is_known, Rule::UnknownItem));
}
