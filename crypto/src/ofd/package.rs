//! The package: its files, its document bodies, what the document says of itself.

use std::collections::BTreeMap;
use std::fmt;

use roxmltree::Node;

use super::xml::{self, XmlError};
use super::zip::{Archive, ZipError};
use crate::budget::{Budget, Exhausted};

/// The only file name that the standard fixes.
pub const ENTRY_FILE: &str = "OFD.xml";
const BODIES_MAX: usize = 64;
const CUSTOM_DATA_MAX: usize = 1024;
/// Longest location in bytes: twice the longest name in the archive.
const LOCATION_BYTES_MAX: usize = 1024;

/// Why an OFD is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfdError {
    /// A path climbs out of the package or is empty.
    BadPath,
    /// The budget is spent.
    Exhausted(Exhausted),
    /// A file that another one names is missing.
    MissingFile,
    /// More of something than any document has.
    TooMany,
    /// An XML file.
    Xml(XmlError),
    /// The archive.
    Zip(ZipError),
}

/// A package whose entry file could be read.
#[derive(Debug)]
pub struct Package {
    files: BTreeMap<String, Vec<u8>>,
    /// Paths by their lower-case form, in which the archive made sure that they are unique.
    folded: BTreeMap<String, String>,
    bodies: Vec<Body>,
}

/// A `DocBody`.
#[derive(Debug)]
pub struct Body {
    /// Path of its `Document.xml`.
    pub root: String,
    /// Path of its signature list, if it is signed.
    pub signatures: Option<String>,
    /// Path of its cover picture, if it has one.
    pub cover: Option<String>,
    /// Paths of its versions.
    pub versions: Vec<String>,
    /// `CustomData`, by name: where the licence's metadata are (GB/T 36905).
    pub custom_data: BTreeMap<String, String>,
}

impl Package {
    /// Opens a package.
    ///
    /// # Errors
    /// [`OfdError`].
    pub fn open(bytes: &[u8], budget: &mut Budget) -> Result<Self, OfdError> {
        let files = Archive::read(bytes, budget).map_err(OfdError::Zip)?.into_files();
        let entry = files.get(ENTRY_FILE).ok_or(OfdError::MissingFile)?;
        let document = xml::parse(entry, "OFD", budget).map_err(OfdError::Xml)?;
        let root = document.root_element();
        let bodies = xml::children(root, "DocBody").map_err(OfdError::Xml)?;
        if bodies.is_empty() {
            return Err(OfdError::Xml(XmlError::Missing));
        }
        if bodies.len() > BODIES_MAX {
            return Err(OfdError::TooMany);
        }
        let bodies = bodies.into_iter().map(Body::read).collect::<Result<_, _>>()?;
        drop(document);
        let folded = files.keys().map(|path| (path.to_lowercase(), path.clone())).collect();
        Ok(Self { files, folded, bodies })
    }

    /// All files by path, without a leading slash.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`OfdError::MissingFile`].
    pub fn file(&self, path: &str) -> Result<&[u8], OfdError> {
        self.files.get(path).map(Vec::as_slice).ok_or(OfdError::MissingFile)
    }

    /// The file that a reader finds at this path, also one that ignores case, and its path as it is.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(&str, &[u8])> {
        let exact = self.files.get_key_value(path);
        let found = exact.or_else(|| self.files.get_key_value(self.folded.get(&path.to_lowercase())?));
        found.map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// The document bodies, in order.
    #[must_use]
    pub fn bodies(&self) -> &[Body] {
        &self.bodies
    }

    /// The custom data of all bodies; where two disagree, neither counts.
    ///
    /// # Errors
    /// [`XmlError::Ambiguous`] when two bodies give the same name different values.
    pub fn custom_data(&self) -> Result<BTreeMap<String, String>, XmlError> {
        let mut all = BTreeMap::new();
        for (name, value) in self.bodies.iter().flat_map(|body| &body.custom_data) {
            if all.insert(name.clone(), value.clone()).is_some_and(|known| known != *value) {
                return Err(XmlError::Ambiguous);
            }
        }
        Ok(all)
    }
}

