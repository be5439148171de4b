//! Grants (授权), the applications that lead to them, and what has been set aside of their quotas.

use std::ops::Bound;
use std::sync::Arc;

use crypto::grants::{Application, Assessment, Check, Decision, Grant, GrantError, Lease, Outcome, Quota, Usage, Withdrawal};
use crypto::time::{Date, Timestamp};

use crate::engine::{Direction, Range, Space};
use crate::error::StorageError;
use crate::grant_keys;
use crate::keys::{self, Key, REGISTRY};
use crate::log::Pending;
use crate::page::{Cursor, Page};
use crate::records::Layout;
use crate::shelf::{Attempt, Change, Committed, Shelf, repeat};
use crate::stored::Stored;
use crate::vault::Blind;

/// What a missing application is called in errors.
const APPLICATION: &str = "application for a grant";
/// What a missing grant is called in errors.
const GRANT: &str = "grant";

/// How many rows are read for one page at most: then it ends, however few of them were kept.
const READ_MAX: usize = 2_000;
/// How many grants are read at once when all are.
const ALL_AT_ONCE: usize = 500;

/// The table of grants, and of the applications for them.
#[derive(Clone, Debug)]
pub struct Grants {
    shelf: Arc<Shelf>,
    pending: Option<Arc<Pending>>,
}

/// What a step in the life of an application came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// The application after it.
    pub application: Application,
    /// Whether the step was taken now, and not before.
    pub is_new: bool,
    /// The grant that it led to.
    pub grant: Option<Grant>,
}

/// Whose applications or grants a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Everybody's.
    All,
    /// Those in which this organisation is the consumer or the provider.
    Of(&'a str),
}

impl Grants {
    pub(crate) const fn new(shelf: Arc<Shelf>) -> Self {
        Self { shelf, pending: None }
    }

    /// The same table, whose next change takes these records along.
    #[must_use]
    pub fn recording(&self, pending: &Arc<Pending>) -> Self {
        Self { shelf: Arc::clone(&self.shelf), pending: Some(Arc::clone(pending)) }
    }

    /// Puts an application on record. The same request again, under the same identifier, changes nothing.
    ///
    /// # Errors
    /// [`StorageError::Grant`] when something else was applied for under the identifier, and those of a store that does not work.
    pub fn apply(&self, application: &Application) -> Result<Stored<Application>, StorageError> {
        repeat(|| self.attempt_apply(application))
    }

    fn attempt_apply(&self, application: &Application) -> Result<Attempt<Stored<Application>>, StorageError> {
        let id = grant_keys::grant_id(&self.shelf.vault, &application.id);
        let key = grant_keys::grant_application(&id);
        if let Some(kept) = self.shelf.read::<Application>(&key)? {
            let is_same = kept.value.is_same_request(application);
            let other = StorageError::Grant(GrantError::OtherRequest);
            return if is_same { Ok(Attempt::Done(Stored::Unchanged(kept.value))) } else { Err(other) };
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.insert(key.clone(), application)?;
        for index in indexes(grant_keys::GRANT_APPLICATIONS, &application.consumer.organisation, &application.provider) {
            change.index(grant_keys::grant_in_list(&index, application.applied_at, &id));
        }
        if let Some(due) = application.due() {
            change.index(grant_keys::grant_due(due, &id));
        }
        self.ended(change, &key, application, || Stored::Created(application.clone()))
    }

    /// Puts the conformity check of an application on record, with the grant where that is all it takes. The same again changes
    /// nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Grant`] when it cannot be checked so, and those of a store that does not work.
    pub fn check(&self, id: &str, check: &Check, now: &Assessment) -> Result<Acted, StorageError> {
        self.act(id, |application| application.check(check.clone(), now.clone()))
    }

    /// Puts the decision of the provider on record, with the grant where it is a yes. The same again changes nothing.
    ///
    /// # Errors
    /// As [`Grants::check`].
    pub fn decide(&self, id: &str, decision: &Decision, organisation: &str, now: &Assessment) -> Result<Acted, StorageError> {
        self.act(id, |application| application.decide(decision.clone(), organisation, now.clone()))
    }

    fn act(&self, id: &str, step: impl Fn(&mut Application) -> Result<Outcome, GrantError>) -> Result<Acted, StorageError> {
        repeat(|| self.attempt_act(id, &step))
    }

    fn attempt_act(
        &self,
        id: &str,
        step: impl Fn(&mut Application) -> Result<Outcome, GrantError>,
    ) -> Result<Attempt<Acted>, StorageError> {
        let id = grant_keys::grant_id(&self.shelf.vault, id);
        let key = grant_keys::grant_application(&id);
        let kept = self.shelf.read::<Application>(&key)?.ok_or(StorageError::NotFound { what: APPLICATION })?;
        let mut application = kept.value;
        let due_before = application.due();
        let grant = match step(&mut application).map_err(StorageError::Grant)? {
            Outcome::Unchanged => return Ok(Attempt::Done(Acted { application, is_new: false, grant: None })),
            Outcome::Changed => None,
            Outcome::Granted(grant) => Some(*grant),
        };
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &application)?;
        if application.due() != due_before {
            // A row of an index is written once, so that one that is there has been written once since it was last taken away.
            due_before.into_iter().for_each(|due| change.delete(grant_keys::grant_due(due, &id), 1));
            application.due().into_iter().for_each(|due| change.index(grant_keys::grant_due(due, &id)));
        }
        if let Some(grant) = &grant {
            change.insert(grant_keys::grant(&id), grant)?;
            for index in indexes(grant_keys::GRANTS, &grant.consumer.organisation, &grant.provider) {
                change.index(grant_keys::grant_in_list(&index, grant.granted_at, &id));
            }
        }
        let written = application.clone();
        self.ended(change, &key, &written, || Acted { application, is_new: true, grant })
    }

