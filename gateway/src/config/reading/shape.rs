//! What stands in a configuration, held against the schema: everything that is unknown, missing or of another kind.
//!
//! What is wrong is replaced by something of the right kind. Nobody runs with that; it lets the other sections be looked at too.

use serde_json::Value as Node;
use toml::{Table, Value};

use super::super::Faults;
use super::super::schema::{Format, Kind, Schema, choices, words};
use super::nearest::nearest;

/// The deepest that values lie within each other; the parser goes no deeper either.
const DEPTH_MAX: usize = 80;

/// A check of one file.
pub(super) struct Shape<'s> {
    schema: &'s Schema,
    faults: Faults,
}

impl<'s> Shape<'s> {
    /// Checks a file and mends it.
    pub(super) fn check(schema: &'s Schema, file: Table) -> (Value, Faults) {
        let mut shape = Self { schema, faults: Faults::default() };
        let mut value = Value::Table(file);
        shape.value(schema.json(), &mut value, "", 0);
        (value, shape.faults)
    }

    fn value(&mut self, node: &'s Node, value: &mut Value, key: &str, depth: usize) {
        let node = self.schema.resolved(node);
        if depth > DEPTH_MAX {
            return;
        }
        let words = words(node);
        if !words.is_empty() {
            return self.word(node, &words, value, key);
        }
        if choices(node).next().is_some() {
            return self.choice(node, value, key, depth);
        }
        match (Kind::of(node), &mut *value) {
            (Kind::Any, _) | (Kind::Truth, Value::Boolean(_)) => {}
            (Kind::Text, Value::String(text)) => {
                let format = node.get("format").and_then(Node::as_str).and_then(Format::named);
                let wrong = format.and_then(|format| Some((format, format.check(text).err()?)));
                if let Some((format, error)) = wrong {
                    self.faults.add_with(key, error, format!("such as {:?}", format.example));
                    *value = self.stand_in(node);
                }
            }
            (Kind::Integer, Value::Integer(number)) => {
                let (least, most) = range(node);
                if *number < least || *number > most {
                    self.faults.add(key, format!("must be {least} to {most}"));
                    *value = self.stand_in(node);
                }
            }
            (Kind::List, Value::Array(items)) => {
                let Some(item) = node.get("items") else { return };
                for (index, one) in items.iter_mut().enumerate() {
                    self.value(item, one, &format!("{key}[{index}]"), depth + 1);
                }
            }
            (Kind::Table, Value::Table(table)) => self.table(node, table, key, depth),
            (kind, _) => self.other(node, kind, value, key),
        }
    }

