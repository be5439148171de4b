//! A catalogue as files in TOML: several make one together.

use crypto::catalogue::{Demand, Entry, Item, LicenceType, Organisation, Resource};
use serde::Deserialize;

/// What a file has.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CatalogueFile {
    /// `[[organisations]]`
    pub organisations: Vec<Organisation>,
    /// `[[licence_types]]`
    pub licence_types: Vec<LicenceType>,
    /// `[[resources]]`
    pub resources: Vec<Resource>,
    /// `[[items]]`
    pub items: Vec<Item>,
    /// `[[demands]]`
    pub demands: Vec<Demand>,
}

impl CatalogueFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is not what it should be, in words.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Its entries, one kind after the other.
    pub fn into_entries(self) -> impl Iterator<Item = Entry> {
        let organisations = self.organisations.into_iter().map(Entry::Organisation);
        let licence_types = self.licence_types.into_iter().map(Entry::LicenceType);
        let resources = self.resources.into_iter().map(Entry::Resource);
        let items = self.items.into_iter().map(Entry::Item);
        let demands = self.demands.into_iter().map(Entry::Demand);
        organisations.chain(licence_types).chain(resources).chain(items).chain(demands)
    }
}
