//! What must hold of a resource.

use std::collections::BTreeSet;

use super::organisation::NAME_MAX;
use super::place::{Faults, Place};
use super::shape;
use crate::catalogue::{Catalogue, Entry, Field, Resource, Rule, ShareClass, Sla};

/// The most fields of a resource.
const FIELDS_MAX: usize = 256;
/// The most resources that belong to one.
const RELATED_MAX: usize = 256;
/// The longest sentence, in characters.
pub(super) const SENTENCE_MAX: usize = 1000;
/// The longest promise, in milliseconds: what takes longer than a minute answers nobody who waits.
const LATENCY_MS_MAX: u32 = 60_000;

pub(super) fn check(resource: &Resource, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(shape::is_resource(&resource.code), "code", Rule::CodeShape);
    place.text("name", &resource.name, NAME_MAX);
    place.optional_text("summary", resource.summary.as_ref(), SENTENCE_MAX);
    place.demand(catalogue.organisation(&resource.provider).is_some(), "provider", Rule::UnknownOrganisation);
    let needs_condition = resource.share != ShareClass::Unconditional;
    place.demand(!needs_condition || resource.condition.is_some(), "condition", Rule::ConditionMissing);
    place.optional_text("condition", resource.condition.as_ref(), SENTENCE_MAX);
    place.text("legal_basis", &resource.legal_basis, SENTENCE_MAX);
    subjects(resource, place);
    fields(&resource.fields, place);
    sla(resource.sla, place);
    place.demand(resource.licence_type.is_some() != resource.source.is_some(), "source", Rule::SourceOrType);
    if let Some(licence_type) = &resource.licence_type {
        place.demand(catalogue.licence_type(licence_type).is_some(), "licence_type", Rule::UnknownLicenceType);
    }
    if let Some(source) = &resource.source {
        place.demand(shape::is_name(source), "source", Rule::FieldName);
    }
    place.demand(!resource.related.contains(&resource.code), "related", Rule::RelatedToItself);
    let is_known = |code: &str| catalogue.resource(code).is_some();
    place.references("related", resource.related.iter(), RELATED_MAX, (is_known, Rule::UnknownResource));
}

fn subjects(resource: &Resource, place: &mut Place<'_>) {
    place.demand(!resource.subjects.is_empty(), "subjects", Rule::Empty);
    for (index, subject) in resource.subjects.iter().enumerate() {
        let is_new = !resource.subjects.iter().take(index).any(|earlier| earlier == subject);
        if !is_new {
            // There are only so many kinds of numbers: one more repetition says nothing new.
            return place.demand(false, &format!("subjects[{index}]"), Rule::Repeated);
        }
    }
}

fn fields(fields: &[Field], place: &mut Place<'_>) {
    place.demand(!fields.is_empty(), "fields", Rule::Empty);
    place.demand(fields.len() <= FIELDS_MAX, "fields", Rule::TooMany);
    let mut names = BTreeSet::new();
    for (index, field) in fields.iter().take(FIELDS_MAX).enumerate() {
        let at = |name: &str| format!("fields[{index}].{name}");
        place.demand(shape::is_name(&field.name), &at("name"), Rule::FieldName);
        place.demand(names.insert(&field.name), &at("name"), Rule::Repeated);
        place.text(&at("title"), &field.title, NAME_MAX);
        let is_name = field.attribute.as_ref().is_none_or(|attribute| shape::is_name(attribute));
        place.demand(is_name, &at("attribute"), Rule::FieldName);
        place.demand(!field.authoritative || field.attribute.is_some(), &at("authoritative"), Rule::AuthorityOfNothing);
    }
}

fn sla(sla: Sla, place: &mut Place<'_>) {
    place.demand((1..=LATENCY_MS_MAX).contains(&sla.latency_ms), "sla.latency_ms", Rule::OutOfRange);
    place.demand(sla.slow_permille_max <= 1000, "sla.slow_permille_max", Rule::OutOfRange);
    place.demand(sla.error_permille_max <= 1000, "sla.error_permille_max", Rule::OutOfRange);
}

/// One field of all that have an attribute is where it comes from (一数一源), at most.
pub(super) fn one_authority(catalogue: &Catalogue, faults: &mut Faults) {
    let mut attributes = BTreeSet::new();
    for entry in catalogue.entries() {
        let Entry::Resource(resource) = entry else { continue };
        for (index, field) in resource.fields.iter().enumerate().filter(|(_, field)| field.authoritative) {
            if field.attribute.as_ref().is_some_and(|attribute| !attributes.insert(attribute)) {
                faults.add(&entry.key(), &format!("fields[{index}].authoritative"), Rule::AuthorityTwice);
            }
        }
    }
}
