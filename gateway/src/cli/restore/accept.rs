//! `licet restore accept`

use std::process::ExitCode;
use std::sync::Arc;

use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::time::Timestamp;
use crypto::tlog::Hash;
use serde_json::json;
use storage::log::{Draft, KnownHead, Publisher, restored_period};
use storage::restoration::Restoration;

use crate::anchor::{self, Anchor, Compared};
use crate::cli::Failure;
use crate::config::Config;
use crate::record_key::LogKeys;
use crate::recorder::OWN_NAME;
use crate::{app, clock};

/// The keys of the logs, with another name for what is left of a period.
#[derive(Debug)]
struct Anew {
    keys: LogKeys,
    at: Timestamp,
}

impl Publisher for Anew {
    fn period(&self, log: LogName, at: Timestamp) -> String {
        restored_period(&self.keys.period(log, at), self.at)
    }

    fn sign(&self, log: LogName, period: &str, size: u64, root: &Hash) -> Option<String> {
        self.keys.sign(log, period, size, root)
    }
}

/// Puts on record what is lost, and makes the store one that is served.
pub(super) fn run(config: &Config, reason: &str, heads: &[KnownHead]) -> Result<ExitCode, Failure> {
    let data = &config.storage.path;
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::Work(format!("{what}: {error}"));
    if !data.is_dir() {
        return Err(failed(&data.display().to_string(), &"there is no store"));
    }
    let keys = LogKeys::load(&config.record)?;
    let store = app::open_store(&config.storage, &config.memory)?;
    let Compared { lost, differing } = anchor::compare(store.logs(), heads).map_err(|error| failed("storage.path", &error))?;
    if !differing.is_empty() {
        println!("nothing is accepted:{}", Compared { lost: Vec::new(), differing });
        println!("this is no earlier state of what was published, but another history");
        if anchor::is_marked(data) {
            println!("{}", anchor::of_another_store(Anchor::of(config).path()));
        }
        return Ok(ExitCode::FAILURE);
    }
    if lost.is_empty() && !anchor::is_marked(data) {
        println!("nothing is lost, and the store was not restored: there is nothing to be accepted");
        return Ok(ExitCode::FAILURE);
    }
    let at = clock::now();
    // In this order: whenever it breaks off, what was done is no harm, and it can be done again.
    let restoration = Restoration { at, lost };
    store.note_restoration(&restoration).map_err(|error| failed("storage.path", &error))?;
    let publisher: Arc<dyn Publisher> = Arc::new(Anew { keys, at });
    store.logs().publish_with(Arc::clone(&publisher));
    let drafts = LogName::ALL.map(|log| {
        let mut draft = Draft::new(at, Facts::new(EventKind::StoreRestore, Ending::Done, OWN_NAME.to_owned()));
        draft.log = log;
        let details = [("state", json!("accepted")), ("reason", json!(reason)), ("lost", json!(restoration.lost))];
        draft.facts.details.extend(details.map(|(name, value)| (name.to_owned(), value)));
        draft
    });
    store.logs().append_and_wait(&drafts).map_err(|error| failed("it cannot be put on record", &error))?;
    // Returns when what is on record is published too.
    store.logs().publish_with(publisher);
    let anchor = Anchor::of(config);
    anchor.write(&store.logs().known_heads()).map_err(|error| failed(&anchor.path().display().to_string(), &error))?;
    anchor::unmark(data).map_err(|error| failed(&data.display().to_string(), &error))?;
    println!("accepted, and on record");
    for lost in &restoration.lost {
        println!("lost: {}/{}, {} records", lost.log, lost.period, lost.until.saturating_sub(lost.from));
    }
    println!("the gateway vouches for nothing until licet restore confirm: enter again what was revoked since");
    Ok(ExitCode::SUCCESS)
}
