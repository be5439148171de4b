//! A question held against the grants: denied unless one allows it, and then only what was both asked for and granted.

use std::collections::BTreeSet;

use super::ask::{Ask, Denial, Mode, Permit};
use super::grant::Grant;
use crate::catalogue::{Catalogue, Resource, ShareClass, ShareMethod};

/// What the best of these grants allows of a question: the one that gives most fields, and of equals the one whose identifier comes
/// first.
///
/// # Errors
/// The most specific [`Denial`] that any of them came to.
pub fn decide<'a>(grants: impl IntoIterator<Item = &'a Grant>, catalogue: &Catalogue, ask: &Ask<'_>) -> Result<Permit, Denial> {
    let permits = permits(grants, catalogue, ask)?;
    permits.into_iter().next().ok_or(Denial::NotGranted)
}

/// What each of these grants that allows a question allows of it, the best first.
///
/// # Errors
/// The most specific [`Denial`] that any of them came to, when none allows it.
pub fn permits<'a>(
    grants: impl IntoIterator<Item = &'a Grant>,
    catalogue: &Catalogue,
    ask: &Ask<'_>,
) -> Result<Vec<Permit>, Denial> {
    let is_shared = |resource: &&Resource| resource.share != ShareClass::Never;
    let resource = catalogue.resource(ask.resource).filter(is_shared).ok_or(Denial::NotGranted)?;
    let (mut permits, mut denial) = (Vec::new(), Denial::NotGranted);
    for grant in grants {
        match permit(grant, resource, ask) {
            Ok(permit) => permits.push(permit),
            Err(why) => denial = denial.max(why),
        }
    }
    permits.sort_by(|one, other| other.fields.len().cmp(&one.fields.len()).then_with(|| one.grant.cmp(&other.grant)));
    if permits.is_empty() { Err(denial) } else { Ok(permits) }
}

/// What one grant allows.
fn permit(grant: &Grant, resource: &Resource, ask: &Ask<'_>) -> Result<Permit, Denial> {
    let is_callers = (grant.consumer.caller.as_str(), grant.consumer.organisation.as_str()) == (ask.caller, ask.organisation);
    let is_for_purpose = grant.purposes.is_empty() || ask.purpose.is_some_and(|purpose| grant.purposes.contains(purpose));
    let fields = fields(grant, resource, ask);
    let demands = [
        (is_callers && grant.resource == ask.resource, Denial::NotGranted),
        // A withdrawn grant allows nothing, not even to a question that came in before.
        // Nor does one for what has come to another provider: that one never granted it.
        (grant.withdrawn.is_none() && grant.is_in_force(ask.at) && grant.provider == resource.provider, Denial::NotInForce),
        (grant.items.contains(ask.item), Denial::Item),
        (is_for_purpose, Denial::Purpose),
        (!fields.is_empty(), Denial::Fields),
        // Last: where nothing else is missing, a token of the holder would do.
        (grant.authorities.contains(&ask.authority), Denial::Authority),
    ];
    for (is_met, denial) in demands {
        if !is_met {
            return Err(denial);
        }
    }
    Ok(Permit { grant: grant.id.clone(), fields, stale_s_max: grant.stale_s_max })
}

/// The fields that are wanted, granted, and still those of the resource.
fn fields(grant: &Grant, resource: &Resource, ask: &Ask<'_>) -> BTreeSet<String> {
    let is_granted = |name: &String| match ask.mode {
        // What is shared by comparison is never told, whatever an old grant says.
        Mode::Tell => resource.method == ShareMethod::Interface && grant.fields.contains(name),
        Mode::Compare => grant.fields.contains(name) || grant.compared.contains(name),
    };
    let is_wanted = |name: &String| ask.fields.is_empty() || ask.fields.contains(name);
    let names = resource.fields.iter().map(|field| &field.name);
    names.filter(|name| is_granted(name) && is_wanted(name)).cloned().collect()
}
