//! From the text of a configuration to what it says, or to everything that is wrong with it.

mod nearest;
mod places;
mod shape;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, Deserializer, Error};
use toml::{Spanned, Table};

pub use places::Place;
pub(super) use places::{Places, section};
use shape::Shape;

use super::{Fault, Faults, Schema};

/// The key of what is no TOML.
const SYNTAX: &str = "(syntax)";

/// What was made of a text.
pub(super) struct Reading<T> {
    /// What it says; with faults, what it would say if they were mended somehow.
    pub(super) value: Option<T>,
    /// The same without a type, where nothing is wrong.
    pub(super) table: Table,
    /// What is wrong with its form.
    pub(super) faults: Faults,
    /// The sections in which something is wrong: what else seems to be wrong there may come from that.
    pub(super) doubtful: BTreeSet<String>,
}

impl<T: DeserializeOwned + JsonSchema> Reading<T> {
    /// Reads a text. That it is as it should be, the type itself decides; the rest is done only where it is not.
    pub(super) fn of(text: &str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let read = match errors.first() {
            Some(error) => Err(error.clone()),
            None => T::deserialize(Deserializer::from(root.clone()))
                .and_then(|value| Ok((value, Table::deserialize(Deserializer::from(root.clone()))?))),
        };
        match read {
            Ok((value, table)) => Self { value: Some(value), table, faults: Faults::default(), doubtful: BTreeSet::new() },
            Err(first) => Self::of_faulty(text, (root, &errors), &first),
        }
    }

    fn of_faulty(text: &str, (root, errors): (Spanned<DeTable<'_>>, &[Error]), first: &Error) -> Self {
        let places = Places::within(text, root.get_ref());
        let mut faults = Faults::default();
        let mut doubtful = BTreeSet::new();
        for error in errors {
            faults.push(syntax(text, error));
            let offset = error.span().map_or(0, |span| span.start);
            doubtful.extend(places.section_at(offset).map(str::to_owned));
        }
        let table = Table::deserialize(Deserializer::from(root));
        let mended = table.ok().map(|table| Shape::check(&Schema::of::<T>(), table));
        let Some((value, misshapen)) = mended else {
            return Self { value: None, table: Table::new(), faults: faults.or_one(syntax(text, first)), doubtful };
        };
        // Where a heading cannot be read, the section itself is missing, and what follows seems to belong to another.
        let broken = errors.iter().filter_map(Error::span).map(|span| Place::of(text, span.start)).min();
        let is_told = |fault: &Fault| {
            broken.is_none_or(|broken| {
                let is_placed = |place| place < broken || fault.key.contains('.');
                places.find(&fault.key).is_some_and(is_placed) && !doubtful.contains(section(&fault.key))
            })
        };
        let told: Vec<Fault> = misshapen.iter().filter(|fault| is_told(fault)).cloned().collect();
        doubtful.extend(misshapen.iter().map(|fault| section(&fault.key).to_owned()));
        told.into_iter().for_each(|fault| faults.push(fault));
        let value = value.try_into().ok().filter(|_| !faults.is_empty());
        // What only the type itself objects to is told by the key that it lies in.
        let key = first.span().filter(|_| errors.is_empty()).and_then(|span| places.key_at(span.start));
        let misfit = Fault { key: key.unwrap_or(SYNTAX).to_owned(), ..syntax(text, first) };
        Self { value, table: Table::new(), faults: faults.or_one(misfit), doubtful }
    }
}

impl Faults {
    /// These, or this one where there are none.
    fn or_one(mut self, fault: Fault) -> Self {
        if self.is_empty() {
            self.push(fault);
        }
        self
    }
}

fn syntax(text: &str, error: &Error) -> Fault {
    let place = error.span().map(|span| Place::of(text, span.start));
    Fault { key: SYNTAX.to_owned(), message: error.message().to_owned(), place, hint: None }
}
