//! What is different between two sets of facts: what came, went or changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// The difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Whether there is none.
    pub same: bool,
    /// What came.
    pub added: Vec<Line>,
    /// What went.
    pub removed: Vec<Line>,
    /// What is not what it was.
    pub changed: Vec<Line>,
}

/// A fact that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is about.
    pub about: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

impl Difference {
    /// Between these facts.
    #[must_use]
    pub fn between(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Self {
        let mut difference = Self::default();
        for about in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let line = Line { about: about.clone(), old: old.get(about).cloned(), new: new.get(about).cloned() };
            match (&line.old, &line.new) {
                (None, _) => difference.added.push(line),
                (_, None) => difference.removed.push(line),
                (old, new) if old != new => difference.changed.push(line),
                _ => {}
            }
        }
        difference.same = difference.added.is_empty() && difference.removed.is_empty() && difference.changed.is_empty();
        difference
    }

    /// The same with the values of those facts alone that may be seen; that the others differ stays said.
    #[must_use]
    pub fn showing(mut self, may_be_seen: impl Fn(&str) -> bool, instead: &str) -> Self {
        for line in self.added.iter_mut().chain(&mut self.removed).chain(&mut self.changed) {
            if !may_be_seen(&line.about) {
                line.old.iter_mut().chain(&mut line.new).for_each(|value| instead.clone_into(value));
            }
        }
        self
    }

    /// What it is about, each once.
    pub fn about(&self) -> impl Iterator<Item = &str> {
        let lines = self.removed.iter().chain(&self.added).chain(&self.changed);
        lines.map(|line| line.about.as_str())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        for line in &self.removed {
            writeln!(f, "- {}: {}", line.about, text(&line.old))?;
        }
        for line in &self.added {
            writeln!(f, "+ {}: {}", line.about, text(&line.new))?;
        }
        for line in &self.changed {
            writeln!(f, "~ {}: {} -> {}", line.about, text(&line.old), text(&line.new))?;
        }
        if self.same { writeln!(f, "the same") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_and_changed() {
        let facts = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let (old, new) = (facts(&[("a", "1"), ("b", "1"), ("c", "1")]), facts(&[("b", "1"), ("c", "2"), ("d", "1")]));
        let found = Difference::between(&old, &new);
        assert_eq!(found.to_string(), "- a: 1\n+ d: 1\n~ c: 1 -> 2\n");
        assert!(!found.same && Difference::between(&old, &old).same);
        assert_eq!(Difference::between(&old, &old).to_string(), "the same\n");
    }
}
