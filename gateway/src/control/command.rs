//! What can be asked over the control socket.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::live::Live;

/// One thing that can be asked.
#[derive(Debug)]
pub struct Command {
    /// GET for what only looks, POST for what does something.
    pub method: Method,
    /// The whole path.
    pub path: &'static str,
    /// Does it.
    pub run: Run,
}

/// Does what a command says.
pub type Run = fn(Asked) -> Pin<Box<dyn Future<Output = Result<Reply, Refused>> + Send>>;

/// What was asked, and by whom.
#[derive(Debug)]
pub struct Asked {
    /// What is in force; read once.
    pub live: Arc<Live>,
    /// The number of the user who asks, as the system has it.
    pub by: u32,
    /// The parameters behind the path.
    pub query: BTreeMap<String, String>,
    /// The body; null where there is none.
    pub body: Value,
}

/// What a command answers.
#[derive(Debug)]
pub enum Reply {
    /// At once.
    Whole(Value),
    /// Line by line while it works; the last line says what came of it, with `error` where it failed.
    Lines(mpsc::Receiver<Value>),
}

/// Why a command did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status of the answer.
    pub status: StatusCode,
    /// What kind of refusal it is; stable.
    pub code: &'static str,
    /// A sentence for the operator.
    pub detail: String,
}

impl Refused {
    /// What was asked for is wrong.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "malformed", detail: detail.into() }
    }

    /// It cannot be done as things are.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, code, detail: detail.into() }
    }

    /// It was tried, and failed.
    #[must_use]
    pub fn failed(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "failed", detail: detail.into() }
    }
}
