//! The rules of alerts, the dashboard and their pages, against the metrics that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crypto::issue::{KeyType, SigningKey};
use crypto::tlog::NoteSigner as _;
use gateway::metrics::Metrics;
use gateway::routes::TABLE;
use gateway::witness::WitnessKey;
use serde_json::Value;

use crate::admin::ask;
use crate::lookup_kit::City;
use crate::started::Setup;

/// What Prometheus itself puts on every series.
const TARGET: [&str; 2] = ["instance", "job"];

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An alert: its keys, those of its labels and annotations among them.
type Alert = BTreeMap<String, String>;

/// Reads the strict shape of config/alerts.yml: one line for each key.
fn alerts() -> Vec<Alert> {
    const HEAD: [&str; 3] = ["groups:", "  - name: licet", "    rules:"];
    let text = text("config/alerts.yml");
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    assert_eq!(HEAD.map(|_| lines.next().unwrap()), HEAD);
    let mut alerts: Vec<Alert> = Vec::new();
    for line in lines {
        let is_section = ["        labels:", "        annotations:"].contains(&line);
        let (key, value) = line.split_once(':').unwrap();
        if let Some("alert") = key.strip_prefix("      - ") {
            alerts.push(Alert::new());
        } else {
            let depth = if ["severity", "summary", "page"].contains(&key.trim()) { 10 } else { 8 };
            assert!(key.len() - key.trim_start().len() == depth, "{line}");
            assert!(["expr", "for", "labels", "severity", "annotations", "summary", "page"].contains(&key.trim()), "{line}");
        }
        if !is_section {
            let value = value.trim();
            let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            // Outside quotes these would begin something else in YAML.
            assert!(quoted.is_some() || !(value.contains(": ") || value.contains(" #") || value.contains('\'')), "{line}");
            let key = key.trim_start_matches([' ', '-']).to_owned();
            let before = alerts.last_mut().unwrap().insert(key, quoted.unwrap_or(value).to_owned());
            assert_eq!(before, None, "twice: {line}");
        }
    }
    alerts
}

/// The metrics that there are, and which of them are histograms.
struct Known {
    labels: BTreeMap<String, Vec<String>>,
    histograms: BTreeSet<String>,
    documents: String,
}

impl Known {
    fn new() -> Self {
        let metrics = Metrics::new().unwrap();
        let labels: BTreeMap<_, _> =
            metrics.described().iter().map(|metric| (metric.name.clone(), metric.labels.clone())).collect();
        let documents = text("docs/METRICS.md") + &text("docs/API.md");
        let is_histogram =
            |name: &&String| documents.contains(&format!("| `{name}` |")) && row(&documents, name).contains("histogram");
        let histograms = labels.keys().filter(is_histogram).cloned().collect();
        Self { labels, histograms, documents }
    }

    /// The labels of a series.
    fn series(&self, name: &str) -> Option<Vec<String>> {
        if let Some(labels) = self.labels.get(name).filter(|_| !self.histograms.contains(name)) {
            return Some(labels.clone());
        }
        let (base, own) = [("_bucket", Some("le")), ("_sum", None), ("_count", None)]
            .iter()
            .find_map(|(suffix, own)| Some((name.strip_suffix(suffix)?, *own)))?;
        let labels = self.labels.get(base).filter(|_| self.histograms.contains(base))?;
        Some(labels.iter().cloned().chain(own.map(str::to_owned)).collect())
    }

