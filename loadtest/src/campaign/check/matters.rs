//! What goes through stages: grants, objections, and the items of the catalogue.

use std::sync::Arc;

use serde_json::Value;

use super::{each, one};
use crate::asks::{get, post_once};
use crate::campaign::callers::{item_path, looked_up};
use crate::campaign::ledger::{Matter, Stage};
use crate::campaign::scene::{Came, Scene};
use crate::site::{CONSUMER, OPERATOR};

/// Every grant is at the stage that was acknowledged, and allows what it says and nothing else.
pub(super) async fn grants(scene: &Arc<Scene>) -> Result<(), String> {
    let all: Vec<(u32, Matter)> = scene.ledger().grants.iter().map(|(place, grant)| (*place, grant.clone())).collect();
    for (place, mut grant) in all {
        name(scene, &mut grant, ("/v1/grants/applications", "apply for a grant again")).await?;
        let Some(id) = grant.id.clone() else { continue };
        let who = (OPERATOR, "read a grant");
        let found = match one(scene, who, get(&format!("/v1/grants/{id}")), &[404]).await? {
            Came::Done(read) if read.get("in_force").and_then(Value::as_bool) == Some(true) => Stage::Granted,
            Came::Done(_) => Stage::Closed,
            Came::Refused(..) => {
                let path = format!("/v1/grants/applications/{id}");
                match one(scene, (OPERATOR, "read an application"), get(&path), &[404]).await? {
                    Came::Done(_) => Stage::Filed,
                    _ => Stage::Nothing,
                }
            }
            Came::Unsure => continue,
        };
        let before = grant.stage.clone();
        if !grant.stage.settle(found) {
            scene.ledger().blame(format!("lost: the grant {id} was {before:?}, and is {found:?} after the restart"));
        }
        let who = (CONSUMER, "look up after the restart");
        let is_allowed = match one(scene, who, looked_up(scene, place), &[403]).await? {
            Came::Done(_) => Some(true),
            Came::Refused(..) => Some(false),
            Came::Unsure => None,
        };
        if is_allowed.is_some_and(|is_allowed| is_allowed != (found == Stage::Granted)) {
            scene.ledger().blame(format!("the grant {id} is {found:?}, and that it allows something is {is_allowed:?}"));
        }
        scene.ledger().grants.insert(place, grant);
    }
    Ok(())
}

/// Every objection is at the stage that was acknowledged.
pub(super) async fn objections(scene: &Arc<Scene>) -> Result<(), String> {
    let all = scene.ledger().objections.clone();
    let mut kept = Vec::new();
    for mut matter in all {
        name(scene, &mut matter, ("/v1/objections", "object again")).await?;
        let Some(id) = matter.id.clone() else { continue };
        let who = (CONSUMER, "read an objection");
        let came = one(scene, who, get(&format!("/v1/objections/{id}")), &[404]).await?;
        let found = match &came {
            Came::Done(read) => match read.get("state").and_then(Value::as_str) {
                Some("filed") => Stage::Filed,
                Some("rejected") => Stage::Closed,
                _ => Stage::Nothing,
            },
            Came::Refused(..) => Stage::Nothing,
            Came::Unsure => continue,
        };
        let before = matter.stage.clone();
        if !matter.stage.settle(found) {
            scene.ledger().blame(format!("lost: the objection {id} was {before:?}, and after the restart is {came:?}"));
        }
        if found == Stage::Filed {
            kept.push(matter);
        }
    }
    scene.ledger().objections = kept;
    Ok(())
}

/// Where nobody knows whether it was filed, it is filed again: that finds it where it was.
async fn name(scene: &Arc<Scene>, matter: &mut Matter, (path, kind): (&str, &'static str)) -> Result<(), String> {
    if matter.id.is_none() {
        let request = post_once(path, &matter.key, matter.body.to_string().as_bytes());
        let came = one(scene, (CONSUMER, kind), request, &[]).await?;
        matter.filed(&came);
    }
    Ok(())
}

/// Every item of the catalogue has the name that was acknowledged.
pub(super) async fn items(scene: &Arc<Scene>) -> Result<(), String> {
    let places: Vec<(u32, hyper::body::Bytes)> =
        scene.ledger().items.keys().map(|place| (*place, get(&item_path(*place)))).collect();
    for (place, came) in each(scene, (OPERATOR, "read an item"), places, &[404]).await? {
        let found = match &came {
            Came::Done(read) => read.pointer("/entry/name").and_then(Value::as_str).unwrap_or_default(),
            Came::Refused(..) => "",
            Came::Unsure => continue,
        };
        let mut ledger = scene.ledger();
        let Some(known) = ledger.items.get_mut(&place) else { continue };
        let before = known.clone();
        if !known.settle(found.to_owned()) {
            ledger.blame(format!("lost: the item was {before:?}, and after the restart is {came:?}"));
        }
    }
    Ok(())
}
