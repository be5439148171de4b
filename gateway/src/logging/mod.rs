//! What is written to standard error: one line a request, and what goes wrong; at lower levels, how it came to that.
//!
//! Never a URL, a body, the name or number of a holder, a token or a key. A panic is written with its place, not its words,
//! because the words may hold any of these.

mod levels;
mod named;

use std::sync::OnceLock;

pub use levels::{Levels, Shown, Wanted};
use named::Named;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, reload};

use crate::config::{Log, LogFormat};

/// Those of this process: there is one log.
static LEVELS: OnceLock<Levels> = OnceLock::new();

/// Starts logging for the whole process; a second call changes nothing.
pub fn start(log: &Log) {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(levels::directives(log, None)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match log.format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            lines.map_event_format(Named::new).boxed()
        }
        LogFormat::Text => lines.map_event_format(Named::new).boxed(),
    };
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_err() {
        return;
    }
    LEVELS.get_or_init(|| Levels::new(log, move |filter| handle.reload(filter).is_ok()));
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

/// The levels of this process, where it writes a log.
#[must_use]
pub fn levels() -> Option<&'static Levels> {
    LEVELS.get()
}
