//! What others wrote: from where, under which licences, once. The policy is `.ci/deny.toml`, which cargo-deny reads as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Packages by their identifiers, and who uses whom, on this machine and outside of tests.
struct Graph {
    packages: BTreeMap<String, Value>,
    used: BTreeSet<String>,
    users: BTreeMap<String, BTreeSet<String>>,
}

fn graph() -> Graph {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &target]);
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let packages = list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let mut graph = Graph { packages, used: BTreeSet::new(), users: BTreeMap::new() };
    let mut open: Vec<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    while let Some(id) = open.pop() {
        if !graph.used.insert(id.clone()) {
            continue;
        }
        for dependency in list(&nodes[&id]["deps"]) {
            let is_for_tests = list(&dependency["dep_kinds"]).iter().all(|kind| kind["kind"] == "dev");
            if !is_for_tests {
                let on = text(&dependency["pkg"]);
                let (used, user) = (graph.name(&on), graph.name(&id));
                graph.users.entry(used).or_default().insert(user);
                open.push(on);
            }
        }
    }
    graph
}

impl Graph {
    fn name(&self, id: &str) -> String {
        self.packages[id]["name"].as_str().unwrap().to_owned()
    }

    fn used(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let packages = self.used.iter().map(|id| &self.packages[id]);
        packages.map(|package| (package["name"].as_str().unwrap(), package["version"].as_str().unwrap(), package))
    }
}

/// Whether these licences are enough for an SPDX expression; those that count are noted.
fn is_enough(expression: &str, allowed: &BTreeSet<String>, counted: &mut BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ").replace(" WITH ", "+WITH+");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let is_enough = any(&mut words, allowed, counted);
    assert!(words.is_empty(), "{expression}");
    is_enough
}

fn any(words: &mut Vec<&str>, allowed: &BTreeSet<String>, counted: &mut BTreeSet<String>) -> bool {
    let mut is_enough = all(words, allowed, counted);
    while words.pop_if(|word| *word == "OR").is_some() {
        // Both sides are read, whichever is enough.
        is_enough |= all(words, allowed, counted);
    }
    is_enough
}

fn all(words: &mut Vec<&str>, allowed: &BTreeSet<String>, counted: &mut BTreeSet<String>) -> bool {
    let mut is_enough = one(words, allowed, counted);
    while words.pop_if(|word| *word == "AND").is_some() {
        is_enough &= one(words, allowed, counted);
    }
    is_enough
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<String>, counted: &mut BTreeSet<String>) -> bool {
    match words.pop().unwrap() {
        "(" => {
            let is_enough = any(words, allowed, counted);
            assert_eq!(words.pop(), Some(")"));
            is_enough
        }
        name if allowed.contains(name) => {
            counted.insert(name.to_owned());
            true
        }
        _ => false,
    }
}

fn policy() -> toml::Table {
    std::fs::read_to_string(root().join(".ci/deny.toml")).unwrap().parse().unwrap()
}

/// The crates that a list of the policy names, each with the versions that are meant, if they are told. Each entry gives its reason.
fn named(list: &toml::Value) -> Vec<(String, Option<String>)> {
    let entry = |entry: &toml::Value| {
        assert!(entry["reason"].as_str().unwrap().len() > 10, "{entry}");
        let name = entry["crate"].as_str().unwrap();
        let (name, version) = name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version.to_owned())));
        (name.to_owned(), version)
    };
    list.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn dependencies_are_from_where_and_under_what_they_may_be() {
    let (graph, policy) = (graph(), policy());
    let allowed: BTreeSet<String> =
        policy["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut counted = BTreeSet::new();
    for (name, version, package) in graph.used() {
        match package["source"].as_str() {
            Some(source) => assert_eq!(source, REGISTRY, "{name} {version}"),
            None => assert!(Path::new(package["manifest_path"].as_str().unwrap()).starts_with(root().canonicalize().unwrap())),
        }
        let licence = package["license"].as_str().unwrap_or_else(|| panic!("{name} {version} has no licence"));
        assert!(is_enough(licence, &allowed, &mut counted), "{name} {version} is under {licence}");
    }
    assert_eq!(counted, allowed, "licences that nothing is under");
}

#[test]
fn nothing_is_there_twice_and_nothing_that_may_not_be() {
    let (graph, policy) = (graph(), policy());
    for (name, version) in named(&policy["bans"]["deny"]) {
        assert_eq!((graph.used().find(|(used, ..)| *used == name).is_some(), version), (false, None), "{name}");
    }
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, version, _) in graph.used() {
        versions.entry(name).or_default().insert(version);
    }
    for (name, skipped) in named(&policy["bans"]["skip"]) {
        let skipped = format!("{}.", skipped.unwrap());
        let known = versions.get_mut(name.as_str()).unwrap_or_else(|| panic!("{name} is not used"));
        assert!(known.len() > 1, "{name} is not there twice any more");
        known.retain(|version| !version.starts_with(&skipped));
        assert!(!known.is_empty(), "{name}");
    }
    let twice: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    // Cryptography is used in few places.
    let users: Vec<&str> = graph.users["ring"].iter().map(String::as_str).collect();
    assert_eq!(users, ["benches", "crypto", "gateway", "rustls", "rustls-webpki", "storage"]);
}

#[test]
fn expressions_of_licences_are_read() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for (expression, expected) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND ISC", true),
        ("(GPL-3.0 OR Apache-2.0) AND ISC", false),
        ("GPL-3.0 AND MIT OR ISC", true),
        ("MIT WITH some-exception", false),
    ] {
        assert_eq!(is_enough(expression, &allowed, &mut BTreeSet::new()), expected, "{expression}");
    }
}
