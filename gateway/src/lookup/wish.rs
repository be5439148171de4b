//! Which resources a look-up asks, and for which fields, before anybody has said whether it may.

use std::collections::{BTreeMap, BTreeSet};

use crypto::catalogue::{Catalogue, Item, Material, Resource};
use crypto::grants::Denial;
use schemars::JsonSchema;
use serde::Deserialize;

use super::said::unknown;
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
    /// Whether the caller named it: then the answer lacks it when nobody may be asked, or nobody can.
    pub is_named: bool,
    /// Whether it is wanted for attributes that the caller named: then the answer lacks them when it may not be asked.
    pub is_stating: bool,
}

impl Wish {
    /// The resources to ask, each once, by their codes. `granted` are those that the caller has any grant of. Nothing that the wish
    /// names is left out: it is among them, or the wish is refused.
    ///
    /// # Errors
    /// [`Code::BadContent`] when a part contradicts another, is too long, or names what the catalogue does not have,
    /// [`Code::ItemNotFound`], [`Code::NotGranted`] when there is something to ask and the caller has a grant of none of it.
    pub fn resolve(&self, catalogue: &Catalogue, item: &str, granted: &BTreeSet<&str>) -> Result<Vec<Wanted>, Problem> {
        self.check()?;
        self.check_known(catalogue)?;
        let mut codes = match &self.resources {
            Some(ResourcesRequest::These(codes)) => {
                let codes = codes.iter().map(String::as_str).collect();
                self.check_stating(catalogue, &codes)?;
                codes
            }
            None if !self.attributes.is_empty() => {
                let states = |resource: &&Resource| resource.fields.iter().any(|field| self.has_attribute(field));
                let stating = catalogue.resources().filter(states).map(|resource| resource.code.as_str()).collect();
                let mut mine = granted_of(&stating, granted)?;
                mine.extend(self.fields.keys().map(String::as_str));
                self.with_unowned(catalogue, mine, &stating)?
            }
            Some(ResourcesRequest::Needed(Needed::Item)) | None => {
                let needed = item_of(catalogue, item)?.materials.iter().flat_map(|material| bound(catalogue, material)).collect();
                let mut mine = granted_of(&needed, granted)?;
                mine.extend(self.fields.keys().map(String::as_str).filter(|code| needed.contains(code)));
                self.with_unowned(catalogue, mine, &needed)?
            }
        };
        if self.fields.keys().any(|code| !codes.contains(code.as_str())) {
            return Err(bad("fields", ("resources that are asked as well", "同时请求的资源")));
        }
        if codes.len() > RESOURCES_MAX {
            return Err(bad("resources", RESOURCES));
        }
        codes.retain(|code| {
            self.fields.contains_key(*code)
                || self.attributes.is_empty()
                || self.states(catalogue, code).is_none_or(|all| !all.is_empty())
        });
        Ok(codes.into_iter().map(|code| self.wanted(catalogue, code)).collect())
    }

    /// What nobody has cannot be answered, and an answer without it would look complete.
    fn check_known(&self, catalogue: &Catalogue) -> Result<(), Problem> {
        for (code, names) in &self.fields {
            let resource = catalogue.resource(code).ok_or_else(|| unknown("fields", code))?;
            if let Some(name) = names.iter().find(|name| resource.field(name).is_none()) {
                return Err(unknown(&format!("fields.{code}"), name));
            }
        }
        let fields = catalogue.resources().flat_map(|resource| &resource.fields).filter(|field| self.has_attribute(field));
        let stated: BTreeSet<&str> = fields.filter_map(|field| field.attribute.as_deref()).collect();
        match self.attributes.iter().find(|attribute| !stated.contains(attribute.as_str())) {
            Some(attribute) => Err(unknown("attributes", attribute)),
            None => Ok(()),
        }
    }

    /// Each named resource has something that is wanted, and each attribute is stated by one of them.
    fn check_stating(&self, catalogue: &Catalogue, codes: &BTreeSet<&str>) -> Result<(), Problem> {
        if self.attributes.is_empty() {
            return Ok(());
        }
        let is_idle = |code: &&&str| {
            !self.fields.contains_key(**code) && self.states(catalogue, code).is_some_and(|stated| stated.is_empty())
        };
        if let Some(code) = codes.iter().find(is_idle) {
            let stating = (
                "a resource that states one of the attributes, or that fields names",
                "能说明所列attributes之一或列于fields的资源",
            );
            return Err(bad(&format!("resources: {code}"), stating));
        }
        self.with_unowned(catalogue, codes.clone(), codes).map(drop)
    }

