//! The catalogue: one type of licence, on record here, that the consumer may look up for one item.

use serde_json::{Value, json};

use super::callers::{CALLERS, CONSUMER, OPERATOR};
use super::offices::Offices;
use super::organisations::{AREA, LICENCE, definer, organisation, type_code};
use crate::asks::post;
use crate::target::Connection;
use crate::time::wall;

/// The item that everything is looked up for.
pub const ITEM: &str = "990100-0001";
/// The resource that is looked up.
pub const RESOURCE: &str = "3010100001/1";

/// The fields of a licence that are told.
const FIELDS: [(&str, &str); 3] = [("holder_name", "text"), ("issued", "date"), ("valid_until", "date")];

fn entries(offices: &Offices) -> Vec<Value> {
    let body =
        |code: &str, name: &str| json!({ "kind": "organisation", "code": code, "name": name, "level": "city", "area": AREA });
    let mut entries = vec![json!({ "kind": "organisation", "code": definer(), "name": "definer", "level": "city" })];
    entries.extend((1..).zip(CALLERS).map(|(number, name)| body(&organisation(number), name)));
    entries.extend(offices.all.iter().map(|office| body(&office.code, &office.name)));
    entries.push(json!({
        "kind": "licence-type", "code": type_code(), "name": LICENCE, "authority": definer(),
        "authority_name": "definer", "holder": "person",
    }));
    let fields: Vec<_> = FIELDS.iter().map(|(name, kind)| json!({ "name": name, "title": name, "type": kind })).collect();
    entries.push(json!({
        "kind": "resource", "code": RESOURCE, "name": "licences",
        "provider": offices.all.first().map(|office| office.code.clone()), "share": "unconditional",
        "legal_basis": "simulation", "sensitivity": "personal", "subjects": ["111"], "licence_type": type_code(),
        "fields": fields, "sla": { "latency_ms": 300, "slow_permille_max": 50, "error_permille_max": 10 },
        "update": "live", "idempotent": true,
    }));
    let material = json!({ "code": "licence", "name": "licence", "required": true, "licence_types": [type_code()] });
    let code = organisation(CALLERS.iter().zip(1..).find(|(name, _)| **name == CONSUMER).map_or(1, |(_, number)| number));
    entries.push(json!({ "kind": "item", "code": ITEM, "name": "item", "organisation": code, "materials": [material] }));
    entries
}

/// Puts the seals on file, tells the gateway of the catalogue, and has the consumer granted what it looks up.
pub(super) async fn introduce(
    offices: &Offices,
    mut connect: impl FnMut(&str) -> Result<Connection, String>,
) -> Result<(), String> {
    for office in &offices.all {
        let (mut own, seal) = (connect(&office.caller)?, post("/v1/seals", "application/octet-stream", &office.seal));
        let reply = own.exchange(&seal).await?;
        // On file already, where somebody stopped us the last time.
        if !matches!(reply.status, 200 | 201) {
            return Err(format!("a seal is answered with {}: {}", reply.status, String::from_utf8_lossy(reply.body)));
        }
    }
    let (mut operator, mut consumer) = (connect(OPERATOR)?, connect(CONSUMER)?);
    let change = json!({ "base_version": 0, "puts": entries(offices) });
    operator.post("/v1/catalogue/changes", 201, &change).await?;
    let wish = json!({
        "resource": RESOURCE, "items": [ITEM], "fields": FIELDS.map(|(name, _)| name), "authorities": ["duty"],
        "until": wall().plus(3 * 365 * 86_400), "legal_basis": "simulation",
    });
    let application = consumer.post("/v1/grants/applications", 201, &wish).await?;
    let id = application.get("id").and_then(Value::as_str).ok_or("an application without a name")?;
    operator.post(&format!("/v1/grants/applications/{id}/check"), 200, &json!({ "verdict": "approve" })).await?;
    Ok(())
}
