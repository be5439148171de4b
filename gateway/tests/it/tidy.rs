//! Properties of the code itself, which no compiler holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gateway::auth::Admits;
use gateway::http::Code;
use gateway::metrics::Metrics;
use gateway::routes::TABLE;

const LINES_MAX: usize = 500;

/// What may stand at the top of the project.
const TOP: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "benches",
    "config",
    "crypto",
    "docs",
    "gateway",
    "loadtest",
    "storage",
];

/// Which crates each of ours may use directly: the architecture, as a table.
const MAY_USE: [(&str, &[&str]); 3] = [
    (
        "crypto",
        &[
            "base64",
            "crc32fast",
            "ed25519-dalek",
            "hayro-syntax",
            "miniz_oxide",
            "p256",
            "ring",
            "roxmltree",
            "schemars",
            "serde",
            "serde_json",
            "sm2",
            "sm3",
            "zeroize",
        ],
    ),
    ("storage", &["aes-gcm", "crypto", "ring", "rocksdb", "schemars", "serde", "serde_json", "sm4", "tracing", "zeroize"]),
    (
        "gateway",
        &[
            "aes",
            "arc-swap",
            "base64",
            "crypto",
            "getrandom",
            "http-body-util",
            "hyper",
            "hyper-rustls",
            "hyper-util",
            "lexopt",
            "moka",
            "prometheus",
            "qrcode",
            "ring",
            "rustix",
            "rustls",
            "schemars",
            "serde",
            "serde_json",
            "storage",
            "tikv-jemallocator",
            "tokio",
            "tokio-rustls",
            "toml",
            "tracing",
            "tracing-subscriber",
            "zeroize",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn all_sources() -> Vec<PathBuf> {
    ["benches", "crypto", "gateway", "loadtest", "storage"].iter().flat_map(|folder| sources(&root().join(folder))).collect()
}

#[test]
fn the_top_level_is_fixed() {
    let found: BTreeSet<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !["target", "data"].contains(&name.as_str()))
        .collect();
    assert_eq!(found, TOP.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn files_are_small_and_say_what_they_are() {
    let all = all_sources();
    assert!(all.len() > 100, "only {} files found", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display();
        assert!(text.starts_with("//! "), "{name} does not begin with what it is");
        assert!(text.lines().count() <= LINES_MAX, "{name} has {} lines", text.lines().count());
        // A statement that asserts nothing, which no lint sees.
        assert!(!text.lines().any(|line| line.trim_start().starts_with("matches!(") && line.ends_with(");")), "{name}");
    }
}

#[test]
fn dependencies_run_one_way() {
    for (member, allowed) in MAY_USE {
        let manifest: toml::Table = text(&format!("{member}/Cargo.toml")).parse().unwrap();
        for name in manifest["dependencies"].as_table().unwrap().keys() {
            assert!(allowed.contains(&name.as_str()), "{member} may not use {name}");
        }
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{member}");
    }
}

/// The only file that may have unsafe code. It says why, and proves it.
const UNSAFE: &str = "crypto/src/sig/sm2/field/x86_64.rs";

#[test]
fn unsafe_code_is_in_one_file() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    // Put together here, so that this file does not have it.
    let (keyword, permission) = (["un", "safe "].concat(), ["(unsafe", "_code"].concat());
    for path in all_sources() {
        let is_allowed = path.ends_with(UNSAFE);
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let blocks = code.filter(|line| line.contains(&keyword) || line.contains(&permission)).count();
        assert_eq!(blocks > 0, is_allowed, "{} has {blocks} lines of it", path.display());
    }
}

#[test]
fn the_two_lint_files_agree() {
    let tables = [".clippy.toml", "crypto/.clippy.toml"].map(|path| text(path).parse::<toml::Table>().unwrap());
    let [shared, crypto] = tables;
    for (key, value) in &shared {
        if key == "disallowed-methods" {
            let bans = crypto[key].as_array().unwrap();
            assert!(value.as_array().unwrap().iter().all(|ban| bans.contains(ban)), "a ban is missing in crypto");
        } else {
            assert_eq!(crypto.get(key), Some(value), "{key}");
        }
    }
}

#[test]
fn the_interface_is_documented() {
    let api = text("docs/API.md");
    for route in TABLE {
        let heading = format!("| `{} {}` | ", route.method, route.path);
        let (_, row) = api.split_once(&heading).unwrap_or_else(|| panic!("docs/API.md does not tell of {heading}"));
        let told: BTreeSet<&str> = row.split(" |").next().unwrap().split(", ").collect();
        let admitted = match route.admits {
            Admits::AnyCaller => BTreeSet::from(["all"]),
            Admits::Roles(roles) => roles.iter().map(|role| role.name()).collect(),
        };
        assert_eq!(told, admitted, "{heading}");
    }
    for code in Code::ALL {
        let row = format!("| `{}` | {} |", code.code(), code.status().as_u16());
        assert!(api.contains(&row), "docs/API.md does not list {row}");
    }
    for kind in crypto::report::checks::ALL {
        assert!(api.contains(&format!("| `{}` |", kind.id)), "docs/API.md does not list the check {}", kind.id);
    }
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let document = text("docs/METRICS.md");
    let rows: BTreeSet<(String, Vec<String>)> = document
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("| `licet_")?.split_once("` |")?;
            let labels = rest.split_once(" | ")?.0.split(',').map(|label| label.trim_matches([' ', '`']).to_owned());
            Some((format!("licet_{name}"), labels.filter(|label| !label.is_empty()).collect()))
        })
        .collect();
    let metrics = Metrics::new().unwrap();
    let described = metrics.described().iter().map(|metric| (metric.name.clone(), metric.labels.clone()));
    assert_eq!(rows, described.collect());
    // Whatever is named in a sentence is one of them.
    for part in document.split("`licet_").skip(1) {
        let name = part.split(['`', '{']).next().unwrap();
        assert!(rows.iter().any(|(known, _)| *known == format!("licet_{name}")), "licet_{name}");
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    for path in [
        "README.md",
        "docs/API.md",
        "docs/ARCHITECTURE.md",
        "docs/CHANGELOG.md",
        "docs/COMMANDS.md",
        "docs/CONFIGURATION.md",
        "docs/FORMATS.md",
        "docs/METRICS.md",
        "docs/OPERATIONS.md",
        "docs/SECURITY.md",
        "Makefile",
        ".ci/run",
    ] {
        let text = text(path);
        for folder in ["work", "tmp", "root"] {
            assert!(!text.contains(&format!("/{folder}/")), "{path} speaks of /{folder}/");
        }
    }
}
