//! The XML of OFD: no document types, bounded size and depth, one namespace, no name that could be read in two ways.

use std::fmt;

use roxmltree::{Document, Node, ParsingOptions};

use crate::budget::{Budget, Exhausted};

/// Longest XML file, in bytes. Pages of the samples have 5 KB; what is a thousand times as long is made to cost.
const BYTES_MAX: usize = 8 << 20;
const DEPTH_MAX: usize = 64;
const ATTRIBUTES_MAX: usize = 256;
/// Namespace declarations in one file: each element that has one copies those in force.
const NAMESPACES_MAX: usize = 4096;
/// Namespace declarations in force at one place: the parser looks through them for every name.
const NAMESPACES_IN_FORCE_MAX: usize = 32;

/// Why XML is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlError {
    /// An element that must stand alone occurs twice, or in two namespaces.
    Ambiguous,
    /// Deeper, wider or longer than allowed.
    Exhausted(Exhausted),
    /// Nested too deeply, or too many attributes or namespaces.
    Limits,
    /// Not well-formed UTF-8 XML without a document type.
    Malformed,
    /// An element that must be there is missing.
    Missing,
}

/// Parses a file whose root element must have this local name.
///
/// # Errors
/// [`XmlError`].
pub fn parse<'a>(bytes: &'a [u8], root: &str, budget: &mut Budget) -> Result<Document<'a>, XmlError> {
    let document = parse_any(bytes, budget)?;
    if document.root_element().tag_name().name() == root { Ok(document) } else { Err(XmlError::Malformed) }
}

/// Parses a file, whatever its root element.
///
/// # Errors
/// [`XmlError`].
pub fn parse_any<'a>(bytes: &'a [u8], budget: &mut Budget) -> Result<Document<'a>, XmlError> {
    budget.spend_xml(bytes.len()).map_err(XmlError::Exhausted)?;
    if bytes.len() > BYTES_MAX {
        return Err(XmlError::Limits);
    }
    let text = std::str::from_utf8(bytes).or(Err(XmlError::Malformed))?;
    let attributes = scan(text.as_bytes())?;
    budget.spend_nodes(attributes).map_err(XmlError::Exhausted)?;
    let limit = u32::try_from(budget.nodes_left()).unwrap_or(u32::MAX);
    let options = ParsingOptions { nodes_limit: limit, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::NodesLimitReached => XmlError::Exhausted(Exhausted::XmlNodes),
        roxmltree::Error::AttributesLimitReached | roxmltree::Error::NamespacesLimitReached => XmlError::Limits,
        _ => XmlError::Malformed,
    })?;
    let nodes = document.descendants().count();
    budget.spend_nodes(u64::try_from(nodes).unwrap_or(u64::MAX)).map_err(XmlError::Exhausted)?;
    Ok(document)
}

/// One pass over the markup before the parser sees it: the parser's work grows with the square of what is bounded here.
///
/// Returns how many attributes there are: nodes are bounded by the parser, attributes by nobody but us.
fn scan(text: &[u8]) -> Result<u64, XmlError> {
    let (mut rest, mut namespaces, mut in_force) = (text, 0usize, 0usize);
    let mut open: Vec<usize> = Vec::with_capacity(DEPTH_MAX);
    let mut attributes = 0u64;
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        let markup = rest.get(start..).unwrap_or_default();
        rest = if markup.starts_with(b"<!--") {
            after(markup, b"-->")?
        } else if markup.starts_with(b"<![CDATA[") {
            after(markup, b"]]>")?
        } else if markup.starts_with(b"<?") {
            let rest = after(markup, b"?>")?;
            declaration(markup.get(..markup.len() - rest.len()).unwrap_or_default())?;
            rest
        } else if markup.starts_with(b"<!") {
            return Err(XmlError::Malformed); // A document type: entities and external references come with it.
        } else {
            let (tag, after) = tag(markup)?;
            namespaces += tag.namespaces;
            attributes = attributes.saturating_add(u64::try_from(tag.attributes).unwrap_or(u64::MAX));
            let most = in_force + tag.namespaces;
            match tag.kind {
                Kind::Open => {
                    open.push(tag.namespaces);
                    in_force = most;
                }
                Kind::Close => in_force -= open.pop().ok_or(XmlError::Malformed)?,
                Kind::Empty => {}
            }
            let many_namespaces = namespaces > NAMESPACES_MAX || most > NAMESPACES_IN_FORCE_MAX;
            if open.len() > DEPTH_MAX || tag.attributes > ATTRIBUTES_MAX || many_namespaces {
                return Err(XmlError::Limits);
            }
            after
        };
    }
    Ok(attributes)
}

/// A declared encoding other than UTF-8 would make other readers see other characters than are read here.
fn declaration(instruction: &[u8]) -> Result<(), XmlError> {
    if !instruction.strip_prefix(b"<?xml").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace)) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(instruction).to_ascii_lowercase();
    let Some((_, declared)) = text.split_once("encoding") else { return Ok(()) };
    let declared = declared.trim_start_matches([' ', '=', '"', '\'']);
    if declared.starts_with("utf-8") || declared.starts_with("utf8") { Ok(()) } else { Err(XmlError::Malformed) }
}

enum Kind {
    Open,
    Close,
    Empty,
}

struct Tag {
    kind: Kind,
    attributes: usize,
    namespaces: usize,
}

