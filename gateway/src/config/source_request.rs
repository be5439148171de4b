//! What a source is asked, as the configuration says it: JSON with places for values.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The body of a question: JSON in whose texts `{number}` and the like stand for values. It is read as JSON before anything is put
/// in, so that no value can become a part of its form.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("format" = "template"))]
pub struct RequestTemplate {
    root: Node,
}

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A text, in pieces.
    Text(Vec<Piece>),
    /// A list.
    List(Vec<Self>),
    /// An object, in the order of the names.
    Object(Vec<(String, Self)>),
    /// A number, a truth value or nothing: as it stands.
    Plain(Value),
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// As it stands.
    Literal(String),
    /// A place.
    Slot(Slot),
}

/// A place for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The number of the subject.
    Number,
    /// What kind of number it is, three digits.
    CodeType,
    /// The code of the resource, or what the other side calls it.
    Resource,
    /// The fields that may be told: alone in a text, a list of them; within a text, with commas.
    Fields,
    /// The item.
    Item,
    /// The number of the case.
    Case,
    /// The purpose.
    Purpose,
    /// The person who asks.
    Operator,
    /// The organisation that asks, by its code.
    Consumer,
    /// The name of the request.
    RequestId,
    /// The present moment, RFC 3339.
    Now,
    /// The secret of `auth`.
    Secret,
}

/// The deepest template.
const DEPTH_MAX: usize = 16;

impl Slot {
    const ALL: [(&'static str, Self); 12] = [
        ("number", Self::Number),
        ("code_type", Self::CodeType),
        ("resource", Self::Resource),
        ("fields", Self::Fields),
        ("item", Self::Item),
        ("case", Self::Case),
        ("purpose", Self::Purpose),
        ("operator", Self::Operator),
        ("consumer", Self::Consumer),
        ("request_id", Self::RequestId),
        ("now", Self::Now),
        ("secret", Self::Secret),
    ];
}

impl RequestTemplate {
    /// What it is made of.
    pub(crate) const fn root(&self) -> &Node {
        &self.root
    }

    /// Whether it can go out as a form: one object of texts.
    pub(super) fn is_form(&self) -> bool {
        match &self.root {
            Node::Object(members) => members.iter().all(|(_, node)| matches!(node, Node::Text(_))),
            _ => false,
        }
    }

    /// Whether it has a place for the secret.
    pub(super) fn wants_secret(&self) -> bool {
        self.root.has(Slot::Secret)
    }
}

impl Node {
    fn has(&self, slot: Slot) -> bool {
        match self {
            Self::Text(pieces) => pieces.contains(&Piece::Slot(slot)),
            Self::List(nodes) => nodes.iter().any(|node| node.has(slot)),
            Self::Object(members) => members.iter().any(|(_, node)| node.has(slot)),
            Self::Plain(_) => false,
        }
    }
}

impl TryFrom<String> for RequestTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("a request must be JSON: {error}"))?;
        let root = node(value, 0)?;
        if !root.has(Slot::Number) {
            return Err("a request without {number} asks about nobody".to_owned());
        }
        Ok(Self { root })
    }
}

impl fmt::Debug for RequestTemplate {
    /// Without the texts, which may hold what only the other side should read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestTemplate")
    }
}

fn node(value: Value, depth: usize) -> Result<Node, String> {
    if depth > DEPTH_MAX {
        return Err("a request has at most 16 values within each other".to_owned());
    }
    Ok(match value {
        Value::String(text) => Node::Text(pieces(&text)?),
        Value::Array(values) => Node::List(values.into_iter().map(|value| node(value, depth + 1)).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let has_place = pieces(&name)?.iter().any(|piece| matches!(piece, Piece::Slot(_)));
                if has_place {
                    Err(format!("{name} is a name: places are in values alone"))
                } else {
                    Ok((name, node(value, depth + 1)?))
                }
            };
            Node::Object(members.into_iter().map(member).collect::<Result<_, _>>()?)
        }
        plain => Node::Plain(plain),
    })
}

/// Splits a text at its places: braces around a word. Other braces stand for themselves.
fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        literal.push_str(before);
        let word = after.split_once('}').filter(|(word, _)| is_word(word));
        let Some((word, behind)) = word else {
            literal.push('{');
            rest = after;
            continue;
        };
        let known = Slot::ALL.iter().find(|(name, _)| *name == word).map(|(_, slot)| *slot);
        let slot = known.ok_or_else(|| format!("{{{word}}} is no place that is known"))?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Slot(slot));
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<RequestTemplate, String> {
        RequestTemplate::try_from(text.to_owned())
    }

    #[test]
    fn texts_are_split_at_their_places() {
        let split = |text| pieces(text).unwrap();
        assert_eq!(split(""), [Piece::Literal(String::new())]);
        assert_eq!(split("{number}"), [Piece::Slot(Slot::Number)]);
        let mixed = [Piece::Literal("a{B} ".to_owned()), Piece::Slot(Slot::Item), Piece::Literal("}{".to_owned())];
        assert_eq!(split("a{B} {item}}{"), mixed);
        assert!(pieces("{who}").unwrap_err().contains("{who}"));
    }

    #[test]
    fn a_template_is_json_with_a_number() {
        let good = template(r#"{"a":[{"b":"{code_type}:{number}"}],"c":1}"#).unwrap();
        assert!(!good.is_form() && !good.wants_secret());
        assert!(template(r#"{"a":"{number}","b":"{secret}"}"#).unwrap().is_form());
        for bad in ["{number}", r#"{"a":1}"#, r#"{"{number}":"{number}"}"#, r#"{"a":"{number}"} x"#] {
            assert!(template(bad).is_err(), "{bad}");
        }
        let deep = format!("{}\"{{number}}\"{}", "[".repeat(20), "]".repeat(20));
        assert!(template(&deep).is_err());
        assert_eq!(format!("{good:?}"), "RequestTemplate");
    }
}
