//! Who objects to what is on record, and who answers. What is objected to says so until it is answered.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::asks::{by_identifier, post, post_once};
use crate::campaign::ledger::{Matter, Stage};
use crate::campaign::scene::{Came, Line, Scene};
use crate::dataset::ordinary;
use crate::site::{CONSUMER, VERIFIER};

/// Licences that are objected to, in turns: they are of the set, and nobody changes them.
const LICENCES: u64 = 12;

pub(super) async fn run(scene: Arc<Scene>, _which: u64) -> Result<(), String> {
    let (mut consumer, mut verifier) = (scene.line(CONSUMER)?, scene.line(VERIFIER)?);
    for turn in 0_u64.. {
        if scene.is_over() {
            break;
        }
        let licence = ordinary(turn % LICENCES);
        let open = scene.ledger().objections.iter().find(|matter| matter.licence == licence).cloned();
        match open.map(|matter| (matter.stage.settled().copied(), matter.id)) {
            None => file(&scene, &mut consumer, (licence, turn)).await?,
            Some((Some(Stage::Filed), Some(id))) => {
                is_disputed(&scene, &mut verifier, licence, true).await?;
                if answer(&scene, licence, &id).await? {
                    is_disputed(&scene, &mut verifier, licence, false).await?;
                }
            }
            Some((Some(_), _)) => scene.ledger().objections.retain(|matter| matter.licence != licence),
            Some((None, _)) => tokio::task::yield_now().await,
        }
    }
    Ok(())
}

async fn file(scene: &Arc<Scene>, consumer: &mut Line, (licence, turn): (u64, u64)) -> Result<(), String> {
    let about = scene.dataset.identifier(licence)?.to_string();
    let body = json!({ "about": { "licence": about }, "text": "campaign", "filed_for": "organisation" });
    let key = format!("objection-{}-{turn}", scene.round);
    let request = post_once("/v1/objections", &key, body.to_string().as_bytes());
    let mut matter = Matter::new(key, body, licence);
    matter.stage.begin(Stage::Filed);
    scene.ledger().objections.push(matter);
    let came = consumer.ask("object", &request, &[]).await;
    with(scene, licence, |matter| matter.filed(&came));
    Ok(())
}

async fn answer(scene: &Arc<Scene>, licence: u64, id: &str) -> Result<bool, String> {
    let mut office = scene.office(licence)?;
    with(scene, licence, |matter| matter.stage.begin(Stage::Closed));
    let body = b"{\"decision\":\"rejected\",\"text\":\"campaign\"}";
    let came =
        office.ask("answer an objection", &post(&format!("/v1/objections/{id}/answer"), "application/json", body), &[]).await;
    with(scene, licence, |matter| matter.moved(&came));
    Ok(matches!(came, Came::Done(_)))
}

fn with(scene: &Scene, licence: u64, change: impl FnOnce(&mut Matter)) {
    let mut ledger = scene.ledger();
    if let Some(matter) = ledger.objections.iter_mut().find(|matter| matter.licence == licence) {
        change(matter);
    }
}

/// A verdict must say that the licence is disputed, or must not.
async fn is_disputed(scene: &Arc<Scene>, verifier: &mut Line, licence: u64, must: bool) -> Result<(), String> {
    let question = by_identifier(&scene.dataset.identifier(licence)?);
    let Came::Done(report) = verifier.ask("verify what is disputed", &question, &[]).await else { return Ok(()) };
    if says_disputed(&report) != must {
        scene.ledger().blame(format!("stale: that licence {licence} is disputed is {must}, and the answer is {report}"));
    }
    Ok(())
}

/// Whether a report says that the licence is disputed.
fn says_disputed(report: &Value) -> bool {
    let warnings = report.get("warnings").and_then(Value::as_array);
    let names = |warning: &Value| warning.get("id").and_then(Value::as_str) == Some("licence.undisputed");
    warnings.is_some_and(|warnings| warnings.iter().any(names))
}
