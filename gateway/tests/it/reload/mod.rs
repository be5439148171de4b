//! Another configuration while the gateway runs: everything that it says comes in force at once, or nothing does.

mod commands;
mod door;
mod keys;
mod load;
mod parts;
mod refused;

use gateway::config::Faults;
use gateway::reload::{How, Reloaded, reload};

use crate::started::Started;

/// Changes the file of the configuration: the first of this text becomes that.
#[track_caller]
pub(crate) fn edit(gateway: &Started, from: &str, to: &str) {
    let file = gateway.folder.path().join("licet.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} is not in it");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// Reads it again.
pub(crate) async fn again(gateway: &Started) -> Result<Reloaded, Faults> {
    reload(&gateway.live, How::InForce, "test").await
}

/// What would change.
async fn rehearsed(gateway: &Started) -> Result<Reloaded, Faults> {
    reload(&gateway.live, How::DryRun(None), "test").await
}
