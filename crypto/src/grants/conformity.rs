//! The automatic part of the conformity check: what the catalogue says against an application, and what who checks it should see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::application::Application;
use crate::catalogue::{Catalogue, Item, Resource, Sensitivity, ShareClass, ShareMethod};
use crate::time::Timestamp;

/// From so many seconds on, a period is long: five years.
const LONG_S: i64 = 5 * 366 * 86_400;

/// Something that the automatic check found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// Whether the application cannot pass with it.
    pub fault: bool,
    /// What it is about: the code of an item, the name of a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// What the automatic check finds. The faults come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCode {
    /// There is no such resource in the catalogue.
    UnknownResource,
    /// The resource is shared with nobody.
    NeverShared,
    /// The resource has another provider than when it was applied for.
    OtherProvider,
    /// The resource has no such field.
    UnknownField,
    /// The field is compared and never told.
    ComparedOnly,
    /// Nothing is asked for.
    NothingAsked,
    /// The resource consists of no licences, whose changes could be followed.
    NothingToFollow,
    /// There is no such item in the catalogue.
    UnknownItem,
    /// The period is over.
    Over,
    /// The item is one of another organisation.
    ItemOfOther,
    /// No material of the item is had from the resource.
    ItemUnbound,
    /// The provider is neither the authority of the type of licence that the resource consists of, nor below it.
    OtherAuthority,
    /// The consumer's organisation is not in the catalogue.
    UnknownOrganisation,
    /// It is for whatever purpose.
    AnyPurpose,
    /// The field is harmful in wrong hands.
    SensitiveField,
    /// It is for more than five years.
    LongPeriod,
    /// It is not limited how often.
    NoQuota,
}

impl FindingCode {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::UnknownResource,
        Self::NeverShared,
        Self::OtherProvider,
        Self::UnknownField,
        Self::ComparedOnly,
        Self::NothingAsked,
        Self::NothingToFollow,
        Self::UnknownItem,
        Self::Over,
        Self::ItemOfOther,
        Self::ItemUnbound,
        Self::OtherAuthority,
        Self::UnknownOrganisation,
        Self::AnyPurpose,
        Self::SensitiveField,
        Self::LongPeriod,
        Self::NoQuota,
    ];

    /// The name in JSON and problems.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownResource => "unknown-resource",
            Self::NeverShared => "never-shared",
            Self::OtherProvider => "other-provider",
            Self::UnknownField => "unknown-field",
            Self::ComparedOnly => "compared-only",
            Self::NothingAsked => "nothing-asked",
            Self::NothingToFollow => "nothing-to-follow",
            Self::UnknownItem => "unknown-item",
            Self::Over => "over",
            Self::ItemOfOther => "item-of-other",
            Self::ItemUnbound => "item-unbound",
            Self::OtherAuthority => "other-authority",
            Self::UnknownOrganisation => "unknown-organisation",
            Self::AnyPurpose => "any-purpose",
            Self::SensitiveField => "sensitive-field",
            Self::LongPeriod => "long-period",
            Self::NoQuota => "no-quota",
        }
    }

    /// Whether an application cannot pass with it.
    #[must_use]
    pub fn is_fault(self) -> bool {
        self <= Self::Over
    }
}

/// Everything that the catalogue says about an application at this moment, in the order of the codes.
#[must_use]
pub fn examine(application: &Application, catalogue: &Catalogue, at: Timestamp) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    match catalogue.resource(&application.wish.resource) {
        None => found.is(FindingCode::UnknownResource),
        Some(resource) => {
            found.resource(application, resource);
            found.fields(application, resource);
            found.if_so(!catalogue.is_of_authority(resource), FindingCode::OtherAuthority);
        }
    }
    for code in &application.wish.items {
        found.item(application, catalogue, code);
    }
    found.terms(application, at);
    found.if_so(catalogue.organisation(&application.consumer.organisation).is_none(), FindingCode::UnknownOrganisation);
    found.0.sort();
    found.0
}

