//! Every rule, broken once.

use super::super::{
    CatalogueFault, Demand, DemandState, Entry, Field, Item, Key, Kind, Level, LicenceType, Material, Organisation, Resource,
    Rule, ShareClass,
};
use super::testing::{catalogue, entry_mut};
use super::*;

/// What is wrong once an entry of the good catalogue is changed: kind and code of the entry, place, rule.
fn faults(kind: Kind, nth: usize, change: impl FnOnce(&mut Entry)) -> Vec<(Key, String, Rule)> {
    let mut catalogue = catalogue();
    entry_mut(&mut catalogue, kind, nth, change);
    let told = |fault: CatalogueFault| (fault.entry.unwrap(), fault.field, fault.rule);
    check(&catalogue, None).into_iter().map(told).collect()
}

/// The one fault of the changed entry.
#[track_caller]
fn one(found: &[(Key, String, Rule)], field: &str, rule: Rule) {
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].1.as_str(), found[0].2), (field, rule));
}

macro_rules! broken {
    ($($variant:ident($nth:expr, $entry:ident) $change:block => $field:expr, $rule:ident;)*) => {
        $({
            let found = faults(Kind::$variant, $nth, |entry| {
                let Entry::$variant($entry) = entry else { panic!("another kind") };
                $change
            });
            one(&found, $field, Rule::$rule);
        })*
    };
}

fn long(characters: usize) -> String {
    "长".repeat(characters)
}

#[test]
fn nothing_is_wrong_with_a_good_one() {
    assert_eq!(check(&catalogue(), None), []);
    let sources = BTreeSet::from(["population".to_owned(), "health".to_owned()]);
    assert_eq!(check(&catalogue(), Some(&sources)), []);
    let [fault] = check(&catalogue(), Some(&BTreeSet::from(["health".to_owned()]))).try_into().unwrap();
    let place = (fault.entry, fault.field.as_str(), fault.rule);
    assert_eq!(place, (Some(Key::new(Kind::Resource, "3010010001/1")), "source", Rule::UnknownSource));
    assert_eq!(check(&Catalogue::default(), None), []);
}

#[test]
fn organisations() {
    broken! {
        Organisation(1, one) { one.name = " ".to_owned(); } => "name", Empty;
        Organisation(1, one) { one.name = long(201); } => "name", TooLong;
        Organisation(1, one) { one.name.push('\n'); } => "name", Unprintable;
        Organisation(1, one) { one.area = Some("21020".to_owned()); } => "area", Area;
        Organisation(1, one) { one.parent = Some("11100000000013338W".to_owned()); } => "parent", UnknownOrganisation;
        Organisation(2, one) { one.level = Level::Village; } => "parent", LevelOrder;
        Organisation(0, one) { one.parent = Some(one.code.clone()); } => "parent", Circle;
    }
    // Nobody else refers to the last one but the demand.
    let found = faults(Kind::Organisation, 3, |entry| {
        let Entry::Organisation(one) = entry else { panic!("another kind") };
        one.code = "12210281015000409X".to_owned();
    });
    assert_eq!(found[0].2, Rule::SocialCreditCode, "{found:?}");
    assert_eq!((found[1].1.as_str(), found[1].2), ("organisation", Rule::UnknownOrganisation), "{found:?}");
}

#[test]
fn a_circle_is_the_fault_of_those_in_it() {
    let mut catalogue = catalogue();
    for (nth, parent) in [(0, 1), (1, 0)] {
        let parent = catalogue.organisations().nth(parent).unwrap().code.clone();
        entry_mut(&mut catalogue, Kind::Organisation, nth, |entry| {
            let Entry::Organisation(Organisation { parent: old, .. }) = entry else { panic!("another kind") };
            *old = Some(parent);
        });
    }
    let found = check(&catalogue, None);
    let codes: Vec<_> = catalogue.organisations().take(2).map(|one| Key::new(Kind::Organisation, &one.code)).collect();
    let circles: Vec<_> =
        found.iter().filter(|fault| fault.rule == Rule::Circle).filter_map(|fault| fault.entry.clone()).collect();
    assert_eq!((circles, found.len()), (codes, 2));
}

