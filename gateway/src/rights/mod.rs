//! Who may ask what, as it is at this moment: every grant in memory, and what is left of its quota.
//!
//! A question costs no write. Quotas of a day, in total and of records are set aside in blocks ([`storage::grants::Grants::lease`])
//! and used up here; what was set aside when a gateway crashes counts as used, so that a quota is never exceeded. What changes about
//! a grant goes through [`Rights::change`], so that nobody asks under a withdrawn grant once its withdrawal is acknowledged.

mod book;
mod counter;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Instant;

use crypto::catalogue::Catalogue;
use crypto::grants::{self, Ask, Denial, Grant, Lease, Permit, Usage};
use crypto::time::Timestamp;
use storage::StorageError;
use storage::grants::Grants;
use tokio::sync::OwnedMutexGuard;

use self::book::{Book, Entry};
use self::counter::Taken;
use crate::clock;
use crate::handlers::today_in_china;
use crate::pool::Pool;

/// Blocks that are set aside at the same time: they wait for the disk, and are written together.
const LEASES_MAX: usize = 16;
/// Questions that wait for one; further ones are told that it does not work.
const WAITING_MAX: usize = 4_096;
/// How often a question that others overtake looks for quota again.
const ROUNDS_MAX: usize = 64;

/// Who may ask what.
#[derive(Debug)]
pub struct Rights {
    grants: Grants,
    book: RwLock<Book>,
    /// Changes of grants, one after the other.
    changes: Mutex<()>,
    turns: Arc<tokio::sync::Mutex<()>>,
    pool: Pool,
}