fn tag(markup: &[u8]) -> Result<(Tag, &[u8]), XmlError> {
    let (mut quote, mut attributes, mut namespaces) = (None, 0, 0);
    for (at, byte) in markup.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            (None, b'=') => attributes += 1,
            (None, b'x') if markup.get(at..).is_some_and(|rest| rest.starts_with(b"xmlns")) => namespaces += 1,
            (None, b'>') => {
                let kind = match (markup.get(1), markup.get(at.saturating_sub(1))) {
                    (Some(b'/'), _) => Kind::Close,
                    (_, Some(b'/')) => Kind::Empty,
                    _ => Kind::Open,
                };
                return Ok((Tag { kind, attributes, namespaces }, markup.get(at + 1..).unwrap_or_default()));
            }
            _ => {}
        }
    }
    Err(XmlError::Malformed)
}

fn after<'a>(markup: &'a [u8], end: &[u8]) -> Result<&'a [u8], XmlError> {
    let at = markup.windows(end.len()).position(|window| window == end).ok_or(XmlError::Malformed)?;
    markup.get(at + end.len()..).ok_or(XmlError::Malformed)
}

/// The children of an element that have this local name.
///
/// They must be in the namespace of the root element: wrong namespaces occur in practice, two in one file are an attempt to
/// show different readers different things.
///
/// # Errors
/// [`XmlError::Ambiguous`].
pub fn children<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Result<Vec<Node<'a, 'i>>, XmlError> {
    let namespace = node.document().root_element().tag_name().namespace();
    let found: Vec<_> = node.children().filter(|child| child.is_element() && child.tag_name().name() == name).collect();
    let in_one = found.iter().all(|child| child.tag_name().namespace() == namespace);
    if in_one { Ok(found) } else { Err(XmlError::Ambiguous) }
}

/// The only child of this name, if there is one.
///
/// # Errors
/// [`XmlError::Ambiguous`] when there are several.
pub fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Result<Option<Node<'a, 'i>>, XmlError> {
    match children(node, name)?.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        _ => Err(XmlError::Ambiguous),
    }
}

/// The text of an element that holds nothing but text, trimmed.
///
/// # Errors
/// [`XmlError::Ambiguous`] when comments or elements split it: readers disagree about what the text then is.
pub fn text<'a>(node: Node<'a, '_>) -> Result<&'a str, XmlError> {
    if node.children().any(|child| !child.is_text()) {
        return Err(XmlError::Ambiguous);
    }
    Ok(node.text().unwrap_or_default().trim())
}

/// The text of the only child of this name, if there is one.
///
/// # Errors
/// As [`child`] and [`text`].
pub fn child_text<'a>(node: Node<'a, '_>, name: &str) -> Result<Option<&'a str>, XmlError> {
    child(node, name)?.map(text).transpose()
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ambiguous => "an element occurs twice, in two namespaces, or with split text",
            Self::Exhausted(what) => return fmt::Display::fmt(what, f),
            Self::Limits => "the XML is too long, nested too deeply, or has too many attributes",
            Self::Malformed => "the XML is malformed or has a document type",
            Self::Missing => "an element is missing",
        })
    }
}

impl std::error::Error for XmlError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<usize, XmlError> {
        parse(text.as_bytes(), "a", &mut Budget::for_document()).map(|document| document.descendants().count())
    }

    #[test]
    fn hostile_documents_are_refused_before_they_cost_anything() {
        let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
        let wide = format!("<a {}/>", (0..300).map(|n| format!("b{n}='' ")).collect::<String>());
        let spaces = format!("<a>{}</a>", "<b xmlns:c='d'/>".repeat(5000));
        let attributes = format!("<a>{}</a>", format!("<b{}/>", " c=''".repeat(250)).repeat(4001));
        let in_force: String = (0..33).map(|n| format!("<a xmlns:n{n}='u'>")).chain((0..33).map(|_| "</a>".to_owned())).collect();
        for (text, error) in [
            (deep.as_str(), XmlError::Limits),
            (&wide, XmlError::Limits),
            (&spaces, XmlError::Limits),
            (&in_force, XmlError::Limits),
            (&attributes, XmlError::Exhausted(Exhausted::XmlNodes)),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", XmlError::Malformed),
            ("<a", XmlError::Malformed),
            ("<b/>", XmlError::Malformed),
            ("</a>", XmlError::Malformed),
            ("<a>\u{0}</a>", XmlError::Malformed),
        ] {
            assert_eq!(parsed(text), Err(error), "{}", text.chars().take(40).collect::<String>());
        }
        assert!(parsed("<?xml version='1.0'?><!-- <x --><a b='>'><![CDATA[<<<]]></a>").is_ok());
    }

    #[test]
    fn shadows_and_split_text_are_refused() {
        let text = "<a xmlns='n'><b>1</b><c>2<!-- -->3</c><d/><d/><b xmlns='other'>4</b></a>";
        let document = parse(text.as_bytes(), "a", &mut Budget::for_document()).unwrap();
        let root = document.root_element();
        assert_eq!(child(root, "b"), Err(XmlError::Ambiguous));
        assert_eq!(child(root, "d"), Err(XmlError::Ambiguous));
        assert_eq!(child_text(root, "c"), Err(XmlError::Ambiguous));
        assert_eq!(child(root, "e"), Ok(None));
    }
}
