//! The proof that a record is in its log, as soon as a checkpoint covers it.

use std::sync::Arc;
use std::time::Duration;

use crypto::bundle::LogUsed;
use crypto::record::LogName;
use crypto::tlog::{Checkpoint, Note, TlogProof, VerifierKey};
use storage::log::{Logs, Published, Recorded};
use tokio::sync::oneshot;

use crate::app::App;
use crate::http::{Code, Problem};

/// How long an answer waits for a checkpoint, at most; no longer than half of what a request may take.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// How long an answer that is to be witnessed as a whole waits for that, at most; no longer than half of what a request may take.
const WITNESSES_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether witnesses have signed.
const LOOK: Duration = Duration::from_millis(200);

/// A proof with what it takes to check it.
#[derive(Clone, Debug)]
pub struct Covered {
    /// The proof (C2SP tlog-proof).
    pub proof: TlogProof,
    /// The log.
    pub log: LogUsed,
}

/// The newest checkpoint, as soon as it covers a record. `None` when that does not come in time.
pub async fn in_time(logs: &Logs, log: LogName, number: u64, wait: Duration) -> Option<Arc<Published>> {
    let (tell, told) = oneshot::channel();
    // Whoever waited may be gone.
    logs.when_covered(log, number, Box::new(move |published| drop(tell.send(published))));
    tokio::time::timeout(wait, told).await.ok().and_then(Result::ok).flatten()
}

/// The proof of a record, once there is a checkpoint to prove it by: one that is witnessed where there is one that has the record,
/// and otherwise the newest. `None` when none comes in time.
///
/// # Errors
/// Those of a store that does not work.
pub async fn proof(app: &Arc<App>, recorded: &Recorded) -> Result<Option<Covered>, Problem> {
    let newest = in_time(app.store().logs(), recorded.log, recorded.number, wait_max(app)).await;
    let Some(published) = newest else { return Ok(None) };
    let (shared, number) = (Arc::clone(app), recorded.number);
    app.pool.run(move || prove(&shared, number, &published)).await?.map(Some)
}

/// The same, once witnesses have signed a checkpoint that has the record. Where that does not come in time, or nobody is asked, the
/// proof is without them: witnesses are never what an answer fails by.
///
/// # Errors
/// Those of a store that does not work.
pub async fn witnessed_proof(app: &Arc<App>, recorded: &Recorded) -> Result<Option<Covered>, Problem> {
    let Some(first) = proof(app, recorded).await? else { return Ok(None) };
    if app.witnesses.is_none() || !first.log.witnesses.is_empty() {
        return Ok(Some(first));
    }
    let wait = async {
        loop {
            tokio::time::sleep(LOOK).await;
            match proof(app, recorded).await {
                Ok(Some(covered)) if covered.log.witnesses.is_empty() => {}
                ended => return ended,
            }
        }
    };
    tokio::time::timeout(wait_max(app), wait).await.unwrap_or(Ok(Some(first)))
}

fn wait_max(app: &App) -> Duration {
    WAIT_MAX.min(app.limits.request_timeout() / 2)
}

fn prove(app: &App, number: u64, newest: &Arc<Published>) -> Result<Covered, Problem> {
    let published = best(app, newest, number)?;
    let index = published.leaf(number).ok_or(Code::Internal)?;
    let hashes = app.store().logs().inclusion(number, &published)?;
    let note = Note::parse(published.note.as_bytes()).or(Err(Code::Internal))?;
    let keys = app.log_keys.verifiers(published.log, &published.period);
    let witnesses = app.witnesses.as_ref().map(|witnesses| witnesses.keys_of(&note)).unwrap_or_default();
    let log = LogUsed {
        origin: app.log_keys.origin(published.log, &published.period),
        first: published.first,
        keys: signed_by(&note, &keys),
        witnesses: witnesses.iter().map(ToString::to_string).collect(),
    };
    let proof = TlogProof::new(index, hashes, note).or(Err(Code::Internal))?;
    Ok(Covered { proof, log })
}

/// The checkpoint to prove a record by: the newest of its shard that is witnessed, where that has the record; otherwise this one,
/// with the lines of witnesses that it has.
///
/// # Errors
/// [`Code::Internal`] where this one has not the record, or what the witnesses signed is no checkpoint.
pub fn best(app: &App, newest: &Arc<Published>, number: u64) -> Result<Arc<Published>, Problem> {
    let index = newest.leaf(number).ok_or(Code::Internal)?;
    let witnessed = app.witnesses.as_ref().and_then(|witnesses| witnesses.covering(newest, index));
    let Some((size, note)) = witnessed else {
        return Ok(Arc::new(Published { note: app.signed(newest), ..(**newest).clone() }));
    };
    let checkpoint = Note::parse(note.as_bytes()).and_then(|note| Checkpoint::of(&note)).or(Err(Code::Internal))?;
    let is_final = newest.is_final && size == newest.size;
    Ok(Arc::new(Published { size, root: checkpoint.root(), is_final, note, ..(**newest).clone() }))
}

/// The same, once there is one that is witnessed and has the record, or that does not come in time.
///
/// # Errors
/// As [`best`].
pub async fn best_in_time(app: &App, newest: &Arc<Published>, number: u64) -> Result<Arc<Published>, Problem> {
    let index = newest.leaf(number).ok_or(Code::Internal)?;
    if let Some(witnesses) = &app.witnesses {
        let wait = async {
            while witnesses.covering(newest, index).is_none() {
                tokio::time::sleep(LOOK).await;
            }
        };
        // Witnesses are never what an answer fails by.
        tokio::time::timeout(WITNESSES_MAX.min(app.limits.request_timeout() / 2), wait).await.unwrap_or_default();
    }
    best(app, newest, number)
}

/// Those of the keys that have a line below the note.
fn signed_by(note: &Note, keys: &[VerifierKey]) -> Vec<String> {
    keys.iter().filter(|key| note.lines().iter().any(|line| line.is_of(key))).map(ToString::to_string).collect()
}
