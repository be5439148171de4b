//! `licet trust diff`: what came, went or changed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::facts::{Facts, facts};
use super::{Failure, believe};

/// The difference.
#[derive(Debug, Default, Serialize)]
struct Diff {
    same: bool,
    added: Vec<Line>,
    removed: Vec<Line>,
    changed: Vec<Line>,
}

/// A fact that is not the same on both sides.
#[derive(Debug, Serialize)]
struct Line {
    about: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
}

/// Says what is different. A side that cannot be read is no difference: scripts tell them apart by the exit status.
pub(super) fn run(old: &Path, new: &Path, is_json: bool) -> Result<ExitCode, Failure> {
    let read = |path| believe(path).map(|belief| facts(&belief.rules)).map_err(|failure| Failure::Usage(failure.to_string()));
    let diff = compare(&read(old)?, &read(new)?);
    if is_json {
        println!("{}", serde_json::to_string(&diff).map_err(|error| Failure::Work(error.to_string()))?);
    } else {
        print(&diff);
    }
    Ok(if diff.same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(old: &Facts, new: &Facts) -> Diff {
    let mut diff = Diff::default();
    for about in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let line = Line { about: about.clone(), old: old.get(about).cloned(), new: new.get(about).cloned() };
        match (&line.old, &line.new) {
            (None, _) => diff.added.push(line),
            (_, None) => diff.removed.push(line),
            (old, new) if old != new => diff.changed.push(line),
            _ => {}
        }
    }
    diff.same = diff.added.is_empty() && diff.removed.is_empty() && diff.changed.is_empty();
    diff
}

fn print(diff: &Diff) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    for line in &diff.removed {
        println!("- {}: {}", line.about, text(&line.old));
    }
    for line in &diff.added {
        println!("+ {}: {}", line.about, text(&line.new));
    }
    for line in &diff.changed {
        println!("~ {}: {} -> {}", line.about, text(&line.old), text(&line.new));
    }
    if diff.same {
        println!("the same");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_and_changed() {
        let facts = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Facts>();
        let (old, new) = (facts(&[("a", "1"), ("b", "1"), ("c", "1")]), facts(&[("b", "1"), ("c", "2"), ("d", "1")]));
        let diff = compare(&old, &new);
        let about = |lines: &[Line]| lines.iter().map(|line| line.about.clone()).collect::<String>();
        assert_eq!((about(&diff.added), about(&diff.removed), about(&diff.changed)), ("d".into(), "a".into(), "c".into()));
        assert!(!diff.same && compare(&old, &old).same);
    }
}
