//! `[[sources]]`: the interfaces of departments and other gateways that answer look-ups.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crypto::licence::number::uscc;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::broker::{LOCAL, Limits};

use super::{AnswerRules, Faults, KeySource, RequestTemplate, SourceUrl};

/// What another gateway is asked with, at the end of its address: whatever stands before it may be a proxy's.
const LOOK_UPS: &str = "/v1/lookups";

/// An interface that answers look-ups.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Its name in resources (`source`), answers, records and metrics: letters, digits, `-`, `_`. Unique, and not `local`.
    pub name: String,
    /// How it is asked.
    pub kind: DataSourceKind,
    /// The organisations whose resources it may answer for, each with all below it in the catalogue, by their unified social credit
    /// codes. Resources of others are put by operators; all of them where this is left out.
    #[serde(default)]
    pub organisations: BTreeSet<String>,
    /// Its address with the path. For another gateway, the address of its `/v1/lookups`.
    pub url: SourceUrl,
    /// Whether `url` may be plain HTTP to another machine. Plain HTTP to this one needs no leave. Default false.
    #[serde(default)]
    pub allow_plain: bool,
    /// Files with the authorities of the server, PEM. Needed over https.
    #[serde(default)]
    pub tls_anchors: Vec<PathBuf>,
    /// File with the certificate that is shown to it, PEM, then its intermediates. None by default.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// File with its private key, PEM.
    #[serde(default)]
    pub key: Option<KeySource>,
    /// What else proves to it who asks. None by default.
    #[serde(default)]
    pub auth: Option<SourceAuth>,
    /// For the connection to it, without the TLS handshake. Default 1000.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// Connections that are kept open while nobody uses them. Default 32.
    #[serde(default = "idle_connections_max")]
    pub idle_connections_max: u16,
    /// For how long they are kept. Default 30000.
    #[serde(default = "idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// The longest answer that is read, in bytes. Default 1048576.
    #[serde(default = "answer_bytes_max")]
    pub answer_bytes_max: u32,
    /// How much it is asked, how long it is waited for, when it is left alone.
    #[serde(default)]
    pub limits: Limits,
    /// The body of a question, JSON with `{number}` and the like in its texts. Not for another gateway.
    #[serde(default)]
    pub request: Option<RequestTemplate>,
    /// Whether the body goes out as a form (`application/x-www-form-urlencoded`) instead of JSON. Default false.
    #[serde(default)]
    pub form: bool,
    /// How its answers are read. Not for another gateway.
    #[serde(default)]
    pub answer: Option<AnswerRules>,
    /// Who we are on the exchange: for `kind = "exchange"` alone.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// What is different for one resource, by its code.
    #[serde(default)]
    pub resources: BTreeMap<String, SourceResource>,
}

/// How a source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataSourceKind {
    /// A POST with a body by a template, an answer by a mapping.
    HttpJson,
    /// The same through the national exchange or one that copied it: signed headers, rotating secret.
    Exchange,
    /// Another licet.
    Licet,
}

/// What is different for one resource of a source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceResource {
    /// The path instead of that of `url`.
    #[serde(default)]
    pub path: Option<String>,
    /// The body instead of that of the source.
    #[serde(default)]
    pub request: Option<RequestTemplate>,
    /// The reading instead of that of the source.
    #[serde(default)]
    pub answer: Option<AnswerRules>,
    /// What the other side calls the resource, where that is another code.
    #[serde(default)]
    pub remote: Option<String>,
    /// The service of the exchange instead of that of the source.
    #[serde(default)]
    pub sid: Option<String>,
    /// The file with that service's own key, instead of that of the source.
    #[serde(default)]
    pub app_key: Option<KeySource>,
}

/// What proves to a source who asks, besides a certificate.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SourceAuth {
    /// `Authorization: Bearer …`.
    Bearer {
        /// File with the token, readable by the owner alone.
        file: KeySource,
    },
    /// A signature over method, address, date and body (RFC 9421, `hmac-sha256`).
    Hmac {
        /// How the other side calls the key.
        key_id: String,
        /// File with the key in base64, readable by the owner alone.
        file: KeySource,
    },
    /// A secret in the body, where the template says `{secret}`.
    Body {
        /// File with the secret, readable by the owner alone.
        file: KeySource,
    },
}

