//! Reading the catalogue, in its newest version and in any that has been.

use std::sync::Arc;

use crypto::catalogue::{Catalogue, Entry, Key, Kind};
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::licences::tagged;
use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};

const KINDS: (&str, &str) =
    ("organisation, licence-type, resource, item or demand", "organisation、licence-type、resource、item或demand");

/// A version of the catalogue.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CatalogueView<'a> {
    /// Which one: how many changes have made it; 0 for the empty one.
    pub version: u64,
    /// Its entries, by kind and code.
    pub entries: Vec<&'a Entry>,
}

/// An entry of the catalogue.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CatalogueEntryView")]
pub struct EntryView<'a> {
    /// The version of the catalogue that it was read in.
    pub version: u64,
    /// The entry.
    pub entry: &'a Entry,
}

/// `GET /v1/catalogue`
///
/// # Errors
/// [`Code::CatalogueVersionNotFound`].
pub async fn read(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let kind: Option<Kind> = request.query.read("kind", KINDS)?;
    let shared = Arc::clone(&app);
    let work = move || -> Result<Answer, Problem> {
        let catalogue = version(&shared, &request)?;
        let entries = catalogue.entries().filter(|entry| kind.is_none_or(|kind| entry.key().kind == kind)).collect();
        let view = CatalogueView { version: catalogue.version, entries };
        let tag = kind.map_or_else(|| view.version.to_string(), |kind| format!("{}.{kind}", view.version));
        tagged(&request, &tag, "application/json", serde_json::to_vec(&view).or(Err(Code::Internal))?)
    };
    app.pool.run(work).await?
}

/// `GET /v1/catalogue/entries/{kind}/{code}`
///
/// # Errors
/// [`Code::CatalogueEntryNotFound`], [`Code::CatalogueVersionNotFound`].
pub async fn entry(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let kind: Kind = request.params.value("kind")?.parse().map_err(|()| Problem::expected(Code::BadParameter, "kind", KINDS))?;
    let key = Key::new(kind, request.params.value("code")?);
    let shared = Arc::clone(&app);
    let catalogue = app.pool.run(move || version(&shared, &request)).await??;
    let entry = catalogue.entry(&key).ok_or(Code::CatalogueEntryNotFound)?;
    Ok(Answer::json(StatusCode::OK, &EntryView { version: catalogue.version, entry }))
}

/// The version that is asked for; the newest where none is.
fn version(app: &App, request: &Request) -> Result<Arc<Catalogue>, Problem> {
    let current = app.catalogues.current();
    let wanted = request.query.parsed::<u64>("version")?;
    let catalogue = match wanted {
        Some(wanted) if wanted != current.version => {
            let found = app.store().catalogue().version(wanted)?;
            Arc::new(found.ok_or(Code::CatalogueVersionNotFound)?)
        }
        _ => current,
    };
    request.trail.detail("version", catalogue.version);
    Ok(catalogue)
}
