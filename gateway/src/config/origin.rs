//! What a configuration was read from, for reading it again and for saying what another one says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::difference::Difference;

/// The keys by which an element of a list is known, where no two have the same.
const NAMES: [&str; 3] = ["name", "code", "domain"];

/// What is told of a value that may hold a secret.
const NOT_SHOWN: &str = "(not shown)";

/// What a configuration was read from.
#[derive(Clone, Default)]
pub struct Origin {
    file: Option<PathBuf>,
    table: Table,
}

impl Origin {
    /// Of what a configuration says.
    pub(super) const fn of(table: Table) -> Self {
        Self { file: None, table }
    }

    /// The same text, read from this file.
    pub(super) fn in_file(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The file, where it was read from one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What it says of one element of a section that is a list, as JSON.
    pub(crate) fn element(&self, section: &str, index: usize) -> String {
        let element = self.table.get(section).and_then(|section| section.get(index));
        element.and_then(|element| serde_json::to_string(element).ok()).unwrap_or_default()
    }

    /// What another configuration says otherwise. Of a value that may hold a secret, that it is another, and not what it is.
    #[must_use]
    pub fn difference(&self, to: &Self) -> Difference {
        Difference::between(&self.lines(), &to.lines()).showing(|key| !may_hold_secret(key), NOT_SHOWN)
    }

    /// Every value by its key, such as `callers[approval].roles`: defaults that it leaves out are not there.
    fn lines(&self) -> BTreeMap<String, String> {
        let mut lines = BTreeMap::new();
        for (key, value) in &self.table {
            flatten(key, value, &mut lines);
        }
        lines
    }
}

impl fmt::Debug for Origin {
    /// Without the text, in which there may be what only the other side of a source should read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin")
    }
}

/// Whether a value may hold a secret: arguments of a command that prints a key, and what a source is asked.
fn may_hold_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    name == "command" || name == "request" && key.starts_with("sources")
}

/// As deep as tables are, which the reader of TOML bounds.
fn flatten(key: &str, value: &Value, lines: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => table.iter().for_each(|(name, value)| flatten(&format!("{key}.{name}"), value, lines)),
        Value::Array(elements) if elements.iter().any(Value::is_table) => {
            let names = names(elements);
            for (index, element) in elements.iter().enumerate() {
                let name = names.get(index).cloned().unwrap_or_else(|| index.to_string());
                flatten(&format!("{key}[{name}]"), element, lines);
            }
        }
        value => drop(lines.insert(key.to_owned(), value.to_string())),
    }
}

/// What the elements are called, if all are and no two the same: then one that is put before others changes nothing of theirs.
fn names(elements: &[Value]) -> Vec<String> {
    let called = |by: &str| -> Option<Vec<String>> {
        let names: Vec<String> =
            elements.iter().map(|element| Some(element.get(by)?.as_str()?.to_owned())).collect::<Option<_>>()?;
        let unique: BTreeSet<&String> = names.iter().collect();
        (unique.len() == names.len()).then_some(names)
    };
    NAMES.into_iter().find_map(called).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::of(toml::from_str(text).unwrap())
    }

    #[test]
    fn every_value_has_its_key() {
        let text = "[server]\nlisten = '127.0.0.1:1'\nclient_crls = ['a', 'b']\n[[callers]]\nname = 'x'\nroles = []\n\
            [[callers]]\nname = 'y'\n[[rows]]\na = 1\n[[rows]]\na = 1\n[a.b]\nc = true\n";
        let lines = origin(text).lines();
        let lines: Vec<String> = lines.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let expected = [
            "a.b.c = true",
            "callers[x].name = \"x\"",
            "callers[x].roles = []",
            "callers[y].name = \"y\"",
            "rows[0].a = 1",
            "rows[1].a = 1",
            "server.client_crls = [\"a\", \"b\"]",
            "server.listen = \"127.0.0.1:1\"",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_may_hold_a_secret_is_told_to_differ_and_not_shown() {
        let text = |secret: &str| {
            format!(
                "[storage]\nvalue_key = {{ command = ['/bin/hook', '{secret}'], timeout_ms = 9 }}\n\
                 [record]\nkeys_also = [{{ command = ['/bin/hook', '{secret}'] }}]\n\
                 [[sources]]\nname = 'a'\nrequest = '{{\"token\":\"{secret}\"}}'\n\
                 [sources.resources.'1/1']\nrequest = '{{\"token\":\"{secret}\"}}'\n"
            )
        };
        let (one, other) = (origin(&text("one")), origin(&text("other")));
        assert!(one.difference(&one).same);
        let told = one.difference(&other);
        let about = [
            "record.keys_also[0].command",
            "sources[a].request",
            "sources[a].resources.1/1.request",
            "storage.value_key.command",
        ];
        assert_eq!(told.about().collect::<Vec<_>>(), about);
        let all = [&told, &origin("").difference(&other), &other.difference(&origin(""))].map(|told| format!("{told}{told:?}"));
        assert!(all.iter().all(|told| !told.contains("other") && told.contains("(not shown)")), "{all:?}");
    }
}
