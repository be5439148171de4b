//! What a configuration meets on its machine: who may change it, who has its ports, and which key the store opens with that is there.
//! It is looked at, and nothing is changed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::TcpSocket;

use crate::app;
use crate::config::{Config, Faults};

/// What anybody may write.
const BY_ALL: u32 = 0o002;

/// In a folder with this mode nobody replaces what belongs to somebody else.
const STICKY: u32 = 0o1000;

/// Everything at once. What is not for whoever asks to see is passed over.
///
/// # Errors
/// What would keep a gateway from being started with this configuration now, or once the one that runs has ended.
pub(super) fn check(config: &Config) -> Result<(), Faults> {
    let mut faults = Faults::default();
    faults.take(app::would_open(&config.storage));
    let is_alone = match UnixStream::connect(config.socket()) {
        Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused),
        Ok(_) => false,
    };
    if is_alone {
        faults.take(ports(config));
    }
    faults.none_or(())
}

/// That the addresses of the listeners are free, where no gateway of this configuration has them.
///
/// # Errors
/// Those that are not to be had.
pub(in crate::cli) fn ports(config: &Config) -> Result<(), Faults> {
    let mut faults = Faults::default();
    for (key, address) in [("server.listen", config.server.listen), ("admin.listen", config.admin.listen)] {
        let what = match try_out(address) {
            Ok(()) => continue,
            // What this user may not, the gateway may.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => continue,
            Err(error) if error.kind() == ErrorKind::AddrInUse => format!("{address} is in use by another process"),
            Err(error) => format!("{address} cannot be had: {error}"),
        };
        faults.add_with(key, what, format!("ss -ltnp 'sport = :{}' says who listens there", address.port()));
    }
    faults.none_or(())
}

/// Takes an address for a moment, and does not listen: nobody is kept waiting by it.
fn try_out(address: SocketAddr) -> io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As the listener does: what remains of connections that have ended is in nobody's way.
    socket.set_reuseaddr(true)?;
    socket.bind(address)
}

/// That not everybody on the machine can change a configuration, or put another in its place.
///
/// # Errors
/// Everything on its path that all may write, up to the first folder of root.
pub(in crate::cli) fn exposed(file: &Path) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let told = [std::path::absolute(file), fs::canonicalize(file)];
    let paths: BTreeSet<PathBuf> = told.into_iter().filter_map(Result::ok).flat_map(|path| chain(&path)).collect();
    for path in paths {
        // What is not there is told by whoever reads it.
        let Ok(known) = fs::metadata(&path) else { continue };
        let mode = known.permissions().mode();
        let is_safe = mode & BY_ALL == 0 || known.is_dir() && mode & STICKY != 0;
        if !is_safe {
            let what =
                if known.is_dir() { "everybody can put another file in its place, as" } else { "everybody can change it:" };
            let (path, mode) = (path.display(), mode & 0o7777);
            faults.add_with("(file)", format!("{what} {path} has mode {mode:o}"), format!("chmod o-w {path}"));
        }
    }
    faults.none_or(())
}

/// A file and the folders above it, up to the first that belongs to root.
fn chain(file: &Path) -> Vec<PathBuf> {
    let is_roots = |folder: &Path| fs::metadata(folder).is_ok_and(|known| known.uid() == 0);
    let mut chain = vec![file.to_owned()];
    for folder in file.ancestors().skip(1) {
        chain.push(folder.to_owned());
        if is_roots(folder) {
            break;
        }
    }
    chain
}
