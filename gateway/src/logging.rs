//! What is written to standard error: one line a request, and what goes wrong.
//!
//! Never a URL, a body, the name or number of a holder, a token or a key. A panic is written with its place, not its words,
//! because the words may hold any of these.

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging for the whole process; a second call changes nothing.
pub fn start(log: &Log) {
    // The libraries below speak of addresses and headers at their lower levels: only our own lines follow the setting.
    let filter = EnvFilter::new(format!("warn,gateway={0},storage={0}", log.level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match log.format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    if started.is_err() {
        return;
    }
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
