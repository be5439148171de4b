//! How the answers of a source are read, as the configuration says it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How answers are read. The rules are held against an answer in this order: overloaded, refused, not found, found; the first that
/// fits decides, and an answer that fits none is a failure of the source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRules {
    /// Where the records are: a list of objects, or one object. Nothing there means nothing on record. Default: the whole answer.
    #[serde(default)]
    pub rows: Pointer,
    /// The most records that an answer may have. Default 256.
    #[serde(default = "rows_max")]
    pub rows_max: u16,
    /// Where each field of the catalogue is within a record. One that is not named here is looked for under its own name.
    #[serde(default)]
    pub fields: BTreeMap<String, Pointer>,
    /// Where the answer says as of when it holds. By default it holds as of when it was asked.
    #[serde(default)]
    pub as_of: Option<Pointer>,
    /// Statuses of HTTP of an answer with records. Default 200.
    #[serde(default = "found_status")]
    pub found_status: Vec<u16>,
    /// Statuses that say that there is nothing. Default 404.
    #[serde(default = "not_found_status")]
    pub not_found_status: Vec<u16>,
    /// Statuses of a refusal. Default 401 and 403.
    #[serde(default = "refused_status")]
    pub refused_status: Vec<u16>,
    /// Statuses of a source that has too much to do. Default 429 and 503.
    #[serde(default = "overloaded_status")]
    pub overloaded_status: Vec<u16>,
    /// Of an answer with a good status: what says that it has records. Where nothing is listed, every one that is left.
    #[serde(default)]
    pub found: Vec<AnswerRule>,
    /// What says that there is nothing.
    #[serde(default)]
    pub not_found: Vec<AnswerRule>,
    /// What says that it refuses.
    #[serde(default)]
    pub refused: Vec<AnswerRule>,
    /// What says that it has too much to do.
    #[serde(default)]
    pub overloaded: Vec<AnswerRule>,
}

/// A value in an answer that says what came of the question.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerRule {
    /// Where it is.
    pub pointer: Pointer,
    /// What it is: one of these. `0` and `"0"` are the same.
    pub equals: Vec<Value>,
}

/// A JSON Pointer (RFC 6901).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("format" = "json-pointer"))]
pub struct Pointer(String);

impl Pointer {
    /// What it points to.
    #[must_use]
    pub fn of<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        value.pointer(&self.0)
    }

    /// The pointer to the member with this name.
    #[must_use]
    pub fn to_member(name: &str) -> Self {
        Self(format!("/{}", name.replace('~', "~0").replace('/', "~1")))
    }
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if (text.is_empty() || text.starts_with('/')) && is_escaped {
            Ok(Self(text))
        } else {
            Err(format!("{text} is no JSON Pointer (RFC 6901), such as /data/0/name"))
        }
    }
}

const fn rows_max() -> u16 {
    256
}

fn found_status() -> Vec<u16> {
    vec![200]
}

fn not_found_status() -> Vec<u16> {
    vec![404]
}

fn refused_status() -> Vec<u16> {
    vec![401, 403]
}

fn overloaded_status() -> Vec<u16> {
    vec![429, 503]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers() {
        let value = json!({ "a": [{ "b/c": 1 }], "d~e": 2 });
        let at = |text: &str| Pointer::try_from(text.to_owned()).unwrap().of(&value).cloned();
        assert_eq!(at(""), Some(value.clone()));
        assert_eq!((at("/a/0/b~1c"), at("/d~0e"), at("/x")), (Some(json!(1)), Some(json!(2)), None));
        assert_eq!(Pointer::to_member("d~e").of(&value), Some(&json!(2)));
        for bad in ["a", "$.a", "/a~", "/a~2"] {
            assert!(Pointer::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
