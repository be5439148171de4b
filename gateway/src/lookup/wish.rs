//! Which resources a look-up asks, and for which fields, before anybody has said whether it may.

use std::collections::{BTreeMap, BTreeSet};

use crypto::catalogue::{Catalogue, Item, Material, Resource};
use schemars::JsonSchema;
use serde::Deserialize;

use super::said::malformed;
use crate::http::{Code, Problem};

/// Most resources of one look-up.
pub const RESOURCES_MAX: usize = 64;
/// Most fields that are named of one resource, and attributes of one look-up.
const NAMES_MAX: usize = 256;

/// Which resources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ResourcesRequest {
    /// Everything that the item needs.
    Needed(Needed),
    /// These, by their codes.
    These(#[schemars(length(min = 1, max = 64))] Vec<String>),
}

/// Everything that the item needs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Needed {
    /// What the materials of the item are bound to, as far as the caller has grants of it.
    Item,
}

/// What a look-up wants to know.
#[derive(Debug, Default)]
pub struct Wish {
    /// Which resources; what the item needs, or what states the attributes, when absent.
    pub resources: Option<ResourcesRequest>,
    /// The fields that are wanted of a resource; every granted one where none are named.
    pub fields: BTreeMap<String, BTreeSet<String>>,
    /// Attributes: the fields that state them are wanted.
    pub attributes: BTreeSet<String>,
}

/// A resource that is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its code.
    pub code: String,
    /// The fields that are wanted; every granted one when empty.
    pub fields: BTreeSet<String>,
    /// Whether the caller named it: then it is told when it may not ask it.
    pub is_named: bool,
}

impl Wish {
    /// The resources to ask, each once, by their codes. `granted` are those that the caller has any grant of.
    ///
    /// # Errors
    /// [`Code::BadContent`] when a part contradicts another or is too long, [`Code::ItemNotFound`], [`Code::NotGranted`] when there
    /// is something to ask and the caller has a grant of none of it.
    pub fn resolve(&self, catalogue: &Catalogue, item: &str, granted: &BTreeSet<&str>) -> Result<Vec<Wanted>, Problem> {
        self.check()?;
        let (codes, is_named): (BTreeSet<&str>, bool) = match &self.resources {
            Some(ResourcesRequest::These(codes)) => (codes.iter().map(String::as_str).collect(), true),
            None if !self.attributes.is_empty() => {
                let states = |resource: &&Resource| resource.fields.iter().any(|field| self.has_attribute(field));
                let stating = catalogue.resources().filter(states).map(|resource| resource.code.as_str());
                (granted_of(stating, granted)?, false)
            }
            Some(ResourcesRequest::Needed(Needed::Item)) | None => {
                let needed = item_of(catalogue, item)?.materials.iter().flat_map(|material| bound(catalogue, material));
                (granted_of(needed, granted)?, false)
            }
        };
        if codes.len() > RESOURCES_MAX {
            return Err(malformed("resources"));
        }
        if is_named && self.fields.keys().any(|code| !codes.contains(code.as_str())) {
            return Err(malformed("fields"));
        }
        Ok(codes.into_iter().filter_map(|code| self.wanted(catalogue, code, is_named)).collect())
    }

    fn check(&self) -> Result<(), Problem> {
        match &self.resources {
            Some(ResourcesRequest::These(codes)) if codes.is_empty() || codes.len() > RESOURCES_MAX => {
                return Err(malformed("resources"));
            }
            _ => {}
        }
        let is_good = |names: &BTreeSet<String>| (1..=NAMES_MAX).contains(&names.len());
        if self.fields.len() > RESOURCES_MAX || !self.fields.values().all(is_good) {
            return Err(malformed("fields"));
        }
        if self.attributes.len() > NAMES_MAX { Err(malformed("attributes")) } else { Ok(()) }
    }

    fn has_attribute(&self, field: &crypto::catalogue::Field) -> bool {
        field.attribute.as_ref().is_some_and(|attribute| self.attributes.contains(attribute))
    }

    /// Nothing where attributes are wanted that the resource does not state: an empty list of fields would mean all of them.
    fn wanted(&self, catalogue: &Catalogue, code: &str, is_named: bool) -> Option<Wanted> {
        let mut fields = self.fields.get(code).cloned().unwrap_or_default();
        if !self.attributes.is_empty() {
            let resource = catalogue.resource(code);
            let stating = resource.iter().flat_map(|resource| &resource.fields).filter(|field| self.has_attribute(field));
            fields.extend(stating.map(|field| field.name.clone()));
            if fields.is_empty() && resource.is_some() {
                return None;
            }
        }
        Some(Wanted { code: code.to_owned(), fields, is_named })
    }
}

