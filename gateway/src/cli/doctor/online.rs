//! What the gateway itself says, over its control socket.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use super::finding::Finding;
use crate::cli::control::Socket;
use crate::config::Config;

/// How long the gateway has for its answer. Its own checks take five seconds at most.
const WAIT_MAX: Duration = Duration::from_secs(15);

/// What the gateway said.
pub(super) enum Said {
    /// Nobody listens.
    Nobody,
    /// It is not known whether somebody listens, and why.
    Unknown(Finding),
    /// What it found itself.
    Found(Vec<Finding>),
}

/// Asks the gateway how it is. One that hangs is found out, not waited for.
pub(super) fn ask(config: &Config) -> Said {
    let path = config.socket();
    if let Err(error) = UnixStream::connect(&path) {
        let path = path.display();
        return match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Said::Nobody,
            ErrorKind::PermissionDenied => {
                Said::Unknown(Finding::fault("user", format!("not allowed to ask at {path}; run it as the user of the gateway")))
            }
            _ => Said::Unknown(Finding::fault("answer", format!("it cannot be asked at {path}: {error}"))),
        };
    }
    let socket = Socket::of(config);
    let (tell, told) = mpsc::channel();
    // Left alone where the gateway does not answer: it ends with this process.
    thread::spawn(move || drop(tell.send(socket.ask(Method::GET, "/ready", &Value::Null, &mut |_| {}))));
    Said::Found(match told.recv_timeout(WAIT_MAX) {
        Ok(Ok(report)) => found(&report),
        Ok(Err(failure)) => vec![Finding::fault("answer", failure.to_string())],
        Err(_) => vec![Finding::fault("answer", format!("it has said nothing for {} s", WAIT_MAX.as_secs()))],
    })
}

/// What of a report is not as it should be.
fn found(report: &Value) -> Vec<Finding> {
    let checks = report.get("checks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let text = |check: &Value, name: &str| check.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bad = checks.iter().filter(|check| text(check, "state") != "ready");
    let finding = |check: &Value| {
        let (name, since) = (text(check, "name"), text(check, "since"));
        let what = format!("{} (since {since})", text(check, "reason"));
        let mut finding = match text(check, "state").as_str() {
            "degraded" | "maintenance" => Finding::warning(&name, what),
            _ => Finding::fault(&name, what),
        };
        finding.page = text(check, "page");
        finding
    };
    bad.map(finding).collect()
}