/// What was found so far.
struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, code: FindingCode, about: Option<&str>) {
        self.0.push(Finding { code, fault: code.is_fault(), about: about.map(str::to_owned) });
    }

    fn is(&mut self, code: FindingCode) {
        self.add(code, None);
    }

    fn if_so(&mut self, condition: bool, code: FindingCode) {
        if condition {
            self.is(code);
        }
    }

    fn resource(&mut self, application: &Application, resource: &Resource) {
        self.if_so(resource.share == ShareClass::Never, FindingCode::NeverShared);
        self.if_so(resource.provider != application.provider, FindingCode::OtherProvider);
        self.if_so(application.wish.feed && resource.licence_type.is_none(), FindingCode::NothingToFollow);
    }

    fn fields(&mut self, application: &Application, resource: &Resource) {
        let wish = &application.wish;
        for name in wish.fields.union(&wish.compared) {
            let Some(field) = resource.field(name) else {
                self.add(FindingCode::UnknownField, Some(name));
                continue;
            };
            let is_told = wish.fields.contains(name);
            if is_told && resource.method == ShareMethod::Comparison {
                self.add(FindingCode::ComparedOnly, Some(name));
            }
            if is_told && field.sensitivity.unwrap_or(resource.sensitivity) == Sensitivity::Sensitive {
                self.add(FindingCode::SensitiveField, Some(name));
            }
        }
        self.if_so(wish.fields.is_empty() && wish.compared.is_empty() && !wish.feed, FindingCode::NothingAsked);
    }

    fn item(&mut self, application: &Application, catalogue: &Catalogue, code: &str) {
        let Some(item) = catalogue.item(code) else { return self.add(FindingCode::UnknownItem, Some(code)) };
        if item.organisation != application.consumer.organisation {
            self.add(FindingCode::ItemOfOther, Some(code));
        }
        if catalogue.resource(&application.wish.resource).is_some_and(|resource| !is_bound(item, resource)) {
            self.add(FindingCode::ItemUnbound, Some(code));
        }
    }

    fn terms(&mut self, application: &Application, at: Timestamp) {
        let wish = &application.wish;
        let begins = wish.from.unwrap_or(at).max(at);
        self.if_so(wish.until <= begins, FindingCode::Over);
        self.if_so(wish.until > begins.plus(LONG_S), FindingCode::LongPeriod);
        self.if_so(wish.purposes.is_empty(), FindingCode::AnyPurpose);
        self.if_so(wish.quota.per_day.is_none() && wish.quota.total.is_none(), FindingCode::NoQuota);
    }
}