    /// A value of another kind.
    fn other(&mut self, node: &'s Node, kind: Kind, value: &mut Value, key: &str) {
        let message = format!("must be {}, and is {}", kind.name(), name(value));
        let hint = match (kind, &*value) {
            (Kind::Text, Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_)) => {
                Some(format!("in quotes: \"{value}\""))
            }
            (Kind::Integer, Value::String(text)) if text.parse::<i64>().is_ok() => Some(format!("without quotes: {text}")),
            (Kind::Truth, Value::String(text)) if text.parse::<bool>().is_ok() => Some(format!("without quotes: {text}")),
            (Kind::List, Value::String(_) | Value::Integer(_)) => Some(format!("in brackets: [{value}]")),
            (Kind::List, Value::Table(_)) => Some(format!("with two brackets: [[{key}]]")),
            (Kind::Table, Value::Array(_)) => Some(format!("once, with one bracket: [{key}]")),
            _ => None,
        };
        match hint {
            Some(hint) => self.faults.add_with(key, message, hint),
            None => self.faults.add(key, message),
        }
        *value = self.stand_in(node);
    }

    /// One of several words.
    fn word(&mut self, node: &'s Node, words: &[(&str, &str)], value: &mut Value, key: &str) {
        let known = || words.iter().map(|(word, _)| *word);
        match &*value {
            Value::String(text) if known().any(|word| word == text) => return,
            Value::String(text) => {
                let all = known().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
                let hint = match nearest(text, known()) {
                    Some(word) => format!("did you mean {word:?}? It is one of {all}"),
                    None => format!("one of {all}"),
                };
                self.faults.add_with(key, format!("{text:?} is not known"), hint);
            }
            other => {
                let all = known().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
                self.faults.add_with(key, format!("must be a text, and is {}", name(other)), format!("one of {all}"));
            }
        }
        *value = self.stand_in(node);
    }

    /// One of several forms: the one that has the kind of the value, and among tables that which says the same of itself.
    fn choice(&mut self, node: &'s Node, value: &mut Value, key: &str, depth: usize) {
        let schema = self.schema;
        let all: Vec<&Node> = choices(node).map(|choice| schema.resolved(choice)).collect();
        if let Some(fitting) = all.iter().find(|choice| fits(choice, value)) {
            return self.value(fitting, value, key, depth + 1);
        }
        let names: Vec<&str> = all.iter().filter_map(|choice| tag(choice)).map(|(_, word)| word).collect();
        match (all.iter().find_map(|choice| tag(choice)), &*value) {
            (Some((name, _)), Value::Table(_)) => {
                let hint = format!("one of {}", names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "));
                self.faults.add_with(format!("{key}.{name}"), "must say which of several this is", hint);
            }
            _ => {
                let kinds: Vec<&str> = all.iter().map(|choice| Kind::of(choice).name()).collect();
                self.faults.add(key, format!("must be {}, and is {}", kinds.join(" or "), name(value)));
            }
        }
        *value = self.stand_in(node);
    }

    fn table(&mut self, node: &'s Node, table: &mut Table, key: &str, depth: usize) {
        let within = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{}", quoted(name)) };
        let properties = node.get("properties").and_then(Node::as_object);
        let rest = node.get("additionalProperties");
        let known = || properties.into_iter().flat_map(|properties| properties.keys()).map(String::as_str);
        let mut unknown = Vec::new();
        for (name, value) in table.iter_mut() {
            match properties.and_then(|properties| properties.get(name)).or_else(|| rest.filter(|rest| rest.is_object())) {
                Some(member) => self.value(member, value, &within(name), depth + 1),
                None if properties.is_some() => unknown.push(name.clone()),
                None => {}
            }
        }
        for name in unknown {
            let free = known().filter(|known| !table.contains_key(*known));
            let hint = match nearest(&name, free) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
            };
            self.faults.add_with(within(&name), "is not known", hint);
            table.remove(&name);
        }
        for name in required(node).filter(|name| !table.contains_key(*name)).collect::<Vec<_>>() {
            self.faults.add(within(name), "is missing");
            if let Some(member) = properties.and_then(|properties| properties.get(name)) {
                table.insert(name.to_owned(), self.stand_in(member));
            }
        }
    }

    /// Something of the right kind, in the place of what is wrong.
    fn stand_in(&self, node: &Node) -> Value {
        let node = self.schema.resolved(node);
        if let Some((word, _)) = words(node).first() {
            return Value::String((*word).to_owned());
        }
        if let Some(first) = choices(node).next() {
            return self.stand_in(first);
        }
        match Kind::of(node) {
            Kind::Text => {
                let format = node.get("format").and_then(Node::as_str).and_then(Format::named);
                Value::String(format.map_or("", |format| format.example).to_owned())
            }
            Kind::Integer => Value::Integer(range(node).0.max(1)),
            Kind::Truth | Kind::Any => Value::Boolean(false),
            Kind::List => Value::Array(Vec::new()),
            Kind::Table => {
                let member = |name: &str| node.get("properties").and_then(|members| members.get(name));
                let all = required(node).filter_map(|name| Some((name.to_owned(), self.stand_in(member(name)?))));
                Value::Table(all.collect())
            }
        }
    }
}

fn required(node: &Node) -> impl Iterator<Item = &str> {
    node.get("required").and_then(Node::as_array).into_iter().flatten().filter_map(Node::as_str)
}

/// The least and the greatest number.
fn range(node: &Node) -> (i64, i64) {
    let most = match node.get("format").and_then(Node::as_str) {
        Some("uint8") => u8::MAX.into(),
        Some("uint16") => u16::MAX.into(),
        Some("uint32") => u32::MAX.into(),
        _ => i64::MAX,
    };
    let bound = |name: &str| node.get(name).and_then(Node::as_i64);
    (bound("minimum").unwrap_or(i64::MIN), bound("maximum").unwrap_or(most))
}

/// The key by which a table says which of several it is, and what it says.
fn tag(node: &Node) -> Option<(&str, &str)> {
    let members = node.get("properties").and_then(Node::as_object)?;
    members.iter().find_map(|(name, member)| Some((name.as_str(), member.get("const")?.as_str()?)))
}

fn fits(node: &Node, value: &Value) -> bool {
    match (Kind::of(node), value) {
        (Kind::Table, Value::Table(table)) => {
            tag(node).is_none_or(|(name, word)| table.get(name).and_then(Value::as_str) == Some(word))
        }
        (Kind::Text, Value::String(_))
        | (Kind::Integer, Value::Integer(_))
        | (Kind::Truth, Value::Boolean(_))
        | (Kind::List, Value::Array(_))
        | (Kind::Any, _) => true,
        _ => false,
    }
}

const fn name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date without quotes",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// A name as it stands in a key.
fn quoted(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.to_owned() } else { format!("{name:?}") }
}
