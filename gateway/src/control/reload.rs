//! `POST /reload`: the configuration is read again, or it is said what that would change.

use std::path::PathBuf;

use hyper::Method;
use serde::Deserialize;

use super::{Asked, Command, Refused, Reply};
use crate::reload::{How, reload};

pub(super) static COMMANDS: &[Command] =
    &[Command { method: Method::POST, path: "/reload", run: |asked| Box::pin(again(asked)) }];

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    /// Whether nothing is to be changed.
    dry_run: bool,
    /// The file that would be put in force, by its whole path, where it is not that of the configuration in force.
    file: Option<PathBuf>,
}

async fn again(asked: Asked) -> Result<Reply, Refused> {
    let order: Option<Order> = serde_json::from_value(asked.body).map_err(|error| Refused::malformed(error.to_string()))?;
    let how = match order.unwrap_or_default() {
        Order { dry_run: true, file } => How::DryRun(file),
        Order { dry_run: false, file: None } => How::InForce,
        Order { dry_run: false, file: Some(_) } => return Err(Refused::malformed("another file is only looked at: dry_run")),
    };
    let done = reload(&asked.live, how, &asked.by.to_string()).await;
    let done = done.map_err(|faults| Refused::conflict("configuration-refused", faults.to_string().trim_end()))?;
    serde_json::to_value(done).map(Reply::Whole).map_err(|error| Refused::failed(error.to_string()))
}
