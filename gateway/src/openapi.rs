//! The description of the interface in OpenAPI 3.1, made from the table of routes and the types that serve.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::auth::Admits;
use crate::http::{BodyRule, Code, Media, ProblemBody};
use crate::routes::{Content, Route, headers, parts, schema_of};

/// Problems that every route may answer with.
const COMMON: &[Code] = &[
    Code::BadParameter,
    Code::UriTooLong,
    Code::HeadersTooLarge,
    Code::CertificateRequired,
    Code::CertificateExpired,
    Code::CertificateRevoked,
    Code::UnknownCaller,
    Code::RateLimited,
    Code::Overloaded,
    Code::Internal,
    Code::DeadlineExceeded,
    Code::Maintenance,
];

/// Problems that every route with a body may answer with.
const WITH_BODY: &[Code] = &[Code::BadBody, Code::BodyTimeout, Code::ContentTooLarge, Code::UnsupportedMediaType];

/// The largest number of each width that a schema may name, where it names none itself.
const WIDTHS: [(&str, u64); 3] = [("uint", u64::MAX), ("uint32", 0xffff_ffff), ("uint64", u64::MAX)];

/// Says of each number how large it may be: what does not fit its width is refused.
fn bound(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let width = map.get("format").and_then(Value::as_str);
            let most = WIDTHS.iter().find(|(name, _)| Some(*name) == width).map(|(_, most)| *most);
            if let Some(most) = most.filter(|_| !map.contains_key("maximum")) {
                map.insert("maximum".to_owned(), most.into());
            }
            map.values_mut().for_each(bound);
        }
        Value::Array(list) => list.iter_mut().for_each(bound),
        _ => {}
    }
}

/// The document.
#[must_use]
pub fn document<'a>(routes: impl Iterator<Item = &'a Route>) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let problem = schema_of::<ProblemBody>(&mut generator).to_value();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let operation = operation(route, &mut generator, &problem);
        paths.entry(path(route)).or_default().insert(route.method.as_str().to_ascii_lowercase(), operation);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "licet",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Stores, verifies and brokers electronic licences.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "certificate": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "certificate": { "type": "mutualTLS", "description": "A client certificate of a registered caller." } },
            "schemas": generator.take_definitions(true),
        },
    });
    bound(&mut document);
    document
}

/// The path as OpenAPI writes it, which knows no part with slashes in it.
fn path(route: &Route) -> String {
    route.path.replace("...}", "}")
}

fn operation(route: &Route, generator: &mut SchemaGenerator, problem: &Value) -> Value {
    let doc = &route.doc;
    let roles = match route.admits {
        Admits::AnyCaller => "For every registered caller.".to_owned(),
        Admits::Roles(roles) => {
            let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
            format!("For callers with one of the roles: {}.", names.join(", "))
        }
    };
    let mut operation = json!({
        "operationId": doc.id,
        "summary": doc.summary,
        "description": format!("{}\n\n{roles}", doc.text),
        "parameters": parameters(route, generator),
        "responses": responses(route, generator, problem),
    });
    if let (Some(body), Some(object)) = (request_body(route, generator), operation.as_object_mut()) {
        object.insert("requestBody".to_owned(), body);
    }
    operation
}

fn parameters(route: &Route, generator: &mut SchemaGenerator) -> Vec<Value> {
    let path = path(route);
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = Vec::new();
    for part in in_path.filter_map(|name| parts::ALL.iter().find(|part| part.name == name)) {
        let schema = (part.schema)(generator);
        all.push(json!({ "name": part.name, "in": "path", "required": true, "description": part.text, "schema": schema }));
    }
    for parameter in route.query {
        let schema = (parameter.schema)(generator);
        let is_required = parts::DEMANDED.contains(&(route.doc.id, parameter.name));
        let (name, text) = (parameter.name, parameter.text);
        all.push(json!({ "name": name, "in": "query", "required": is_required, "description": text, "schema": schema }));
    }
    for header in headers::ALL.iter().filter(|header| header.is_read_by(route)) {
        let schema = json!({ "type": "string", "pattern": header.pattern });
        all.push(json!({ "name": header.name, "in": "header", "description": header.text, "schema": schema }));
    }
    all
}

fn request_body(route: &Route, generator: &mut SchemaGenerator) -> Option<Value> {
    if matches!(route.body, BodyRule::None) {
        return None;
    }
    let mut content = Map::new();
    for media in route.body.media() {
        let schema = match (media, route.doc.json) {
            (Media::Json, Some(schema)) => json!({ "schema": schema(generator) }),
            _ => json!({}),
        };
        content.extend(media.names().map(|name| (name.to_owned(), schema.clone())));
    }
    Some(json!({ "required": true, "content": content }))
}

