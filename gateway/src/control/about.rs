//! `GET /about`: which gateway this is.

use hyper::Method;
use serde_json::json;

use super::{Asked, Command, Refused, Reply};

pub(super) static COMMANDS: &[Command] =
    &[Command { method: Method::GET, path: "/about", run: |asked| Box::pin(async move { about(&asked) }) }];

fn about(asked: &Asked) -> Result<Reply, Refused> {
    let app = asked.live.current();
    Ok(Reply::Whole(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "process": std::process::id(),
        "trust": app.trust.current().generation(),
        "generation": app.generation,
        "since": app.since,
    })))
}
