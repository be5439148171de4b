//! `licet restore confirm`

use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;

use crypto::record::{Ending, EventKind, Facts};
use hyper::Method;
use serde_json::json;
use storage::log::Draft;

use crate::anchor::Anchor;
use crate::cli::Failure;
use crate::cli::control::Socket;
use crate::config::Config;
use crate::record_key::LogKeys;
use crate::recorder::OWN_NAME;
use crate::{app, clock};

/// Ends the doubt that a restoration left.
pub(super) fn run(config: &Config, reason: &str) -> Result<ExitCode, Failure> {
    if UnixStream::connect(config.socket()).is_ok() {
        Socket::of(config).ask(Method::POST, "/restore/confirm", &json!({ "reason": reason }), &mut |_| ())?;
    } else {
        offline(config, reason)?;
    }
    println!("confirmed, and on record");
    Ok(ExitCode::SUCCESS)
}

/// The same in a store that nobody has open.
fn offline(config: &Config, reason: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("storage.path: {error}"));
    if !config.storage.path.is_dir() {
        return Err(failed(&"there is no store"));
    }
    let keys = LogKeys::load(&config.record)?;
    let store = app::open_store(&config.storage, &config.memory)?;
    if store.restoration().map_err(|error| failed(&error))?.is_none() {
        return Err(Failure::Work("there is no restoration to be confirmed".to_owned()));
    }
    // As at a start, before anything is signed: what was put back since it was accepted is to be accepted first.
    Anchor::of(config).check(&store, &config.storage.path).map_err(|refused| failed(&refused))?;
    store.logs().publish_with(Arc::new(keys));
    let mut draft = Draft::new(clock::now(), Facts::new(EventKind::StoreRestore, Ending::Done, OWN_NAME.to_owned()));
    let details = [("state", json!("confirmed")), ("reason", json!(reason))];
    draft.facts.details.extend(details.map(|(name, value)| (name.to_owned(), value)));
    store.logs().append_and_wait(&[draft]).map_err(|error| failed(&error))?;
    store.settle_restoration().map_err(|error| failed(&error))
}