/// Whether a material of the item is had from the resource, or is a licence of which the resource consists.
fn is_bound(item: &Item, resource: &Resource) -> bool {
    item.materials.iter().any(|material| {
        let is_of_type = |kind: &String| material.licence_types.contains(kind);
        material.resources.contains(&resource.code) || resource.licence_type.as_ref().is_some_and(is_of_type)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CONSUMER, PROVIDER, RESOURCE, application, at, catalogue, item, resource, set};
    use super::*;
    use crate::catalogue::{Entry, Level, Organisation};

    const NOW: &str = "2026-07-01T00:00:00Z";

    /// The catalogue of a resource and two items, the second bound to nothing, with the consumer's organisation.
    fn with(resource: Resource) -> Catalogue {
        let organisation =
            Organisation {
                code: CONSUMER.to_owned(), name: "审批局".to_owned(), level: Level::County, parent: None, area: None
            };
        let items = [item("i1", &[&resource.code]), item("i2", &[])].map(Entry::Item);
        Catalogue::of(1, items.into_iter().chain([Entry::Resource(resource), Entry::Organisation(organisation)]))
    }

    fn found(change: impl FnOnce(&mut Application, &mut Resource)) -> Vec<String> {
        let (mut application, mut resource) = (application(), resource(RESOURCE, &["name", "birth"]));
        change(&mut application, &mut resource);
        let findings = examine(&application, &with(resource), at(NOW));
        assert!(findings.iter().all(|finding| finding.fault == finding.code.is_fault()));
        let words = findings.iter().map(|finding| match &finding.about {
            Some(about) => format!("{} {about}", finding.code.name()),
            None => finding.code.name().to_owned(),
        });
        words.collect()
    }

    #[test]
    fn what_conforms_has_no_findings() {
        assert!(found(|_, _| {}).is_empty());
    }

    #[test]
    fn faults() {
        assert_eq!(found(|one, _| one.wish.resource = "9/9".to_owned()), ["unknown-resource"]);
        assert_eq!(found(|_, resource| resource.share = ShareClass::Never), ["never-shared"]);
        assert_eq!(found(|one, _| one.provider = CONSUMER.to_owned()), ["other-provider"]);
        assert_eq!(found(|one, _| one.wish.fields = set(&["age", "name"])), ["unknown-field age"]);
        assert_eq!(found(|one, _| one.wish.compared = set(&["age"])), ["unknown-field age"]);
        assert_eq!(found(|_, resource| resource.method = ShareMethod::Comparison), ["compared-only name"]);
        assert_eq!(found(|one, _| (one.wish.fields, one.wish.compared) = (set(&[]), set(&[]))), ["nothing-asked"]);
        assert_eq!(found(|one, _| one.wish.feed = true), ["nothing-to-follow"]);
        assert_eq!(found(|one, _| one.wish.items = set(&["i9"])), ["unknown-item i9"]);
        assert_eq!(found(|one, _| one.wish.until = at(NOW)), ["over"]);
        assert_eq!(found(|one, _| one.wish.from = Some(one.wish.until)), ["over"]);
    }

    #[test]
    fn remarks() {
        assert_eq!(found(|one, _| one.consumer.organisation = PROVIDER.to_owned()), ["item-of-other i1", "unknown-organisation"]);
        assert_eq!(found(|one, _| one.wish.items = set(&["i1", "i2"])), ["item-unbound i2"]);
        assert_eq!(found(|one, _| one.wish.purposes.clear()), ["any-purpose"]);
        assert_eq!(found(|_, resource| resource.sensitivity = Sensitivity::Sensitive), ["sensitive-field name"]);
        assert_eq!(found(|one, _| one.wish.until = at("2031-08-01T00:00:00Z")), ["long-period"]);
        assert_eq!(found(|one, _| one.wish.quota.per_day = None), ["no-quota"]);
    }

    #[test]
    fn a_licence_of_the_resource_binds_an_item() {
        let of_licences = Resource { licence_type: Some("L".to_owned()), ..resource(RESOURCE, &["name", "birth"]) };
        let mut bound = item("i1", &[]);
        bound.materials[0].licence_types = vec!["L".to_owned()];
        let catalogue = Catalogue::of(1, [Entry::Resource(of_licences), Entry::Item(bound)]);
        let mut followed = application();
        followed.wish.feed = true;
        let codes = |catalogue: &Catalogue| examine(&followed, catalogue, at(NOW)).iter().map(|one| one.code).collect::<Vec<_>>();
        assert_eq!(codes(&catalogue), [FindingCode::UnknownOrganisation]);
        let defined_by = |authority: &str| {
            let mut catalogue = catalogue.clone();
            let json = serde_json::json!({
                "kind": "licence-type", "code": "L", "name": "证", "authority": authority, "authority_name": "某局", "holder": "person",
            });
            catalogue.advance(
                &serde_json::from_value(serde_json::json!({
                    "version": 2, "at": NOW, "caller": "a", "organisation": "b", "puts": [json],
                }))
                .unwrap(),
            );
            catalogue
        };
        assert_eq!(codes(&defined_by(PROVIDER)), [FindingCode::UnknownOrganisation]);
        assert_eq!(codes(&defined_by(CONSUMER)), [FindingCode::OtherAuthority, FindingCode::UnknownOrganisation]);
    }

    #[test]
    fn names_are_those_of_the_json_and_faults_come_first() {
        for code in FindingCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
        assert!(FindingCode::ALL.is_sorted() && FindingCode::ALL.iter().map(|code| !code.is_fault()).is_sorted());
        let text = format!("{:?}", examine(&application(), &catalogue(), at(NOW)));
        assert!(text.contains("UnknownOrganisation"));
    }
}
