//! The client of the control socket.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{Failure, serve};
use crate::config::Config;

/// The longest line of an answer, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// How long a gateway may say nothing before it is asked whether it is there at all.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// An answer that has begun, and what keeps its connection.
type Head = (http1::SendRequest<Full<Bytes>>, Response<Incoming>);

/// What is to be said where the record of what was done was not made with it.
pub(super) fn gap(told: &Value) -> Option<&'static str> {
    Some(match told.get("record")?.as_str()? {
        "owed" => "not on record yet, as the store takes no records: it will be when it does, if the gateway runs until then",
        _ => "it may not be on record: the disk did not say",
    })
}

/// The socket of a gateway that runs.
pub(super) struct Socket(PathBuf);

impl Socket {
    /// That of the gateway with this configuration.
    pub(super) fn of(config: &Config) -> Self {
        Self(config.socket())
    }

    /// Asks, and waits for the answer. Of long work, each line but the last goes to `told` as it arrives.
    ///
    /// # Errors
    /// When no gateway listens, and what it refused or failed with.
    pub(super) fn ask(&self, method: Method, path: &str, body: &Value, told: &mut dyn FnMut(Value)) -> Result<Value, Failure> {
        serve::runtime()?.block_on(self.asked(method, path, body, told))
    }

    async fn asked(&self, method: Method, path: &str, body: &Value, told: &mut dyn FnMut(Value)) -> Result<Value, Failure> {
        let mut head = pin!(self.head(method, path, body));
        // The sender stays, and with it the connection, until the answer is read.
        let (_sender, answer) = loop {
            if let Ok(head) = timeout(SILENCE_MAX, head.as_mut()).await {
                break head?;
            }
            // A command may read every row before it answers. A gateway that hangs does not answer anything.
            if !self.is_there().await {
                let why = "the gateway does not answer; whether this was done is not known. Look with: licet doctor";
                return Err(Failure::Work(why.to_owned()));
            }
        };
        let refused = !answer.status().is_success();
        let last = lines(answer, told).await?;
        match last.get("error").or_else(|| last.get("detail").filter(|_| refused)).and_then(Value::as_str) {
            Some(why) => Err(Failure::Work(why.to_owned())),
            None => Ok(last),
        }
    }

    /// Whether the gateway answers the shortest of all questions.
    async fn is_there(&self) -> bool {
        matches!(timeout(SILENCE_MAX, self.head(Method::GET, "/about", &Value::Null)).await, Ok(Ok(_)))
    }

    /// Asks, and waits until the answer begins.
    async fn head(&self, method: Method, path: &str, body: &Value) -> Result<Head, Failure> {
        let stream = UnixStream::connect(&self.0).await.map_err(|error| self.unheard(&error))?;
        let broke = |error: hyper::Error| Failure::Work(format!("the gateway did not answer: {error}"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
        // It ends with the answer.
        drop(tokio::spawn(connection));
        let content = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder().method(method).uri(path).header(HOST, "licet").body(Full::new(content));
        let request = request.map_err(|error| Failure::Usage(error.to_string()))?;
        let answer = sender.send_request(request).await.map_err(broke)?;
        Ok((sender, answer))
    }

    /// Why there is no connection. That nobody runs is said only where it is so.
    fn unheard(&self, error: &io::Error) -> Failure {
        let path = self.0.display();
        Failure::Work(match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => format!("no gateway listens at {path}: {error}"),
            io::ErrorKind::PermissionDenied => {
                format!("not allowed to ask the gateway at {path}: run it as the user of the gateway (sudo -u licet licet ...)")
            }
            _ => format!("the gateway at {path} cannot be asked: {error}"),
        })
    }
}

/// Reads line by line. The last one is the answer.
async fn lines(answer: Response<Incoming>, told: &mut dyn FnMut(Value)) -> Result<Value, Failure> {
    let mut body = answer.into_body();
    let (mut held, mut last) = (Vec::new(), Value::Null);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::Work(format!("the answer broke off: {error}")))?;
        held.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = held.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            let value =
                serde_json::from_slice(&line).map_err(|error| Failure::Work(format!("the answer is no JSON: {error}")))?;
            let before = std::mem::replace(&mut last, value);
            if !before.is_null() {
                told(before);
            }
        }
        if held.len() > LINE_BYTES_MAX {
            return Err(Failure::Work("the answer is too long".to_owned()));
        }
    }
    Ok(last)
}
