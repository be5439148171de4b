//! JSON objects that every reader understands alike.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Values in one JSON object, at all depths: each takes many times its text in memory.
const VALUES_MAX: usize = 65_536;

/// Reads a JSON object in which no name occurs twice, at any depth: readers differ in which one they take. `None` also when it
/// has more values than any licence does.
#[must_use]
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match value(bytes)? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Reads any JSON value within the rules of [`object`].
#[must_use]
pub fn value(bytes: &[u8]) -> Option<Value> {
    if !has_few_values(bytes) {
        return None;
    }
    serde_json::from_slice::<Unique>(bytes).ok().map(|unique| unique.0)
}

/// Whether JSON keeps within [`VALUES_MAX`], counted without building anything: each value but the first follows a comma or an
/// opening bracket outside the texts.
fn has_few_values(bytes: &[u8]) -> bool {
    let (mut in_text, mut escaped, mut values) = (false, false, 0usize);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b',' | b'[' | b'{') => values += 1,
            _ => {}
        }
    }
    values <= VALUES_MAX
}

/// A JSON value in which no name of an object occurs twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> serde::de::Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unique, E> {
        Ok(Unique(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique(Value::Null))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(value)) = access.next_element()? {
            list.push(value);
        }
        Ok(Unique(Value::Array(list)))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut access: A) -> Result<Unique, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unique(value))) = access.next_entry::<String, Unique>()? {
            if map.insert(name, value).is_some() {
                return Err(serde::de::Error::custom("a name occurs twice"));
            }
        }
        Ok(Unique(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_objects_are_read() {
        assert_eq!(object(br#"{"a":1,"b":{"c":[1,null,true,"x",-2,0.5]}}"#).unwrap().len(), 2);
        assert_eq!(object(br#"{"a":1,"a":2}"#), None);
        assert_eq!(object(br#"{"b":{"a":1,"a":2}}"#), None);
        assert_eq!(object(b"[1]"), None);
        let list = |count: usize| format!("{{\"a\":[{}1]}}", "1,".repeat(count));
        assert!(object(list(60_000).as_bytes()).is_some());
        assert_eq!(object(list(70_000).as_bytes()), None, "too many values");
        assert!(object(format!("{{\"a\":\"\\\"{}\"}}", ",[{".repeat(70_000)).as_bytes()).is_some(), "marks within a text");
    }
}
