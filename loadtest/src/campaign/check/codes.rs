//! Use codes: what was used up stays used up.

use std::sync::Arc;

use super::each;
use crate::campaign::callers::redemption;
use crate::campaign::ledger::{Code, State};
use crate::campaign::scene::{Came, Scene};
use crate::site::CONSUMER;

/// So many that were used up are tried again, the newest first; and so many that were not.
const SPENT: usize = 40;
const FRESH: usize = 8;

/// Tries them again.
pub(super) async fn spent(scene: &Arc<Scene>) -> Result<(), String> {
    let chosen = {
        let ledger = scene.ledger();
        let is_in_force =
            |code: &Code| ledger.licences.get(&code.licence).is_some_and(|known| known.settled() == Some(&State::Valid));
        let of = |wanted: Option<bool>| ledger.codes.iter().rev().filter(move |code| code.spent.settled().copied() == wanted);
        let spent = of(Some(true)).filter(|code| is_in_force(code)).take(SPENT);
        let fresh = of(Some(false)).filter(|code| is_in_force(code)).take(FRESH);
        let all = spent.chain(of(None).filter(|code| is_in_force(code))).chain(fresh);
        all.map(|code| (code.clone(), redemption(&code.code))).collect::<Vec<_>>()
    };
    for (code, came) in each(scene, (CONSUMER, "use a code up again"), chosen, &[410]).await? {
        let mut ledger = scene.ledger();
        let is_right = match (code.spent.settled(), &came) {
            (Some(true), Came::Done(_)) | (Some(false), Came::Refused(..)) => false,
            // In doubt it is one or the other, and used up from now on.
            _ => true,
        };
        if !is_right {
            let licence = code.licence;
            ledger.blame(format!("lost: a code of licence {licence} was {:?}, and after the restart is {came:?}", code.spent));
        }
        if let (Some(kept), false) = (ledger.codes.iter_mut().find(|kept| kept.code == code.code), came == Came::Unsure) {
            kept.spent.begin(true);
            kept.spent.done();
        }
    }
    // Whoever is still in doubt is of a licence that is not in force any more: nothing can be told of it.
    scene.ledger().codes.retain(|code| code.spent.settled().is_some());
    Ok(())
}
