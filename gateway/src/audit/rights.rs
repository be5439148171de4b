//! What an auditor may see: records that concern an organisation in one of the subtrees that the configuration gives him.

use std::collections::BTreeSet;

use crypto::record::Facts;

use super::Tree;
use crate::config::{self, EVERY_ORGANISATION};

/// The organisations whose records an auditor sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Those of everybody, and those that concern no organisation.
    All,
    /// Those of some parts of the tree.
    Of(Parts),
}

/// Parts of the tree, as it is at the moment of looking.
#[derive(Clone, Debug)]
pub struct Parts {
    tops: BTreeSet<String>,
    tree: Tree,
}

/// There is one tree.
impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.tops == other.tops
    }
}

impl Eq for Parts {}

impl Sight {
    /// What the configuration gives a caller: the organisations that it names and all below them, or its own where it names none.
    #[must_use]
    pub fn of(caller: &config::Caller, tree: &Tree) -> Self {
        let tops = match &caller.audits {
            Some(audits) if audits.contains(EVERY_ORGANISATION) => return Self::All,
            Some(audits) => audits.clone(),
            None => BTreeSet::from([caller.organisation.clone()]),
        };
        Self::Of(Parts { tops, tree: tree.clone() })
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
            Self::Of(parts) => parts.tree.is_within(organisation, &parts.tops),
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
    use crypto::catalogue::{Catalogue, Entry, Level};
    use crypto::record::{Ending, EventKind, SealMention};

    use super::*;
    use crate::catalogue::Catalogues;
    use crate::config::Organisation;

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
        sight_with(organisation, audits, Catalogue::default())
    }

    fn sight_with(organisation: &str, audits: Option<&[&str]>, catalogue: Catalogue) -> Sight {
        let caller = config::Caller {
            name: "audit".to_owned(),
            organisation: organisation.to_owned(),
            certificates: Vec::new(),
            roles: BTreeSet::new(),
            audits: audits.map(|codes| codes.iter().map(|code| (*code).to_owned()).collect()),
            in_flight_max: None,
            requests_per_s: None,
            burst: None,
        };
        Sight::of(&caller, &Tree::new(&tree(), Catalogues::new(catalogue, None)))
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
    fn the_catalogue_and_the_configuration_are_one_tree() {
        let organisation = |code: &str, parent: &str| {
            let (code, name, parent) = (code.to_owned(), code.to_owned(), Some(parent.to_owned()));
            Entry::Organisation(crypto::catalogue::Organisation { code, name, level: Level::Village, parent, area: None })
        };
        // village stands below the town, which the catalogue puts below the office; and the city below the office, in a circle.
        let rows = [organisation("village", "town"), organisation("town", "office"), organisation("city", "office")];
        let seen = sight_with("office", None, Catalogue::of(1, rows.clone()));
        for code in ["city", "bureau", "office", "town", "village"] {
            assert!(seen.covers(code), "{code}");
        }
        assert!(!seen.covers("elsewhere"));
        assert!(!sight_with("village", None, Catalogue::of(1, rows)).covers("town"));
        assert!(!sight("office", None).covers("town"), "without the catalogue");
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
