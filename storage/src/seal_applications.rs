//! Applications for seals: handed in, decided by somebody else, and good for one seal.

use crypto::seal_register::{Application, ApplicationError, Judgement, Record};

use crate::error::StorageError;
use crate::keys;
use crate::seals::Seals;
use crate::shelf::{Attempt, Change, Committed, repeat};
use crate::stored::Stored;

/// What a missing application is called in errors.
const WHAT: &str = "seal application";

impl Seals {
    /// Puts an application on record. The same request again, under the same identifier, changes nothing.
    ///
    /// # Errors
    /// [`StorageError::Application`] when something else was applied for under the identifier, and those of a store that does not
    /// work.
    pub fn apply(&self, application: &Application) -> Result<Stored<Application>, StorageError> {
        repeat(|| self.attempt_apply(application))
    }

    fn attempt_apply(&self, application: &Application) -> Result<Attempt<Stored<Application>>, StorageError> {
        let key = keys::seal_application(&self.shelf.vault, &application.id);
        if let Some(kept) = self.shelf.read::<Application>(&key)? {
            let is_same = kept.value.is_same_request(application);
            let other = StorageError::Application(ApplicationError::OtherRequest);
            return if is_same { Ok(Attempt::Done(Stored::Unchanged(kept.value))) } else { Err(other) };
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.insert(key.clone(), application)?;
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(application.clone()))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Application>(&key)? {
                Some(kept) if kept.value == *application => Ok(Attempt::Done(Stored::Created(kept.value))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// Decides an application. The same decision again changes nothing.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], [`StorageError::Application`] when it cannot be decided so, and those of a store that does not
    /// work.
    pub fn decide(&self, id: &str, judgement: &Judgement) -> Result<Stored<Application>, StorageError> {
        repeat(|| self.attempt_decide(id, judgement))
    }

    fn attempt_decide(&self, id: &str, judgement: &Judgement) -> Result<Attempt<Stored<Application>>, StorageError> {
        let key = keys::seal_application(&self.shelf.vault, id);
        let kept = self.shelf.read::<Application>(&key)?.ok_or(StorageError::NotFound { what: WHAT })?;
        let mut application = kept.value;
        if !application.decide(judgement.clone()).map_err(StorageError::Application)? {
            return Ok(Attempt::Done(Stored::Unchanged(application)));
        }
        let mut change = self.shelf.change().recording(self.pending.as_ref());
        change.replace(key.clone(), kept.version, &application)?;
        match change.commit()? {
            Committed::Yes => Ok(Attempt::Done(Stored::Created(application))),
            Committed::Conflict => Ok(Attempt::Again),
            Committed::Unknown => match self.shelf.settle::<Application>(&key)? {
                Some(kept) if kept.value == application => Ok(Attempt::Done(Stored::Created(application))),
                _ => Ok(Attempt::Doubtful),
            },
        }
    }

    /// The application with this identifier.
    ///
    /// # Errors
    /// Those of a store that does not work.
    pub fn application(&self, id: &str) -> Result<Option<Application>, StorageError> {
        let key = keys::seal_application(&self.shelf.vault, id);
        Ok(self.shelf.read::<Application>(&key)?.map(|kept| kept.value))
    }

    /// Uses an application up, in the change that puts the seal on file.
    pub(crate) fn use_application(&self, change: &mut Change<'_>, id: &str, seal: &Record) -> Result<(), StorageError> {
        let key = keys::seal_application(&self.shelf.vault, id);
        let kept = self.shelf.read::<Application>(&key)?.ok_or(StorageError::NotFound { what: WHAT })?;
        let mut application = kept.value;
        application.use_for(seal).map_err(StorageError::Application)?;
        change.replace(key, kept.version, &application)
    }
}