    /// With one resource more for each attribute that none of these states: it is denied, and the answer says so.
    fn with_unowned<'a>(
        &self,
        catalogue: &'a Catalogue,
        mut mine: BTreeSet<&'a str>,
        all: &BTreeSet<&'a str>,
    ) -> Result<BTreeSet<&'a str>, Problem> {
        for attribute in &self.attributes {
            let stating = |code: &&&'a str| catalogue.resource(code).is_some_and(|resource| states(resource, attribute));
            if mine.iter().any(|code| stating(&code)) {
                continue;
            }
            let is_authority = |code: &&str| {
                let fields = catalogue.resource(code).into_iter().flat_map(|resource| &resource.fields);
                fields.into_iter().any(|field| field.authoritative && field.attribute.as_ref() == Some(attribute))
            };
            let best = all.iter().filter(stating).min_by_key(|code| !is_authority(code));
            let stated = ("an attribute that one of the resources states", "所列resources之一能说明的属性");
            mine.insert(best.ok_or_else(|| bad(&format!("attributes: {attribute}"), stated))?);
        }
        Ok(mine)
    }

    /// The fields of a resource that state what is wanted; nothing where there is no such resource.
    fn states(&self, catalogue: &Catalogue, code: &str) -> Option<BTreeSet<String>> {
        let fields = &catalogue.resource(code)?.fields;
        Some(fields.iter().filter(|field| self.has_attribute(field)).map(|field| field.name.clone()).collect())
    }

    fn check(&self) -> Result<(), Problem> {
        match &self.resources {
            Some(ResourcesRequest::These(codes)) if codes.is_empty() || codes.len() > RESOURCES_MAX => {
                return Err(bad("resources", RESOURCES));
            }
            _ => {}
        }
        let is_good = |names: &BTreeSet<String>| (1..=NAMES_MAX).contains(&names.len());
        if self.fields.len() > RESOURCES_MAX || !self.fields.values().all(is_good) {
            let few = ("at most 64 resources, with 1 to 256 fields each", "至多64个资源，每个资源1至256个字段");
            return Err(bad("fields", few));
        }
        if self.attributes.len() > NAMES_MAX {
            return Err(bad("attributes", ("at most 256 attributes", "至多256个属性")));
        }
        Ok(())
    }

    fn has_attribute(&self, field: &crypto::catalogue::Field) -> bool {
        field.attribute.as_ref().is_some_and(|attribute| self.attributes.contains(attribute))
    }

    fn wanted(&self, catalogue: &Catalogue, code: &str) -> Wanted {
        let mut fields = self.fields.get(code).cloned().unwrap_or_default();
        fields.extend(self.states(catalogue, code).unwrap_or_default());
        let is_named = matches!(self.resources, Some(ResourcesRequest::These(_))) || self.fields.contains_key(code);
        Wanted { code: code.to_owned(), fields, is_named, is_stating: !self.attributes.is_empty() }
    }
}

/// What is expected of the resources.
const RESOURCES: (&str, &str) = ("1 to 64 codes, or item", "1至64个资源编码，或item");

fn bad(place: &str, expected: (&str, &str)) -> Problem {
    Problem::expected(Code::BadContent, place, expected)
}

/// Whether a resource states an attribute.
fn states(resource: &Resource, attribute: &str) -> bool {
    resource.fields.iter().any(|field| field.attribute.as_deref() == Some(attribute))
}

/// Those of which the caller has any grant.
fn granted_of<'a>(all: &BTreeSet<&'a str>, granted: &BTreeSet<&str>) -> Result<BTreeSet<&'a str>, Problem> {
    let mine: BTreeSet<_> = all.iter().copied().filter(|code| granted.contains(code)).collect();
    if mine.is_empty() && !all.is_empty() {
        return Err(super::plan::refused([(None, Denial::NotGranted)].into_iter()));
    }
    Ok(mine)
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
        let both = Wish { attributes: names(&["person.name"]), ..named(&["people/1"]) };
        assert_eq!(codes(&both, &[]), [("people/1".to_owned(), vec!["name".to_owned()], true)]);
    }

    #[test]
    fn what_is_named_is_asked_or_the_wish_is_refused() {
        let detail = |wish: Wish| format!("{:?}", wish.resolve(&catalogue(), "item-1", &["people/1"].into()).unwrap_err());
        let fields = |code: &str, name: &str| Wish { fields: [(code.to_owned(), names(&[name]))].into(), ..Wish::default() };
        let attributes = |all: &[&str]| Wish { attributes: names(all), ..Wish::default() };
        for (wish, told) in [
            (attributes(&["person.name", "person.height"]), "person.height"),
            (fields("people/1", "height"), "height"),
            (fields("people/9", "name"), "people/9"),
            (fields("tax/1", "debt"), "fields"),
            // A resource that states none of them is neither asked for everything nor left out.
            (Wish { attributes: names(&["person.name"]), ..named(&["people/1", "tax/1"]) }, "tax/1"),
        ] {
            let said = detail(wish);
            assert!(said.contains("BadContent") && said.contains(told), "{told}: {said}");
        }
        assert!(!detail(attributes(&["11010519491231002X"])).contains("11010519491231002"));
        // Named within what the item needs, it is asked although there is no grant of it, which the answer then says.
        let found = codes(&fields("licences/1", "status"), &["people/1"]);
        assert_eq!(found[0], ("licences/1".to_owned(), vec!["status".to_owned()], true));
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