    /// Checks every series and label in an expression, and says which labels it could have.
    fn check(&self, expr: &str) -> BTreeSet<String> {
        let mut labels: BTreeSet<String> = TARGET.map(str::to_owned).into();
        let mut found = 0;
        for (at, _) in expr.match_indices("licet_") {
            let end =
                |text: &str| text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
            let (_, found_at) = expr.split_at(at);
            let (name, rest) = found_at.split_at(end(found_at));
            let own = self.series(name).unwrap_or_else(|| panic!("there is no series {name}: {expr}"));
            labels.extend(own.iter().cloned());
            found += 1;
            let Some((chosen, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { continue };
            for matcher in chosen.split(',') {
                let (label, value) = matcher.split_once(['=', '!']).unwrap();
                let label = label.trim();
                assert!(own.iter().any(|own| own == label) || TARGET.contains(&label), "{name} has no label {label}: {expr}");
                for value in value.trim_start_matches(['=', '~']).trim_matches('"').split('|') {
                    let is_known = value.starts_with('$') || self.documents.contains(&format!("`{value}`"));
                    assert!(is_known || self.documents.contains(&format!(" {value}`")), "{label} is never {value}: {expr}");
                }
            }
        }
        assert!(found > 0 || expr.starts_with("up{job=\"licet\"}"), "about nothing of licet: {expr}");
        for grouped in expr.split("by (").skip(1) {
            for label in grouped.split(')').next().unwrap().split(',').map(str::trim) {
                assert!(labels.contains(label), "nothing has the label {label}: {expr}");
            }
        }
        labels
    }
}

fn row<'a>(document: &'a str, name: &str) -> &'a str {
    document.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_default()
}

/// The names in `{{ … }}`.
fn placed(text: &str) -> Vec<&str> {
    text.split("{{").skip(1).map(|part| part.split("}}").next().unwrap().trim()).collect()
}

#[test]
fn every_alert_is_about_what_is_measured_and_has_its_page() {
    let known = Known::new();
    let operations = text("docs/OPERATIONS.md");
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = &alert["alert"];
        assert!(name.starts_with("Licet") && names.insert(name.clone()), "{name}");
        assert!(["page", "ticket"].contains(&alert["severity"].as_str()), "{name}");
        let labels = known.check(&alert["expr"]);
        for place in placed(&alert["summary"]) {
            let label = place.strip_prefix("$labels.");
            assert!(place == "$value" || label.is_some_and(|label| labels.contains(label)), "{name}: {place}");
        }
        assert_eq!(alert["page"], format!("docs/OPERATIONS.md#{}", name.to_lowercase()));
    }
    let pages: BTreeMap<String, &str> = operations
        .split("\n### ")
        .filter(|page| page.starts_with("Licet"))
        .map(|page| page.split_once('\n').unwrap())
        .map(|(name, page)| (name.to_owned(), page))
        .collect();
    assert_eq!(pages.keys().cloned().collect::<BTreeSet<_>>(), names, "pages and alerts");
    for (name, page) in pages {
        let (meaning, deed) = (page.find("**Means:**"), page.find("**Do:**"));
        assert!(meaning.is_some() && meaning < deed, "{name} says what it means, then what to do");
    }
}

/// A label, and the values of which there must be rows.
type Demand<'a> = (&'a str, Vec<&'a str>);

/// The series that an expression asks for: names, and what their labels must be.
fn selectors(expr: &str) -> Vec<(&str, Vec<Demand<'_>>)> {
    let mut found = Vec::new();
    for (at, _) in expr.match_indices("licet_") {
        let (_, rest) = expr.split_at(at);
        let (name, rest) =
            rest.split_at(rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len()));
        let chosen = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(chosen, _)| chosen);
        let matchers = chosen.split(',').filter(|matcher| !matcher.is_empty()).map(|matcher| {
            let (label, value) = matcher.split_once('=').unwrap();
            (label.trim(), value.trim_start_matches('~').trim_matches('"').split('|').collect())
        });
        found.push((name, matchers.collect()));
    }
    found
}

/// Of what nothing can be known before somebody has answered.
const LATER: [&str; 2] = ["licet_status_age_seconds", "licet_log_witness_lag_seconds"];

