//! What a configuration may say, as a JSON schema that is made from the types and their comments.

mod document;
mod format;

use schemars::JsonSchema;
use serde_json::Value;

pub(crate) use format::Format;

/// The schema of a file.
#[derive(Debug)]
pub struct Schema {
    root: Value,
}

/// What kind of value a node of a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Truth,
    /// A list.
    List,
    /// A table.
    Table,
    /// Whatever it is.
    Any,
}

/// The most references that are followed from one node.
const REFERENCES_MAX: usize = 32;

impl Schema {
    /// Of a type that files are read as.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        Self { root: schemars::schema_for!(T).into() }
    }

    /// As JSON.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.root
    }

    /// A node without references, and without the possibility that it is left out.
    pub(crate) fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        let mut node = node;
        for _ in 0..REFERENCES_MAX {
            let reference = node.get("$ref").and_then(Value::as_str);
            let next = match reference.and_then(|reference| reference.strip_prefix("#/$defs/")) {
                Some(name) => self.root.get("$defs").and_then(|definitions| definitions.get(name)),
                None => Some(choices(node)).filter(|_| words(node).is_empty()).and_then(|mut choices| {
                    let only = choices.next();
                    only.filter(|_| choices.next().is_none())
                }),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }

    /// The node of a key such as `trust[0].anchors`.
    pub(crate) fn at(&self, key: &str) -> Option<&Value> {
        segments(key).iter().try_fold(&self.root, |node, name| self.member(node, name))
    }

    /// What a key is for, in one line.
    pub(crate) fn about(&self, key: &str) -> Option<String> {
        let node = self.at(key)?;
        let own = |node: &Value| node.get("description").and_then(Value::as_str).map(|text| text.replace('\n', " "));
        own(node).or_else(|| own(self.resolved(node)))
    }

    /// The node of a member, through the lists and the choices that it may stand in.
    fn member<'a>(&'a self, node: &'a Value, name: &str) -> Option<&'a Value> {
        let node = self.resolved(node);
        if let Some(items) = node.get("items") {
            return self.member(items, name);
        }
        let named = node.get("properties").and_then(|properties| properties.get(name));
        let any = || node.get("additionalProperties").filter(|rest| rest.is_object());
        named.or_else(any).or_else(|| choices(node).find_map(|choice| self.member(choice, name)))
    }
}

impl Kind {
    /// Of a node without references.
    pub(crate) fn of(node: &Value) -> Self {
        let name = match node.get("type") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            name => name.and_then(Value::as_str),
        };
        match name {
            Some("string") => Self::Text,
            Some("integer") => Self::Integer,
            Some("boolean") => Self::Truth,
            Some("array") => Self::List,
            Some("object") => Self::Table,
            _ if !words(node).is_empty() => Self::Text,
            _ => Self::Any,
        }
    }

    /// With its article, as a message says it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Truth => "true or false",
            Self::List => "a list",
            Self::Table => "a table",
            Self::Any => "a value",
        }
    }
}

/// The forms of which a value may have any.
pub(crate) fn choices(node: &Value) -> impl Iterator<Item = &Value> {
    let list = node.get("oneOf").or_else(|| node.get("anyOf")).and_then(Value::as_array);
    list.into_iter().flatten().filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
}

/// The words of which a value is one, each with what it means.
pub(crate) fn words(node: &Value) -> Vec<(&str, &str)> {
    let own = |node| {
        let listed = Value::as_array(Value::get(node, "enum").unwrap_or(&Value::Null)).into_iter().flatten();
        let meaning = Value::get(node, "description").and_then(Value::as_str).unwrap_or_default();
        let one = Value::get(node, "const").into_iter().map(move |word| (word, meaning));
        one.chain(listed.map(|word| (word, ""))).filter_map(|(word, meaning)| Some((word.as_str()?, meaning)))
    };
    own(node).chain(choices(node).flat_map(own)).collect()
}

/// The names in a key, without the places in lists.
fn segments(key: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let (mut is_quoted, mut is_place) = (false, false);
    for char in key.chars() {
        match char {
            '"' => is_quoted = !is_quoted,
            '[' if !is_quoted => is_place = true,
            ']' if is_place => is_place = false,
            '.' if !is_quoted => names.push(String::new()),
            char if !is_place => names.iter_mut().next_back().into_iter().for_each(|name| name.push(char)),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn keys_are_found_through_lists_tables_and_choices() {
        let schema = Schema::of::<Config>();
        for (key, kind) in [
            ("server", Kind::Table),
            ("server.client_anchors[3]", Kind::List),
            ("trust[0].anchors[1].until", Kind::Text),
            ("sources[0].resources.\"1.2/3\".path", Kind::Text),
            ("sources[0].auth.key_id", Kind::Text),
            ("policy.types.X.signatures_min", Kind::Integer),
            ("audit.office_hours.weekdays", Kind::List),
            ("log.format", Kind::Text),
        ] {
            assert_eq!(schema.at(key).map(|node| Kind::of(schema.resolved(node))), Some(kind), "{key}");
        }
        assert_eq!(schema.at("server.port"), None);
        assert_eq!(segments("a[0].\"b.c\".d"), ["a", "b.c", "d"]);
    }

    #[test]
    fn words_have_their_meaning() {
        let schema = Schema::of::<Config>();
        let format = words(schema.resolved(schema.at("log.format").unwrap()));
        assert_eq!(format, [("json", "One JSON object a line."), ("text", "For reading at a terminal.")]);
    }
}
