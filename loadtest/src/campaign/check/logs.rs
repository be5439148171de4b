//! The logs: they only grow, and every tree that was signed is the beginning of the one that is signed now.

use std::sync::Arc;

use serde_json::Value;

use super::{each, one};
use crate::asks::get;
use crate::campaign::scene::{Came, Scene};
use crate::site::AUDITOR;
use crate::trees::Shard;

/// Proves all that was seen.
pub(super) async fn grown(scene: &Arc<Scene>) -> Result<(), String> {
    let Came::Done(logs) = one(scene, (AUDITOR, "read the logs"), get("/v1/logs"), &[]).await? else { return Ok(()) };
    let (shards, sizes) = Shard::all(&logs)?;
    for (log, size) in sizes {
        let mut ledger = scene.ledger();
        let sized = ledger.trees.sized(log, size);
        ledger.hold(sized);
    }
    for shard in shards {
        let who = (AUDITOR, "read a checkpoint");
        let Came::Done(Value::String(note)) = one(scene, who, get(&shard.checkpoint()), &[]).await? else { continue };
        let tree = match shard.tree(note.as_bytes()) {
            Ok(tree) => tree,
            Err(fault) => {
                scene.ledger().blame(fault);
                continue;
            }
        };
        let questions = scene.ledger().trees.questions(&shard, tree.0);
        let questions = questions.into_iter().map(|(size, path)| (size, get(&path))).collect();
        for (from, came) in each(scene, (AUDITOR, "prove that a log grew"), questions, &[]).await? {
            if let Came::Done(answer) = came {
                let mut ledger = scene.ledger();
                let proven = ledger.trees.prove(&shard, from, tree, &answer);
                ledger.hold(proven);
            }
        }
        let mut ledger = scene.ledger();
        let vouched = ledger.trees.vouch(&shard, tree);
        ledger.hold(vouched);
    }
    Ok(())
}
