//! What a request leaves on record: facts gathered while it is worked on, put into the logs once, before it is answered.
//!
//! A handler [notes](Trail::note) what it learns. One that changes something takes the record along with the change
//! ([`Trail::carried`]), one that needs its place in the log before it answers puts it there ([`Trail::record`]); whatever is not
//! on record when the handler has ended, [`crate::flow`] puts there (`close`), refusals and failures as well.

mod carried;
mod several;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crypto::record::{Ending, EventKind, Facts, LogName};
use crypto::time::Timestamp;
use serde_json::{Value, json};
use storage::StorageError;
use storage::log::{Draft, Pending, Recorded};
use tokio::sync::watch;

use crate::about;
use crate::auth::{Caller, Peer};
use crate::http::{Code, Problem, RequestId};
use crate::recorder::{Masses, Recorder};

pub use self::carried::Carried;

/// How long an answer waits for its record, at most.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The detail that says what the caller may do.
pub(crate) const ROLES: &str = "roles";

/// Whether a record is of the beginning of something or of its end, where these are two.
const STEP: &str = "step";

/// The name of who is not known.
const NOBODY: &str = "-";

/// What a request leaves on record.
#[derive(Debug)]
pub struct Trail {
    recorder: Arc<Recorder>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    draft: Draft,
    /// Whether nobody of the configuration asked.
    is_stranger: bool,
    /// Whether an answer of the route leaves no record.
    is_silent: bool,
    /// Whether its answer tells of a licence that the caller only named.
    is_named: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nothing is on record.
    Open,
    /// A change that is under way takes it along. Once nobody waits for the change, with how that ended.
    Carried(Arc<Pending>, Option<End>),
    /// A task of its own puts it on record, and tells what came of it.
    Underway(watch::Receiver<Option<Made>>),
    /// Whether it is on record will never be known to this request.
    Unknown,
    /// It is on record.
    Recorded(Vec<Recorded>),
}

/// What came of putting a draft on record.
type Made = Result<Recorded, StorageError>;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The problem that it ended with, if it did.
    pub problem: Option<Code>,
    /// Whether a handler had it.
    pub was_handled: bool,
    /// When it ended.
    pub at: Instant,
}

impl Trail {
    /// That of a request that has just come.
    #[must_use]
    pub fn begin(recorder: &Arc<Recorder>, at: Timestamp, request_id: &RequestId, peer: &Peer) -> Arc<Self> {
        let mut facts = Facts::new(EventKind::Request, Ending::Done, NOBODY.to_owned());
        facts.request = Some(request_id.as_str().to_owned());
        facts.certificate = peer.certificate;
        facts.address = peer.address.map(|address| address.to_string());
        let state =
            State { draft: Draft::new(at, facts), is_stranger: true, is_silent: false, is_named: false, stage: Stage::Open };
        Arc::new(Self { recorder: Arc::clone(recorder), state: Mutex::new(state) })
    }

    /// Says who asks.
    pub(crate) fn is_of(&self, caller: &Caller) {
        let mut state = self.state();
        state.is_stranger = false;
        state.draft.facts.caller.clone_from(&caller.name);
        state.draft.facts.organisation = Some(caller.organisation.clone());
        let roles: Vec<_> = caller.roles.iter().map(|role| role.name()).collect();
        state.draft.facts.details.insert(ROLES.to_owned(), json!(roles));
    }

    /// Says what the request is for, as its route has it.
    pub(crate) fn is_for(&self, event: Option<EventKind>, route: &'static str) {
        match event {
            Some(event) => self.event(event),
            None => {
                self.state().is_silent = true;
                self.detail("route", route);
            }
        }
    }

    /// Says what the request is for, where that is more than its route can say.
    pub fn event(&self, event: EventKind) {
        let mut state = self.state();
        state.draft.facts.event = event;
        state.draft.log = event.log();
    }

    /// Says that the answer tells of a licence that the caller only named: it must not be given without a record.
    pub(crate) fn is_of_named(&self) {
        self.state().is_named = true;
    }

    /// Whether the answer may be given without a record, as far as the request goes.
    pub(crate) fn may_go_unrecorded(&self) -> bool {
        !self.state().is_named
    }

    /// Adds to what will be on record. Nothing about a citizen belongs into the facts.
    pub fn note(&self, add: impl FnOnce(&mut Draft)) {
        add(&mut self.state().draft);
    }

    /// Adds a detail to the facts.
    pub fn detail(&self, name: &str, value: impl Into<Value>) {
        self.note(|draft| {
            draft.facts.details.insert(name.to_owned(), value.into());
        });
    }

