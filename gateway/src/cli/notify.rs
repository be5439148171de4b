//! Tells whoever supervises the process how far it is: a datagram to the socket that systemd names (`sd_notify(3)`).

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// It serves.
pub(super) const READY: &str = "READY=1";

/// It drains, and will end.
pub(super) const STOPPING: &str = "STOPPING=1";

/// Says this to the supervisor, if there is one.
pub(super) fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "the supervisor cannot be told");
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_a_path_or_a_name_of_its_own() {
        let name = format!("licet-notify-{}", std::process::id());
        let path = std::env::temp_dir().join(&name);
        drop(std::fs::remove_file(&path));
        let told = |heard: &UnixDatagram, socket: &OsStr| {
            send(socket, READY).unwrap();
            let mut bytes = [0; 32];
            let length = heard.recv(&mut bytes).unwrap();
            assert_eq!(&bytes[..length], READY.as_bytes());
        };
        told(&UnixDatagram::bind(&path).unwrap(), path.as_os_str());
        std::fs::remove_file(&path).unwrap();
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        told(&UnixDatagram::bind_addr(&address).unwrap(), OsStr::new(&format!("@{name}")));
        assert!(send(path.as_os_str(), READY).is_err(), "nobody listens there");
    }
}
