//! A client of HTTP/1.1 for sources of status: one request a connection, everything within limits, no redirects.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use crate::config::{Faults, SourceUrl, Status};

/// The longest list that is fetched, in bytes.
const LIST_BYTES_MAX: usize = storage::evidence::BYTES_MAX;

/// The longest OCSP response that is read, in bytes.
const RESPONSE_BYTES_MAX: usize = 64 << 10;

/// The longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The longest validator that is kept and sent again, in bytes.
const VALIDATOR_BYTES_MAX: usize = 256;

/// What a server said about the version of a list, to be asked whether there is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// What came of fetching a list.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The server has what we have.
    Unchanged,
    /// A list, and how to ask for the next one.
    New(Vec<u8>, Validators),
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Client {
    connect_timeout: Duration,
    list_timeout: Duration,
    ocsp_timeout: Duration,
    tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// A client that trusts these authorities over https.
    ///
    /// # Errors
    /// Every file of authorities that cannot be read.
    pub(super) fn new(settings: &Status) -> Result<Self, Faults> {
        Ok(Self {
            connect_timeout: settings.connect_timeout(),
            list_timeout: settings.list_timeout(),
            ocsp_timeout: settings.ocsp_timeout(),
            tls: tls(settings)?,
        })
    }

    /// A list from its address, unless the server has the version that these validators name.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn list(&self, url: &SourceUrl, known: &Validators) -> Result<Fetched, Fault> {
        let mut request = request(Method::GET, url, Bytes::new())?;
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let exchange = async {
            let mut response = self.send(url, request).await?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_MODIFIED if *known != Validators::default() => return Ok(Fetched::Unchanged),
                other => return Err(Fault::Refused(other.as_u16())),
            }
            let validator = |name| response.headers().get(name).filter(|value| value.len() <= VALIDATOR_BYTES_MAX).cloned();
            let validators = Validators { etag: validator(ETAG), last_modified: validator(LAST_MODIFIED) };
            Ok(Fetched::New(body(&mut response, LIST_BYTES_MAX).await?, validators))
        };
        timeout(self.list_timeout, exchange).await.unwrap_or(Err(Fault::Slow))
    }

    /// The answer of a responder to this request, DER (RFC 6960, appendix A.1).
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn ask(&self, url: &SourceUrl, question: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let mut request = request(Method::POST, url, question.into())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/ocsp-request"));
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/ocsp-response"));
        let exchange = async {
            let mut response = self.send(url, request).await?;
            match response.status() {
                StatusCode::OK => body(&mut response, RESPONSE_BYTES_MAX).await,
                other => Err(Fault::Refused(other.as_u16())),
            }
        };
        timeout(self.ocsp_timeout, exchange).await.unwrap_or(Err(Fault::Slow))
    }

    async fn send(&self, url: &SourceUrl, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Fault> {
        let connect = TcpStream::connect((url.host.as_str(), url.port));
        let stream = timeout(self.connect_timeout, connect).await.or(Err(Fault::Unreachable))?.or(Err(Fault::Unreachable))?;
        if !url.is_tls {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(url.host.clone()).or(Err(Fault::Tls))?;
        let config = Arc::clone(self.tls.as_ref().ok_or(Fault::Tls)?);
        let handshake = TlsConnector::from(config).connect(name, stream);
        let stream = timeout(self.connect_timeout, handshake).await.or(Err(Fault::Slow))?.or(Err(Fault::Tls))?;
        exchange(stream, request).await
    }
}

fn tls(settings: &Status) -> Result<Option<Arc<ClientConfig>>, Faults> {
    let mut faults = Faults::default();
    let mut roots = RootCertStore::empty();
    for (index, path) in settings.tls_anchors.iter().enumerate() {
        let key = format!("status.tls_anchors[{index}]");
        for anchor in faults.take(anchors(&key, path)).unwrap_or_default() {
            if let Err(error) = roots.add(anchor) {
                faults.add(&key, format!("{} cannot be a trust anchor: {error}", path.display()));
            }
        }
    }
    faults.none_or(())?;
    if roots.is_empty() {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Faults::one("(tls)", error.to_string()))?;
    Ok(Some(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}

fn anchors(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Faults> {
    let fault = |error: &dyn std::fmt::Display| Faults::one(key, format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| fault(&error))?;
    CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|error| fault(&error))
}

fn request(method: Method, url: &SourceUrl, content: Bytes) -> Result<Request<Full<Bytes>>, Fault> {
    let builder = Request::builder().method(method).uri(&url.target).header(HOST, &url.authority);
    builder.header(CONNECTION, "close").body(Full::new(content)).or(Err(Fault::Internal))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.or(Err(Fault::Broken))?;
    // It ends with the answer, or when whoever waits for that has dropped it.
    tokio::spawn(connection);
    sender.send_request(request).await.or(Err(Fault::Broken))
}

async fn body(response: &mut Response<Incoming>, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(frame) = response.frame().await {
        let Ok(data) = frame.or(Err(Fault::Broken))?.into_data() else { continue };
        if bytes.len().saturating_add(data.len()) > bytes_max {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