impl Rights {
    /// Every grant of the store.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn load(grants: &Grants) -> Result<Self, StorageError> {
        let mut book = Book::default();
        for grant in grants.all()? {
            book.put(grant);
        }
        Ok(Self {
            grants: grants.clone(),
            book: RwLock::new(book),
            changes: Mutex::new(()),
            turns: Arc::default(),
            pool: Pool::new(LEASES_MAX, WAITING_MAX),
        })
    }

    /// Whether the question may be asked, and for which fields, and counts it: of the grants that allow it, the one that gives most
    /// fields and has quota left.
    ///
    /// # Errors
    /// The most specific [`Denial`].
    pub async fn permit(&self, catalogue: &Catalogue, ask: &Ask<'_>) -> Result<Permit, Denial> {
        self.permit_at(catalogue, ask, clock::instant()).await
    }

    async fn permit_at(&self, catalogue: &Catalogue, ask: &Ask<'_>, now: Instant) -> Result<Permit, Denial> {
        let allowing = self.book().permits(catalogue, ask)?;
        let mut denial = Denial::NotInForce;
        for (permit, entry) in allowing {
            let quota = &entry.grant.quota;
            if !entry.counter.rate(quota, now) {
                denial = denial.max(Denial::Quota);
                continue;
            }
            let one = |limit: Option<u64>| u64::from(limit.is_some());
            let wanted = Lease { questions: one(quota.per_day), total: one(quota.total), records: 0 };
            match self.take(&entry, wanted, ask.at).await {
                // It may have been withdrawn while this question waited for quota.
                Ok(()) if self.book().in_force(&permit.grant, ask.at).is_ok() => return Ok(permit),
                Ok(()) => {}
                Err(why) => denial = denial.max(why),
            }
        }
        Err(denial)
    }

    /// Whether the grant still allows the question by this catalogue, and for which fields. Counts nothing: for what was permitted
    /// before and is about to leave.
    ///
    /// # Errors
    /// The [`Denial`] that the question would meet now.
    pub fn again(&self, catalogue: &Catalogue, grant: &str, ask: &Ask<'_>) -> Result<Permit, Denial> {
        let entry = self.book().in_force(grant, ask.at)?;
        grants::decide([entry.grant.as_ref()], catalogue, ask)
    }

    /// The grant with this identifier, while it is in force.
    ///
    /// # Errors
    /// [`Denial::NotGranted`] and [`Denial::NotInForce`].
    pub fn grant(&self, grant: &str, at: Timestamp) -> Result<Arc<Grant>, Denial> {
        Ok(self.book().in_force(grant, at)?.grant)
    }

    /// Counts records that are about to be told under a grant, and says whether they still may be: call it before they leave.
    ///
    /// # Errors
    /// [`Denial::NotInForce`] when the grant was withdrawn or has ended meanwhile, [`Denial::Quota`] when it is for fewer records.
    pub async fn told(&self, grant: &str, records: u64, at: Timestamp) -> Result<(), Denial> {
        let entry = self.book().in_force(grant, at)?;
        let records = if entry.grant.quota.volume.is_some() { records } else { 0 };
        self.take(&entry, Lease { records, ..Lease::default() }, at).await?;
        // It may have been withdrawn while this waited for quota.
        self.book().in_force(grant, at).map(drop)
    }

    /// The grants of a caller that are in force at this moment, by resource and identifier.
    #[must_use]
    pub fn of_caller(&self, caller: &str, at: Timestamp) -> Vec<Arc<Grant>> {
        self.book().of_caller(caller, at)
    }

    /// Takes quota, and sets a block aside where this gateway has none left.
    async fn take(&self, entry: &Entry, wanted: Lease, at: Timestamp) -> Result<(), Denial> {
        let day = today_in_china(at);
        for _ in 0..ROUNDS_MAX {
            match entry.counter.take(day, wanted) {
                Taken::Yes => return Ok(()),
                Taken::Spent => return Err(Denial::Quota),
                Taken::Short(..) => {}
            }
            // One block at a time: whoever waited may find enough in it.
            let _turn = entry.counter.turn.lock().await;
            // Of the day that has begun here, not of the one on which the question came in: that may be over.
            let (begun, lacking) = match entry.counter.take(day, wanted) {
                Taken::Yes => return Ok(()),
                Taken::Spent => return Err(Denial::Quota),
                Taken::Short(begun, lacking) => (begun, lacking),
            };
            let (grants, entry) = (self.grants.clone(), entry.clone());
            // The job credits what it has set aside itself: nothing is lost when nobody waits for it any more.
            let lease = move || {
                // Another gateway may be a day further.
                let (charged, leased) = grants.lease(&entry.grant.id, &entry.grant.quota, begun, lacking)?;
                Ok::<_, StorageError>(entry.counter.credit(charged, (lacking, leased), wanted))
            };
            match self.pool.run(lease).await {
                Ok(Ok(Taken::Yes)) => return Ok(()),
                Ok(Ok(Taken::Spent)) => return Err(Denial::Quota),
                Ok(Ok(Taken::Short(..))) => {}
                Ok(Err(error)) => {
                    tracing::error!(code = error.code(), %error, "no quota could be set aside");
                    return Err(Denial::Unavailable);
                }
                Err(_) => return Err(Denial::Unavailable),
            }
        }
        Err(Denial::Unavailable)
    }

    /// Waits until nobody else changes a grant, and keeps it so. Whoever is about to change one on a thread of a pool takes a turn first:
    /// else many who change something would hold many threads, and all but one of them would wait.
    pub async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turns).lock_owned().await
    }

    /// Changes a grant in the store, and here before anybody learns of it. While that is under way, and as long as it is not known
    /// what came of it, nobody asks under the grant. For threads that may wait.
    ///
    /// # Errors
    /// Those of the change, and of a store that does not work.
    pub fn change<T>(&self, grant: &str, change: impl FnOnce() -> Result<T, StorageError>) -> Result<T, StorageError> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        self.book_mut().doubt(grant);
        self.follow(grant, change())
    }

    /// Makes a grant in the store, and here before anybody learns of it; one that is there already goes on as it is. For threads
    /// that may wait.
    ///
    /// # Errors
    /// As [`Rights::change`].
    pub fn make<T>(&self, grant: &str, make: impl FnOnce() -> Result<T, StorageError>) -> Result<T, StorageError> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        self.follow(grant, make())
    }

    /// Takes over what the store has now, unless that may still change.
    fn follow<T>(&self, grant: &str, changed: Result<T, StorageError>) -> Result<T, StorageError> {
        if matches!(changed, Err(StorageError::Unknown)) {
            return changed;
        }
        match self.grants.grant(grant) {
            Ok(Some(kept)) => self.book_mut().put(kept),
            Ok(None) => self.book_mut().remove(grant),
            // It may have been changed, and nobody asks under it until that is known.
            Err(_) => return changed.and(Err(StorageError::Unknown)),
        }
        changed
    }

    /// What was used of a grant's quota: what is set aside in the store, but for what this gateway has left of it. For threads that
    /// may wait.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn usage(&self, grant: &str, at: Timestamp) -> Result<Usage, StorageError> {
        let day = today_in_china(at);
        let usage = self.grants.usage(grant)?.map_or_else(|| Usage::none(day), |usage| usage.on(day));
        let left = self.book().entry(grant).map_or_else(Lease::default, |entry| entry.counter.left(usage.day));
        Ok(Usage {
            day: usage.day,
            questions: usage.questions.saturating_sub(left.questions),
            records: usage.records.saturating_sub(left.records),
            total: usage.total.saturating_sub(left.total),
        })
    }

    // What is in the book is whole after a panic too: every change of it is one assignment of maps.
    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn book_mut(&self) -> RwLockWriteGuard<'_, Book> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }
}
