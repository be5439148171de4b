//! Stamping systems that put uses of their seals on record.

use std::sync::Arc;

use crypto::digest::Sha256;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::asks::{Lane, post};
use crate::campaign::ledger::Use;
use crate::campaign::scene::{Came, Scene};

/// The use of an office's seal by this name.
pub(in crate::campaign) fn use_of(office: usize, name: &str) -> Bytes {
    let body = json!({
        "use_id": name, "document": { "sha256": Sha256::of(&[name.as_bytes()]).to_string() }, "purpose": "campaign",
        "item": "990100-0001", "case": "1", "approval": "A-1",
    });
    post(&format!("/v1/seals/9901009{office:07}/uses?proof=none"), "application/json", body.to_string().as_bytes())
}

impl Use {
    /// Reads an answer.
    pub(in crate::campaign) fn of(answer: &Value) -> Option<Self> {
        let (number, entry) = (answer.get("number")?.as_u64()?, answer.get("entry")?.as_str()?);
        Some(Self::Recorded(number, entry.to_owned()))
    }
}

/// One of them; its office is its place among them.
pub(super) async fn run(scene: Arc<Scene>, which: u64) -> Result<(), String> {
    let office = usize::try_from(which % 16).unwrap_or(0);
    let mut line = scene.line(&Lane::Office(office).caller())?;
    for turn in 0_u64.. {
        if scene.is_over() {
            break;
        }
        let name = format!("{office}-{}-{turn}", scene.round);
        scene.ledger().uses.insert(name.clone(), Use::Doubtful);
        let came = line.ask("use of a seal", &use_of(office, &name), &[]).await;
        let mut ledger = scene.ledger();
        match came {
            Came::Done(answer) => match Use::of(&answer) {
                Some(recorded) => drop(ledger.uses.insert(name, recorded)),
                None => ledger.blame(format!("the use of a seal is answered with {answer}")),
            },
            Came::Refused(..) => drop(ledger.uses.remove(&name)),
            Came::Unsure => {}
        }
    }
    Ok(())
}
