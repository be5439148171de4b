//! What a configuration was read from, for reading it again and for saying what another one says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Faults;

/// The keys by which an element of a list is known, where no two have the same.
const NAMES: [&str; 3] = ["name", "code", "domain"];

/// What a configuration was read from.
#[derive(Clone, Default)]
pub struct Origin {
    file: Option<PathBuf>,
    table: Table,
}

impl Origin {
    /// Of the text of a configuration.
    pub(super) fn of(text: &str) -> Result<Self, Faults> {
        let table = toml::from_str(text).map_err(|error| Faults::one("(syntax)", error.to_string()))?;
        Ok(Self { file: None, table })
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

    /// Every value by its key, such as `callers[approval].roles`: defaults that it leaves out are not there.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<String, String> {
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

    #[test]
    fn every_value_has_its_key() {
        let text = "[server]\nlisten = '127.0.0.1:1'\nclient_crls = ['a', 'b']\n[[callers]]\nname = 'x'\nroles = []\n\
            [[callers]]\nname = 'y'\n[[rows]]\na = 1\n[[rows]]\na = 1\n[a.b]\nc = true\n";
        let lines = Origin::of(text).unwrap().lines();
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
}
