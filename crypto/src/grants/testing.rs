//! A catalogue, a grant and an application for the tests of this module.

use std::collections::BTreeSet;

use super::application::{Application, Wish};
use super::authority::Authority;
use super::grant::{Consumer, Grant, Quota};
use crate::catalogue::{
    Catalogue, Entry, Field, FieldType, Item, Material, Resource, Sensitivity, ShareClass, ShareMethod, Sla, UpdateCycle,
};
use crate::time::Timestamp;

pub(super) const PROVIDER: &str = "11330105002500287C";
pub(super) const CONSUMER: &str = "91350211M000100Y46";
pub(super) const RESOURCE: &str = "3010010001/1";

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn resource(code: &str, fields: &[&str]) -> Resource {
    let field = |name: &&str| Field {
        name: (*name).to_owned(),
        title: (*name).to_owned(),
        kind: FieldType::Text,
        sensitivity: None,
        attribute: None,
        authoritative: false,
    };
    Resource {
        code: code.to_owned(),
        name: "户籍".to_owned(),
        summary: None,
        provider: PROVIDER.to_owned(),
        share: ShareClass::Conditional,
        condition: None,
        method: ShareMethod::Interface,
        legal_basis: "law".to_owned(),
        sensitivity: Sensitivity::Personal,
        subjects: Vec::new(),
        fields: fields.iter().map(field).collect(),
        sla: Sla { latency_ms: 100, slow_permille_max: 10, error_permille_max: 10 },
        update: UpdateCycle::Daily,
        published: None,
        licence_type: None,
        source: None,
        idempotent: true,
        related: Vec::new(),
    }
}

pub(super) fn item(code: &str, resources: &[&str]) -> Item {
    let material = Material {
        code: "m".to_owned(),
        name: "户口簿".to_owned(),
        required: true,
        licence_types: Vec::new(),
        resources: resources.iter().map(|code| (*code).to_owned()).collect(),
    };
    Item { code: code.to_owned(), name: code.to_owned(), organisation: CONSUMER.to_owned(), materials: vec![material] }
}

pub(super) fn catalogue_with(resource: Resource) -> Catalogue {
    Catalogue::of(1, [Entry::Item(item("i1", &[&resource.code])), Entry::Resource(resource)])
}

pub(super) fn catalogue() -> Catalogue {
    catalogue_with(resource(RESOURCE, &["name", "address", "birth"]))
}

pub(super) fn application() -> Application {
    Application {
        id: "00".repeat(16),
        consumer: Consumer { caller: "approval".to_owned(), organisation: CONSUMER.to_owned() },
        wish: Wish {
            resource: RESOURCE.to_owned(),
            items: set(&["i1"]),
            purposes: set(&["办理"]),
            fields: set(&["name"]),
            compared: set(&["birth"]),
            authorities: BTreeSet::from([Authority::Duty]),
            quota: Quota { per_day: Some(1_000), ..Quota::default() },
            from: None,
            until: at("2027-01-01T00:00:00Z"),
            stale_s_max: None,
            feed: false,
            legal_basis: "law".to_owned(),
            reason: None,
        },
        provider: PROVIDER.to_owned(),
        applied_at: at("2026-07-01T00:00:00Z"),
        applied_by: "approval".to_owned(),
        findings: Vec::new(),
        check_due: at("2026-07-03T00:00:00Z"),
        check: None,
        decision_due: None,
        decision: None,
    }
}

pub(super) fn grant() -> Grant {
    let Application { id, consumer, wish, provider, applied_at, .. } = application();
    Grant {
        id,
        consumer,
        resource: wish.resource,
        provider,
        items: wish.items,
        purposes: wish.purposes,
        fields: wish.fields,
        compared: wish.compared,
        authorities: wish.authorities,
        quota: wish.quota,
        from: applied_at,
        until: wish.until,
        stale_s_max: None,
        feed: false,
        granted_at: applied_at,
        granted_by: "office".to_owned(),
        withdrawn: None,
    }
}