/// Those of which the caller has any grant.
fn granted_of<'a>(codes: impl Iterator<Item = &'a str>, granted: &BTreeSet<&str>) -> Result<BTreeSet<&'a str>, Problem> {
    let all: BTreeSet<_> = codes.collect();
    let mine: BTreeSet<_> = all.iter().copied().filter(|code| granted.contains(code)).collect();
    if mine.is_empty() && !all.is_empty() { Err(Code::NotGranted.into()) } else { Ok(mine) }
}

/// The item with this code.
///
/// # Errors
/// [`Code::ItemNotFound`].
pub fn item_of<'a>(catalogue: &'a Catalogue, code: &str) -> Result<&'a Item, Problem> {
    catalogue.item(code).ok_or_else(|| Code::ItemNotFound.into())
}

/// The resources of which one takes the place of a material: those of its types of licences first, then those that it names.
pub fn bound<'a>(catalogue: &'a Catalogue, material: &'a Material) -> impl Iterator<Item = &'a str> {
    let of_types = material.licence_types.iter().flat_map(|kind| catalogue.resources_of_type(kind));
    of_types.map(|resource| resource.code.as_str()).chain(material.resources.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::testing::catalogue;

    fn codes(wish: &Wish, granted: &[&str]) -> Vec<(String, Vec<String>, bool)> {
        let granted = granted.iter().copied().collect();
        let all = wish.resolve(&catalogue(), "item-1", &granted).unwrap();
        all.into_iter().map(|wanted| (wanted.code, wanted.fields.into_iter().collect(), wanted.is_named)).collect()
    }

    fn named(codes: &[&str]) -> Wish {
        let resources = ResourcesRequest::These(codes.iter().map(|code| (*code).to_owned()).collect());
        Wish { resources: Some(resources), ..Wish::default() }
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_the_item_needs_is_what_its_materials_are_bound_to_and_the_caller_has_grants_of() {
        let needed = Wish { resources: Some(ResourcesRequest::Needed(Needed::Item)), ..Wish::default() };
        let all = ["civil/1", "licences/1", "people/1", "tax/1"];
        let found = codes(&needed, &all);
        assert_eq!(found.iter().map(|(code, ..)| code.as_str()).collect::<Vec<_>>(), ["licences/1", "people/1"]);
        assert!(found.iter().all(|(_, fields, is_named)| fields.is_empty() && !is_named));
        assert_eq!(codes(&Wish::default(), &["people/1"]), [("people/1".to_owned(), Vec::new(), false)]);
        let foreign = needed.resolve(&catalogue(), "item-1", &["tax/1"].into());
        assert_eq!(foreign.unwrap_err().code(), Code::NotGranted);
        let unknown = needed.resolve(&catalogue(), "item-9", &BTreeSet::new());
        assert_eq!(unknown.unwrap_err().code(), Code::ItemNotFound);
    }

    #[test]
    fn attributes_are_asked_of_whoever_states_them() {
        let wish = Wish { attributes: names(&["person.name"]), ..Wish::default() };
        let found = codes(&wish, &["people/1", "civil/1", "licences/1"]);
        let expected = [("civil/1", "person"), ("people/1", "name")];
        assert_eq!(found, expected.map(|(code, field)| (code.to_owned(), vec![field.to_owned()], false)));
        // A resource that states none of them is not asked for everything.
        let both = Wish { attributes: names(&["person.name"]), ..named(&["people/1", "tax/1"]) };
        assert_eq!(codes(&both, &[]), [("people/1".to_owned(), vec!["name".to_owned()], true)]);
    }

    #[test]
    fn contradictions_and_excess_are_refused() {
        let refused = |wish: Wish| wish.resolve(&catalogue(), "item-1", &BTreeSet::new()).unwrap_err().code();
        let fields = [("tax/1".to_owned(), names(&["a"]))];
        assert_eq!(refused(Wish { fields: fields.into(), ..named(&["people/1"]) }), Code::BadContent);
        assert_eq!(
            refused(Wish { fields: [("people/1".to_owned(), names(&[]))].into(), ..named(&["people/1"]) }),
            Code::BadContent
        );
        assert_eq!(refused(named(&[])), Code::BadContent);
        let many: Vec<_> = (0..65).map(|n| format!("r/{n}")).collect();
        assert_eq!(refused(named(&many.iter().map(String::as_str).collect::<Vec<_>>())), Code::BadContent);
        // One that is named twice is asked once.
        assert_eq!(codes(&named(&["tax/1", "tax/1"]), &[]).len(), 1);
    }
}