    /// Ends a grant before its time. Returns only when that is durable. The same again changes nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Grant`] when it was withdrawn otherwise, and those of a store that does not work.
    pub fn withdraw(&self, id: &str, withdrawal: &Withdrawal) -> Result<Stored<Grant>, StorageError> {
        repeat(|| self.attempt_withdraw(id, withdrawal))
    }

    fn attempt_withdraw(&self, id: &str, withdrawal: &Withdrawal) -> Result<Attempt<Stored<Grant>>, StorageError> {
        let key = grant_keys::grant(&grant_keys::grant_id(&self.shelf.vault, id));
        let kept = self.shelf.read::<Grant>(&key)?.ok_or(StorageError::NotFound { what: GRANT })?;
        let mut grant = kept.value;
        if !grant.withdraw(withdrawal.clone()).map_err(StorageError::Grant)? {
            return Ok(Attempt::Done(Stored::Unchanged(grant)));
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &grant)?;
        let written = grant.clone();
        self.ended(change, &key, &written, || Stored::Created(grant))
    }

    /// Commits a change, and looks at its main row when it is not known whether it was made.
    fn ended<T: Layout + PartialEq, D>(
        &self,
        change: Change<'_>,
        key: &Key,
        written: &T,
        done: impl FnOnce() -> D,
    ) -> Result<Attempt<D>, StorageError> {
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(done())),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<T>(key)? {
                Some(kept) if kept.value == *written => Ok(Attempt::Done(done())),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// The application with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn application(&self, id: &str) -> Result<Option<Application>, StorageError> {
        let key = grant_keys::grant_application(&grant_keys::grant_id(&self.shelf.vault, id));
        Ok(self.shelf.read(&key)?.map(|kept| kept.value))
    }

