//! `[status]`: where the gateway asks for the status of certificates, in the background.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Faults, TrustDomain};

/// How the status of certificates is kept fresh.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// For the connection to a source, its TLS handshake included. Default 5000.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// For an OCSP responder to answer. Default 10000.
    #[serde(default = "ocsp_timeout_ms")]
    pub ocsp_timeout_ms: u64,
    /// For a revocation list to arrive. Default 120000.
    #[serde(default = "list_timeout_ms")]
    pub list_timeout_ms: u64,
    /// Longest time between two questions to a source, in seconds, however long its last answer is good for. Default 3600.
    #[serde(default = "refresh_s_max")]
    pub refresh_s_max: u32,
    /// Evidence kept in memory, old lists and answers included, in bytes. Default 268435456.
    #[serde(default = "history_bytes_max")]
    pub history_bytes_max: u64,
    /// Whether questions to responders carry a number that nobody can guess: an answer made for another question is then refused.
    /// Responders that prepare their answers leave it out, and some refuse it. Default false.
    #[serde(default)]
    pub ocsp_nonce: bool,
    /// Files with the authorities of the servers that are asked over https, PEM. None by default.
    #[serde(default)]
    pub tls_anchors: Vec<PathBuf>,
    /// `[[status.sources]]`: whom to ask for which trust domain.
    #[serde(default)]
    pub sources: Vec<StatusSource>,
}

/// Where the status of a trust domain's certificates is published.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusSource {
    /// Name of the trust domain.
    pub domain: String,
    /// Addresses of revocation lists; each is fetched.
    #[serde(default)]
    pub crl_urls: Vec<SourceUrl>,
    /// Addresses of OCSP responders; they are tried in this order until one answers.
    #[serde(default)]
    pub ocsp_urls: Vec<SourceUrl>,
}

/// The address of a source, http or https.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(extend("format" = "address"))]
pub struct SourceUrl {
    /// Whether it is https.
    pub is_tls: bool,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Host and port as the `Host` field has them.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl TryFrom<String> for SourceUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = |why: &str| format!("{why}: an address is http://host[:port]/path or https://…, without a user");
        let uri: hyper::Uri = text.parse().map_err(|_error| bad("not an address"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad("only http and https are spoken")),
        };
        let authority = uri.authority().ok_or_else(|| bad("no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("a user is named"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(bad("no host"));
        }
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Ok(Self { is_tls, host: host.to_owned(), port, authority: authority.to_string(), target: target.to_owned() })
    }
}

impl fmt::Display for SourceUrl {
    /// Without the query, which may hold somebody's key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{}://{}{path}", if self.is_tls { "https" } else { "http" }, self.authority)
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self {
            connect_timeout_ms: connect_timeout_ms(),
            ocsp_timeout_ms: ocsp_timeout_ms(),
            list_timeout_ms: list_timeout_ms(),
            refresh_s_max: refresh_s_max(),
            history_bytes_max: history_bytes_max(),
            ocsp_nonce: false,
            tls_anchors: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl Status {
    /// [`Self::connect_timeout_ms`].
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// [`Self::ocsp_timeout_ms`].
    #[must_use]
    pub const fn ocsp_timeout(&self) -> Duration {
        Duration::from_millis(self.ocsp_timeout_ms)
    }

    /// [`Self::list_timeout_ms`].
    #[must_use]
    pub const fn list_timeout(&self) -> Duration {
        Duration::from_millis(self.list_timeout_ms)
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.tls_anchors.iter_mut()
    }

    pub(super) fn check(&self, domains: &[TrustDomain], faults: &mut Faults) {
        for (name, value) in [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("ocsp_timeout_ms", self.ocsp_timeout_ms),
            ("list_timeout_ms", self.list_timeout_ms),
        ] {
            faults.demand(value > 0, format!("status.{name}"), "must not be 0");
        }
        faults.demand(self.refresh_s_max >= 60, "status.refresh_s_max", "must be at least 60");
        let mut names = BTreeSet::new();
        for (index, source) in self.sources.iter().enumerate() {
            let key = |name: &str| format!("status.sources[{index}].{name}");
            faults.demand(names.insert(&source.domain), key("domain"), "is used twice");
            // Domains that come with a signed list are not known yet.
            let is_known = domains.is_empty() || domains.iter().any(|domain| domain.name == source.domain);
            faults.demand(is_known, key("domain"), "is not the name of a trust domain");
            let all = || source.crl_urls.iter().chain(&source.ocsp_urls);
            faults.demand(all().next().is_some(), key("crl_urls"), "or ocsp_urls must name at least one address");
            let reachable = !self.tls_anchors.is_empty() || all().all(|url| !url.is_tls);
            faults.demand(reachable, "status.tls_anchors", "must name the authorities of the servers that are asked over https");
        }
    }
}

const fn connect_timeout_ms() -> u64 {
    5_000
}

const fn ocsp_timeout_ms() -> u64 {
    10_000
}

const fn list_timeout_ms() -> u64 {
    120_000
}

const fn refresh_s_max() -> u32 {
    3_600
}

const fn history_bytes_max() -> u64 {
    268_435_456
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let url = |text: &str| SourceUrl::try_from(text.to_owned());
        let plain = url("http://crl.example:8080/a.crl?key=secret").unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.is_tls), ("crl.example", 8080, false));
        assert_eq!((plain.authority.as_str(), plain.target.as_str()), ("crl.example:8080", "/a.crl?key=secret"));
        assert_eq!(plain.to_string(), "http://crl.example:8080/a.crl");
        let bare = url("https://[::1]").unwrap();
        assert_eq!((bare.host.as_str(), bare.port, bare.target.as_str()), ("::1", 443, "/"));
        for bad in ["", "crl.example/a", "ldap://crl.example/cn=a", "http://me:secret@crl.example/", "http:///a", "ftp://a/b"] {
            assert!(url(bad).is_err(), "{bad}");
        }
        assert!(!url("http://me:secret@crl.example/").unwrap_err().contains("secret"));
    }
}
