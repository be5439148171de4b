//! Keeps the server on one core and the load on another, so that neither takes time from the other.

use std::path::Path;
use std::process::Command;

/// Where processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Wherever there is room.
    Nowhere,
    /// The server on the first core, the load on the second.
    Apart,
}

impl Pin {
    /// The command that starts a server there.
    #[must_use]
    pub fn command(self, program: &Path) -> tokio::process::Command {
        match self {
            Self::Nowhere => tokio::process::Command::new(program),
            Self::Apart => {
                let mut command = tokio::process::Command::new("taskset");
                command.args(["--cpu-list", "0"]).arg(program);
                command
            }
        }
    }
}

/// Moves this program to the second core, threads that it starts later included.
///
/// # Errors
/// There is no such core, or no `taskset`.
pub fn pin_self() -> Result<(), String> {
    let id = std::process::id().to_string();
    let moved = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", "1", &id]).output();
    let moved = moved.map_err(|error| format!("taskset (util-linux): {error}"))?;
    if moved.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&moved.stderr).trim().to_owned()) }
}
