//! The gateway, in a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::metrics::Counters;
use super::pin::Pin;
use super::process::Process;
use crate::time::now;

/// How long metrics are waited for.
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
        let (path, started) = (folder.join("gateway.log"), now());
        let log = std::fs::File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut command = pin.command(licet);
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
        let asked = tokio::time::timeout(PATIENCE, self.ask("/metrics")).await;
        asked.map_err(|_elapsed| "the metrics do not come".to_owned())?
    }

    /// What its metrics have counted.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn counters(&self) -> Result<Counters, String> {
        self.metrics().await.map(|text| Counters::read(&text))
    }

    async fn ask(&self, path: &str) -> Result<String, String> {
        let stream = TcpStream::connect(self.admin).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let request = Request::get(path).header("host", "localhost").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Asks it to stop, and waits.
    ///
    /// # Errors
    /// It does not, or ends with a failure.
    pub async fn stop(self) -> Result<(), String> {
        self.process.stop().await
    }
}
