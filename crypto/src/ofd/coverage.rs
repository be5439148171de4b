//! What a reader would show, and whether signatures cover it.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Node;

use super::package::{ENTRY_FILE, OfdError, Package, resolve};
use super::xml;
use crate::budget::Budget;

/// Locations that may wait to be followed.
const LOCATIONS_MAX: usize = 65_536;
/// Elements whose text is the location of a list of further files.
const INDEXES: [&str; 7] = ["PublicRes", "DocumentRes", "PageRes", "Annotations", "Attachments", "CustomTags", "Extensions"];
/// Elements whose text is the location of a file that names no others: annotations, attachments, tags, files of a version.
const LEAVES: [&str; 4] = ["FileLoc", "SchemaLoc", "ExtendData", "File"];

/// The content of a package: the files that a reader opens to show it, and the pages by identifier.
#[derive(Debug, Default)]
pub struct Content {
    /// Paths of files that exist and that a reader would use. Signatures are not content.
    pub files: BTreeSet<String>,
    /// Path of each page's content, by the page's identifier.
    pub pages: BTreeMap<String, String>,
}

/// Follows the document from its entry file.
///
/// `deep` also reads the pages themselves, whose own resources matter only when something is not covered.
///
/// # Errors
/// [`OfdError`] when a file that a reader must read is malformed, or a location leads out of the package.
pub fn content(package: &Package, deep: bool, budget: &mut Budget) -> Result<Content, OfdError> {
    let mut content = Content::default();
    content.files.insert(ENTRY_FILE.to_owned());
    let mut open: Vec<(String, Role)> = Vec::new();
    for body in package.bodies() {
        package.file(&body.root)?;
        open.push((body.root.clone(), Role::Document));
        open.extend(body.cover.iter().map(|path| (path.clone(), Role::Leaf)));
        open.extend(body.versions.iter().map(|path| (path.clone(), Role::Index)));
    }
    let mut visited = BTreeSet::new();
    while let Some((location, role)) = open.pop() {
        // What is not there is not shown; what is there under a name of another case is, by readers that ignore case.
        let Some((path, bytes)) = package.find(&location) else { continue };
        let path = path.to_owned();
        content.files.insert(path.clone());
        // A file may be reached as a picture first and as a list of further files later.
        if !visited.insert((path.clone(), role)) || role == Role::Leaf || role == Role::Page && !deep {
            continue;
        }
        let document = match role {
            Role::Document => xml::parse(bytes, "Document", budget),
            Role::Page => xml::parse(bytes, "Page", budget),
            _ => xml::parse_any(bytes, budget),
        }
        .map_err(OfdError::Xml)?;
        let base = match document.root_element().attribute("BaseLoc") {
            // A resource file's locations are relative to its BaseLoc (GB/T 33190-2016, 7.9).
            Some(folder) if document.root_element().tag_name().name() == "Res" => resolve(&path, folder)? + "/",
            _ => path.clone(),
        };
        for node in document.descendants().filter(Node::is_element) {
            follow(node, &path, &base, &mut content, &mut open)?;
            if open.len() > LOCATIONS_MAX {
                return Err(OfdError::TooMany);
            }
        }
    }
    Ok(content)
}

/// What a file is to the reader that opens it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Document,
    /// A list of further files: resources, annotations, attachments, tags, versions.
    Index,
    Page,
    /// Pictures, fonts, attachments: shown as they are.
    Leaf,
}

fn follow(
    node: Node<'_, '_>,
    path: &str,
    base: &str,
    content: &mut Content,
    open: &mut Vec<(String, Role)>,
) -> Result<(), OfdError> {
    let name = node.tag_name().name();
    match name {
        "Page" if node.has_attribute("BaseLoc") => {
            let page = resolve(path, node.attribute("BaseLoc").unwrap_or_default())?;
            content.pages.insert(node.attribute("ID").unwrap_or_default().to_owned(), page.clone());
            open.push((page, Role::Page));
        }
        "TemplatePage" => open.push((resolve(path, node.attribute("BaseLoc").unwrap_or_default())?, Role::Page)),
        "ColorSpace" => {
            if let Some(profile) = node.attribute("Profile") {
                open.push((resolve(base, profile)?, Role::Leaf));
            }
        }
        "MediaFile" | "FontFile" => open.push((resolve(base, text(node))?, Role::Leaf)),
        "DocRoot" if !text(node).is_empty() => open.push((resolve(path, text(node))?, Role::Document)),
        _ if INDEXES.contains(&name) && !text(node).is_empty() => open.push((resolve(path, text(node))?, Role::Index)),
        _ if LEAVES.contains(&name) && !text(node).is_empty() => open.push((resolve(path, text(node))?, Role::Leaf)),
        _ => {}
    }
    Ok(())
}

fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().unwrap_or_default().trim()
}
