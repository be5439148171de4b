//! Whole requests from head to answer, record included, over a pipe and a store in memory: what the gateway's own code takes of a
//! processor. On one thread, but for what the gateway itself gives to others.

use crypto::issue::seal::SealVersion;
use crypto::time::Timestamp;
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::{Run, Step, Work, seen};
use crate::inside::{Inside, Who, memory};
use crate::office::{Office, now};
use crate::pipe::{Ask, Pipe};

const PATH: &str = "/v1/verifications?depth=simple";

pub(super) const STEPS: &[Step] = &[
    Step::new("flow/identifier-kept", || flow(By::Identifier, false)).beside("floor/bare-http").counted(100, 200),
    Step::new("flow/identifier-anew", || flow(By::Identifier, true)).beside("verify/judge"),
    Step::new("flow/file-kept", || flow(By::File, false)).beside("floor/bare-http").counted(100, 100),
    Step::new("flow/file-anew", || flow(By::File, true)).beside("verify/judge").counted(50, 20),
];

/// How a licence is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Identifier,
    File,
}

/// One request after the other on one connection.
struct Flow {
    runtime: Runtime,
    pipe: Pipe,
    by: By,
    is_anew: bool,
    document: Vec<u8>,
    kept: Ask,
    next: i64,
    fault: Option<String>,
    _gateway: Inside,
}

/// One thread, with the clock that deadlines need.
pub(super) fn runtime() -> Result<Runtime, String> {
    Builder::new_current_thread().enable_time().build().map_err(|error| error.to_string())
}

fn flow(by: By, is_anew: bool) -> Result<Run, String> {
    let office = Office::new(SealVersion::V4);
    let (runtime, document) = (runtime()?, office.licence(1));
    let gateway = Inside::new(&office, memory()?)?;
    runtime.block_on(gateway.hand_in(document.clone()))?;
    let pipe = runtime.block_on(gateway.connect(Who::Verifier))?;
    let kept = ask(by, &document, None);
    let mut flow = Flow { runtime, pipe, by, is_anew, document, kept, next: 0, fault: None, _gateway: gateway };
    for _ in 0..2 {
        let (status, body) = flow.post()?;
        let report: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        if status != StatusCode::OK || report.get("indication") != Some(&json!("TOTAL-PASSED")) {
            return Err(format!("{status}: {report}"));
        }
    }
    Ok(Box::new(flow))
}

fn ask(by: By, document: &[u8], at: Option<Timestamp>) -> Ask {
    match (by, at) {
        (By::Identifier, at) => {
            let identifier = Office::identifier(1).map(|identifier| identifier.to_string());
            Ask::json(
                PATH,
                &at.map_or_else(|| json!({ "identifier": identifier }), |at| json!({ "identifier": identifier, "at": at })),
            )
        }
        (By::File, None) => Ask::ofd(PATH, document.to_vec()),
        (By::File, Some(at)) => Ask::ofd(&format!("{PATH}&at={at}"), document.to_vec()),
    }
}

impl Flow {
    fn post(&mut self) -> Result<(StatusCode, hyper::body::Bytes), String> {
        // A moment that nobody asked about has no verdict that is kept.
        self.next += 1;
        let anew = self.is_anew.then(|| ask(self.by, &self.document, Some(now().plus(self.next))));
        self.runtime.block_on(self.pipe.post(anew.as_ref().unwrap_or(&self.kept)))
    }
}

impl Work for Flow {
    fn once(&mut self) {
        match self.post() {
            Ok((StatusCode::OK, body)) => seen(body),
            Ok((status, body)) => self.fault = Some(format!("{status}: {}", String::from_utf8_lossy(&body))),
            Err(reason) => self.fault = Some(reason),
        }
    }

    fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}
