//! The gateway as a process of its own, as people run it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::client::Client;
use crate::licence_kit::Office;
use crate::pki::{Authority, Folder};
use crate::started::Setup;

/// A folder with everything that a process needs.
pub(crate) struct Site {
    pub(crate) folder: Folder,
    pub(crate) authority: Authority,
}

/// A running process.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    pub(crate) log: Vec<String>,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Site {
    pub(crate) fn new(office: &Office) -> Self {
        Self::with(office, "")
    }

    /// With these sections in its configuration as well.
    pub(crate) fn with(office: &Office, sections: &str) -> Self {
        Self::with_server(office, "", sections)
    }

    /// With these lines for `[server]` as well.
    pub(crate) fn with_server(office: &Office, server: &str, sections: &str) -> Self {
        let mut setup = office.trusted_by(Setup::new().with(server));
        setup.sections.push_str(sections);
        storage::Keys::generate(setup.folder.path()).unwrap();
        setup.folder.write("licet.toml", setup.text());
        Self { authority: setup.authority, folder: setup.folder }
    }

    pub(crate) fn start(&self) -> Process {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_licet")))
    }

    /// As a process no file of which may grow beyond so many KiB: what it writes behind that fails, as on a disk that is full.
    pub(crate) fn start_with_files_of(&self, kib: u32) -> Process {
        let mut shell = Command::new("sh");
        // In blocks of 512 bytes; and a write that fails is an error, not a signal.
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2), env!("CARGO_BIN_EXE_licet")]);
        self.start_by(shell)
    }

    /// Started by this command, whose last word is the program.
    pub(crate) fn start_by(&self, mut command: Command) -> Process {
        let config = self.folder.path().join("licet.toml");
        let mut child = command.arg("serve").arg("--config").arg(config).stderr(Stdio::piped()).spawn().unwrap();
        let reader = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || reader.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        let mut log = Vec::new();
        // Where everything is told, more is told first.
        let started = loop {
            let line = lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{log:#?}"));
            let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            log.push(line);
            if said["listen"].is_string() {
                break said;
            }
        };
        let address = |name: &str| started[name].as_str().unwrap().parse().unwrap();
        Process { child, lines, address: address("listen"), admin: address("admin"), log }
    }

    /// A command over what the process has left, with its configuration.
    pub(crate) fn licet(&self, arguments: &[&str]) -> std::process::Output {
        let config = self.folder.path().join("licet.toml");
        Command::new(env!("CARGO_BIN_EXE_licet")).args(arguments).arg("--config").arg(config).output().unwrap()
    }

    pub(crate) fn client(&self, process: &Process, uri: &str) -> Client {
        Client::new(process.address, &self.authority.certificate).with(&self.authority.client(7, uri))
    }
}

/// What a process has of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory.
    pub(crate) kib: u64,
    /// The most that was resident at any time.
    pub(crate) peak_kib: u64,
    /// Open files and connections.
    pub(crate) handles: usize,
}

impl Process {
    /// What it has of the machine now.
    pub(crate) fn usage(&self) -> Usage {
        let of = |name: &str| format!("/proc/{}/{name}", self.child.id());
        let status = std::fs::read_to_string(of("status")).unwrap();
        let kib = |name: &str| {
            let found = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"));
            found.unwrap().parse().unwrap()
        };
        Usage { kib: kib("VmRSS:"), peak_kib: kib("VmHWM:"), handles: std::fs::read_dir(of("fd")).unwrap().count() }
    }

    /// SIGTERM; then everything it still says, and whether it ended well.
    pub(crate) fn terminate(mut self) -> (Vec<String>, bool) {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let ended = self.child.wait().unwrap();
        let lines: Vec<String> = self.lines.iter().collect();
        self.log.extend(lines);
        (std::mem::take(&mut self.log), ended.success())
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        let sent = Command::new("kill").arg("-HUP").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
