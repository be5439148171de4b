//! The documentation of a configuration: a table for each of its tables.

use serde_json::Value;

use super::{Format, Kind, Schema, choices, words};

const HEAD: &str = "# Configuration

Every setting, from the comments of the types that the file is read as: `licet config docs` prints this page, and `licet config docs
--schema` the same as a JSON schema, for editors. [config/licet.toml](../config/licet.toml) is a whole file with every key and its
default, and `licet config check` says what is wrong with one.

The file is TOML. A key that is not known is a fault, a relative path is taken from the folder of the file, and a key that holds a
quantity ends in its unit: `_s`, `_ms`, `_mib`, `_bytes`, `_permille`. `none` in the column of defaults stands for a key that may be
left out without something in its place.
";

/// A page that is being written.
struct Page<'s> {
    text: String,
    /// The tables that have their section, by its heading.
    described: Vec<(&'s Value, String)>,
}

impl Schema {
    /// As a page of Markdown.
    #[must_use]
    pub fn document(&self) -> String {
        let mut page = Page { text: HEAD.to_owned(), described: Vec::new() };
        for (name, node) in members(&self.root) {
            self.section(name, node, &mut page);
        }
        page.text
    }

    /// The table of a key, and those within it. What is no table has none.
    fn section<'s>(&'s self, name: &str, node: &'s Value, page: &mut Page<'s>) {
        let (tables, is_list, name) = self.tables(name, node);
        for table in tables {
            let mark = if name.contains('.') { "###" } else { "##" };
            let heading = if is_list { format!("[[{name}]]") } else { format!("[{name}]") };
            let kind = members(table).find_map(|(key, node)| Some((key, node.get("const")?.as_str()?)));
            let kind = kind.map(|(key, word)| format!(" with `{key} = \"{word}\"`")).unwrap_or_default();
            page.text.push_str(&format!("\n{mark} `{heading}`{kind}\n\n"));
            if let Some((_, before)) = page.described.iter().find(|(one, _)| std::ptr::eq(*one, table)) {
                page.text.push_str(&format!("The same keys as `{before}`.\n"));
                continue;
            }
            page.described.push((table, heading));
            let about = said(table, None);
            let about = if about.is_empty() { said(node, None) } else { about };
            page.text.push_str(&format!("{about}\n\n| key | type | default | |\n|---|---|---|---|\n"));
            for (key, member) in members(table) {
                self.row(key, member, is_required(table, key), &mut page.text);
            }
            for (key, member) in members(table) {
                self.section(&format!("{name}.{key}"), member, page);
            }
        }
    }

    fn row(&self, key: &str, node: &Value, is_required: bool, text: &mut String) {
        let resolved = self.resolved(node);
        let default = node.get("default").and_then(in_toml);
        let mut about = said(node, default.as_deref());
        if about.is_empty() {
            about = said(resolved, default.as_deref());
        }
        let item = resolved.get("items").map_or(resolved, |items| self.resolved(items));
        for (word, meaning) in words(item).into_iter().filter(|(_, meaning)| !meaning.is_empty()) {
            about.push_str(&format!(" `{word}`: {}", plain(meaning)));
        }
        let default = match default {
            Some(default) => format!("`{default}`"),
            None if is_required => "required".to_owned(),
            None => "none".to_owned(),
        };
        let title = self.title(node);
        text.push_str(&format!("| `{key}` | {title} | {} | {} |\n", cell(&default), cell(&about)));
    }

    /// The tables that a value may be, or that stand in it; whether they stand in a list; and their name.
    fn tables<'a>(&'a self, name: &str, node: &'a Value) -> (Vec<&'a Value>, bool, String) {
        let node = self.resolved(node);
        if let Some(items) = node.get("items") {
            let (tables, _, name) = self.tables(name, items);
            return (tables, true, name);
        }
        if let Some(rest) = node.get("additionalProperties").filter(|rest| rest.is_object()) {
            return self.tables(&format!("{name}.NAME"), rest);
        }
        let all = choices(node).map(|choice| self.resolved(choice)).chain([node]);
        (all.filter(|one| one.get("properties").is_some()).collect(), false, name.to_owned())
    }

    /// What a value is called.
    fn title(&self, node: &Value) -> String {
        let node = self.resolved(node);
        if !words(node).is_empty() {
            return "word".to_owned();
        }
        let mut titles: Vec<String> = choices(node).map(|choice| self.title(choice)).collect();
        titles.dedup();
        if !titles.is_empty() {
            return titles.join(" or ");
        }
        let format = node.get("format").and_then(Value::as_str).and_then(Format::named);
        match Kind::of(node) {
            Kind::Text => format.map_or("text", |format| format.title).to_owned(),
            Kind::Integer => "integer".to_owned(),
            Kind::Truth => "true or false".to_owned(),
            Kind::List => {
                let items = node.get("items").map(|items| self.title(items)).unwrap_or_default();
                format!("list of {}s", items.replace(" or ", "s or "))
            }
            Kind::Table if node.get("properties").is_some() => "table".to_owned(),
            Kind::Table => match node.get("additionalProperties").filter(|rest| rest.is_object()) {
                Some(rest) => format!("{}s by name", self.title(rest)),
                None => "table".to_owned(),
            },
            Kind::Any => "value".to_owned(),
        }
    }
}

/// The keys of a table.
fn members(table: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = table.get("properties").and_then(Value::as_object);
    members.into_iter().flatten().map(|(key, node)| (key.as_str(), node))
}

fn is_required(table: &Value, key: &str) -> bool {
    let required = table.get("required").and_then(Value::as_array);
    required.into_iter().flatten().any(|one| one.as_str() == Some(key))
}

/// The comment of a node, without the sentence that says no more than the default.
fn said(node: &Value, default: Option<&str>) -> String {
    let about = plain(node.get("description").and_then(Value::as_str).unwrap_or_default());
    let Some(default) = default else { return about };
    let bare = default.trim_matches('"');
    let about = about.replace(&format!(" Default `{bare}`."), "");
    about.replace(&format!(" Default {bare}."), "")
}

/// In one line.
fn plain(text: &str) -> String {
    text.replace('\n', " ")
}

/// As it may stand in a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A default as it would stand in the file; nothing where the key would not.
fn in_toml(value: &Value) -> Option<String> {
    let is_said = !value.is_null() && !value.is_object();
    toml::Value::try_from(value).ok().filter(|_| is_said).map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::super::Config;
    use super::*;

    #[test]
    fn comments_do_not_contradict_defaults() {
        let page = Schema::of::<Config>().document();
        for row in page.lines().filter(|line| line.starts_with("| `")) {
            let default = row.split(" | ").nth(2).unwrap().trim_matches('`').trim_matches('"');
            let said = row.split("Default ").nth(1).map(|rest| match rest.strip_prefix('`') {
                Some(quoted) => quoted.split('`').next().unwrap(),
                None => rest.split(['.', ';', ',', ' ']).next().unwrap(),
            });
            let is_figure = said.is_some_and(|said| !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit()));
            // Of a list the first one is enough.
            let first = default.trim_matches(['[', ']']).split(", ").next();
            assert!(!is_figure || said == first, "{row}");
        }
    }

    #[test]
    fn every_key_of_the_documented_file_has_a_row() {
        let page = Schema::of::<Config>().document();
        let file = include_str!("../../../../config/licet.toml");
        for line in file.lines().filter(|line| !line.starts_with(['#', ' '])) {
            let Some((key, _)) = line.split_once(" = ") else { continue };
            let key = key.rsplit('.').next().unwrap();
            assert!(page.contains(&format!("\n| `{key}` |")), "{key}");
        }
    }
}
