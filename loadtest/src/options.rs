//! What is asked of the load generator.

use std::fs;
use std::net::SocketAddr;

use crypto::time::Timestamp;
use lexopt::prelude::{Long, ValueExt};

pub(crate) const HELP: &str = "\
licet-load: ask a gateway on this machine many times, and say how long the answers took

usage: licet-load --cacert FILE --cert FILE --key FILE --body FILE [options]

  --address ADDR       where the gateway listens [127.0.0.1:8443]; only loopback
  --path PATH          what is asked [/v1/verifications]
  --body FILE          what is sent
  --type TYPE          its media type [application/ofd]
  --uncached UNIX      ask about a different past second each time, counted back from here, so that no answer is kept
  --requests N         how many in all [10000], at most 1000000
  --connections N      how many at a time [8], at most 256
";

/// What is asked of the load generator.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) uncached: Option<i64>,
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    pub(crate) cacert: String,
    pub(crate) cert: String,
    pub(crate) key: String,
}

impl Options {
    /// Reads the command line; `None` when help is asked for.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let mut options = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8443)),
            path: "/v1/verifications".to_owned(),
            content_type: "application/ofd".to_owned(),
            body: Vec::new(),
            uncached: None,
            requests: 10_000,
            connections: 8,
            cacert: String::new(),
            cert: String::new(),
            key: String::new(),
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
            let Long(name) = argument else { return Err(argument.unexpected().to_string()) };
            if name == "help" {
                return Ok(None);
            }
            let name = name.to_owned();
            let value = parser.value().map_err(|error| error.to_string())?;
            options.set(&name, &value).map_err(|error| format!("--{name}: {error}"))?;
        }
        options.check()?;
        Ok(Some(options))
    }

    fn set(&mut self, name: &str, value: &std::ffi::OsStr) -> Result<(), String> {
        let text = value.to_os_string().string().map_err(|error| error.to_string())?;
        let fault = |error: &dyn ToString| error.to_string();
        match name {
            "address" => self.address = text.parse().map_err(|error: std::net::AddrParseError| fault(&error))?,
            "path" => self.path = text,
            "type" => self.content_type = text,
            "body" => self.body = fs::read(&text).map_err(|error| fault(&error))?,
            "uncached" => self.uncached = Some(text.parse().map_err(|error: std::num::ParseIntError| fault(&error))?),
            "requests" => self.requests = text.parse().map_err(|error: std::num::ParseIntError| fault(&error))?,
            "connections" => self.connections = text.parse().map_err(|error: std::num::ParseIntError| fault(&error))?,
            "cacert" => self.cacert = fs::read_to_string(&text).map_err(|error| fault(&error))?,
            "cert" => self.cert = fs::read_to_string(&text).map_err(|error| fault(&error))?,
            "key" => self.key = fs::read_to_string(&text).map_err(|error| fault(&error))?,
            _ => return Err("unknown option; --help lists them".to_owned()),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if !self.address.ip().is_loopback() {
            return Err("only a gateway on this machine is asked".to_owned());
        }
        if self.requests > 1_000_000 || !(1..=256).contains(&self.connections) {
            return Err("too many requests or connections".to_owned());
        }
        let missing = [("cacert", self.cacert.is_empty()), ("cert", self.cert.is_empty()), ("key", self.key.is_empty())];
        match missing.iter().find(|(_, missing)| *missing) {
            Some((name, _)) => Err(format!("--{name} is needed")),
            None => Ok(()),
        }
    }

    /// Path and query of one request.
    pub(crate) fn target(&self, number: usize) -> String {
        let Some(from) = self.uncached else { return self.path.clone() };
        let back = i64::try_from(number).unwrap_or(0);
        format!("{}?at={}", self.path, Timestamp::from_unix(from).plus(-back))
    }
}
