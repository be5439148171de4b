//! The gateway, in a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::metrics::Counters;
use super::pin::Pin;
use super::process::Process;
use crate::time::now;

/// How long metrics and readiness are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running gateway. It is killed when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    process: Process,
    /// Where it serves.
    pub address: SocketAddr,
    admin: SocketAddr,
    /// How long it took from the start until it served.
    pub start_took: Duration,
}

impl Gateway {
    /// Starts it over a folder, and waits until it serves. What it logs goes into a file of the folder.
    ///
    /// # Errors
    /// It does not serve.
    pub async fn start(licet: &Path, folder: &Path, configuration: &Path, pin: Pin) -> Result<Self, String> {
        Self::launch(pin.command(licet), folder, configuration).await
    }

    /// The same by a command of its own, which lacks nothing but what it is to do.
    ///
    /// # Errors
    /// It does not serve.
    pub async fn launch(mut command: Command, folder: &Path, configuration: &Path) -> Result<Self, String> {
        let (path, started) = (folder.join("gateway.log"), now());
        let log = std::fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        command.arg("serve").arg("--config").arg(configuration);
        let process = Process::start(&mut command, log).await?;
        let start_took = now().saturating_duration_since(started);
        match process.addresses.as_slice() {
            [address, admin] => Ok(Self { address: *address, admin: *admin, process, start_took }),
            _ => Err(format!("the gateway does not start; {} says why", path.display())),
        }
    }

    /// Its number among processes.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// What its metrics say, as text.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&self) -> Result<String, String> {
        self.ask("/metrics").await.map(|(_, text)| text)
    }

    /// Whether it says that it is ready, and what it says.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ready(&self) -> Result<(bool, String), String> {
        self.ask("/ready").await.map(|(status, text)| (status == 200, text))
    }

    /// What its metrics have counted.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn counters(&self) -> Result<Counters, String> {
        self.metrics().await.map(|text| Counters::read(&text))
    }

    async fn ask(&self, path: &str) -> Result<(u16, String), String> {
        let asked = tokio::time::timeout(PATIENCE, self.exchange(path)).await;
        asked.map_err(|_elapsed| format!("{path} does not answer"))?
    }

    async fn exchange(&self, path: &str) -> Result<(u16, String), String> {
        let stream = TcpStream::connect(self.admin).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let request = Request::get(path).header("host", "localhost").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(self) -> Result<(), String> {
        self.process.kill().await
    }

    /// Asks it to stop, and waits.
    ///
    /// # Errors
    /// It does not, or ends with a failure.
    pub async fn stop(self) -> Result<(), String> {
        self.process.stop().await
    }
}
