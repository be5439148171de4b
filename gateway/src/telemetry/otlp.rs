//! Spans as OTLP has them over HTTP, in JSON.

use serde_json::{Value, json};

use super::recording::{Fact, Span};

/// The code of a status that tells of a failure.
const FAILED: u8 = 2;

/// The content of one message: spans of this instance.
pub(super) fn message(instance: &str, spans: &[Span]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let about = [
        ("service.name", Fact::Word("licet")),
        ("service.version", Fact::Word(version)),
        ("service.instance.id", Fact::Name(instance.to_owned())),
    ];
    json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(&about) },
            "scopeSpans": [{
                "scope": { "name": "licet", "version": version },
                "spans": spans.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    })
}

fn span(span: &Span) -> Value {
    let mut json = json!({
        "traceId": span.context.trace.to_string(),
        "spanId": span.context.span.to_string(),
        "name": span.name,
        "kind": span.kind.number(),
        "startTimeUnixNano": span.from.to_string(),
        "endTimeUnixNano": span.until.to_string(),
        "attributes": attributes(&span.facts),
    });
    let Some(members) = json.as_object_mut() else { return json };
    if let Some(parent) = span.parent {
        members.insert("parentSpanId".to_owned(), json!(parent.to_string()));
    }
    if let Some(state) = span.context.state.as_ref().and_then(|state| state.to_str().ok()) {
        members.insert("traceState".to_owned(), json!(state));
    }
    if let Some(code) = span.failed {
        members.insert("status".to_owned(), json!({ "code": FAILED, "message": code }));
    }
    json
}

fn attributes(facts: &[(&str, Fact)]) -> Value {
    let value = |fact: &Fact| match fact {
        Fact::Word(word) => json!({ "stringValue": word }),
        Fact::Name(name) => json!({ "stringValue": name }),
        // 64 bits stand as texts in the JSON of protocol buffers.
        Fact::Number(number) => json!({ "intValue": number.to_string() }),
    };
    facts.iter().map(|(key, fact)| json!({ "key": key, "value": value(fact) })).collect()
}
