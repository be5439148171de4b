//! A small catalogue for tests.

use crypto::catalogue::{Catalogue, Entry};
use serde_json::{Value, json};

fn field(name: &str, attribute: Option<&str>, authoritative: bool) -> Value {
    let mut field = json!({ "name": name, "title": name, "type": "text", "authoritative": authoritative });
    if let Some(attribute) = attribute {
        field["attribute"] = json!(attribute);
    }
    field
}

fn resource(code: &str, source: Option<&str>, licence_type: Option<&str>, fields: &[Value]) -> Value {
    let mut resource = json!({
        "kind": "resource", "code": code, "name": format!("name of {code}"), "provider": "11330105002500287C", "share": "conditional",
        "condition": "for items", "legal_basis": "law", "sensitivity": "personal", "subjects": ["111"], "fields": fields,
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 }, "update": "live", "idempotent": true,
    });
    if let Some(source) = source {
        resource["source"] = json!(source);
    }
    if let Some(licence_type) = licence_type {
        resource["licence_type"] = json!(licence_type);
    }
    resource
}

/// Four resources, and an item with five materials: bound to a type of licences, to a resource, to both, to nothing, and to what
/// nobody provides.
pub(crate) fn catalogue() -> Catalogue {
    let kind = "11100000000013338W009";
    let material = |code: &str, types: &[&str], resources: &[&str]| json!({ "code": code, "name": code, "required": true, "licence_types": types, "resources": resources });
    let entries = [
        resource("people/1", Some("police"), None, &[field("name", Some("person.name"), true), field("sex", None, false)]),
        resource("civil/1", Some("civil"), None, &[field("person", Some("person.name"), false), field("married", None, false)]),
        resource("tax/1", Some("tax"), None, &[field("debt", None, false)]),
        resource("licences/1", None, Some(kind), &[field("number", None, false), field("status", None, false)]),
        json!({ "kind": "item", "code": "item-1", "name": "item", "organisation": "11330105002500287C", "materials": [
            material("licence", &[kind], &[]), material("identity", &[], &["people/1"]), material("either", &[kind], &["people/1"]),
            material("paper", &[], &[]), material("unknown", &["11100000000013338W001"], &[]),
        ] }),
    ];
    Catalogue::of(3, entries.map(|entry| serde_json::from_value::<Entry>(entry).unwrap()))
}