impl Body {
    fn read(node: Node<'_, '_>) -> Result<Self, OfdError> {
        let path = |name| -> Result<Option<String>, OfdError> {
            let text = xml::child_text(node, name).map_err(OfdError::Xml)?;
            text.map(|text| resolve(ENTRY_FILE, text)).transpose()
        };
        let root = path("DocRoot")?.ok_or(OfdError::Xml(XmlError::Missing))?;
        let signatures = path("Signatures")?;
        let (mut cover, mut versions) = (None, Vec::new());
        let mut custom_data = BTreeMap::new();
        if let Some(info) = xml::child(node, "DocInfo").map_err(OfdError::Xml)? {
            if let Some(location) = xml::child_text(info, "Cover").map_err(OfdError::Xml)? {
                cover = Some(resolve(ENTRY_FILE, location)?);
            }
            custom_data = read_custom_data(info)?;
        }
        if let Some(list) = xml::child(node, "Versions").map_err(OfdError::Xml)? {
            for version in xml::children(list, "Version").map_err(OfdError::Xml)? {
                versions.push(resolve(ENTRY_FILE, version.attribute("BaseLoc").unwrap_or_default())?);
            }
        }
        Ok(Self { root, signatures, cover, versions, custom_data })
    }
}

fn read_custom_data(info: Node<'_, '_>) -> Result<BTreeMap<String, String>, OfdError> {
    let mut custom_data = BTreeMap::new();
    let Some(list) = xml::child(info, "CustomDatas").map_err(OfdError::Xml)? else { return Ok(custom_data) };
    for item in xml::children(list, "CustomData").map_err(OfdError::Xml)? {
        let name = item.attribute("Name").unwrap_or_default().to_owned();
        let value = xml::text(item).map_err(OfdError::Xml)?.to_owned();
        // Names are unique: with two values, which one a reader shows would be its own choice.
        if custom_data.insert(name, value).is_some() {
            return Err(OfdError::Xml(XmlError::Ambiguous));
        }
        if custom_data.len() > CUSTOM_DATA_MAX {
            return Err(OfdError::TooMany);
        }
    }
    Ok(custom_data)
}

/// Resolves a location: absolute from the root of the package, or relative to the folder of the file that names it.
///
/// # Errors
/// [`OfdError::BadPath`] when it climbs out of the package, is empty, too long or has a backslash.
pub fn resolve(from: &str, location: &str) -> Result<String, OfdError> {
    let location = location.trim();
    if location.is_empty() || location.len() > LOCATION_BYTES_MAX || location.contains('\\') {
        return Err(OfdError::BadPath);
    }
    let mut parts: Vec<&str> = Vec::new();
    if !location.starts_with('/') {
        parts.extend(from.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').filter(|part| !part.is_empty()));
    }
    for part in location.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(OfdError::BadPath)?;
            }
            plain => parts.push(plain),
        }
    }
    if parts.is_empty() { Err(OfdError::BadPath) } else { Ok(parts.join("/")) }
}

impl fmt::Display for OfdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadPath => f.write_str("a path leads out of the package"),
            Self::Exhausted(what) => fmt::Display::fmt(what, f),
            Self::MissingFile => f.write_str("a file of the package is missing"),
            Self::TooMany => f.write_str("more bodies, signatures or entries than a document has"),
            Self::Xml(error) => fmt::Display::fmt(error, f),
            Self::Zip(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for OfdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (from, location, expected) in [
            ("OFD.xml", "Doc_0/Document.xml", Ok("Doc_0/Document.xml")),
            ("Doc_0/Document.xml", "Pages/P/Content.xml", Ok("Doc_0/Pages/P/Content.xml")),
            ("Doc_0/Document.xml", "/Doc_0/./a.xml", Ok("Doc_0/a.xml")),
            ("Doc_0/a/b.xml", "../c.xml", Ok("Doc_0/c.xml")),
            ("Doc_0/b.xml", "../../c.xml", Err(OfdError::BadPath)),
            ("OFD.xml", "..\\c.xml", Err(OfdError::BadPath)),
            ("OFD.xml", "", Err(OfdError::BadPath)),
            ("OFD.xml", "/", Err(OfdError::BadPath)),
            ("OFD.xml", &"a/".repeat(513), Err(OfdError::BadPath)),
        ] {
            assert_eq!(resolve(from, location).as_deref(), expected.as_ref().copied(), "{location}");
        }
    }
}