/// Who we are on the exchange.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What the names of the headers begin with. Default `gjgxjhpt_`.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// Our application (rid).
    pub rid: String,
    /// The service (sid), unless each resource says its own.
    #[serde(default)]
    pub sid: Option<String>,
    /// File with the application key, readable by the owner alone, unless each resource says its own.
    #[serde(default)]
    pub app_key: Option<KeySource>,
    /// Where the rotating secret is had.
    pub key_url: SourceUrl,
    /// How the secret is encrypted under the application key.
    pub cipher: ExchangeCipher,
    /// How long before its end a new secret is fetched. Default 300.
    #[serde(default = "refresh_before_s")]
    pub refresh_before_s: u32,
}

/// How an exchange encrypts its secrets: AES with 128 bits and the padding of PKCS#7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeCipher {
    /// ECB; the key is what Java's `SHA1PRNG` makes of the application key.
    AesEcbSha1prng,
    /// CBC with the fixed vector `AESCBCPKCS5Paddi`; the key as above.
    AesCbcSha1prng,
    /// ECB; the key is the application key itself, 16, 24 or 32 bytes.
    AesEcb,
}

impl DataSource {
    /// [`Self::connect_timeout_ms`].
    #[must_use]
    pub const fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// [`Self::idle_timeout_ms`].
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// The files that it names.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        self.clone().paths().map(|path| path.clone()).collect()
    }

    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let own = self.tls_anchors.iter_mut().chain(&mut self.certificate);
        let auth = self.auth.iter_mut().map(SourceAuth::secret);
        let exchange = self.exchange.iter_mut().flat_map(|exchange| &mut exchange.app_key);
        let resources = self.resources.values_mut().flat_map(|resource| &mut resource.app_key);
        let keys = self.key.iter_mut().chain(auth).chain(exchange).chain(resources);
        own.chain(keys.filter_map(KeySource::file_mut))
    }

    fn check(&self, at: &str, faults: &mut Faults) {
        let key = |name: &str| format!("{at}.{name}");
        let is_name =
            !self.name.is_empty() && self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        faults.demand(is_name && self.name.len() <= 64, key("name"), "must be 1 to 64 letters, digits, - or _");
        faults.demand(self.name != LOCAL, key("name"), "local is the name of the licences on record here");
        for code in &self.organisations {
            faults.demand(uscc(code).is_ok(), key("organisations"), format!("{code:?} is no unified social credit code"));
        }
        self.check_address(&self.url, &key("url"), faults);
        faults.demand_both(at, self.certificate.as_deref(), self.key.as_ref());
        for (name, value) in [("connect_timeout_ms", self.connect_timeout_ms), ("idle_timeout_ms", self.idle_timeout_ms)] {
            faults.demand(value > 0, key(name), "must not be 0");
        }
        let bytes = 1_024..=16_777_216;
        faults.demand(bytes.contains(&self.answer_bytes_max), key("answer_bytes_max"), "must be 1024 to 16777216");
        self.limits.check(&key("limits"), faults);
        match self.kind {
            DataSourceKind::Licet => self.check_peer(at, faults),
            DataSourceKind::HttpJson | DataSourceKind::Exchange => self.check_mapped(at, faults),
        }
        self.check_exchange(at, faults);
    }

    /// Numbers stand in no address: neither is there a place for them, nor a query that somebody might put one into.
    fn check_address(&self, url: &SourceUrl, key: &str, faults: &mut Faults) {
        let is_near = url.host == "localhost" || url.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        faults.demand(url.is_tls || is_near || self.allow_plain, key, "is plain HTTP to another machine, without allow_plain");
        faults.demand(
            is_plain_path(&url.target),
            key,
            "must have no query and no place for values: they stand in the body alone",
        );
        let is_known = !url.is_tls || !self.tls_anchors.is_empty();
        faults.demand(is_known, key, "is https, and tls_anchors names no authorities");
    }

    fn check_peer(&self, at: &str, faults: &mut Faults) {
        let own = self.request.is_some() || self.answer.is_some() || self.form;
        let of_resource = |one: &SourceResource| one.request.is_some() || one.answer.is_some() || one.path.is_some();
        let is_plain = !own && !self.resources.values().any(of_resource);
        faults.demand(
            is_plain,
            at,
            "another gateway is asked and answers in its own form: request, answer, form and path are not for it",
        );
        let is_look_up = self.url.target.ends_with(LOOK_UPS);
        faults.demand(is_look_up, format!("{at}.url"), "must lead to the look-ups of the other gateway: https://…/v1/lookups");
        let is_signed = !matches!(self.auth, Some(SourceAuth::Body { .. }));
        faults.demand(is_signed, format!("{at}.auth"), "another gateway takes no secret in its questions");
    }

    fn check_mapped(&self, at: &str, faults: &mut Faults) {
        let everywhere = |has: fn(&SourceResource) -> bool| !self.resources.is_empty() && self.resources.values().all(has);
        let asks = self.request.is_some() || everywhere(|one| one.request.is_some());
        faults.demand(asks, format!("{at}.request"), "must say what is asked, here or for every resource");
        let reads = self.answer.is_some() || everywhere(|one| one.answer.is_some());
        faults.demand(reads, format!("{at}.answer"), "must say how answers are read, here or for every resource");
        let templates = || self.request.iter().chain(self.resources.values().filter_map(|one| one.request.as_ref()));
        let is_flat = !self.form || templates().all(RequestTemplate::is_form);
        faults.demand(is_flat, format!("{at}.form"), "needs a request that is one object of texts");
        let wants_secret = templates().any(RequestTemplate::wants_secret);
        let has_secret = matches!(self.auth, Some(SourceAuth::Body { .. }));
        faults.demand(wants_secret == has_secret, format!("{at}.auth"), "of kind body and {secret} in a request belong together");
        for (code, resource) in &self.resources {
            let path = resource.path.as_deref().unwrap_or("/");
            let is_path = path.starts_with('/') && is_plain_path(path) && path.parse::<hyper::http::uri::PathAndQuery>().is_ok();
            faults.demand(is_path, format!("{at}.resources.{code:?}.path"), "must be a path without a query");
        }
    }

    fn check_exchange(&self, at: &str, faults: &mut Faults) {
        let is_exchange = self.kind == DataSourceKind::Exchange;
        faults.demand(
            is_exchange == self.exchange.is_some(),
            format!("{at}.exchange"),
            "and kind = \"exchange\" belong together",
        );
        let alone = is_exchange || self.resources.values().all(|one| one.sid.is_none() && one.app_key.is_none());
        faults.demand(alone, format!("{at}.resources"), "sid and app_key are for exchanges alone");
        let Some(exchange) = &self.exchange else { return };
        let key = |name: &str| format!("{at}.exchange.{name}");
        self.check_address(&exchange.key_url, &key("key_url"), faults);
        let is_header = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        faults.demand(is_header(&exchange.prefix), key("prefix"), "must be letters, digits, - or _");
        let texts = [&exchange.rid].into_iter().chain(&exchange.sid);
        let texts = texts.chain(self.resources.values().filter_map(|one| one.sid.as_ref()));
        let is_text = texts.into_iter().all(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()));
        faults.demand(is_text, key("rid"), "and sid must be visible ASCII without blanks");
        let all = |has: fn(&SourceResource) -> bool| !self.resources.is_empty() && self.resources.values().all(has);
        faults.demand(
            exchange.sid.is_some() || all(|one| one.sid.is_some()),
            key("sid"),
            "must be given, here or for every resource",
        );
        let has_key = exchange.app_key.is_some() || all(|one| one.app_key.is_some());
        faults.demand(has_key, key("app_key"), "must be given, here or for every resource");
    }
}