    /// The grant with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn grant(&self, id: &str) -> Result<Option<Grant>, StorageError> {
        let key = grant_keys::grant(&grant_keys::grant_id(&self.shelf.vault, id));
        Ok(self.shelf.read(&key)?.map(|kept| kept.value))
    }

    /// Applications that `keep` wants, newest first. A page may be short, or empty, and yet not be the last.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn applications(
        &self,
        whose: Whose<'_>,
        page: (Option<&Cursor>, usize),
        keep: impl Fn(&Application) -> bool,
    ) -> Result<Page<Application>, StorageError> {
        self.list(&index(grant_keys::GRANT_APPLICATIONS, whose), grant_keys::grant_application, page, keep)
    }

    /// Open applications that are due before a moment, at most so many, the most urgent first.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn due_before(&self, at: Timestamp, limit: usize) -> Result<Vec<Application>, StorageError> {
        let corrupt = || StorageError::Corrupt { what: Application::WHAT };
        let range = Range { to: Bound::Excluded(grant_keys::grant_due_before(at)), ..Range::prefix(grant_keys::GRANT_DUE) };
        let rows = self.shelf.engine.scan(REGISTRY, Space::Idx, range, Direction::Ascending, limit)?;
        let read = |(row, _): &(Vec<u8>, _)| {
            let id = keys::last_digest(row).ok_or_else(corrupt)?;
            Ok(self.shelf.read::<Application>(&grant_keys::grant_application(&id))?.ok_or_else(corrupt)?.value)
        };
        rows.iter().map(read).collect()
    }

    /// Grants that `keep` wants, newest first. A page may be short, or empty, and yet not be the last.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn grants(
        &self,
        whose: Whose<'_>,
        page: (Option<&Cursor>, usize),
        keep: impl Fn(&Grant) -> bool,
    ) -> Result<Page<Grant>, StorageError> {
        self.list(&index(grant_keys::GRANTS, whose), grant_keys::grant, page, keep)
    }

    fn list<T: Layout>(
        &self,
        index: &[u8],
        key: fn(&Blind) -> Key,
        (after, limit): (Option<&Cursor>, usize),
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StorageError> {
        let corrupt = || StorageError::Corrupt { what: T::WHAT };
        let (mut items, mut next, mut read) = (Vec::new(), after.cloned(), 0);
        loop {
            let (rows, further) = self.shelf.page(index, next.as_ref(), limit.saturating_sub(items.len()))?;
            read += rows.len();
            for row in rows {
                let id = keys::last_digest(&row).ok_or_else(corrupt)?;
                let value = self.shelf.read::<T>(&key(&id))?.ok_or_else(corrupt)?.value;
                items.extend(Some(value).filter(|value| keep(value)));
            }
            next = further;
            if next.is_none() || items.len() >= limit || read >= READ_MAX {
                return Ok(Page { items, next });
            }
        }
    }

    /// Every grant, also those that are over.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn all(&self) -> Result<Vec<Grant>, StorageError> {
        let mut grants = Vec::new();
        let mut range = Range::prefix(grant_keys::GRANT);
        loop {
            let rows = self.shelf.engine.scan(REGISTRY, Space::Hot, range.clone(), Direction::Ascending, ALL_AT_ONCE)?;
            let Some((last, _)) = rows.last() else { return Ok(grants) };
            range = range.resumed(Direction::Ascending, last.clone());
            for (bytes, row) in rows {
                grants.push(self.shelf.opened::<Grant>(&Key { space: Space::Hot, bytes }, &row)?.value);
            }
        }
    }

    /// What has been set aside of a grant's quota, by all gateways.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn usage(&self, id: &str) -> Result<Option<Usage>, StorageError> {
        Ok(self.shelf.read(&self.usage_key(id))?.map(|kept| kept.value))
    }

    fn usage_key(&self, id: &str) -> Key {
        grant_keys::grant_usage(&grant_keys::grant_id(&self.shelf.vault, id))
    }

    /// Sets something aside of a grant's quota on this day, or on a later one that has begun already, and says on which: durable, and
    /// nobody else gets it. Less than is wanted means that there is no more on that day.
    ///
    /// # Errors
    /// Those of a store that does not work: what may have been set aside then is lost, and never used twice.
    pub fn lease(&self, id: &str, quota: &Quota, day: Date, wanted: Lease) -> Result<(Date, Lease), StorageError> {
        repeat(|| self.attempt_lease(id, quota, day, wanted))
    }

    fn attempt_lease(&self, id: &str, quota: &Quota, day: Date, wanted: Lease) -> Result<Attempt<(Date, Lease)>, StorageError> {
        let key = self.usage_key(id);
        let kept = self.shelf.read::<Usage>(&key)?;
        let mut usage = kept.as_ref().map_or_else(|| Usage::none(day), |kept| kept.value.on(day));
        let leased = usage.lease(quota, wanted);
        if leased == Lease::default() {
            return Ok(Attempt::Done((usage.day, leased)));
        }
        let mut change = self.shelf.change();
        match kept {
            None => change.insert(key, &usage)?,
            Some(kept) => change.replace(key, kept.version, &usage)?,
        }
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done((usage.day, leased))),
            Committed::Conflict => Ok(Attempt::Again),
            // Another gateway may have written the very same numbers: what cannot be told apart is not taken.
            Committed::Unknown => Ok(Attempt::Doubtful),
        }
    }
}

fn index(list: &[u8], whose: Whose<'_>) -> Vec<u8> {
    match whose {
        Whose::All => grant_keys::grant_list(list),
        Whose::Of(organisation) => grant_keys::grant_list_of(list, organisation),
    }
}

/// The indexes in which an application or a grant of this consumer and this provider stands.
fn indexes(list: &[u8], consumer: &str, provider: &str) -> Vec<Vec<u8>> {
    let mut indexes = vec![grant_keys::grant_list(list), grant_keys::grant_list_of(list, consumer)];
    if provider != consumer {
        indexes.push(grant_keys::grant_list_of(list, provider));
    }
    indexes
}
