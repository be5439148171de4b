//! A server that says on its first line where it serves.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a server may take to start and to stop: a store with millions of licences is opened first.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The addresses on its first line, in order.
    pub addresses: Vec<SocketAddr>,
}

impl Process {
    /// Starts it, and waits for its first line.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(command: &mut Command, log: std::fs::File) -> Result<Self, String> {
        let name = format!("{:?}", command.as_std().get_program());
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
        let out = child.stdout.take().ok_or("a server without output")?;
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        // Nobody reads on: it says nothing more there.
        let line = line.ok().and_then(Result::ok).flatten().unwrap_or_default();
        let addresses = line.split("://").skip(1).filter_map(|rest| rest.split(';').next()?.trim().parse().ok());
        Ok(Self { addresses: addresses.collect(), child })
    }

    /// Its number among processes.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn kill(mut self) -> Result<(), String> {
        self.child.kill().await.map_err(|error| error.to_string())
    }

    /// Asks it to stop, and waits.
    ///
    /// # Errors
    /// It does not, or ends with a failure.
    pub async fn stop(mut self) -> Result<(), String> {
        let id = self.child.id().ok_or("the server has ended by itself")?;
        let sent = Command::new("kill").arg("-TERM").arg(id.to_string()).status().await;
        sent.map_err(|error| error.to_string())?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.map_err(|_elapsed| "the server does not stop".to_owned())?.map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
    }
}