impl SourceAuth {
    const fn secret(&mut self) -> &mut KeySource {
        match self {
            Self::Bearer { file } | Self::Hmac { file, .. } | Self::Body { file } => file,
        }
    }
}

pub(super) fn check(sources: &[DataSource], faults: &mut Faults) {
    let mut names = BTreeSet::new();
    for (index, source) in sources.iter().enumerate() {
        let at = format!("sources[{index}]");
        faults.demand(names.insert(&source.name), format!("{at}.name"), "is used twice");
        source.check(&at, faults);
    }
}

/// Neither a query nor braces, plain or encoded.
fn is_plain_path(target: &str) -> bool {
    let encoded = ["%7b", "%7B", "%7d", "%7D"];
    !target.contains(['?', '#', '{', '}']) && !encoded.iter().any(|brace| target.contains(brace))
}

fn prefix() -> String {
    "gjgxjhpt_".to_owned()
}

const fn connect_timeout_ms() -> u64 {
    1_000
}

const fn idle_connections_max() -> u16 {
    32
}

const fn idle_timeout_ms() -> u64 {
    30_000
}

const fn answer_bytes_max() -> u32 {
    1_048_576
}

const fn refresh_before_s() -> u32 {
    300
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"request = '{"zjhm":"{number}"}'"#;

    fn source(text: &str) -> Result<DataSource, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    fn faults(text: &str) -> String {
        let mut faults = Faults::default();
        check(&[source(text).unwrap()], &mut faults);
        faults.to_string()
    }

    fn plain(more: &str) -> String {
        format!("name = 'a'\nkind = 'http-json'\nurl = 'http://127.0.0.1:1/q'\n{REQUEST}\nanswer = {{ rows = '/data' }}\n{more}")
    }

    #[test]
    fn the_smallest_of_each_kind() {
        assert_eq!(faults(&plain("")), "");
        assert_eq!(faults("name = 'a'\nkind = 'licet'\nurl = 'https://b/v1/lookups'\ntls_anchors = ['ca.pem']"), "");
        let elsewhere = faults("name = 'a'\nkind = 'licet'\nurl = 'https://b/'\ntls_anchors = ['ca.pem']");
        assert!(elsewhere.contains("sources[0].url: must lead to the look-ups"), "{elsewhere}");
        let exchange =
            "[exchange]\nrid = 'r'\nsid = 's_1_2'\napp_key = 'k'\nkey_url = 'http://[::1]/k'\ncipher = 'aes-cbc-sha1prng'";
        assert_eq!(
            faults(
                &plain("")
                    .replace("http-json", "exchange")
                    .replace("answer =", "form = true\nanswer =")
                    .replace("'/data' }", &format!("'/data' }}\n{exchange}"))
            ),
            ""
        );
    }

    #[test]
    fn numbers_have_a_place_in_bodies_alone() {
        for url in ["http://127.0.0.1/q?n={number}", "http://127.0.0.1/q?n=", "http://127.0.0.1/%7Bnumber%7D"] {
            let text = plain("").replace("http://127.0.0.1:1/q", url);
            let said = source(&text).map(|_| faults(&text)).unwrap_or_else(|error| error);
            assert!(said.contains("sources[0].url: must have no query") || said.contains("not an address"), "{url}: {said}");
        }
        assert!(faults(&plain("resources.'1/1'.path = '/q?n={number}'")).contains("path: must be a path"));
        assert!(source(&plain("").replace("{number}", "{nummer}")).unwrap_err().contains("{nummer}"));
        assert!(source(&plain("").replace(r#""zjhm""#, r#""{number}""#)).is_err(), "in a name");
    }

    #[test]
    fn faults_have_their_keys() {
        for (change, to, key) in [
            ("name = 'a'", "name = 'local'", "sources[0].name: local"),
            ("name = 'a'", "name = 'a b'", "sources[0].name: must"),
            ("http://127.0.0.1:1/q", "http://dept.example/q", "sources[0].url: is plain HTTP"),
            ("http://127.0.0.1:1/q", "https://dept.example/q", "sources[0].url: is https"),
            (REQUEST, "", "sources[0].request: "),
            (REQUEST, "certificate = 'c.pem'", "sources[0].certificate: "),
            (REQUEST, r#"request = '{"a":"{secret}{number}"}'"#, "sources[0].auth: "),
            (REQUEST, "form = true\nrequest = '{\"a\":{\"b\":\"{number}\"}}'", "sources[0].form: "),
            ("http-json", "exchange", "sources[0].exchange: "),
            ("http-json'", "http-json'\norganisations = ['11330105002500287D']", "sources[0].organisations: \"1133"),
            ("http-json", "licet", "sources[0]: another gateway"),
            ("http-json'", "http-json'\nconnect_timeout_ms = 0", "sources[0].connect_timeout_ms: "),
            ("http-json'", "http-json'\nanswer_bytes_max = 0", "sources[0].answer_bytes_max: "),
            ("http-json'", "http-json'\nresources.'1/1'.sid = 's'", "sources[0].resources: sid"),
        ] {
            let text = plain("").replace(change, to);
            assert!(faults(&text).contains(key), "{key} in {}", faults(&text));
        }
        assert!(source(&plain("pasword = 'x'")).unwrap_err().contains("pasword"));
        let twice = source(&plain("")).unwrap();
        let mut found = Faults::default();
        check(&[twice.clone(), twice], &mut found);
        assert!(found.to_string().contains("sources[1].name: is used twice"));
    }
}
