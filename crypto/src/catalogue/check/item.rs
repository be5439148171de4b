//! What must hold of an item and its materials.

use std::collections::BTreeSet;

use super::organisation::NAME_MAX;
use super::place::Place;
use super::shape;
use crate::catalogue::{Catalogue, Item, Material, Rule, ShareClass};

/// The most materials of an item.
const MATERIALS_MAX: usize = 256;
/// The most types of licences, and the most resources, that take the place of a material.
const BINDINGS_MAX: usize = 64;

pub(super) fn check(item: &Item, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(shape::is_word(&item.code), "code", Rule::CodeShape);
    place.text("name", &item.name, NAME_MAX);
    place.demand(catalogue.organisation(&item.organisation).is_some(), "organisation", Rule::UnknownOrganisation);
    place.demand(item.materials.len() <= MATERIALS_MAX, "materials", Rule::TooMany);
    let mut codes = BTreeSet::new();
    for (index, material) in item.materials.iter().take(MATERIALS_MAX).enumerate() {
        let at = format!("materials[{index}]");
        place.demand(codes.insert(&material.code), &format!("{at}.code"), Rule::Repeated);
        self::material(&at, material, catalogue, place);
    }
}

fn material(at: &str, material: &Material, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(shape::is_word(&material.code), &format!("{at}.code"), Rule::CodeShape);
    place.text(&format!("{at}.name"), &material.name, NAME_MAX);
    let is_type = |code: &str| catalogue.licence_type(code).is_some();
    let types = format!("{at}.licence_types");
    place.references(&types, material.licence_types.iter(), BINDINGS_MAX, (is_type, Rule::UnknownLicenceType));
    let is_resource = |code: &str| catalogue.resource(code).is_some();
    let resources = format!("{at}.resources");
    place.references(&resources, material.resources.iter(), BINDINGS_MAX, (is_resource, Rule::UnknownResource));
    for (index, code) in material.resources.iter().take(BINDINGS_MAX).enumerate() {
        let is_shared = catalogue.resource(code).is_none_or(|resource| resource.share != ShareClass::Never);
        place.demand(is_shared, &format!("{resources}[{index}]"), Rule::NeverShared);
    }
}