fn responses(route: &Route, generator: &mut SchemaGenerator, problem: &Value) -> Map<String, Value> {
    let mut responses = Map::new();
    for good in route.doc.answers {
        let content = match &good.content {
            Content::Json(schema) => json!({ "application/json": { "schema": schema(generator) } }),
            Content::JsonOr(schema, other) => json!({ "application/json": { "schema": schema(generator) }, *other: {} }),
            Content::AnyJson => json!({ "application/json": { "schema": { "type": "object" } } }),
            Content::File(types) => types.iter().map(|name| ((*name).to_owned(), json!({}))).collect::<Map<_, _>>().into(),
            Content::Nothing => json!({}),
        };
        responses.insert(good.status.to_string(), json!({ "description": good.text, "content": content }));
    }
    let mut by_status: BTreeMap<u16, BTreeSet<&str>> = BTreeMap::new();
    for code in problems(route) {
        by_status.entry(code.status().as_u16()).or_default().insert(code.code());
    }
    for (status, codes) in by_status {
        let codes = codes.into_iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
        let content = json!({ "application/problem+json": { "schema": problem } });
        responses.insert(status.to_string(), json!({ "description": codes, "content": content }));
    }
    responses
}

fn problems(route: &Route) -> impl Iterator<Item = Code> {
    let body = if matches!(route.body, BodyRule::None) { &[] } else { WITH_BODY };
    let json = route.doc.json.map(|_| Code::BadJson);
    let role = matches!(route.admits, Admits::Roles(_)).then_some(Code::RoleRequired);
    // A part that is percent-encoded wrongly is in no path.
    let part = route.path.contains('{').then_some(Code::NotFound);
    COMMON.iter().chain(body).chain(route.doc.problems).copied().chain(json).chain(role).chain(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::TABLE;

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn headers_and_streams_are_described_and_what_may_be_left_out_is_not_required() {
        let document = document(TABLE.iter());
        let headers = |path: &str, method: &str| -> Vec<String> {
            let parameters = document["paths"][path][method]["parameters"].as_array().unwrap().iter();
            let headers = parameters.filter(|parameter| parameter["in"] == "header");
            headers.map(|header| header["name"].as_str().unwrap().to_owned()).collect()
        };
        let purpose = ["Licet-Item", "Licet-Case", "Licet-Purpose", "Licet-Operator"];
        let look_up = ["Licet-Authorization", "Licet-Deadline", "Licet-Class"];
        assert_eq!(headers("/v1/lookups", "post"), [&purpose[..], &look_up].concat());
        assert_eq!(headers("/v1/feed", "get"), [&purpose[..], &["Last-Event-ID"]].concat());
        assert!(headers("/v1/grants/applications", "post").contains(&"Idempotency-Key".to_owned()));
        for (path, method, other) in [
            ("/v1/lookups", "post", "text/event-stream"),
            ("/v1/feed", "get", "text/event-stream"),
            ("/v1/supervision/reports/{month}", "get", "text/csv"),
        ] {
            let content = &document["paths"][path][method]["responses"]["200"]["content"];
            assert!(content[other].is_object() && content["application/json"]["schema"].is_object(), "{path}");
        }
        for (name, left_out) in [
            ("LookUpSource", &["shared", "hedged", "rows", "disputes"][..]),
            ("MaterialView", &["licences", "resources", "silent"]),
            ("AttributeAnswer", &["agree", "disagree"]),
            ("Statement", &["authoritative", "stale"]),
            ("SupervisionView", &["sources"]),
        ] {
            let schema = &document["components"]["schemas"][name];
            let required = schema["required"].as_array().unwrap_or_else(|| panic!("{name}: {schema}"));
            assert!(left_out.iter().all(|field| !required.contains(&json!(field))), "{name}: {required:?}");
            let properties = &schema["properties"];
            assert!(left_out.iter().all(|field| properties[field].is_object()), "{name}: {properties}");
        }
    }

    #[test]
    fn every_route_is_described_and_every_reference_resolves() {
        let document = document(TABLE.iter());
        let mut ids = BTreeSet::new();
        for route in TABLE {
            let operation = &document["paths"][path(route)][route.method.as_str().to_ascii_lowercase()];
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{}", route.doc.id);
            assert!(operation["responses"].as_object().unwrap().len() > 1);
            assert_eq!(operation.get("requestBody").is_some(), !route.body.media().is_empty(), "{}", route.path);
        }
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
