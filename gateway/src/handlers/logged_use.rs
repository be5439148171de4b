//! Whether the use of a document's seals is on record: a demand that a question may make.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::digest::Sha256;
use crypto::record::{Ending, EventKind, Facts, LogName, Opening, Stamp};
use crypto::report::checks::SEAL_USE_LOGGED;
use crypto::report::{Check, Report, SealSummary};
use crypto::time::Timestamp;
use storage::StorageError;
use storage::log::{Order, Query};

use super::uses::is_use_of;
use crate::app::App;
use crate::cache::{At, Given};
use crate::http::Problem;

/// Records read at a time.
const PAGE: usize = 16;
/// Pages read for one seal: more uses of one seal on one document are none that anybody made in earnest.
const PAGES_MAX: usize = 8;

/// The verdict with the checks of the uses. It is never kept: a use that is put on record later counts for who asks later.
///
/// # Errors
/// When the gateway is too busy or the store does not answer.
pub(super) async fn demand(app: &Arc<App>, given: Given, at: At) -> Result<Given, Problem> {
    let (shared, judged) = (Arc::clone(app), given.report().into_owned());
    let until = match at {
        At::Now => None,
        At::Moment(moment) => Some(moment),
    };
    let job = move || {
        let mut report = judged;
        let checks = checks(&shared, &report, until)?;
        report.checks.extend(checks);
        report.conclude();
        Ok::<_, StorageError>(report)
    };
    let report = app.pool.run(job).await??;
    Ok(given.with_report(report))
}

fn checks(app: &App, report: &Report, until: Option<Timestamp>) -> Result<Vec<Check>, StorageError> {
    let mut seen = BTreeSet::new();
    let seals = report.signatures.iter().filter_map(|signature| signature.seal.as_ref());
    let seals: Vec<&SealSummary> = seals.filter(|seal| seen.insert((&seal.id, seal.sha256))).collect();
    if seals.is_empty() {
        return Ok(vec![SEAL_USE_LOGGED.skip()]);
    }
    seals.into_iter().map(|seal| check(app, seal, report.document_sha256, until)).collect()
}

fn check(app: &App, seal: &SealSummary, document: Sha256, until: Option<Timestamp>) -> Result<Check, StorageError> {
    let named = |check: Check| check.with("seal", &seal.id).with("seal_sha256", &seal.sha256);
    Ok(match find(app, seal, document, until)? {
        Some(stamp) => named(SEAL_USE_LOGGED.pass()).with("number", &stamp.number).with("at", &stamp.at),
        None => named(SEAL_USE_LOGGED.fail()),
    })
}

/// The first use of this very seal on this document.
fn find(app: &App, seal: &SealSummary, document: Sha256, until: Option<Timestamp>) -> Result<Option<Stamp>, StorageError> {
    let query = Query {
        seal: Some(seal.id.clone()),
        document: Some(document),
        event: Some(EventKind::SealUse),
        outcome: Some(Ending::Done),
        until,
        ..Query::default()
    };
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let hits = app.store().logs().search(LogName::Seal, &query, Order::OldestFirst, after, PAGE)?;
        let stamp = |opening: &Opening| {
            let facts = opening.read::<Facts>(Opening::FACTS)?;
            opening.read::<Stamp>(Opening::STAMP).filter(|_| is_use_of(&facts, &seal.id, seal.sha256))
        };
        if let Some(found) = hits.rows.iter().find_map(|row| stamp(&row.opening)) {
            return Ok(Some(found));
        }
        after = hits.next;
        if after.is_none() {
            break;
        }
    }
    Ok(None)
}