#[test]
fn types_of_licences() {
    broken! {
        LicenceType(1, one) { one.code = "21 characters, no code".to_owned(); } => "code", CodeShape;
        LicenceType(1, one) { one.name.clear(); } => "name", Empty;
        LicenceType(1, one) { one.authority = "11100000000013338W".to_owned(); } => "authority", UnknownOrganisation;
        LicenceType(1, one) { one.authority_name = long(201); } => "authority_name", TooLong;
        LicenceType(1, one) { one.validity = Some(String::new()); } => "validity", Empty;
        LicenceType(1, one) { one.issuing_level = Some("\t".to_owned() + "x"); } => "issuing_level", Unprintable;
        LicenceType(1, one) { one.template = Some(long(201)); } => "template", TooLong;
        LicenceType(1, one) { one.area = Some("x".to_owned()); } => "area", Area;
        LicenceType(1, one) { one.items.push("no-such".to_owned()); } => "items[1]", UnknownItem;
        LicenceType(1, one) { one.items.push(one.items[0].clone()); } => "items[1]", Repeated;
    }
    let mut many = catalogue();
    entry_mut(&mut many, Kind::LicenceType, 1, |entry| {
        let Entry::LicenceType(LicenceType { items, .. }) = entry else { panic!("another kind") };
        *items = (0..1025).map(|n| n.to_string()).collect();
    });
    assert_eq!(check(&many, None)[0].rule, Rule::TooMany);
}

#[test]
fn resources() {
    broken! {
        Resource(2, one) { one.code = "3020010001".to_owned(); } => "code", CodeShape;
        Resource(0, one) { one.name.clear(); } => "name", Empty;
        Resource(0, one) { one.summary = Some(long(1001)); } => "summary", TooLong;
        Resource(0, one) { one.provider = "11100000000013338W".to_owned(); } => "provider", UnknownOrganisation;
        Resource(1, one) { one.condition = None; } => "condition", ConditionMissing;
        Resource(2, one) { one.condition = None; } => "condition", ConditionMissing;
        Resource(1, one) { one.condition = Some(String::new()); } => "condition", Empty;
        Resource(0, one) { one.legal_basis.clear(); } => "legal_basis", Empty;
        Resource(0, one) { one.subjects.clear(); } => "subjects", Empty;
        Resource(0, one) { one.subjects.push(one.subjects[0]); } => "subjects[1]", Repeated;
        Resource(0, one) { one.fields.clear(); } => "fields", Empty;
        Resource(0, one) { one.fields[0].name = "two words".to_owned(); } => "fields[0].name", FieldName;
        Resource(0, one) { one.fields[1].name = one.fields[0].name.clone(); } => "fields[1].name", Repeated;
        Resource(0, one) { one.fields[1].title.clear(); } => "fields[1].title", Empty;
        Resource(0, one) { one.fields[1].attribute = Some("姓名".to_owned()); } => "fields[1].attribute", FieldName;
        Resource(0, one) { one.fields[1].authoritative = true; } => "fields[1].authoritative", AuthorityOfNothing;
        Resource(1, one) { one.sla.latency_ms = 0; } => "sla.latency_ms", OutOfRange;
        Resource(1, one) { one.sla.latency_ms = 60_001; } => "sla.latency_ms", OutOfRange;
        Resource(1, one) { one.sla.slow_permille_max = 1001; } => "sla.slow_permille_max", OutOfRange;
        Resource(1, one) { one.sla.error_permille_max = 1001; } => "sla.error_permille_max", OutOfRange;
        Resource(1, one) { one.source = None; } => "source", SourceOrType;
        Resource(0, one) { one.source = Some("health".to_owned()); } => "source", SourceOrType;
        Resource(1, one) { one.source = Some("no name".to_owned()); } => "source", FieldName;
        Resource(0, one) { one.licence_type = Some("x".to_owned()); } => "licence_type", UnknownLicenceType;
        Resource(1, one) { one.related.push("no-such".to_owned()); } => "related[1]", UnknownResource;
        Resource(1, one) { one.related.push(one.code.clone()); } => "related", RelatedToItself;
        Resource(1, one) { one.share = ShareClass::Unconditional; one.related[0] = "x".to_owned(); } => "related[0]", UnknownResource;
    }
    let found = faults(Kind::Resource, 0, |entry| {
        let Entry::Resource(Resource { fields, .. }) = entry else { panic!("another kind") };
        *fields = (0..257).map(|n| Field { name: n.to_string(), attribute: None, ..fields[0].clone() }).collect();
    });
    one(&found, "fields", Rule::TooMany);
}