    /// Says whom it concerns and under which licence, as far as that is not known yet.
    pub fn concerns(&self, about: &about::About) {
        self.note(|draft| about.add_to(draft));
    }

    /// Everything that was noted so far.
    #[must_use]
    pub fn draft(&self) -> Draft {
        self.state().draft()
    }

    /// Where the request stands on record, once it does.
    #[must_use]
    pub fn recorded(&self) -> Option<Recorded> {
        match &self.state().stage {
            Stage::Open | Stage::Underway(_) | Stage::Unknown => None,
            Stage::Carried(pending, _) => pending.recorded().and_then(<[Recorded]>::first).cloned(),
            Stage::Recorded(recorded) => recorded.first().cloned(),
        }
    }

    /// The record as it is now, as that of something that was done: for the change that does it to take along. Hand it to the job
    /// that makes the change, and let it go when that has ended: if nothing was changed, it is put on record then or at the end.
    #[must_use]
    pub fn carried(self: &Arc<Self>) -> Carried {
        self.carried_with(Vec::new())
    }

    /// Puts it on record as it is now, as something that was done: for an answer that tells of its own record.
    ///
    /// Where the record of an earlier request is found instead ([`Draft::once`]), this request is not on record yet.
    ///
    /// # Errors
    /// [`Code::Unavailable`] when the log takes no records: then nothing may be answered.
    pub async fn record(&self) -> Result<Recorded, Problem> {
        self.record_with(Vec::new()).await
    }

    /// Waits for the record that is under way, and takes note of what came of it.
    async fn settle(&self, mut told: watch::Receiver<Option<Made>>) -> Made {
        let made = match told.wait_for(Option::is_some).await {
            Ok(made) => made.clone().unwrap_or(Err(StorageError::Unknown)),
            Err(_) => Err(StorageError::Unknown),
        };
        let mut state = self.state();
        state.stage = match &made {
            Ok(recorded) if !recorded.is_repeat => Stage::Recorded(vec![recorded.clone()]),
            Err(StorageError::Unknown) => Stage::Unknown,
            Ok(_) | Err(_) => {
                // The name is that of the earlier request, or stays free: what is put on record of this one has none.
                state.draft.once = None;
                Stage::Open
            }
        };
        made
    }

    /// Puts on record what is about to be done, as far as it is known: for what cannot be in one batch with its record. What came
    /// of it is a record of its own, at the end. For threads that may wait.
    ///
    /// # Errors
    /// Those of a store that does not work: then it must not be done.
    pub fn begins(&self) -> Result<(), StorageError> {
        let mut draft = self.draft();
        draft.facts.details.insert(STEP.to_owned(), json!("begin"));
        self.recorder.append_and_wait(vec![draft])?;
        self.detail(STEP, "end");
        Ok(())
    }

    /// Puts on record what is not yet, and waits until it is durable. Nothing where the route leaves no record, where a stranger was
    /// refused too often, or where a change that is still under way has it.
    ///
    /// # Errors
    /// Those of a store that does not work: then nothing may be answered.
    pub(crate) async fn close(&self, end: End) -> Result<Option<Recorded>, StorageError> {
        let underway = match &self.state().stage {
            Stage::Underway(told) => Some(told.clone()),
            _ => None,
        };
        if let Some(told) = underway {
            // What came of it is looked at below.
            drop(self.settle(told).await);
        }
        if matches!(self.state().stage, Stage::Unknown) {
            return Err(StorageError::Unknown);
        }
        let Some(draft) = self.rest(end) else { return Ok(self.recorded()) };
        let recorded = self.recorder.append(vec![draft], WAIT_MAX).await?;
        let first = recorded.first().cloned();
        self.state().stage = Stage::Recorded(recorded);
        Ok(first)
    }

    /// What is to be put on record now that the request has ended.
    fn rest(&self, end: End) -> Option<Draft> {
        let mut state = self.state();
        match &mut state.stage {
            Stage::Recorded(_) | Stage::Underway(_) | Stage::Unknown => return None,
            Stage::Carried(pending, left) => {
                if pending.recorded().is_none() {
                    *left = Some(end);
                }
                return None;
            }
            Stage::Open => {}
        }
        let is_silent = state.is_silent && end.was_handled;
        let masses = match end.problem {
            _ if state.is_stranger => Some(Masses::Strangers),
            Some(Code::Overloaded | Code::RateLimited) => Some(Masses::WithoutRoom),
            _ => None,
        };
        if is_silent || masses.is_some_and(|masses| !self.recorder.admits(masses, end.at)) {
            return None;
        }
        // Nothing is noted any more, so that what was noted need not stay.
        let nothing = Draft::new(state.draft.at, Facts::new(EventKind::Request, Ending::Done, NOBODY.to_owned()));
        let mut draft = std::mem::replace(&mut state.draft, nothing);
        about::link_named(&mut draft);
        Some(ended(draft, end))
    }