#[tokio::test]
async fn every_alert_finds_its_series_from_the_start() {
    let mut setup = Setup::new();
    let witness = WitnessKey::new("one", SigningKey::from_label(KeyType::Ed25519, "one")).unwrap();
    setup.folder.write("policy.txt", format!("witness one {} http://127.0.0.1:9/\nquorum one\n", witness.key()));
    setup.sections.push_str("[record.witnesses]\npolicy = 'policy.txt'\n");
    let gateway = City::start().await.asked_by(setup).start_with(TABLE).await;
    let metrics = ask(&gateway, "GET /metrics").await;
    let mut looked_for = 0;
    for alert in alerts() {
        for (name, labels) in selectors(&alert["expr"]).into_iter().filter(|(name, _)| !LATER.contains(name)) {
            let rows: Vec<&str> =
                metrics.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))).collect();
            assert!(!rows.is_empty(), "nothing is measured of {name}: {}", alert["alert"]);
            for (label, values) in labels {
                for value in values {
                    let row = rows.iter().any(|row| row.contains(&format!("{label}=\"{value}\"")));
                    assert!(row, "no row of {name} has {label} {value}: {}", alert["alert"]);
                    looked_for += 1;
                }
            }
        }
    }
    assert!(looked_for > 12, "{looked_for}");
}

#[test]
fn every_check_of_ready_has_its_page() {
    let operations = text("docs/OPERATIONS.md");
    let pages: BTreeMap<String, &str> = operations
        .split("\n## ")
        .flat_map(|part| part.split("\n### "))
        .filter_map(|page| page.split_once('\n'))
        .map(|(heading, page)| (heading.to_lowercase().replace(' ', "-"), page))
        .collect();
    for check in gateway::admin::checks() {
        let page = pages.get(check.page).unwrap_or_else(|| panic!("{} has no page {}", check.name, check.page));
        let said = page.lines().any(|line| line.contains("`/ready`") && line.contains(&format!("`{}`", check.name)));
        assert!(said, "the page {} does not speak of `/ready`: `{}`", check.page, check.name);
    }
}

/// The literals of a piece of code, in their order.
fn literals(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

#[test]
fn what_ready_and_the_doctor_refer_to_is_there() {
    let operations = text("docs/OPERATIONS.md");
    let headings = operations.lines().filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")));
    let anchors: BTreeSet<String> = headings.map(|heading| heading.to_lowercase().replace(' ', "-")).collect();
    let (checks, advice) = (text("gateway/src/admin/checks.rs"), text("gateway/src/cli/doctor/finding.rs"));
    let checks = checks.split("Check::").skip(1).map(|check| literals(check).nth(1).unwrap());
    let (_, rows) = advice.split_once("const ADVICE: &[Advice] = &[").unwrap();
    let rows: Vec<&str> = literals(rows.split_once("\n];").unwrap().0).collect();
    let pages: Vec<&str> = checks.chain(rows.chunks(4).map(|row| row[1])).collect();
    assert!(pages.len() > 20, "{pages:?}");
    for page in pages {
        assert!(anchors.contains(page), "docs/OPERATIONS.md has no page {page}");
    }
}

/// Every value under this key, however deep.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key).and_then(Value::as_str));
            map.values().for_each(|value| under(value, key, found));
        }
        Value::Array(list) => list.iter().for_each(|value| under(value, key, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_shows_what_is_measured() {
    let known = Known::new();
    let dashboard: Value = serde_json::from_str(&text("config/grafana.json")).unwrap();
    let mut targets = 0;
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            let labels = known.check(target["expr"].as_str().unwrap());
            for label in placed(target["legendFormat"].as_str().unwrap()) {
                assert!(labels.contains(label), "{label}: {target}");
            }
            targets += 1;
        }
    }
    assert!(targets > 20, "{targets} targets");
    let mut queries = Vec::new();
    under(&dashboard["templating"], "query", &mut queries);
    for query in queries.iter().filter(|query| query.contains("licet_")) {
        known.check(query);
    }
    // Whatever an alert is about can be looked at.
    let mut shown = Vec::new();
    under(&dashboard["panels"], "expr", &mut shown);
    for alert in alerts() {
        let about = alert["expr"].split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for name in about.filter(|word| word.starts_with("licet_")) {
            assert!(shown.iter().any(|expr| expr.contains(name)), "no panel shows {name} of {}", alert["alert"]);
        }
    }
}