#[test]
fn an_attribute_comes_from_one_field() {
    let found = faults(Kind::Resource, 0, |entry| {
        let Entry::Resource(resource) = entry else { panic!("another kind") };
        resource.fields[0].authoritative = true;
    });
    // Who comes second by its code has the fault, whoever claimed it first.
    assert_eq!(found[0].0, Key::new(Kind::Resource, "3010010001/1"));
    one(&found, "fields[0].authoritative", Rule::AuthorityTwice);
}

#[test]
fn items_and_materials() {
    broken! {
        Item(0, one) { one.code = "a b".to_owned(); } => "code", CodeShape;
        Item(0, one) { one.name.clear(); } => "name", Empty;
        Item(0, one) { one.organisation = "11100000000013338W".to_owned(); } => "organisation", UnknownOrganisation;
        Item(0, one) { one.materials[0].code = "材料".to_owned(); } => "materials[0].code", CodeShape;
        Item(0, one) { one.materials[1].code = one.materials[0].code.clone(); } => "materials[1].code", Repeated;
        Item(0, one) { one.materials[0].name.clear(); } => "materials[0].name", Empty;
        Item(0, one) { one.materials[0].licence_types.push("x".to_owned()); } => "materials[0].licence_types[1]", UnknownLicenceType;
        Item(0, one) { one.materials[1].resources.push("x".to_owned()); } => "materials[1].resources[1]", UnknownResource;
        Item(0, one) { one.materials[1].resources.push("3020010001/1".to_owned()); } => "materials[1].resources[1]", NeverShared;
    }
    let found = faults(Kind::Item, 0, |entry| {
        let Entry::Item(Item { materials, .. }) = entry else { panic!("another kind") };
        *materials = (0..257).map(|n| Material { code: n.to_string(), ..materials[0].clone() }).collect();
    });
    one(&found, "materials", Rule::TooMany);
}

#[test]
fn demands() {
    let answered = |demand: &mut Demand, resource: Option<&str>| {
        demand.state = DemandState::Answered;
        demand.resource = resource.map(str::to_owned);
    };
    broken! {
        Demand(0, one) { one.code.clear(); } => "code", CodeShape;
        Demand(0, one) { one.organisation = "11100000000013338W".to_owned(); } => "organisation", UnknownOrganisation;
        Demand(0, one) { one.provider = Some("11100000000013338W".to_owned()); } => "provider", UnknownOrganisation;
        Demand(0, one) { one.name.clear(); } => "name", Empty;
        Demand(0, one) { one.fields[1].clear(); } => "fields[1]", Empty;
        Demand(0, one) { one.fields = vec!["x".to_owned(); 257]; } => "fields", TooMany;
        Demand(0, one) { one.items[0] = "no-such".to_owned(); } => "items[0]", UnknownItem;
        Demand(0, one) { one.legal_basis.clear(); } => "legal_basis", Empty;
        Demand(0, one) { one.reason = Some(long(1001)); } => "reason", TooLong;
        Demand(0, one) { answered(one, None); } => "resource", AnswerMissing;
        Demand(0, one) { answered(one, Some("x")); } => "resource", UnknownResource;
        Demand(0, one) { one.resource = Some("3010010001/1".to_owned()); } => "resource", NotAnswered;
        Demand(0, one) { one.state = DemandState::Declined; } => "reason", ReasonMissing;
    }
}

#[test]
fn faults_are_counted_up_to_a_thousand() {
    let mut rows: Vec<Entry> = catalogue().entries().cloned().collect();
    let Some(Entry::Item(item)) = rows.iter().find(|entry| matches!(entry, Entry::Item(_))).cloned() else { panic!("no item") };
    rows.extend((0..1500).map(|n| Entry::Item(Item { code: format!("i{n}"), name: String::new(), ..item.clone() })));
    let found = check(&Catalogue::of(1, rows), None);
    assert_eq!((found.len(), found.last().map(|fault| fault.rule)), (1001, Some(Rule::MoreFaults)));
}

#[test]
fn every_rule_is_broken_somewhere() {
    let here = concat!(include_str!("tests.rs"), include_str!("../change.rs"));
    for rule in Rule::ALL {
        let name = format!("{rule:?}");
        // What the gateway alone looks for is tested there.
        assert!(rule == &Rule::CitizenNumber || here.contains(&name), "no test breaks {name}");
    }
}