    /// A change has ended, and has taken the record along or not.
    fn returned(&self, pending: &Arc<Pending>) {
        let mut state = self.state();
        let Stage::Carried(mine, left) = &state.stage else { return };
        if !Arc::ptr_eq(mine, pending) {
            return;
        }
        let left = *left;
        if let Some(recorded) = pending.recorded() {
            self.recorder.came_along(pending.drafts(), recorded);
            state.stage = Stage::Recorded(recorded.to_vec());
            return;
        }
        state.stage = Stage::Open;
        if let Some(end) = left {
            // Nobody waits any more, so nobody else does it.
            let draft = ended(state.draft(), end);
            drop(state);
            self.recorder.append_unattended(draft);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What was noted before a panic is as good as before it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Everything that was noted so far, with a link to everybody whose number stands in it.
    fn draft(&self) -> Draft {
        let mut draft = self.draft.clone();
        about::link_named(&mut draft);
        draft
    }
}

/// The record of a request that ended so.
fn ended(mut draft: Draft, end: End) -> Draft {
    if let Some(code) = end.problem {
        draft.facts.outcome = if code.status().is_client_error() { Ending::Refused } else { Ending::Failed };
        if let Some(verdict) = draft.facts.code.replace(code.code().to_owned()) {
            draft.facts.details.insert("verdict".to_owned(), json!(verdict));
        }
        if draft.facts.event == EventKind::DocumentVerify {
            // The seal log has verifications. What did not become one is about the request.
            draft.log = LogName::Access;
        }
    }
    draft
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crypto::record::Opening;
    use hyper::HeaderMap;
    use storage::log::Once;
    use storage::{Keys, Store};

    use super::*;
    use crate::audit::Sight;
    use crate::clock;
    use crate::recorder::Tally;

    const AT: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn world() -> (Store, Arc<Recorder>) {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let recorder = Recorder::new(store.logs().clone(), Tally::new().unwrap(), 1);
        (store, Arc::new(recorder))
    }

    fn trail(recorder: &Arc<Recorder>) -> Arc<Trail> {
        let peer = Peer::new(None, None);
        let trail = Trail::begin(recorder, AT, &RequestId::of(&HeaderMap::new()), &peer);
        trail.is_of(&Caller { name: "a".to_owned(), organisation: "b".to_owned(), roles: BTreeSet::new(), sight: Sight::All });
        trail.is_for(Some(EventKind::CertificateAdd), "/");
        trail
    }

    fn ended_with(problem: Option<Code>) -> End {
        End { problem, was_handled: true, at: clock::instant() }
    }

    /// Outcome and code of each record in the access log.
    fn said(store: &Store) -> Vec<(Ending, Option<String>)> {
        let record = |number| store.logs().record(LogName::Access, number).unwrap().unwrap();
        let facts = |number| record(number).read::<Facts>(Opening::FACTS).unwrap();
        let all = (0..store.logs().size(LogName::Access).unwrap()).map(facts);
        all.map(|facts| (facts.outcome, facts.code)).collect()
    }

    const LATE: Option<Code> = Some(Code::DeadlineExceeded);

    #[tokio::test]
    async fn a_change_that_nobody_waits_for_is_on_record_once() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        let carried = mine.carried();
        // The request has timed out, the change has not been made yet.
        assert_eq!(mine.close(ended_with(LATE)).await, Ok(None));
        assert!(store.certificates().recording(&carried).add(b"1", "a", AT).unwrap().is_new());
        drop(carried);
        assert_eq!(said(&store), [(Ending::Done, None)]);
        assert_eq!(mine.recorded().map(|recorded| recorded.number), Some(0));
    }

    #[tokio::test]
    async fn a_change_that_was_made_in_time_is_on_record_once() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        let carried = mine.carried();
        assert!(store.certificates().recording(&carried).add(b"1", "a", AT).unwrap().is_new());
        assert_eq!(mine.close(ended_with(LATE)).await.unwrap().map(|recorded| recorded.number), Some(0));
        drop(carried);
        assert_eq!(said(&store), [(Ending::Done, None)]);

        // The same again changes nothing, and is on record all the same.
        let mine = trail(&recorder);
        assert!(!store.certificates().recording(&mine.carried()).add(b"1", "a", AT).unwrap().is_new());
        assert_eq!(mine.close(ended_with(None)).await.unwrap().map(|recorded| recorded.number), Some(1));
        assert_eq!(said(&store).len(), 2);
    }

