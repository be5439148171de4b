//! `GET /about`: which gateway this is.

use hyper::Method;
use serde_json::json;

use super::{Asked, Command, Refused, Reply};

pub(super) static COMMANDS: &[Command] =
    &[Command { method: Method::GET, path: "/about", run: |asked| Box::pin(async move { about(&asked) }) }];

fn about(asked: &Asked) -> Result<Reply, Refused> {
    let trust = asked.live.current().trust.current().generation();
    Ok(Reply::Whole(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "process": std::process::id(),
        "trust": trust,
    })))
}
