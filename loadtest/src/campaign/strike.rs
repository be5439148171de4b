//! What is done to the gateway in the middle of its work, and what it must do at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::becomes;
use super::callers::{question, use_of};
use super::ledger::{State, Use};
use super::plan::{Fault, Plan};
use super::scene::{Came, Scene};
use crate::asks::{Lane, post};
use crate::fault::{Disk, DiskFault};
use crate::server::Gateway;
use crate::site::VERIFIER;
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
    } else if matches!(fault, DiskFault::SaysFull { .. }) {
        ready = waits_for_room(disk, scene, gateway).await?;
        tokio::time::sleep(AFTER).await;
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
    none_is_acknowledged(scene, "after a write that failed").await?;
    let (is_ready, again) = gateway.ready().await?;
    if is_ready {
        scene.ledger().blame(format!("after a write that failed it is ready again without a restart: {again}"));
    }
    Ok(said)
}

/// While the file system says that it is full nothing is acknowledged, verdicts on files are given all the same, and as soon as there is
/// room it goes on by itself.
async fn waits_for_room(disk: &Disk, scene: &Arc<Scene>, gateway: &Gateway) -> Result<String, String> {
    let said = match disk_becomes(gateway, false).await? {
        Ok(said) => said,
        Err(said) => {
            scene.ledger().blame(format!("the disk says that it is full, and /ready does not: {said}"));
            said
        }
    };
    none_is_acknowledged(scene, "while the disk says that it is full").await?;
    let picked = scene.ledger().pick(&mut scene.chance(903), 200, |_, state| state != State::Absent);
    if let Some((number, ..)) = picked {
        let asked = question(&scene.dataset, number, true)?;
        let came = scene.line(VERIFIER)?.ask("verify by file on a full disk", &asked, &[]).await;
        if !matches!(came, Came::Done(_)) {
            scene.ledger().blame(format!("while the disk says that it is full, there is no verdict on a file: {came:?}"));
        }
    }
    disk.heal()?;
    if let Err(said) = disk_becomes(gateway, true).await? {
        scene.ledger().blame(format!("there is room again, and /ready says {said}"));
    }
    match probe(scene, "room").await? {
        Came::Done(answer) => {
            let recorded = Use::of(&answer).ok_or_else(|| format!("the use of a seal is answered with {answer}"))?;
            scene.ledger().uses.insert(probed(scene, "room"), recorded);
        }
        came => scene.ledger().blame(format!("there is room again, and a use of a seal comes to {came:?}")),
    }
    Ok(said)
}

/// Waits until `/ready` says that the disk is as it should be, or that it is not; what it says, where it does not.
async fn disk_becomes(gateway: &Gateway, well: bool) -> Result<Result<String, String>, String> {
    let begun = now();
    loop {
        let (_, said) = gateway.ready().await?;
        if is_well(&said, "disk") == Some(well) {
            return Ok(Ok(said));
        }
        if now().saturating_duration_since(begun) > COMES_WITHIN {
            return Ok(Err(said));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether `/ready` says of this check that all is well.
fn is_well(said: &str, check: &str) -> Option<bool> {
    let said: Value = serde_json::from_str(said).ok()?;
    let mut checks = said.get("checks")?.as_array()?.iter();
    let found = checks.find(|found| found.get("name").and_then(Value::as_str) == Some(check))?;
    Some(found.get("state")?.as_str()? == "ready")
}

/// Tries changes, of which none may be acknowledged.
async fn none_is_acknowledged(scene: &Arc<Scene>, when: &str) -> Result<(), String> {
    for turn in 0..TRIED {
        if let Came::Done(answer) = probe(scene, &turn.to_string()).await? {
            scene.ledger().blame(format!("{when}, a use of a seal is acknowledged: {answer}"));
        }
        if let Some(Came::Done(answer)) = revoke(scene).await? {
            scene.ledger().blame(format!("{when}, a revocation is acknowledged: {answer}"));
        }
    }
    Ok(())
}

/// The name of a use that is tried.
fn probed(scene: &Scene, which: &str) -> String {
    format!("0-{}-probe{which}", scene.round)
}

/// Tries to use a seal.
async fn probe(scene: &Arc<Scene>, which: &str) -> Result<Came, String> {
    let name = probed(scene, which);
    scene.ledger().uses.insert(name.clone(), Use::Doubtful);
    let mut line = scene.line(&Lane::Office(0).caller())?;
    Ok(line.ask("use of a seal on a disk that fails", &use_of(0, &name), &[]).await)
}

/// Tries to revoke a licence.
async fn revoke(scene: &Arc<Scene>) -> Result<Option<Came>, String> {
    let mut chance = scene.chance(902);
    let taken = scene.ledger().take(&mut chance, |_, state| state == State::Valid, |_| State::Revoked);
    let Some((number, ..)) = taken else { return Ok(None) };
    let mut office = scene.office(number)?;
    let path = format!("/v1/licences/{}/status", scene.dataset.identifier(number)?);
    let body = b"{\"operation\":\"revoke\",\"reason\":\"campaign\"}";
    Ok(Some(office.ask("revoke on a disk that fails", &post(&path, "application/json", body), &[]).await))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_found_by_its_name() {
        let said = r#"{"ready":true,"checks":[{"name":"store","state":"ready"},{"name":"disk","state":"degraded"}]}"#;
        assert_eq!((is_well(said, "store"), is_well(said, "disk"), is_well(said, "clock")), (Some(true), Some(false), None));
        assert_eq!(is_well("{\"ready\":true}", "disk"), None);
    }
}
