//! What is due by law: checks and decisions on applications for grants, answers to objections.

use crypto::grants::ApplicationState;
use crypto::time::Timestamp;
use storage::grants::{Grants, Whose};
use storage::objections::Objections;
use storage::page::{Cursor, PAGE_MAX, Page};
use storage::{StorageError, Store};

use super::{Due, Dues};

/// So many of the newest applications, and of the most urgent objections, are looked at: who leaves more open has its cards long since.
const LOOKED_AT_MAX: usize = 20_000;

/// The last day counts whole, and is the one on which there is a reminder, in seconds.
const LAST_DAY_S: i64 = 86_400;

/// Applications for grants and objections that are open.
#[derive(Debug)]
pub struct Matters {
    grants: Grants,
    objections: Objections,
    /// Who checks applications for conformity: for whoever runs the gateway.
    platform: String,
}

impl Matters {
    /// Those of this store; what nobody else answers for is the matter of this organisation.
    #[must_use]
    pub fn new(store: &Store, platform: &str) -> Self {
        Self { grants: store.grants().clone(), objections: store.objections().clone(), platform: platform.to_owned() }
    }

    fn applications(&self) -> Result<Vec<Due>, StorageError> {
        let is_open = |state| matches!(state, ApplicationState::Applied | ApplicationState::Checked);
        let found = all(|after| self.grants.applications(Whose::All, (after, PAGE_MAX), |found| is_open(found.state())))?;
        let due = |found: crypto::grants::Application| {
            let (organisation, due) = match found.state() {
                ApplicationState::Applied => (self.platform.clone(), Some(found.check_due)),
                _ => (found.provider, found.decision_due),
            };
            due.map(|due| matter("grants/applications", &found.id, organisation, due))
        };
        Ok(found.into_iter().filter_map(due).collect())
    }

    fn objections(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        // Those on their last day, and those that are late.
        let found = self.objections.due_before(now.plus(LAST_DAY_S), LOOKED_AT_MAX)?;
        Ok(found.into_iter().map(|found| matter("objections", &found.id, found.responsible, found.due)).collect())
    }
}

impl Dues for Matters {
    fn dues(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        let mut dues = self.applications()?;
        dues.extend(self.objections(now)?);
        Ok(dues)
    }
}

fn matter(kind: &str, id: &str, organisation: String, due: Timestamp) -> Due {
    Due { matter: format!("{kind}/{id}"), organisation, warn: due.plus(-LAST_DAY_S), due }
}

fn all<T>(page: impl Fn(Option<&Cursor>) -> Result<Page<T>, StorageError>) -> Result<Vec<T>, StorageError> {
    let (mut items, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let found = page(after.as_ref())?;
        items.extend(found.items);
        pages += 1;
        after = found.next;
        if after.is_none() || pages * PAGE_MAX >= LOOKED_AT_MAX {
            return Ok(items);
        }
    }
}
