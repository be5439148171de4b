//! Faults being gathered, and the place in an entry that they are about.

use std::collections::BTreeSet;

use super::shape;
use crate::catalogue::{CatalogueFault, Entry, Key, Rule};

/// More faults than these are not listed.
const FAULTS_MAX: usize = 1000;

/// Faults, as they are found.
#[derive(Debug, Default)]
pub(in crate::catalogue) struct Faults(Vec<CatalogueFault>);

impl Faults {
    /// A fault of an entry.
    pub(in crate::catalogue) fn add(&mut self, entry: &Key, field: &str, rule: Rule) {
        self.push(CatalogueFault { entry: Some(entry.clone()), field: field.to_owned(), rule });
    }

    /// A fault of the whole.
    pub(in crate::catalogue) fn of_all(&mut self, rule: Rule) {
        self.push(CatalogueFault { entry: None, field: String::new(), rule });
    }

    pub(in crate::catalogue) fn extend(&mut self, more: Vec<CatalogueFault>) {
        more.into_iter().for_each(|fault| self.push(fault));
    }

    fn push(&mut self, fault: CatalogueFault) {
        match self.0.len() {
            0..FAULTS_MAX => self.0.push(fault),
            FAULTS_MAX => self.0.push(CatalogueFault { entry: None, field: String::new(), rule: Rule::MoreFaults }),
            _ => {}
        }
    }

    pub(in crate::catalogue) fn into_vec(self) -> Vec<CatalogueFault> {
        self.0
    }
}

/// An entry whose faults are being looked for.
pub(super) struct Place<'a> {
    entry: &'a Entry,
    faults: &'a mut Faults,
}

impl<'a> Place<'a> {
    pub(super) const fn of(entry: &'a Entry, faults: &'a mut Faults) -> Self {
        Self { entry, faults }
    }

    /// Demands that something is so.
    pub(super) fn demand(&mut self, holds: bool, field: &str, rule: Rule) {
        if !holds {
            self.faults.add(&self.entry.key(), field, rule);
        }
    }

    /// A text that people read.
    pub(super) fn text(&mut self, field: &str, text: &str, characters_max: usize) {
        self.demand(!text.trim().is_empty(), field, Rule::Empty);
        self.demand(text.chars().count() <= characters_max, field, Rule::TooLong);
        self.demand(!text.chars().any(char::is_control), field, Rule::Unprintable);
    }

    /// The same, where there is one.
    pub(super) fn optional_text(&mut self, field: &str, text: Option<&String>, characters_max: usize) {
        if let Some(text) = text {
            self.text(field, text, characters_max);
        }
    }

    /// An area, where there is one.
    pub(super) fn area(&mut self, area: Option<&String>) {
        self.demand(area.is_none_or(|area| shape::is_area(area)), "area", Rule::Area);
    }

    /// A list without repetitions, all of which must be known.
    pub(super) fn references<'t>(
        &mut self,
        field: &str,
        codes: impl ExactSizeIterator<Item = &'t String>,
        most: usize,
        (is_known, unknown): (impl Fn(&str) -> bool, Rule),
    ) {
        self.demand(codes.len() <= most, field, Rule::TooMany);
        let mut seen = BTreeSet::new();
        for (index, code) in codes.take(most).enumerate() {
            let is_new = seen.insert(code);
            if !is_new || !is_known(code) {
                let rule = if is_new { unknown } else { Rule::Repeated };
                self.demand(false, &format!("{field}[{index}]"), rule);
            }
        }
    }
}
