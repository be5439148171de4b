//! `[server]`: the public listener and its limits.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Faults, KeySource, SourceUrl};

/// The public HTTPS listener. A request beyond a limit gets a clear answer and costs no more than the limit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on. Default `127.0.0.1:8443`; port 0 lets the system choose.
    #[serde(default = "listen")]
    #[schemars(extend("format" = "socket-address"))]
    pub listen: SocketAddr,
    /// PEM file with the server's certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// PEM file with the server's private key.
    pub key: KeySource,
    /// PEM files with the authorities whose client certificates are accepted. Who holds one of those is still nobody until
    /// `[[callers]]` names it.
    pub client_anchors: Vec<PathBuf>,
    /// PEM files with the authorities' revocation lists. With at least one, every client certificate must be covered by a list.
    #[serde(default)]
    pub client_crls: Vec<PathBuf>,
    /// OCSP responders that are asked about the gateway's own certificate, in the background: what they say is shown in handshakes. The
    /// certificate of the issuer stands behind the gateway's own in `certificate`. Default none.
    #[serde(default)]
    pub ocsp_urls: Vec<SourceUrl>,
    /// Largest body of a request in bytes. Default 16777216; routes that take JSON alone stay below 65536 in any case.
    #[serde(default = "body_bytes_max")]
    pub body_bytes_max: u32,
    /// Bodies of all requests together that are in memory at the same time, in bytes; further ones are answered 503. Default
    /// 536870912, at least `body_bytes_max`.
    #[serde(default = "bodies_bytes_max")]
    pub bodies_bytes_max: u32,
    /// Largest head of a request (request line and headers) in bytes. Default 16384, at least 8192.
    #[serde(default = "header_bytes_max")]
    pub header_bytes_max: u32,
    /// Time for the TLS handshake, and for the head of each HTTP/1.1 request, in milliseconds. Default 5000.
    #[serde(default = "header_timeout_ms")]
    pub header_timeout_ms: u64,
    /// Time in which the body of a request must arrive, in milliseconds. Default 20000.
    #[serde(default = "body_timeout_ms")]
    pub body_timeout_ms: u64,
    /// Time in which a request must be answered, arrival of its body included, in milliseconds. Default 30000.
    #[serde(default = "request_timeout_ms")]
    pub request_timeout_ms: u64,
    /// How long a connection may stay open without a request, in milliseconds. Default 60000.
    #[serde(default = "idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Large answers of all requests together that are in memory at the same time until they have left, in bytes; further ones are
    /// answered 503. Default 268435456, at least `body_bytes_max`.
    #[serde(default = "answers_bytes_max")]
    pub answers_bytes_max: u32,
    /// How fast an answer must be taken at least, in bytes a second, beyond `idle_timeout_ms`; the connection of who is slower is
    /// closed. Default 16384.
    #[serde(default = "send_bytes_per_s_min")]
    pub send_bytes_per_s_min: u32,
    /// Connections of known callers at the same time, half of them of one caller; who finds none free waits for `header_timeout_ms`.
    /// Beside them there may be a quarter as many whose caller is not known yet. Default 4096.
    #[serde(default = "connections_max")]
    pub connections_max: u32,
    /// How many of those whose caller is not known yet may come from one address, or from one network of IPv6 (/64): the oldest has
    /// to go for the next. Never more than half of all. Default 512.
    #[serde(default = "strangers_per_address_max")]
    pub strangers_per_address_max: u32,
    /// Verifications that run at the same time; 0, the default, means one for each processor.
    #[serde(default)]
    pub workers_max: u32,
    /// Verifications that wait for a worker; further ones are answered 503. Default 256.
    #[serde(default = "queue_max")]
    pub queue_max: u32,
    /// Time for running requests to finish after the signal to stop, in milliseconds. Default 10000.
    #[serde(default = "drain_timeout_ms")]
    pub drain_timeout_ms: u64,
}

impl Server {
    pub(super) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let own = std::iter::once(&mut self.certificate).chain(self.key.file_mut());
        own.chain(&mut self.client_anchors).chain(&mut self.client_crls).collect()
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(!self.client_anchors.is_empty(), "server.client_anchors", "must name at least one file");
        let fits = self.bodies_bytes_max >= self.body_bytes_max;
        faults.demand(fits, "server.bodies_bytes_max", "must be at least server.body_bytes_max");
        let fits = self.answers_bytes_max >= self.body_bytes_max;
        faults.demand(fits, "server.answers_bytes_max", "must be at least server.body_bytes_max");
        faults.demand(self.header_bytes_max >= 8192, "server.header_bytes_max", "must be at least 8192");
        for (key, value) in [
            ("server.body_bytes_max", u64::from(self.body_bytes_max)),
            ("server.header_timeout_ms", self.header_timeout_ms),
            ("server.body_timeout_ms", self.body_timeout_ms),
            ("server.request_timeout_ms", self.request_timeout_ms),
            ("server.idle_timeout_ms", self.idle_timeout_ms),
            ("server.connections_max", u64::from(self.connections_max)),
            ("server.strangers_per_address_max", u64::from(self.strangers_per_address_max)),
            ("server.send_bytes_per_s_min", u64::from(self.send_bytes_per_s_min)),
            ("server.queue_max", u64::from(self.queue_max)),
        ] {
            faults.demand(value > 0, key, "must not be 0");
        }
    }

    /// `header_timeout_ms`.
    #[must_use]
    pub const fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    /// `body_timeout_ms`.
    #[must_use]
    pub const fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    /// `request_timeout_ms`.
    #[must_use]
    pub const fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// `idle_timeout_ms`.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// `drain_timeout_ms`.
    #[must_use]
    pub const fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }
}

fn listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8443).into()
}

const fn body_bytes_max() -> u32 {
    16 << 20
}

const fn bodies_bytes_max() -> u32 {
    512 << 20
}

const fn answers_bytes_max() -> u32 {
    256 << 20
}

const fn send_bytes_per_s_min() -> u32 {
    16 << 10
}

const fn strangers_per_address_max() -> u32 {
    512
}

const fn header_bytes_max() -> u32 {
    16 << 10
}

const fn header_timeout_ms() -> u64 {
    5_000
}

const fn body_timeout_ms() -> u64 {
    20_000
}

const fn request_timeout_ms() -> u64 {
    30_000
}

const fn idle_timeout_ms() -> u64 {
    60_000
}

const fn connections_max() -> u32 {
    4096
}

const fn queue_max() -> u32 {
    256
}

const fn drain_timeout_ms() -> u64 {
    10_000
}
