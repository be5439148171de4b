//! The one client of HTTP/1.1 with which the gateway and its tools ask others: one request a connection, everything within limits,
//! no redirects.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::{Faults, KeySource, SourceUrl};
use crate::secrets;
use crate::status::Fault;
use crate::telemetry;

/// The longest head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The longest refusal that is read, in bytes.
const REFUSAL_BYTES_MAX: usize = 64 << 10;

/// With what others are asked over https, by the keys of the configuration that name the files.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// The key that names the authorities.
    pub anchors_key: &'a str,
    /// The authorities of servers, PEM. Without any, nobody is asked over https.
    pub anchors: &'a [PathBuf],
    /// The key that names the certificate, the file of our own certificate with its intermediates, and of its private key: PEM.
    pub own: Option<(&'a str, &'a Path, &'a KeySource)>,
}

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Of whom.
    pub url: &'a SourceUrl,
    /// GET or POST.
    pub method: Method,
    /// Further fields of the head.
    pub headers: HeaderMap,
    /// The content of a POST.
    pub content: Bytes,
    /// The longest answer that is read, in bytes.
    pub bytes_max: usize,
    /// For the whole answer to arrive.
    pub within: Duration,
}

/// What came back, with any status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The fields of the head.
    pub headers: HeaderMap,
    /// The content.
    pub body: Vec<u8>,
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    connect_timeout: Duration,
    tls: Option<Arc<ClientConfig>>,
}

impl<'a> Question<'a> {
    /// A GET.
    #[must_use]
    pub fn get(url: &'a SourceUrl, bytes_max: usize, within: Duration) -> Self {
        Self { url, method: Method::GET, headers: HeaderMap::new(), content: Bytes::new(), bytes_max, within }
    }

    /// A POST of this content.
    #[must_use]
    pub fn post(url: &'a SourceUrl, content: impl Into<Bytes>, bytes_max: usize, within: Duration) -> Self {
        Self { method: Method::POST, content: content.into(), ..Self::get(url, bytes_max, within) }
    }
}

impl Outbound {
    /// A client that shows and trusts these certificates over https.
    ///
    /// # Errors
    /// Every file that cannot be read, by the key that names it.
    pub fn new(connect_timeout: Duration, material: &Material<'_>) -> Result<Self, Faults> {
        Ok(Self { connect_timeout, tls: tls(material)? })
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask(&self, question: Question<'_>) -> Result<Reply, Fault> {
        let (url, bytes_max, within) = (question.url, question.bytes_max, question.within);
        let request = request(question)?;
        let work = async {
            let (head, mut body) = self.send(url, request).await?.into_parts();
            Ok(Reply { status: head.status, headers: head.headers, body: read(&mut body, bytes_max).await? })
        };
        timeout(within, work).await.unwrap_or(Err(Fault::Slow))
    }

    /// Asks, and hands on what comes of a good answer piece by piece, as long as `take` says so. Each piece may take as long as the
    /// question says. Of any other answer, the content is in the reply.
    ///
    /// # Errors
    /// Why the answer is not there, or not whole.
    pub async fn pour(&self, question: Question<'_>, take: &mut (dyn FnMut(&[u8]) -> bool + Send)) -> Result<Reply, Fault> {
        let (url, bytes_max, within) = (question.url, question.bytes_max, question.within);
        let response = timeout(within, self.send(url, request(question)?)).await.unwrap_or(Err(Fault::Slow))?;
        let (head, mut body) = response.into_parts();
        let mut reply = Reply { status: head.status, headers: head.headers, body: Vec::new() };
        if reply.status != StatusCode::OK {
            let refusal = timeout(within, read(&mut body, bytes_max.min(REFUSAL_BYTES_MAX)));
            reply.body = refusal.await.unwrap_or(Err(Fault::Slow))?;
            return Ok(reply);
        }
        while let Some(frame) = timeout(within, body.frame()).await.or(Err(Fault::Slow))? {
            let Ok(data) = frame.or(Err(Fault::Broken))?.into_data() else { continue };
            if !take(&data) {
                return Err(Fault::Internal);
            }
        }
        Ok(reply)
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

fn request(question: Question<'_>) -> Result<Request<Full<Bytes>>, Fault> {
    let Question { url, method, headers, content, .. } = question;
    let builder = Request::builder().method(method).uri(&url.target).header(HOST, &url.authority);
    let mut request = builder.header(CONNECTION, "close").body(Full::new(content)).or(Err(Fault::Internal))?;
    request.headers_mut().extend(headers);
    telemetry::mark(request.headers_mut());
    Ok(request)
}

pub(crate) fn tls(material: &Material<'_>) -> Result<Option<Arc<ClientConfig>>, Faults> {
    let mut faults = Faults::default();
    let mut roots = RootCertStore::empty();
    for (index, path) in material.anchors.iter().enumerate() {
        let key = format!("{}[{index}]", material.anchors_key);
        for anchor in faults.take(certificates(&key, path)).unwrap_or_default() {
            if let Err(error) = roots.add(anchor) {
                faults.add(&key, format!("{} cannot be a trust anchor: {error}", path.display()));
            }
        }
    }
    let own = material.own.and_then(|(key, certificate, private)| faults.take(own(key, certificate, private)));
    faults.none_or(())?;
    if roots.is_empty() {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Faults::one("(tls)", error.to_string()))?.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let name = material.own.map_or("(tls)", |(key, ..)| key);
            builder.with_client_auth_cert(chain, key).map_err(|error| Faults::one(name, error.to_string()))?
        }
    };
    Ok(Some(Arc::new(config)))
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(key: &str, certificate: &Path, private: &KeySource) -> Result<Own, Faults> {
    Ok((certificates(key, certificate)?, secrets::private_key(key, private)?))
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Faults> {
    let fault = |error: &dyn std::fmt::Display| Faults::one(key, format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| fault(&error))?;
    CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().map_err(|error| fault(&error))
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

async fn read(body: &mut Incoming, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.or(Err(Fault::Broken))?.into_data() else { continue };
        if bytes.len().saturating_add(data.len()) > bytes_max {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
