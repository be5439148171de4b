//! The catalogue of a gateway.

use crypto::catalogue::{Catalogue, CatalogueFault, Change, Entry};
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::input::InputError;
use crate::cli::log::online::{Online, OnlineOptions};

const CHANGES: &str = "/v1/catalogue/changes";

/// A gateway whose catalogue is looked at.
pub(super) struct Remote(Online);

/// What came of a change.
pub(super) enum Applied {
    /// It is made.
    Made(Box<Change>),
    /// It was refused: why, and what would be wrong.
    Refused(String, Vec<CatalogueFault>),
}

#[derive(Deserialize)]
struct CatalogueAnswer {
    version: u64,
    entries: Vec<Entry>,
}

/// A problem, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProblemAnswer {
    code: String,
    title: String,
    detail: String,
    faults: Vec<CatalogueFault>,
}

impl Remote {
    pub(super) fn open(options: &OnlineOptions, url: &str) -> Result<Self, InputError> {
        Online::new(options, url).map(Self)
    }

    /// The newest version.
    pub(super) fn read(&self) -> Result<Catalogue, InputError> {
        let CatalogueAnswer { version, entries } = self.0.json("/v1/catalogue")?;
        Ok(Catalogue::of(version, entries))
    }

    /// Asks for a change.
    pub(super) fn change(&self, request: &Value) -> Result<Applied, InputError> {
        let reply = self.0.send(CHANGES, request)?;
        match reply.status {
            StatusCode::OK | StatusCode::CREATED => match serde_json::from_slice(&reply.body) {
                Ok(change) => Ok(Applied::Made(Box::new(change))),
                Err(error) => Err(InputError::Wrong(format!("{CHANGES}: the answer is no change: {error}"))),
            },
            StatusCode::FORBIDDEN | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
                let problem: ProblemAnswer = serde_json::from_slice(&reply.body).unwrap_or_default();
                let ProblemAnswer { code, title, detail, faults } = problem;
                Ok(Applied::Refused(format!("{code}: {title}. {detail}").trim_end().to_owned(), faults))
            }
            _ => Err(self.0.refused(CHANGES, &reply)),
        }
    }
}
