//! Where the keys of a configuration stand in its text.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A place in a text, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character within it.
    pub column: u32,
}

/// Where each key stands, by its offset.
#[derive(Debug)]
pub(crate) struct Places<'t> {
    text: &'t str,
    /// Keys as faults name them, without quotes.
    offsets: BTreeMap<String, usize>,
}

impl Place {
    /// The place of an octet.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.chars().rev().take_while(|char| *char != '\n').count();
        Self { line: count(line + 1), column: count(column + 1) }
    }
}

impl<'t> Places<'t> {
    /// Of a text, as far as it can be read.
    pub(crate) fn of(text: &'t str) -> Self {
        let (root, _) = DeTable::parse_recoverable(text);
        Self::within(text, root.get_ref())
    }

    /// Of a text that was read.
    pub(super) fn within(text: &'t str, root: &DeTable<'_>) -> Self {
        let mut offsets = BTreeMap::new();
        table(root, "", &mut offsets);
        Self { text, offsets }
    }

    /// Where a key stands, or what it would stand in.
    pub(crate) fn find(&self, key: &str) -> Option<Place> {
        // A fault may lie in two keys; the first of them will do.
        let mut key = key.split(", ").next().unwrap_or_default().replace('"', "");
        loop {
            if let Some(offset) = self.offsets.get(&key) {
                return Some(Place::of(self.text, *offset));
            }
            key.truncate(key.rfind(['.', '['])?);
        }
    }

    /// The key that begins last up to an offset.
    pub(super) fn key_at(&self, offset: usize) -> Option<&str> {
        let before = self.offsets.iter().filter(|(_, at)| **at <= offset);
        before.max_by_key(|(_, at)| **at).map(|(key, _)| key.as_str())
    }

    /// The top level key that is in force at an offset.
    pub(super) fn section_at(&self, offset: usize) -> Option<&str> {
        self.key_at(offset).map(section)
    }
}

/// The top level key of a key.
pub(crate) fn section(key: &str) -> &str {
    key.split(['.', '[', ',']).next().unwrap_or_default()
}

fn table(table: &DeTable<'_>, at: &str, offsets: &mut BTreeMap<String, usize>) {
    for (name, node) in table {
        let key = if at.is_empty() { name.get_ref().to_string() } else { format!("{at}.{}", name.get_ref()) };
        value(node, &key, offsets);
        offsets.insert(key, name.span().start);
    }
}

fn value(node: &Spanned<DeValue<'_>>, at: &str, offsets: &mut BTreeMap<String, usize>) {
    match node.get_ref() {
        DeValue::Table(members) => table(members, at, offsets),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let key = format!("{at}[{index}]");
                value(item, &key, offsets);
                offsets.insert(key, item.span().start);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# 表\n[server]\nlisten = 'a'\n  key = 'b'\n\n[[trust]]\nname = 'x'\n[[trust]]\nanchors = ['a',\n  'b']\n\
        [policy.types.'1/2.3']\nsigners = []\n";

    #[test]
    fn keys_have_their_lines() {
        let places = Places::of(TEXT);
        let line = |key: &str| places.find(key).map(|place| (place.line, place.column));
        assert_eq!(line("server"), Some((2, 2)));
        assert_eq!((line("server.listen"), line("server.key")), (Some((3, 1)), Some((4, 3))));
        assert_eq!(line("trust[0].name"), Some((7, 1)));
        assert_eq!(line("trust[1].anchors[1]"), Some((10, 3)));
        assert_eq!(line("policy.types.\"1/2.3\".signers"), Some((12, 1)));
    }

    #[test]
    fn what_is_missing_stands_where_it_would() {
        let places = Places::of(TEXT);
        let line = |key: &str| places.find(key).map(|place| place.line);
        assert_eq!((line("server.certificate"), line("trust[1].purpose")), (Some(2), Some(8)));
        assert_eq!(line("server.certificate, server.key"), Some(2));
        assert_eq!((line("storage"), line("(file)")), (None, None));
        assert_eq!(places.section_at(TEXT.find("name").unwrap()), Some("trust"));
    }
}
