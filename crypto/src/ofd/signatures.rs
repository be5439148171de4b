//! The signature list and the descriptions of the signatures (GB/T 33190-2016, 18.1 and 18.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use super::package::{OfdError, Package, resolve};
use super::xml::{self, XmlError};
use crate::budget::Budget;

const SIGNATURES_MAX: usize = 64;
const REFERENCES_MAX: usize = 4096;
const STAMPS_MAX: usize = 1024;

/// Where a signature is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its identifier.
    pub id: String,
    /// What kind its value is of.
    pub kind: Kind,
    /// Path of its `Signature.xml`.
    pub description: String,
    /// Path of the list that it stands in.
    pub list: String,
}

/// What kind of value a signature has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signature made with a seal.
    Seal,
    /// A plain digital signature.
    Sign,
}

/// What `Signature.xml` says.
#[derive(Debug)]
pub struct Description {
    /// Name or object identifier of the signature algorithm.
    pub method: Option<String>,
    /// When the signer says to have signed, in whatever form.
    pub date_time: Option<String>,
    /// Name or object identifier of the digest algorithm; absent means MD5.
    pub check_method: Option<String>,
    /// The protected files.
    pub references: Vec<Reference>,
    /// Where the seal is shown.
    pub stamps: Vec<Stamp>,
    /// Path of the seal kept beside the signature.
    pub seal: Option<String>,
    /// Path of the signature value.
    pub value: String,
}

/// One protected file.
#[derive(Debug)]
pub struct Reference {
    /// Its path.
    pub path: String,
    /// Its digest; empty when it is not base64.
    pub digest: Vec<u8>,
}

/// One place where the seal is shown.
#[derive(Debug)]
pub struct Stamp {
    /// Identifier of the page.
    pub page: String,
    /// Width and height in millimetres, if they can be read.
    pub size: Option<(f64, f64)>,
}

/// Reads the signature lists of all bodies, in order.
///
/// # Errors
/// [`OfdError`].
pub fn listed(package: &Package, budget: &mut Budget) -> Result<Vec<Listed>, OfdError> {
    let mut all: Vec<Listed> = Vec::new();
    for list in package.bodies().iter().filter_map(|body| body.signatures.as_ref()) {
        let document = xml::parse(package.file(list)?, "Signatures", budget).map_err(OfdError::Xml)?;
        for node in xml::children(document.root_element(), "Signature").map_err(OfdError::Xml)? {
            let id = node.attribute("ID").unwrap_or_default().to_owned();
            let kind = match node.attribute("Type") {
                None | Some("Seal") => Kind::Seal,
                Some("Sign") => Kind::Sign,
                Some(_) => return Err(OfdError::Xml(XmlError::Malformed)),
            };
            let description = resolve(list, node.attribute("BaseLoc").unwrap_or_default())?;
            if all.iter().any(|known| known.id == id || known.description == description) {
                return Err(OfdError::Xml(XmlError::Ambiguous));
            }
            all.push(Listed { id, kind, description, list: list.clone() });
            if all.len() > SIGNATURES_MAX {
                return Err(OfdError::TooMany);
            }
        }
    }
    Ok(all)
}

impl Description {
    /// Reads the description of a signature.
    ///
    /// # Errors
    /// [`OfdError`].
    pub fn read(bytes: &[u8], path: &str, budget: &mut Budget) -> Result<Self, OfdError> {
        let document = xml::parse(bytes, "Signature", budget).map_err(OfdError::Xml)?;
        let root = document.root_element();
        let info = xml::child(root, "SignedInfo").map_err(OfdError::Xml)?.ok_or(OfdError::Xml(XmlError::Missing))?;
        let list = xml::child(info, "References").map_err(OfdError::Xml)?.ok_or(OfdError::Xml(XmlError::Missing))?;
        let owned = |name| Ok(xml::child_text(info, name).map_err(OfdError::Xml)?.map(str::to_owned));
        let seal = match xml::child(info, "Seal").map_err(OfdError::Xml)? {
            Some(node) => xml::child_text(node, "BaseLoc").map_err(OfdError::Xml)?.map(|text| resolve(path, text)).transpose()?,
            None => None,
        };
        let value = xml::child_text(root, "SignedValue").map_err(OfdError::Xml)?.ok_or(OfdError::Xml(XmlError::Missing))?;
        let stamps = xml::children(info, "StampAnnot").map_err(OfdError::Xml)?;
        if stamps.len() > STAMPS_MAX {
            return Err(OfdError::TooMany);
        }
        Ok(Self {
            method: owned("SignatureMethod")?,
            date_time: owned("SignatureDateTime")?,
            check_method: list.attribute("CheckMethod").map(str::to_owned),
            references: references(list, path)?,
            stamps: stamps.into_iter().map(stamp).collect(),
            seal,
            value: resolve(path, value)?,
        })
    }
}

fn references(list: Node<'_, '_>, path: &str) -> Result<Vec<Reference>, OfdError> {
    let nodes = xml::children(list, "Reference").map_err(OfdError::Xml)?;
    if nodes.len() > REFERENCES_MAX {
        return Err(OfdError::TooMany);
    }
    let read = |node: Node<'_, '_>| {
        let value = xml::child_text(node, "CheckValue").map_err(OfdError::Xml)?.unwrap_or_default();
        Ok(Reference {
            path: resolve(path, node.attribute("FileRef").unwrap_or_default())?,
            digest: STANDARD.decode(value).unwrap_or_default(),
        })
    };
    nodes.into_iter().map(read).collect()
}

fn stamp(node: Node<'_, '_>) -> Stamp {
    let numbers: Option<Vec<f64>> =
        node.attribute("Boundary").map(|text| text.split_ascii_whitespace().filter_map(|part| part.parse().ok()).collect());
    let size = match numbers.as_deref() {
        // Off the page to the left or above it is nowhere.
        Some(numbers @ [x, y, width, height]) if numbers.iter().all(|n| n.is_finite()) && x + width > 0.0 && y + height > 0.0 => {
            Some((*width, *height))
        }
        _ => None,
    };
    Stamp { page: node.attribute("PageRef").unwrap_or_default().to_owned(), size }
}
