//! The gateway, in a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::site::Site;

/// How long a gateway may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running gateway. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    child: Child,
    pub(super) address: SocketAddr,
    admin: SocketAddr,
}

impl Gateway {
    /// Starts it, and waits until it serves. What it logs goes into a file of the folder.
    pub(super) async fn start(licet: &Path, site: &Site) -> Result<Self, String> {
        let log = std::fs::File::create(site.folder.join("gateway.log")).map_err(|error| error.to_string())?;
        let mut child = Command::new(licet)
            .arg("serve")
            .arg("--config")
            .arg(site.folder.join("licet.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{}: {error}", licet.display()))?;
        let out = child.stdout.take().ok_or("the gateway has no output")?;
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let line = line.ok().and_then(Result::ok).flatten().unwrap_or_default();
        // Nobody reads on: it says nothing more there.
        let mut addresses = line.split("://").skip(1).filter_map(|rest| rest.split(';').next()?.trim().parse().ok());
        match (addresses.next(), addresses.next()) {
            (Some(address), Some(admin)) => Ok(Self { child, address, admin }),
            _ => Err(format!("the gateway does not start; {} says why", site.folder.join("gateway.log").display())),
        }
    }

    /// What its metrics say.
    pub(super) async fn metrics(&self) -> Result<String, String> {
        let stream = TcpStream::connect(self.admin).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        let request = Request::get("/metrics").header("host", "localhost").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Asks it to stop, and waits.
    pub(super) async fn stop(mut self) -> Result<(), String> {
        let id = self.child.id().ok_or("the gateway has ended by itself")?;
        let sent = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await;
        sent.map_err(|error| error.to_string())?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.map_err(|_error| "the gateway does not stop".to_owned())?.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the gateway ended with {status}")) }
    }
}
