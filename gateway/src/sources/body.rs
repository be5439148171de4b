//! Questions as bodies: the template of the configuration with the values in their places.

use hyper::body::Bytes;
use serde_json::{Map, Value};

use super::head::percent_encode;
use crate::broker::Question;
use crate::config::{Node, Piece, RequestTemplate, Slot};
use crate::secrets::Secret;

/// What goes into the places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) question: &'a Question,
    /// What the other side calls the resource.
    pub(super) resource: &'a str,
    pub(super) secret: Option<&'a Secret>,
}

/// The body as JSON.
pub(super) fn json(template: &RequestTemplate, values: Values<'_>) -> Bytes {
    fill(template.root(), values).unwrap_or(Value::Null).to_string().into()
}

/// The body as a form. Members that are no texts are not there: the configuration is checked for that.
pub(super) fn form(template: &RequestTemplate, values: Values<'_>) -> Bytes {
    let Some(Value::Object(members)) = fill(template.root(), values) else { return Bytes::new() };
    let encode = |text: &str| percent_encode(text).replace("%20", "+").replace('~', "%7E");
    let pairs = members.iter().filter_map(|(name, value)| Some(format!("{}={}", encode(name), encode(value.as_str()?))));
    pairs.collect::<Vec<_>>().join("&").into()
}

/// A value, with nothing where the look-up does not have what alone should be there.
fn fill(node: &Node, values: Values<'_>) -> Option<Value> {
    match node {
        Node::Plain(value) => Some(value.clone()),
        Node::List(nodes) => Some(nodes.iter().filter_map(|node| fill(node, values)).collect()),
        Node::Object(members) => {
            let filled = members.iter().filter_map(|(name, node)| Some((name.clone(), fill(node, values)?)));
            Some(Value::Object(filled.collect::<Map<_, _>>()))
        }
        Node::Text(pieces) => match pieces.as_slice() {
            [Piece::Slot(Slot::Fields)] => Some(values.question.fields.iter().cloned().collect()),
            [Piece::Slot(slot)] => values.text(*slot).map(Value::String),
            pieces => Some(Value::String(pieces.iter().map(|piece| values.piece(piece)).collect())),
        },
    }
}

impl Values<'_> {
    fn piece(self, piece: &Piece) -> String {
        match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Slot(slot) => self.text(*slot).unwrap_or_default(),
        }
    }

    fn text(self, slot: Slot) -> Option<String> {
        let (question, errand) = (self.question, &self.question.errand);
        match slot {
            Slot::Number => Some(question.subject.expose().to_owned()),
            Slot::CodeType => Some(question.subject.code_type().code().to_owned()),
            Slot::Resource => Some(self.resource.to_owned()),
            Slot::Fields => Some(question.fields.iter().map(String::as_str).collect::<Vec<_>>().join(",")),
            Slot::Item => Some(errand.item.clone()),
            Slot::Case => errand.case.clone(),
            Slot::Purpose => errand.purpose.clone(),
            Slot::Operator => errand.operator.clone(),
            Slot::Consumer => Some(errand.consumer.organisation.clone()),
            Slot::RequestId => Some(errand.request_id.clone()),
            Slot::Now => Some(errand.now.to_string()),
            Slot::Secret => self.secret.map(|secret| secret.expose().to_owned()),
        }
    }
}
