//! The client of sources: connections that are kept and shared, HTTP/1.1 and HTTP/2, everything within limits, no redirects.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use crate::broker::SourceFault;
use crate::config::{DataSource, Faults, SourceUrl};
use crate::outbound::{self, Material};

/// The longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The most fields of a head.
const FIELDS_MAX: usize = 64;

/// How often a connection of HTTP/2 that waits for an answer is tried, and for how long.
const ALIVE_EVERY: Duration = Duration::from_secs(5);

/// A client of one source.
#[derive(Debug)]
pub(super) struct Client {
    inner: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    bytes_max: usize,
}

/// What came back, with any status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Client {
    /// A client with these settings.
    pub(super) fn new(settings: &DataSource, at: &str) -> Result<Self, Faults> {
        let own = settings.certificate.as_deref().zip(settings.key.as_ref());
        let (anchors_key, key) = (format!("{at}.tls_anchors"), format!("{at}.certificate"));
        let own = own.map(|(certificate, private)| (key.as_str(), certificate, private));
        let material = Material { anchors_key: &anchors_key, anchors: &settings.tls_anchors, own };
        let tls = outbound::tls(&material)?.map_or_else(nobody_trusted, Ok)?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(settings.connect_timeout()));
        let connector = HttpsConnectorBuilder::new().with_tls_config(ClientConfig::clone(&tls));
        let connector = connector.https_or_http().enable_all_versions().wrap_connector(http);
        let inner = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.idle_timeout())
            .pool_max_idle_per_host(settings.idle_connections_max.into())
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .http1_max_headers(FIELDS_MAX)
            .http2_max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .http2_keep_alive_interval(ALIVE_EVERY)
            .http2_keep_alive_timeout(ALIVE_EVERY)
            .build(connector);
        Ok(Self { inner, bytes_max: usize::try_from(settings.answer_bytes_max).unwrap_or(usize::MAX) })
    }

    /// Posts a body, and waits for the whole answer, for as long as whoever called does.
    pub(super) async fn post(&self, url: &Address, fields: HeaderMap, body: Bytes) -> Result<Reply, SourceFault> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.uri.clone();
        *request.headers_mut() = fields;
        let answer = self.inner.request(request).await.map_err(|error| fault(&error))?;
        let (head, body) = answer.into_parts();
        if head.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != HeaderValue::from_static("identity")) {
            return Err(SourceFault::Malformed);
        }
        Ok(Reply { status: head.status.as_u16(), body: read(body, self.bytes_max).await? })
    }
}

/// Where a source is asked.
#[derive(Clone, Debug)]
pub(super) struct Address {
    uri: Uri,
}

impl Address {
    /// The address of the configuration, with another path where one is given.
    pub(super) fn new(url: &SourceUrl, path: Option<&str>, key: &str) -> Result<Self, Faults> {
        let scheme = if url.is_tls { "https" } else { "http" };
        let builder = Uri::builder().scheme(scheme).authority(url.authority.as_str());
        let uri = builder.path_and_query(path.unwrap_or(&url.target)).build();
        uri.map(|uri| Self { uri }).map_err(|error| Faults::one(key, error.to_string()))
    }

    /// Host, and port where it is not the usual one.
    pub(super) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The path.
    pub(super) fn path(&self) -> &str {
        self.uri.path()
    }
}

/// For sources over plain HTTP, which the checks of the configuration hold to this machine or to an explicit leave.
fn nobody_trusted() -> Result<Arc<ClientConfig>, Faults> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Faults::one("(tls)", error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

fn fault(error: &Error) -> SourceFault {
    if error.is_connect() {
        return SourceFault::Unreachable;
    }
    match error.source().and_then(|source| source.downcast_ref::<hyper::Error>()) {
        // What came is no HTTP, or a head that is too long.
        Some(error) if error.is_parse() => SourceFault::Failed,
        _ => SourceFault::Unreachable,
    }
}

async fn read(mut body: Incoming, bytes_max: usize) -> Result<Vec<u8>, SourceFault> {
    if body.size_hint().lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        return Err(SourceFault::Malformed);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.or(Err(SourceFault::Unreachable))?.into_data() else { continue };
        if bytes.len().saturating_add(data.len()) > bytes_max {
            return Err(SourceFault::Malformed);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
