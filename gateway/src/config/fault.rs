//! What is wrong with a configuration.

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::reading::{Place, Places};
use super::{Config, KeySource, Schema};

/// One fault, by the key it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Path of the key, such as `trust[0].anchors`.
    pub key: String,
    /// What is wrong, for the operator.
    pub message: String,
    /// Where it stands in the file.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What could be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Every fault that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    list: Vec<Fault>,
    /// The file that they are in.
    file: Option<PathBuf>,
}

impl Faults {
    /// A single fault.
    #[must_use]
    pub fn one(key: impl Into<String>, message: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.add(key, message);
        faults
    }

    /// Adds a fault.
    pub fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.push(Fault { key: key.into(), message: message.into(), place: None, hint: None });
    }

    /// Adds a fault with what could be done about it.
    pub fn add_with(&mut self, key: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.push(Fault { key: key.into(), message: message.into(), place: None, hint: Some(hint.into()) });
    }

    pub(super) fn push(&mut self, fault: Fault) {
        self.list.push(fault);
    }

    /// Adds a fault unless `holds`.
    pub fn demand(&mut self, holds: bool, key: impl Into<String>, message: impl Into<String>) {
        if !holds {
            self.add(key, message);
        }
    }

    /// A certificate and its key are both given, or neither is. `at` is what they stand in.
    pub(super) fn demand_both(&mut self, at: &str, certificate: Option<&Path>, key: Option<&KeySource>) {
        let message = format!("and {at}.key belong together");
        self.demand(certificate.is_some() == key.is_some(), format!("{at}.certificate"), message);
    }

    /// Adds the faults of another check, if it failed.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(more) => {
                self.list.extend(more.list);
                None
            }
        }
    }

    /// The value, if there are no faults.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.list.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The faults in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.list.iter()
    }

    /// Those that are told.
    pub(super) fn retain(&mut self, is_told: impl FnMut(&Fault) -> bool) {
        self.list.retain(is_told);
    }

    /// With where each stands in a text that is read as `T` and, where nothing better is known, what its key is for; in the order
    /// of the text.
    pub(super) fn in_text<T: JsonSchema>(mut self, text: &str) -> Self {
        let (places, schema) = (Places::of(text), Schema::of::<T>());
        for fault in &mut self.list {
            fault.place = fault.place.or_else(|| places.find(&fault.key));
            if fault.hint.is_none() {
                fault.hint = schema.about(&fault.key).filter(|_| !fault.key.starts_with('('));
            }
        }
        self.list.sort_by_key(|fault| fault.place.map_or((1, None), |place| (0, Some(place))));
        self
    }

    /// The same for a configuration file.
    #[must_use]
    pub fn in_file(self, file: &Path) -> Self {
        self.in_file_of::<Config>(file)
    }

    /// The same for a file that is read as `T`.
    pub(super) fn in_file_of<T: JsonSchema>(self, file: &Path) -> Self {
        // A file that is gone by now was read a moment ago: its faults are told without their lines.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        Self { file: Some(file.to_owned()), ..self.in_text::<T>(&text) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            if let (Some(file), Some(place)) = (&self.file, fault.place) {
                write!(f, "{}:{}: ", file.display(), place.line)?;
            }
            writeln!(f, "{}: {}", fault.key, fault.message)?;
            if let Some(hint) = &fault.hint {
                writeln!(f, "    {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