    #[tokio::test]
    async fn a_change_that_is_given_up_is_on_record_as_failed() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        let carried = mine.carried();
        assert_eq!(mine.close(ended_with(LATE)).await, Ok(None));
        drop(carried);
        // Behind it in the queue.
        store.logs().append_and_wait(&[mine.draft()]).unwrap();
        assert_eq!(said(&store), [(Ending::Failed, Some("deadline-exceeded".to_owned())), (Ending::Done, None)]);
    }

    fn named(trail: &Trail) {
        let once = Once { caller: "a".to_owned(), name: "1".to_owned() };
        trail.note(|draft| draft.once = Some(once));
    }

    #[tokio::test]
    async fn a_repeat_leaves_a_record_of_its_own() {
        let (store, recorder) = world();
        let first = trail(&recorder);
        named(&first);
        assert_eq!(first.record().await.unwrap().number, 0);
        assert_eq!(first.close(ended_with(None)).await.unwrap().map(|recorded| recorded.number), Some(0));
        for (number, problem) in [(1, None), (2, Some(Code::SealUseConflict))] {
            let again = trail(&recorder);
            named(&again);
            let repeat = again.record().await.unwrap();
            assert!(repeat.is_repeat && repeat.number == 0 && again.recorded().is_none());
            assert_eq!(again.close(ended_with(problem)).await.unwrap().map(|recorded| recorded.number), Some(number));
        }
        let refused = (Ending::Refused, Some("seal-use-conflict".to_owned()));
        assert_eq!(said(&store), [(Ending::Done, None), (Ending::Done, None), refused]);
    }

    #[tokio::test]
    async fn a_record_that_is_given_up_while_it_is_made_is_made_once() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        named(&mine);
        {
            // Begun, and dropped before its task had a turn.
            let mut work = Box::pin(mine.record());
            assert!(one_turn(&mut work).is_none());
        }
        assert_eq!(
            mine.close(ended_with(LATE)).await.unwrap().map(|recorded| (recorded.number, recorded.is_repeat)),
            Some((0, false))
        );
        assert_eq!(said(&store), [(Ending::Done, None)]);
    }

    /// One turn of a piece of work.
    fn one_turn<F: Future + Unpin>(work: &mut F) -> Option<F::Output> {
        match std::pin::Pin::new(work).poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn what_begins_is_on_record_before_what_came_of_it() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        mine.begins().unwrap();
        assert_eq!(said(&store), [(Ending::Done, None)]);
        mine.detail("records", 3);
        mine.close(ended_with(LATE)).await.unwrap();
        let details = |number| {
            let opening = store.logs().record(LogName::Access, number).unwrap().unwrap();
            let details = opening.read::<Facts>(Opening::FACTS).unwrap().details;
            (details["step"].clone(), details.get("records").cloned())
        };
        assert_eq!(details(0), (json!("begin"), None));
        assert_eq!(details(1), (json!("end"), Some(json!(3))));
        assert_eq!(said(&store).len(), 2);
    }

    #[tokio::test]
    async fn refusals_for_want_of_room_are_told_in_number() {
        let ((store, recorder), at) = (world(), clock::instant());
        for problem in [Some(Code::Overloaded), Some(Code::Overloaded), Some(Code::Overloaded), None] {
            trail(&recorder).close(End { problem, was_handled: true, at }).await.unwrap();
        }
        assert_eq!(said(&store), [(Ending::Failed, Some("overloaded".to_owned())), (Ending::Done, None)]);
        let last = store.logs().record(LogName::Access, 1).unwrap().unwrap();
        assert_eq!(last.read::<Facts>(Opening::FACTS).unwrap().details["suppressed"], 2);
    }

    #[tokio::test]
    async fn what_was_put_on_record_before_the_answer_is_not_put_there_again() {
        let (store, recorder) = world();
        let mine = trail(&recorder);
        let first = mine.record().await.unwrap();
        assert_eq!(mine.record().await.unwrap(), first);
        assert_eq!(mine.close(ended_with(None)).await, Ok(Some(first)));
        assert_eq!(said(&store).len(), 1);
    }
}
