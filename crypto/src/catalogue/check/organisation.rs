//! What must hold of an organisation.

use std::collections::BTreeSet;

use super::place::Place;
use crate::catalogue::{Catalogue, Organisation, Rule};
use crate::licence::number::uscc;

/// The longest name of whatever is in a catalogue, in characters.
pub(super) const NAME_MAX: usize = 200;

pub(super) fn check(organisation: &Organisation, catalogue: &Catalogue, place: &mut Place<'_>) {
    place.demand(uscc(&organisation.code).is_ok(), "code", Rule::SocialCreditCode);
    place.text("name", &organisation.name, NAME_MAX);
    place.area(organisation.area.as_ref());
    let Some(parent) = &organisation.parent else { return };
    match catalogue.organisation(parent) {
        None => place.demand(false, "parent", Rule::UnknownOrganisation),
        // A bureau of the city is of the level of the city itself.
        Some(above) => place.demand(above.level <= organisation.level, "parent", Rule::LevelOrder),
    }
    place.demand(!stands_above_itself(organisation, catalogue), "parent", Rule::Circle);
}

fn stands_above_itself(organisation: &Organisation, catalogue: &Catalogue) -> bool {
    let mut seen = BTreeSet::new();
    let mut above = organisation.parent.as_deref();
    // A circle that it only leads to is the fault of those in it.
    while let Some(code) = above.filter(|code| seen.insert(*code)) {
        if code == organisation.code {
            return true;
        }
        above = catalogue.organisation(code).and_then(|found| found.parent.as_deref());
    }
    false
}
