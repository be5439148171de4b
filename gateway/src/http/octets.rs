//! Bytes within JSON.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// The fault of a text that is not base64. It names no value, which may be anything.
pub(super) const NOT_BASE64: &str = "not base64";

/// Bytes that stand in JSON as base64 (RFC 4648 4). Decoded while the JSON is read, so that only one copy is made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Octets;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Octets, E> {
                STANDARD.decode(text).map(Octets).map_err(|_error| E::custom(NOT_BASE64))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Octets {
    fn schema_name() -> Cow<'static, str> {
        "Octets".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
        })
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_or_nothing() {
        assert_eq!(serde_json::from_str::<Octets>("\"AAEC\"").unwrap(), Octets(vec![0, 1, 2]));
        for bad in ["\"AAE\"", "\"A A=\"", "[0]", "null"] {
            let error = serde_json::from_str::<Octets>(bad).unwrap_err().to_string();
            assert!(error.contains("base64"), "{error}");
        }
    }
}
