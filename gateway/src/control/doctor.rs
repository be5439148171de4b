//! `GET /ready`: what the listener for health tells, for who cannot reach it.

use hyper::Method;
use serde_json::json;

use super::{Asked, Command, Refused, Reply};
use crate::admin;

pub(super) static COMMANDS: &[Command] = &[Command { method: Method::GET, path: "/ready", run: |asked| Box::pin(ready(asked)) }];

async fn ready(asked: Asked) -> Result<Reply, Refused> {
    Ok(Reply::Whole(json!(admin::report(&asked.live.current(), false).await)))
}
