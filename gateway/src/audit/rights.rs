//! What an auditor may see: records that concern an organisation in one of the subtrees that the configuration gives him.

use std::collections::BTreeSet;

use crypto::record::Facts;

use crate::config::{self, EVERY_ORGANISATION, Organisation};

/// The organisations whose records an auditor sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Those of everybody, and those that concern no organisation.
    All,
    /// Those of these organisations.
    Of(BTreeSet<String>),
}

impl Sight {
    /// What the configuration gives a caller: the organisations that it names and all below them, or its own where it names none.
    #[must_use]
    pub fn of(caller: &config::Caller, organisations: &[Organisation]) -> Self {
        let roots = match &caller.audits {
            Some(audits) if audits.contains(EVERY_ORGANISATION) => return Self::All,
            Some(audits) => audits.clone(),
            None => BTreeSet::from([caller.organisation.clone()]),
        };
        let mut seen = roots;
        // One more level with each round; the tree has no circle and is read once, at the start.
        loop {
            let is_below = |row: &&Organisation| row.parent.as_ref().is_some_and(|parent| seen.contains(parent));
            let more: Vec<_> = organisations.iter().filter(is_below).filter(|row| !seen.contains(&row.code)).collect();
            if more.is_empty() {
                return Self::Of(seen);
            }
            seen.extend(more.into_iter().map(|row| row.code.clone()));
        }
    }

    /// Whether everything may be seen.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether matters of this organisation may be seen.
    #[must_use]
    pub fn covers(&self, organisation: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(seen) => seen.contains(organisation),
        }
    }

    /// Whether a record of these facts may be seen: who called, who owns one of the seals, or who issued the licence decides.
    #[must_use]
    pub fn sees(&self, facts: &Facts) -> bool {
        let owners = facts.seals.iter().filter_map(|seal| seal.owner.as_deref());
        let mut concerned = facts.organisation.as_deref().into_iter().chain(facts.issuer.as_deref()).chain(owners);
        self.is_all() || concerned.any(|organisation| self.covers(organisation))
    }
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, SealMention};

    use super::*;

    fn tree() -> Vec<Organisation> {
        // city ← bureau ← office; town stands alone.
        [("city", None), ("bureau", Some("city")), ("office", Some("bureau")), ("town", None)]
            .map(|(code, parent)| Organisation {
                code: code.to_owned(),
                name: code.to_owned(),
                parent: parent.map(str::to_owned),
            })
            .to_vec()
    }

    fn sight(organisation: &str, audits: Option<&[&str]>) -> Sight {
        let caller = config::Caller {
            name: "audit".to_owned(),
            organisation: organisation.to_owned(),
            certificates: Vec::new(),
            roles: BTreeSet::new(),
            audits: audits.map(|codes| codes.iter().map(|code| (*code).to_owned()).collect()),
        };
        Sight::of(&caller, &tree())
    }

    #[test]
    fn a_subtree_is_its_root_and_all_below() {
        for (organisation, audits, expected) in [
            ("city", None, vec!["city", "bureau", "office"]),
            ("bureau", None, vec!["bureau", "office"]),
            ("elsewhere", None, vec!["elsewhere"]),
            ("elsewhere", Some(["office", "town"].as_slice()), vec!["office", "town"]),
        ] {
            let seen = sight(organisation, audits);
            for code in ["city", "bureau", "office", "town", "elsewhere"] {
                assert_eq!(seen.covers(code), expected.contains(&code), "{organisation} {audits:?} {code}");
            }
        }
        assert_eq!(sight("town", Some(&["*"])), Sight::All);
    }

    #[test]
    fn caller_owner_or_issuer_decide() {
        let seen = sight("bureau", None);
        let blank = Facts::new(EventKind::SealUse, Ending::Done, "x".to_owned());
        assert!(!seen.sees(&blank) && Sight::All.sees(&blank));
        let seal = |owner: &str| SealMention { id: "1".to_owned(), sha256: None, owner: Some(owner.to_owned()) };
        let code = |code: &str| Some(code.to_owned());
        for (expected, facts) in [
            (true, Facts { organisation: code("office"), ..blank.clone() }),
            (false, Facts { organisation: code("city"), ..blank.clone() }),
            (true, Facts { organisation: code("town"), issuer: code("bureau"), ..blank.clone() }),
            (true, Facts { organisation: code("town"), seals: vec![seal("town"), seal("office")], ..blank.clone() }),
            (false, Facts { organisation: code("town"), seals: vec![seal("town")], ..blank }),
        ] {
            assert_eq!(seen.sees(&facts), expected, "{facts:?}");
        }
    }
}
