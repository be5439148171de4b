//! The proof that a record is in its log, as soon as a checkpoint covers it.

use std::sync::Arc;
use std::time::Duration;

use crypto::bundle::LogUsed;
use crypto::tlog::{Note, TlogProof, VerifierKey};
use storage::log::{Published, Recorded};
use tokio::sync::oneshot;

use crate::app::App;
use crate::http::{Code, Problem};

/// How long an answer waits for a checkpoint, at most; no longer than half of what a request may take.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// A proof with what it takes to check it.
#[derive(Clone, Debug)]
pub struct Covered {
    /// The proof (C2SP tlog-proof).
    pub proof: TlogProof,
    /// The log.
    pub log: LogUsed,
}

/// The proof of a record, once there is a checkpoint to prove it by. `None` when none comes in time.
///
/// # Errors
/// Those of a store that does not work.
pub async fn proof(app: &Arc<App>, recorded: &Recorded) -> Result<Option<Covered>, Problem> {
    let (tell, told) = oneshot::channel();
    // Whoever waited may be gone.
    app.store().logs().when_covered(recorded.log, recorded.number, Box::new(move |published| drop(tell.send(published))));
    let wait = WAIT_MAX.min(app.limits.request_timeout() / 2);
    let Ok(Ok(Some(published))) = tokio::time::timeout(wait, told).await else { return Ok(None) };
    let (shared, number) = (Arc::clone(app), recorded.number);
    app.pool.run(move || prove(&shared, number, &published)).await?.map(Some)
}

fn prove(app: &App, number: u64, published: &Published) -> Result<Covered, Problem> {
    let hashes = app.store().logs().inclusion(number, published)?;
    let index = published.leaf(number).ok_or(Code::Internal)?;
    let note = Note::parse(published.note.as_bytes()).or(Err(Code::Internal))?;
    let keys = app.log_keys.verifiers(published.log, &published.period);
    let log = LogUsed {
        origin: app.log_keys.origin(published.log, &published.period),
        first: published.first,
        keys: signed_by(&note, &keys),
        witnesses: Vec::new(),
    };
    let proof = TlogProof::new(index, hashes, note).or(Err(Code::Internal))?;
    Ok(Covered { proof, log })
}

/// Those of the keys that have a line below the note.
fn signed_by(note: &Note, keys: &[VerifierKey]) -> Vec<String> {
    keys.iter().filter(|key| note.lines().iter().any(|line| line.is_of(key))).map(ToString::to_string).collect()
}
