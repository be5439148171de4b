//! What is due by law: checks and decisions on applications for grants, answers to objections.

use crypto::grants::ApplicationState;
use crypto::time::Timestamp;
use storage::grants::Grants;
use storage::objections::Objections;
use storage::{StorageError, Store};

use super::{Due, Dues};

/// So many of the most urgent of each are looked at: who leaves more open has its cards long since.
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

    fn applications(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        // Those on their last day, and those that are late.
        let found = self.grants.due_before(now.plus(LAST_DAY_S), LOOKED_AT_MAX)?;
        let due = |found: crypto::grants::Application| {
            let due = found.due()?;
            let is_checked = found.state() == ApplicationState::Checked;
            let organisation = if is_checked { found.provider } else { self.platform.clone() };
            Some(matter("grants/applications", &found.id, organisation, due))
        };
        Ok(found.into_iter().filter_map(due).collect())
    }

    fn objections(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        let found = self.objections.due_before(now.plus(LAST_DAY_S), LOOKED_AT_MAX)?;
        Ok(found.into_iter().map(|found| matter("objections", &found.id, found.responsible, found.due)).collect())
    }
}

impl Dues for Matters {
    fn dues(&self, now: Timestamp) -> Result<Vec<Due>, StorageError> {
        let mut dues = self.applications(now)?;
        dues.extend(self.objections(now)?);
        Ok(dues)
    }
}

fn matter(kind: &str, id: &str, organisation: String, due: Timestamp) -> Due {
    Due { matter: format!("{kind}/{id}"), organisation, warn: due.plus(-LAST_DAY_S), due }
}

#[cfg(test)]
mod tests {
    use storage::Keys;

    use super::*;

    #[test]
    fn an_application_that_is_late_is_found_however_many_came_after_it() {
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let now: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        let apply = |number: i64, check_due: Timestamp| {
            let one = serde_json::from_value(serde_json::json!({
                "id": format!("{number:032x}"), "consumer": { "caller": "a", "organisation": "C" }, "provider": "P",
                "wish": {
                    "resource": "3010010001/1", "items": ["i1"], "fields": ["name"], "authorities": ["duty"],
                    "until": "2030-01-01T00:00:00Z", "legal_basis": "law",
                },
                "applied_at": now.plus(number), "applied_by": "a", "check_due": check_due,
            }));
            store.grants().apply(&one.unwrap()).unwrap();
        };
        apply(0, now.plus(-1));
        (1..50).for_each(|number| apply(number, now.plus(10 * LAST_DAY_S)));
        apply(50, now.plus(LAST_DAY_S - 1));
        let dues = Matters::new(&store, "platform").dues(now).unwrap();
        let found: Vec<_> = dues.iter().map(|due| (due.matter.as_str(), due.organisation.as_str(), due.due)).collect();
        let path = |number: i64| format!("grants/applications/{number:032x}");
        let (late, soon) = (path(0), path(50));
        assert_eq!(found, [(&*late, "platform", now.plus(-1)), (&*soon, "platform", now.plus(LAST_DAY_S - 1))]);
    }
}
