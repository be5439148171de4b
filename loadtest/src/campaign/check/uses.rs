//! Uses of seals: each is on record once, under the number that was told.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::each;
use crate::asks::{Lane, get};
use crate::campaign::callers::use_of;
use crate::campaign::ledger::Use;
use crate::campaign::scene::{Came, Scene};
use crate::site::AUDITOR;

/// The newest ones are those that a crash could have taken; of the others some each time.
const NEWEST: usize = 120;
const OTHERS: usize = 40;

/// Looks at those in doubt, which must get one number that stays, and at what was acknowledged.
pub(super) async fn recorded(scene: &Arc<Scene>) -> Result<(), String> {
    doubtful(scene).await?;
    let (questions, twice) = {
        let ledger = scene.ledger();
        let mut numbers: BTreeMap<u64, (&String, &String)> = BTreeMap::new();
        let mut twice = None;
        for (name, used) in &ledger.uses {
            let Use::Recorded(number, entry) = used else { continue };
            if let Some((other, _)) = numbers.insert(*number, (name, entry)) {
                twice = Some(format!("number {number} was given to the uses {other} and {name}"));
            }
        }
        let step = (numbers.len() / OTHERS).max(1);
        let newest = numbers.iter().rev().take(NEWEST);
        let all = newest.chain(numbers.iter().step_by(step));
        let asked = all.map(|(number, (name, entry))| {
            (((*name).clone(), (*entry).clone()), get(&format!("/v1/logs/seal/entries/{number}")))
        });
        (asked.collect::<Vec<_>>(), twice)
    };
    if let Some(twice) = twice {
        scene.ledger().blame(twice);
    }
    for ((name, entry), came) in each(scene, (AUDITOR, "read a use"), questions, &[]).await? {
        if let Came::Done(row) = came
            && row.get("entry").and_then(serde_json::Value::as_str) != Some(&entry)
        {
            scene
                .ledger()
                .blame(format!("lost: the use {name} had the entry {entry}, and after the restart the answer is {row}"));
        }
    }
    Ok(())
}

async fn doubtful(scene: &Arc<Scene>) -> Result<(), String> {
    let doubtful: Vec<String> = {
        let ledger = scene.ledger();
        ledger.uses.iter().filter(|(_, used)| **used == Use::Doubtful).map(|(name, _)| name.clone()).collect()
    };
    for name in doubtful {
        let office = name.split('-').next().and_then(|office| office.parse().ok()).unwrap_or(0);
        let (who, question) = (Lane::Office(office).caller(), use_of(office, &name));
        let mut seen = Vec::new();
        for _ in 0..2 {
            if let Came::Done(answer) = super::one(scene, (who.as_str(), "use of a seal again"), question.clone(), &[]).await? {
                seen.extend(Use::of(&answer));
            }
        }
        let mut ledger = scene.ledger();
        match seen.as_slice() {
            [first, again] if first == again => drop(ledger.uses.insert(name, first.clone())),
            _ => ledger.blame(format!("the use {name}, asked for twice after the restart, is {seen:?}")),
        }
    }
    Ok(())
}
