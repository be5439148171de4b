//! Who stands above whom: as the configuration says, and as the catalogue in force says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalogue::Catalogues;
use crate::config::Organisation;

/// The tree of organisations. A change of the catalogue is a change of it at once.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Who stands above whom by the configuration.
    configured: Arc<BTreeMap<String, String>>,
    catalogues: Catalogues,
}

impl Tree {
    /// The tree of a configuration and of a catalogue together.
    #[must_use]
    pub fn new(organisations: &[Organisation], catalogues: Catalogues) -> Self {
        let edge = |row: &Organisation| Some((row.code.clone(), row.parent.clone()?));
        Self { configured: Arc::new(organisations.iter().filter_map(edge).collect()), catalogues }
    }

    /// Whether an organisation is one of these, or stands below one.
    #[must_use]
    pub fn is_within(&self, organisation: &str, tops: &BTreeSet<String>) -> bool {
        let catalogue = self.catalogues.current();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![organisation];
        // Each of the two has no circle, but both together may have one.
        while let Some(code) = waiting.pop() {
            if tops.contains(code) {
                return true;
            }
            if seen.insert(code) {
                waiting.extend(self.configured.get(code).map(String::as_str));
                waiting.extend(catalogue.organisation(code).and_then(|found| found.parent.as_deref()));
            }
        }
        false
    }
}
