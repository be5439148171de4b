//! Every route: method, path, whom it is for, what it takes, who answers and how it is documented, in one row each.

mod catalogue;
mod codes;
mod evidence;
mod feed;
mod grants;
pub(crate) mod headers;
mod lookups;
mod objections;
pub(crate) mod parts;
mod record;
mod schemas;
mod seals;
mod supervision;
mod table;
mod witness;

use std::pin::Pin;
use std::sync::Arc;

use crypto::record::EventKind;
use hyper::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::admission::Class;
use crate::app::App;
use crate::auth::Admits;
use crate::http::{Answer, BodyRule, Code, Problem, Request};

pub use table::TABLE;

/// What answers a request.
pub type Handler = fn(Arc<App>, Request) -> Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// A row of the table.
#[derive(Debug)]
pub struct Route {
    /// Method; HEAD is answered wherever GET is.
    pub method: Method,
    /// Path, with variable parts in braces.
    pub path: &'static str,
    /// Whom it is for.
    pub admits: Admits,
    /// What has to make room for it, and what it has to make room for.
    pub class: Class,
    /// Parameters of the query that it knows.
    pub query: &'static [Parameter],
    /// What a request leaves on record; none where reading is nobody's business.
    pub event: Option<EventKind>,
    /// What it takes as body.
    pub body: BodyRule,
    /// What answers.
    pub handler: Handler,
    /// What the documentation says.
    pub doc: Doc,
}

/// A parameter of a query.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub text: &'static str,
    /// Its schema.
    pub schema: SchemaOf,
}

/// Adds a type to the documentation and refers to it.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the documentation says of a route.
#[derive(Debug)]
pub struct Doc {
    /// Name of the operation.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Whom it is for and how it behaves, beyond the summary.
    pub text: &'static str,
    /// The JSON body that it takes, if it takes JSON.
    pub json: Option<SchemaOf>,
    /// Good answers.
    pub answers: &'static [Good],
    /// Problems beyond those that every route may have.
    pub problems: &'static [Code],
}

/// A good answer.
#[derive(Debug)]
pub struct Good {
    /// Its status.
    pub status: u16,
    /// When it is given.
    pub text: &'static str,
    /// Its content.
    pub content: Content,
}

/// The content of a good answer.
#[derive(Debug)]
pub enum Content {
    /// JSON of this type.
    Json(SchemaOf),
    /// JSON of this type, or what is of this other type where Accept says so.
    JsonOr(SchemaOf, &'static str),
    /// Any JSON object.
    AnyJson,
    /// A file of one of these types.
    File(&'static [&'static str]),
    /// Nothing.
    Nothing,
}

/// Refers to the schema of a type.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
