//! Schemas of parameters that no type of ours has.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A whole number between two, both included.
pub(super) fn between<const LEAST: u64, const MOST: u64>(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST })
}

/// What a page gave as `next`.
pub(super) fn cursor(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^([0-9a-f]{2}){1,64}$" })
}
