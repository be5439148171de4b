//! What is done to the gateway in the middle of its work, and what it must do at once.

use std::sync::Arc;
use std::time::Duration;

use super::becomes;
use super::callers::use_of;
use super::ledger::{State, Use};
use super::plan::{Fault, Plan};
use super::scene::{Came, Scene};
use crate::asks::{Lane, post};
use crate::fault::{Disk, DiskFault};
use crate::server::Gateway;
use crate::time::now;

/// How long a fault is waited for that was asked for.
const COMES_WITHIN: Duration = Duration::from_secs(10);
/// How long a sync hangs, and how long the load goes on after a fault that is over.
const HANGS: Duration = Duration::from_millis(800);
const AFTER: Duration = Duration::from_millis(300);
const PAUSE: Duration = Duration::from_millis(2);
/// How many changes are tried that must be refused.
const TRIED: usize = 3;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// Calls of the system that went wrong.
    pub hits: u64,
    /// What `/ready` said.
    pub ready: String,
}

/// Does it. Faults that are not of the disk are done by whoever ends the gateway.
pub(super) async fn strike(disk: &Disk, plan: Plan, scene: &Arc<Scene>, gateway: &Gateway) -> Result<Struck, String> {
    let Fault::Disk(fault) = plan.fault else { return Ok(Struck::default()) };
    disk.ask(fault)?;
    let begun = now();
    while disk.hits()? == 0 {
        if now().saturating_duration_since(begun) > COMES_WITHIN {
            scene.ledger().blame(format!("nothing was written: {} did not come", plan.fault.name()));
            return Ok(Struck::default());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let mut ready = String::new();
    if plan.fault.is_final() {
        ready = refuses(disk, scene, gateway).await?;
    } else if matches!(fault, DiskFault::SyncHangs { .. }) {
        tokio::time::sleep(HANGS).await;
        // Half of the time it is killed while it hangs.
        if !plan.power {
            disk.heal()?;
            tokio::time::sleep(AFTER).await;
        }
    } else {
        tokio::time::sleep(AFTER).await;
    }
    Ok(Struck { hits: disk.hits()?, ready })
}

/// After a write or a sync that failed nothing more is acknowledged, although the disk is well again, and `/ready` says why.
async fn refuses(disk: &Disk, scene: &Arc<Scene>, gateway: &Gateway) -> Result<String, String> {
    let said = match becomes(gateway, false).await? {
        Ok(said) => said,
        Err(said) => {
            scene.ledger().blame(format!("a write has failed, and /ready still says {said}"));
            said
        }
    };
    if !said.contains("store") {
        scene.ledger().blame(format!("a write has failed, and /ready does not name the store: {said}"));
    }
    disk.heal()?;
    for turn in 0..TRIED {
        let name = format!("0-{}-probe{turn}", scene.round);
        scene.ledger().uses.insert(name.clone(), Use::Doubtful);
        let mut line = scene.line(&Lane::Office(0).caller())?;
        if let Came::Done(answer) = line.ask("use of a seal after a failed write", &use_of(0, &name), &[]).await {
            scene.ledger().blame(format!("after a write that failed, a use of a seal is acknowledged: {answer}"));
        }
        revoke(scene).await?;
    }
    let (is_ready, again) = gateway.ready().await?;
    if is_ready {
        scene.ledger().blame(format!("after a write that failed it is ready again without a restart: {again}"));
    }
    Ok(said)
}

/// Tries to revoke a licence.
async fn revoke(scene: &Arc<Scene>) -> Result<(), String> {
    let mut chance = scene.chance(902);
    let taken = scene.ledger().take(&mut chance, |_, state| state == State::Valid, |_| State::Revoked);
    let Some((number, ..)) = taken else { return Ok(()) };
    let mut office = scene.office(number)?;
    let path = format!("/v1/licences/{}/status", scene.dataset.identifier(number)?);
    let body = b"{\"operation\":\"revoke\",\"reason\":\"campaign\"}";
    let came = office.ask("revoke after a failed write", &post(&path, "application/json", body), &[]).await;
    if let Came::Done(answer) = came {
        scene.ledger().blame(format!("after a write that failed, a revocation is acknowledged: {answer}"));
    }
    Ok(())
}
