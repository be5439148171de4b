//! Whether a record is in the chains of the seals that it names.

use std::collections::BTreeSet;

use crypto::digest::Sha256;
use crypto::record::{Facts, KeyKind, Link, Opening};

use super::LINKS_MAX;
use super::prepared::seal_key;
use crate::vault::Vault;

/// Whether a record names a seal whose chain it is not in: then what is proven of the seal's records would leave it out. Only
/// seals for which it had no room left may be missing. Links of persons may have been erased, those of seals never are.
pub(super) fn leaves_out(opening: &Opening, vault: &Vault) -> bool {
    let Some(facts) = opening.read::<Facts>(Opening::FACTS) else { return false };
    let places = Opening::LINKS..opening.parts.len();
    let count = places.len();
    let links = places.filter_map(|place| opening.read::<Link>(place));
    let linked: BTreeSet<Sha256> = links.filter(|link| link.kind == KeyKind::Seal).map(|link| link.key).collect();
    let room = LINKS_MAX.saturating_sub(count.saturating_sub(linked.len()));
    let mut named: Vec<Sha256> = Vec::new();
    for seal in &facts.seals {
        let key = seal_key(vault, &seal.id);
        if named.len() < room && !named.contains(&key) {
            named.push(key);
        }
    }
    named.iter().any(|key| !linked.contains(key))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crypto::record::{Ending, EventKind, LogName, SealMention};
    use crypto::time::Timestamp;

    use super::*;
    use crate::engine::memory::Memory;
    use crate::log::{Draft, Fault, Finding, Prepared};
    use crate::{Keys, Store};

    fn uses(seals: usize) -> Draft {
        let mut facts = Facts::new(EventKind::SealUse, Ending::Done, "office".to_owned());
        let seal = |number| SealMention { id: format!("seal-{number}"), sha256: None, owner: None };
        facts.seals = (0..seals).chain(0..seals).map(seal).collect();
        Draft::new(Timestamp::from_unix(1_790_000_000), facts)
    }

    #[test]
    fn a_record_outside_the_chain_of_a_seal_that_it_names_is_found() {
        let store = Store::on(Arc::new(Memory::new()), &Keys::new([1; 32], [2; 32])).unwrap();
        let logs = store.logs();
        let findings = || {
            let mut findings = Vec::new();
            logs.fsck(&mut |finding: Finding| findings.push((finding.fault, finding.at))).unwrap();
            findings
        };
        logs.append_and_wait(&[uses(0), uses(1), uses(2), uses(LINKS_MAX), uses(LINKS_MAX + 5)]).unwrap();
        assert_eq!(findings(), []);
        for (number, left) in [(5, 0), (6, 1)] {
            let mut record = Prepared::of(&uses(2), &logs.shelf.vault).unwrap();
            record.seals.truncate(left);
            assert_eq!(logs.shelf.submit_and_wait(vec![record]).unwrap()[0].number, number);
        }
        assert_eq!(findings(), [(Fault::LinkMissing, Some(5)), (Fault::LinkMissing, Some(6))]);
        assert_eq!(logs.size(LogName::Seal).unwrap(), 7);
    }
}
