//! Where a credential's status stands: the claim `status.status_list`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The longest URI that is read, in bytes.
const URI_BYTES_MAX: usize = 2048;

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Reference {
    /// Which list.
    pub uri: String,
    /// The place in it, from 0.
    pub idx: u64,
}

impl Reference {
    /// The reference in the claims of a credential: `Ok(None)` when they name no status at all.
    ///
    /// # Errors
    /// There is a claim `status` that names no list, or not in the form of the draft. Unknown beside known mechanisms are passed
    /// over, but a status that is only in an unknown one is a status that nobody asked for.
    #[expect(clippy::result_unit_err, reason = "there is one way to be wrong, and the claim is shown nowhere")]
    pub fn of_claims(claims: &Map<String, Value>) -> Result<Option<Self>, ()> {
        let Some(status) = claims.get("status") else { return Ok(None) };
        let list = status.get("status_list").and_then(Value::as_object).ok_or(())?;
        let uri = list.get("uri").and_then(Value::as_str).ok_or(())?;
        let idx = list.get("idx").and_then(Value::as_u64).ok_or(())?;
        if uri.is_empty() || uri.len() > URI_BYTES_MAX || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(());
        }
        Ok(Some(Self { uri: uri.to_owned(), idx }))
    }

    /// The host of the URI, for comparison with names in certificates.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let rest = self.uri.strip_prefix("https://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        if authority.contains('@') {
            return None;
        }
        let host = authority.split(':').next()?;
        (!host.is_empty()).then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: &Value) -> Result<Option<Reference>, ()> {
        Reference::of_claims(claims.as_object().unwrap())
    }

    #[test]
    fn only_the_form_of_the_draft_is_read() {
        assert_eq!(of(&json!({ "iss": "x" })), Ok(None));
        let good = json!({ "status": { "status_list": { "idx": 7, "uri": "https://a.example:8443/l/1" }, "other": 1 } });
        let reference = of(&good).unwrap().unwrap();
        assert_eq!((reference.idx, reference.host()), (7, Some("a.example")));
        for bad in [
            json!({ "status": null }),
            json!({ "status": {} }),
            json!({ "status": { "other": {} } }),
            json!({ "status": { "status_list": [] } }),
            json!({ "status": { "status_list": { "idx": -1, "uri": "https://a" } } }),
            json!({ "status": { "status_list": { "idx": "1", "uri": "https://a" } } }),
            json!({ "status": { "status_list": { "idx": 1.5, "uri": "https://a" } } }),
            json!({ "status": { "status_list": { "idx": 1 } } }),
            json!({ "status": { "status_list": { "idx": 1, "uri": "" } } }),
            json!({ "status": { "status_list": { "idx": 1, "uri": "https://a b" } } }),
        ] {
            assert_eq!(of(&bad), Err(()), "{bad}");
        }
        for (uri, host) in [("http://a", None), ("https://", None), ("https://u@a", None), ("https://a?x", Some("a"))] {
            assert_eq!(Reference { uri: uri.to_owned(), idx: 0 }.host(), host, "{uri}");
        }
    }
}
