//! Those who call while something goes wrong. Each asks again when it has its answer, and writes down what it was told.

mod auditor;
mod consumer;
mod grantor;
mod issuer;
mod objector;
mod stamper;
mod verifier;

use std::sync::Arc;

use tokio::task::JoinSet;

use super::scene::Scene;

pub(super) use consumer::redemption;
pub(super) use grantor::{item_path, looked_up};
pub(super) use stamper::use_of;
pub(super) use verifier::{Verdict, question};

/// How many of each there are.
pub(super) const ISSUERS: u64 = 3;
const VERIFIERS: u64 = 4;
const STAMPERS: u64 = 3;
const CONSUMERS: u64 = 2;

/// Lets all of them call until the round is over.
pub(super) fn begin(scene: &Arc<Scene>) -> JoinSet<Result<(), String>> {
    let mut callers = JoinSet::new();
    for which in 0..ISSUERS {
        callers.spawn(issuer::run(Arc::clone(scene), which));
    }
    for which in 0..VERIFIERS {
        callers.spawn(verifier::run(Arc::clone(scene), 100 + which));
    }
    for which in 0..STAMPERS {
        callers.spawn(stamper::run(Arc::clone(scene), 200 + which));
    }
    for which in 0..CONSUMERS {
        callers.spawn(consumer::run(Arc::clone(scene), 300 + which));
    }
    callers.spawn(grantor::run(Arc::clone(scene), 400));
    callers.spawn(objector::run(Arc::clone(scene), 500));
    callers.spawn(auditor::run(Arc::clone(scene), 600));
    callers
}
