//! A request as a handler sees it: identified, admitted, its parts read.

use std::sync::Arc;

use crypto::time::Timestamp;
use hyper::HeaderMap;
use hyper::body::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::sync::OwnedSemaphorePermit;

use super::{Code, Language, Media, Params, Problem, Query, RequestId};
use crate::auth::Caller;

/// A request that was admitted.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The moment of arrival.
    pub now: Timestamp,
    /// Its name in answers and logs.
    pub request_id: RequestId,
    /// The language of the words in the answer.
    pub language: Language,
    /// The variable parts of the path.
    pub params: Params,
    /// The query.
    pub query: Query,
    /// Its headers.
    pub headers: HeaderMap,
    /// The type of its body, where there is one.
    pub media: Option<Media>,
    /// Its body.
    pub body: Bytes,
    /// The room in memory that its body takes, given back with the request.
    pub room: Option<Arc<OwnedSemaphorePermit>>,
}

impl Request {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`Code::BadJson`] with the place of the fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| bad_json(&error))
    }
}

/// Says where the fault is, and names fields, but repeats no values: they may be numbers of citizens.
fn bad_json(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let about_field = ["unknown field", "missing field", "duplicate field"].iter().any(|start| text.starts_with(start));
    let what = match error.classify() {
        Category::Data if about_field => text.split(" at line ").next().unwrap_or_default().to_owned(),
        Category::Data => "a value is not of the expected kind".to_owned(),
        Category::Eof => "the text ends too early".to_owned(),
        Category::Io | Category::Syntax => "this is not JSON".to_owned(),
    };
    Problem::new(Code::BadJson)
        .detail(format!("Line {line}, column {column}: {what}."), format!("第{line}行第{column}列：{what}。"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        #[expect(dead_code, reason = "only its reading is tested")]
        code: u32,
    }

    #[test]
    fn faults_of_json_name_places_and_fields_but_no_values() {
        let text = |json: &str| format!("{:?}", bad_json(&serde_json::from_str::<Search>(json).unwrap_err()));
        assert!(text("{\"code\": \"110101199003070070\"}").contains("Line 1, column 29"));
        assert!(!text("{\"code\": \"110101199003070070\"}").contains("1101"));
        assert!(text("{\"cod\": 1}").contains("unknown field `cod`"));
        assert!(text("{").contains("ends too early"));
        assert!(text("[1").contains("BadJson"));
    }
}
