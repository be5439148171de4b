//! What is wrong with a configuration.

use std::fmt;

/// One fault, by the key it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path of the key, such as `trust[0].anchors`.
    pub key: String,
    /// What is wrong, for the operator.
    pub message: String,
}

/// Every fault that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// A single fault.
    #[must_use]
    pub fn one(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Fault { key: key.into(), message: message.into() }])
    }

    /// Adds a fault.
    pub fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Fault { key: key.into(), message: message.into() });
    }

    /// Adds a fault unless `holds`.
    pub fn demand(&mut self, holds: bool, key: impl Into<String>, message: impl Into<String>) {
        if !holds {
            self.add(key, message);
        }
    }

    /// Adds the faults of another check, if it failed.
    pub fn take<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Self(more)) => {
                self.0.extend(more);
                None
            }
        }
    }

    /// The value, if there are no faults.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn none_or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The faults in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| writeln!(f, "{}: {}", fault.key, fault.message))
    }
}

impl std::error::Error for Faults {}
