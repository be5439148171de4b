//! A gateway that is asked over HTTPS.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cli::input::InputError;
use crate::config::{Faults, KeySource, SourceUrl};
use crate::outbound::{Material, Outbound, Question, Reply};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// For an answer to arrive.
const WITHIN: Duration = Duration::from_secs(600);

/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A gateway with the credentials for it.
#[derive(Debug)]
pub(in crate::cli) struct Online {
    base: String,
    client: Outbound,
    runtime: Runtime,
}

/// The options that say so.
#[derive(Debug, Default)]
pub(in crate::cli) struct OnlineOptions {
    /// `--url`
    pub(in crate::cli) url: Option<String>,
    /// `--ca`
    pub(in crate::cli) anchors: Vec<PathBuf>,
    /// `--cert`
    pub(in crate::cli) certificate: Option<PathBuf>,
    /// `--key`
    pub(in crate::cli) key: Option<PathBuf>,
}

/// `GET /v1/logs`
#[derive(Debug, Deserialize)]
pub(super) struct LogsAnswer {
    pub(super) logs: Vec<LogAnswer>,
}

/// A log of it.
#[derive(Debug, Deserialize)]
pub(super) struct LogAnswer {
    pub(super) log: crypto::record::LogName,
    pub(super) shards: Vec<ShardAnswer>,
}

/// A shard of a log.
#[derive(Debug, Deserialize)]
pub(super) struct ShardAnswer {
    pub(super) period: String,
    pub(super) origin: String,
    pub(super) keys: Vec<String>,
    pub(super) first: u64,
    pub(super) size: u64,
    pub(super) closed: bool,
    #[serde(default)]
    pub(super) witnesses: Option<Value>,
}

impl Online {
    /// Opens the files of the credentials, and connects to nobody yet.
    pub(in crate::cli) fn new(options: &OnlineOptions, url: &str) -> Result<Self, InputError> {
        let wrong = |faults: Faults| InputError::Wrong(faults.to_string().trim_end().to_owned());
        let key = options.key.clone().map(KeySource::File);
        let own = options.certificate.as_deref().zip(key.as_ref());
        let own = own.map(|(certificate, key)| ("--cert, --key", certificate, key));
        let material = Material { anchors_key: "--ca", anchors: &options.anchors, own };
        let client = Outbound::new(CONNECT, &material).map_err(wrong)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| InputError::Wrong(format!("threads cannot be started: {error}")))?;
        let base = url.trim_end_matches('/').to_owned();
        SourceUrl::try_from(base.clone()).map_err(|error| InputError::Wrong(format!("--url: {error}")))?;
        Ok(Self { base, client, runtime })
    }

    /// What is at a path; nothing where there is nothing.
    pub(super) fn get(&self, path: &str) -> Result<Option<Vec<u8>>, InputError> {
        let url = self.url(path)?;
        let reply = self.ask(path, Question::get(&url, ANSWER_BYTES_MAX, WITHIN))?;
        match reply.status {
            StatusCode::OK => Ok(Some(reply.body)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.refused(path, &reply)),
        }
    }

    /// What a question in JSON is answered with.
    pub(super) fn post(&self, path: &str, question: &Value) -> Result<Vec<u8>, InputError> {
        let reply = self.send(path, question)?;
        if reply.status == StatusCode::OK { Ok(reply.body) } else { Err(self.refused(path, &reply)) }
    }

    /// What a request in JSON is answered with, whatever the answer is.
    pub(in crate::cli) fn send(&self, path: &str, request: &Value) -> Result<Reply, InputError> {
        let url = self.url(path)?;
        let mut asked = Question::post(&url, request.to_string(), ANSWER_BYTES_MAX, WITHIN);
        asked.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.ask(path, asked)
    }

    /// Writes what a question in JSON is answered with to a file, as it comes.
    pub(super) fn save(&self, path: &str, question: &Value, out: &Path) -> Result<(), InputError> {
        let failed = |error| InputError::Unreadable { path: out.to_owned(), error };
        let mut file = BufWriter::new(File::create(out).map_err(failed)?);
        let url = self.url(path)?;
        let mut asked = Question::post(&url, question.to_string(), usize::MAX, WITHIN);
        asked.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut broken = None;
        let mut write = |data: &[u8]| {
            broken = file.write_all(data).err();
            broken.is_none()
        };
        let reply = self.runtime.block_on(self.client.pour(asked, &mut write));
        if let Some(error) = broken {
            return Err(failed(error));
        }
        let reply = reply.map_err(|fault| self.broken(path, fault.code()))?;
        if reply.status != StatusCode::OK {
            return Err(self.refused(path, &reply));
        }
        file.flush().map_err(failed)
    }

    /// What is at a path, as JSON.
    pub(in crate::cli) fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, InputError> {
        let bytes = self.get(path)?.ok_or_else(|| self.broken(path, "not found"))?;
        serde_json::from_slice(&bytes).map_err(|error| self.broken(path, &error.to_string()))
    }

    fn ask(&self, path: &str, question: Question<'_>) -> Result<Reply, InputError> {
        self.runtime.block_on(self.client.ask(question)).map_err(|fault| self.broken(path, fault.code()))
    }

    fn url(&self, path: &str) -> Result<SourceUrl, InputError> {
        SourceUrl::try_from(format!("{}{path}", self.base)).map_err(|error| InputError::Wrong(format!("--url: {error}")))
    }

    pub(in crate::cli) fn refused(&self, path: &str, reply: &Reply) -> InputError {
        let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let said = ["code", "detail"].map(|name| problem.get(name).and_then(Value::as_str).unwrap_or_default());
        self.broken(path, format!("refused with {} {}", reply.status.as_u16(), said.join(" ")).trim_end())
    }

    fn broken(&self, path: &str, why: &str) -> InputError {
        InputError::Unreadable { path: format!("{}{path}", self.base).into(), error: io::Error::other(why.to_owned()) }
    }
}
