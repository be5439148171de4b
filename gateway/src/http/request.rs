//! A request as a handler sees it: identified, admitted, its parts read.

use std::sync::Arc;

use crypto::time::Timestamp;
use hyper::HeaderMap;
use hyper::body::Bytes;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::octets::NOT_BASE64;
use super::place::{is_ours, place};
use super::{Code, Language, Media, Params, Problem, Query, RequestId, Room};
use crate::auth::Caller;
use crate::trail::Trail;

/// A request that was admitted.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The moment of arrival.
    pub now: Timestamp,
    /// The same by the clock that deadlines run by.
    pub arrived: tokio::time::Instant,
    /// Its name in answers and logs.
    pub request_id: RequestId,
    /// What it leaves on record.
    pub trail: Arc<Trail>,
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
    pub room: Arc<Room>,
}

impl Request {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`Code::BadJson`] with the place of the fault.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        // The reader would take a list for the fields of an object in their order, which nobody is told of.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(Problem::new(Code::BadJson).detail("An object is expected, and no list.", "应为对象，而非数组。"));
        }
        serde_json::from_slice(&self.body).map_err(|error| bad_json(&self.body, &error))
    }
}

/// Says where the fault is and what was expected there, and names members, but repeats no values: they may be numbers of citizens.
fn bad_json(body: &[u8], error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let (en, zh) = match error.classify() {
        Category::Data => bad_data(text),
        Category::Eof => ("the text ends too early".to_owned(), "内容不完整".to_owned()),
        Category::Io | Category::Syntax => ("this is not JSON".to_owned(), "不是JSON".to_owned()),
    };
    let before = body.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum::<usize>();
    let (place, stop) = match place(body, before.saturating_add(column)) {
        place if place.is_empty() => (place, ""),
        place => (place, ": "),
    };
    Problem::new(Code::BadJson).detail(
        format!("Line {line}, column {column}: {place}{stop}{en}."),
        format!("第{line}行第{column}列：{place}{stop}{zh}。"),
    )
}

/// Reads what serde says of well-formed JSON that is not what it should be.
fn bad_data(text: &str) -> (String, String) {
    let fields = [("unknown field", "未知字段"), ("missing field", "缺少字段"), ("duplicate field", "字段重复")];
    for (en, zh) in fields {
        if let Some(rest) = text.strip_prefix(en) {
            let (name, choices) = rest.rsplit_once(", expected").unwrap_or((rest, ""));
            let name = if is_ours(name.trim_matches([' ', '`'])) { name } else { " `…`" };
            let choices = if choices.is_empty() { String::new() } else { format!(", expected{choices}") };
            let told = choices.replace(", expected", "，应为").replace("one of ", "");
            return (format!("{en}{name}{choices}"), format!("{zh}{name}{told}"));
        }
    }
    let choices = text.strip_prefix("unknown variant ").and_then(|rest| rest.rsplit_once(", expected "));
    if let Some((_, choices)) = choices {
        return (format!("a value is not {choices}"), format!("取值应为{}", choices.strip_prefix("one of").unwrap_or(choices)));
    }
    if text == NOT_BASE64 {
        return ("a value is not base64".to_owned(), "取值不是base64".to_owned());
    }
    // What was expected is in words of our own or of the reader's, and stands behind what was found.
    let wanted = text.strip_prefix("invalid ").and_then(|rest| rest.rsplit_once(", expected "));
    match wanted.map(|(_, wanted)| kind(wanted)) {
        Some((en, zh)) => (format!("{en} is expected"), format!("应为{zh}")),
        None => ("a value is not of the expected kind".to_owned(), "值的类型或格式不符合要求".to_owned()),
    }
}

/// What serde calls a kind of value, in words for the caller.
fn kind(wanted: &str) -> (&str, &str) {
    match wanted {
        "a string" | "a borrowed string" | "str" => ("a text", "字符串"),
        "a boolean" => ("true or false", "true或false"),
        "u8" | "u16" | "u32" | "u64" | "usize" => ("a whole number that is not negative and not too large", "不过大的非负整数"),
        "a sequence" => ("a list", "数组"),
        "a map" => ("an object", "对象"),
        _ if wanted.starts_with("struct ") || wanted.starts_with("internally tagged") => ("an object", "对象"),
        _ => ("a value of another kind", "其他类型或格式的值"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::Octets;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        #[expect(dead_code, reason = "only its reading is tested")]
        code: u32,
    }

    #[derive(Debug, Deserialize)]
    enum Choice {
        Here,
        There,
        Nowhere,
    }

    #[test]
    fn faults_of_json_name_places_and_fields_but_no_values() {
        let text = |json: &str| format!("{:?}", bad_json(json.as_bytes(), &serde_json::from_str::<Search>(json).unwrap_err()));
        assert!(text("{\"code\": \"110101199003070070\"}").contains("Line 1, column 29"));
        assert!(!text("{\"code\": \"110101199003070070\"}").contains("1101"));
        assert!(text("{\"cod\": 1}").contains("unknown field `cod`"));
        assert!(text("{\"code\": 1, \"cod\": 1}").contains("未知字段 `cod`，应为 `code`"));
        let number = b"\"110101199003070070\"";
        let variant = format!("{:?}", bad_json(number, &serde_json::from_slice::<Choice>(number).unwrap_err()));
        assert!(
            variant.contains("a value is not one of `Here`, `There`, `Nowhere`")
                && variant.contains("取值应为 `Here`, `There`, `Nowhere`")
        );
        assert!(!variant.contains("1101"));
        let octets = format!("{:?}", bad_json(number, &serde_json::from_slice::<Octets>(number).unwrap_err()));
        assert!(octets.contains("a value is not base64") && octets.contains("取值不是base64") && !octets.contains("1101"));
        assert!(text("{").contains("ends too early"));
        assert!(text("[1").contains("BadJson"));
        assert!(text("{\n \"code\":\n  true}").contains("Line 3, column 6: code: a whole number"));
        let unknown = text("{\"110101199003070070\": 1}");
        assert!(unknown.contains("unknown field `…`, expected `code`") && !unknown.contains("1101"), "{unknown}");
    }
}
