//! What a subscriber sees of the seal log.

use std::collections::BTreeSet;
use std::sync::Arc;

use crypto::catalogue::{Catalogue, ShareClass};
use crypto::grants::Grant;
use crypto::time::Timestamp;

/// The licences and seals that a subscriber may follow. Without a grant, none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Types of licences, by their codes.
    types: BTreeSet<String>,
    /// Organisations whose seals they are.
    owners: BTreeSet<String>,
}

impl Scope {
    /// What grants allow at a moment: those that were given for the feed, of resources that consist of licences and are shared.
    #[must_use]
    pub fn of(grants: &[Arc<Grant>], catalogue: &Catalogue, at: Timestamp) -> Self {
        let mut scope = Self::default();
        for grant in grants.iter().filter(|grant| grant.feed && grant.is_in_force(at) && grant.is_of_provider(catalogue)) {
            let resource = catalogue.resource(&grant.resource).filter(|resource| resource.share != ShareClass::Never);
            if let Some(licence_type) = resource.and_then(|resource| resource.licence_type.as_ref()) {
                scope.types.insert(licence_type.clone());
                scope.owners.insert(grant.provider.clone());
            }
        }
        scope
    }

    /// Whether there is nothing to follow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Whether licences of this type may be followed.
    #[must_use]
    pub fn has_type(&self, code: &str) -> bool {
        self.types.contains(code)
    }

    /// Whether seals of this organisation may be followed.
    #[must_use]
    pub fn has_owner(&self, organisation: &str) -> bool {
        self.owners.contains(organisation)
    }

    #[cfg(test)]
    pub(super) fn with(types: &[&str], owners: &[&str]) -> Self {
        let set = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        Self { types: set(types), owners: set(owners) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(change: impl FnOnce(&mut serde_json::Value)) -> Arc<Grant> {
        let mut json = serde_json::json!({
            "id": "00", "consumer": { "caller": "approval", "organisation": "o" }, "resource": "3010010001/1",
            "provider": "office", "items": ["i"], "authorities": ["duty"], "from": "2026-01-01T00:00:00Z",
            "until": "2027-01-01T00:00:00Z", "feed": true, "granted_at": "2026-01-01T00:00:00Z", "granted_by": "office",
        });
        change(&mut json);
        Arc::new(serde_json::from_value(json).unwrap())
    }

    fn catalogue(share: &str) -> Catalogue {
        let resource = |code: &str, licence_type: Option<&str>| {
            let json = serde_json::json!({
                "kind": "resource", "code": code, "name": "n", "provider": "office", "share": share, "legal_basis": "l",
                "sensitivity": "personal", "subjects": ["111"], "fields": [], "update": "live", "licence_type": licence_type,
                "sla": { "latency_ms": 1, "slow_permille_max": 1, "error_permille_max": 1 },
            });
            serde_json::from_value(json).unwrap()
        };
        Catalogue::of(1, [resource("3010010001/1", Some("T")), resource("3010010001/2", None)])
    }

    #[test]
    fn every_condition_counts() {
        let at: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        let scope = |grant: Arc<Grant>, share: &str| Scope::of(&[grant], &catalogue(share), at);
        assert_eq!(scope(grant(|_| {}), "conditional"), Scope::with(&["T"], &["office"]));
        assert_eq!(scope(grant(|_| {}), "unconditional"), Scope::with(&["T"], &["office"]));
        assert!(scope(grant(|_| {}), "never").is_empty());
        for (name, change) in [
            ("of another provider", ("provider", serde_json::json!("bureau"))),
            ("no feed", ("feed", serde_json::json!(false))),
            ("another resource", ("resource", serde_json::json!("3010010001/2"))),
            ("no resource", ("resource", serde_json::json!("3010010001/3"))),
            ("over", ("until", serde_json::json!("2026-07-01T00:00:00Z"))),
            ("not begun", ("from", serde_json::json!("2026-07-01T00:00:01Z"))),
            ("withdrawn", ("withdrawn", serde_json::json!({ "at": "2026-06-01T00:00:00Z", "by": "office", "reason": "r" }))),
        ] {
            let changed = grant(|json| json[change.0] = change.1);
            assert_eq!(scope(changed, "conditional"), Scope::default(), "{name}");
        }
        assert!(Scope::of(&[], &catalogue("conditional"), at).is_empty());
    }
}
