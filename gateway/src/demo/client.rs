//! A small HTTPS client with a certificate of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::authority::Credential;
use super::error::DemoError;

/// A client with one connection that is opened when it is first needed.
pub struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// What to send.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Path with query.
    pub path: &'a str,
    /// Media type of the body; none asks with GET.
    pub media_type: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Further headers.
    pub headers: &'a [(&'a str, &'a str)],
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.address)
    }
}

impl Client {
    /// A client that trusts servers below this root, DER.
    ///
    /// # Errors
    /// [`DemoError::Tls`] when root, certificate or key are unusable.
    pub fn new(address: SocketAddr, root: &[u8], credential: &Credential) -> Result<Self, DemoError> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(root.to_vec())).map_err(DemoError::Tls)?;
        let chain = vec![CertificateDer::from(credential.certificate.clone())];
        let key = PrivatePkcs8KeyDer::from(credential.key.pkcs8()).into();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(DemoError::Tls)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(DemoError::Tls)?;
        Ok(Self { address, config: Arc::new(config), sender: None })
    }

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// [`DemoError::Transport`] when there is none, as when the gateway refuses the certificate.
    pub async fn send(&mut self, message: Message<'_>) -> Result<Reply, DemoError> {
        let transport = |error: hyper::Error| DemoError::Transport(error.to_string());
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        sender.ready().await.map_err(transport)?;
        let method = if message.media_type.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(method).uri(message.path).header("host", "localhost");
        if let Some(media_type) = message.media_type {
            request = request.header("content-type", media_type);
        }
        let request = message.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = Full::new(Bytes::copy_from_slice(message.body));
        let request = request.body(body).map_err(|error| DemoError::Transport(error.to_string()))?;
        let (head, body) = sender.send_request(request).await.map_err(transport)?.into_parts();
        let body = body.collect().await.map_err(transport)?.to_bytes();
        self.sender = Some(sender);
        Ok(Reply { status: head.status, body })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, DemoError> {
        let transport = |error: std::io::Error| DemoError::Transport(error.to_string());
        let name = ServerName::try_from("localhost").map_err(|error| DemoError::Transport(error.to_string()))?;
        let stream = TcpStream::connect(self.address).await.map_err(transport)?;
        let tls = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await.map_err(transport)?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(tls)).await.map_err(|error| DemoError::Transport(error.to_string()))?;
        // Ends with the sender, or with the gateway; either shows in the next answer.
        tokio::spawn(connection);
        Ok(sender)
    }
}

impl<'a> Message<'a> {
    /// A question without a body.
    #[must_use]
    pub const fn get(path: &'a str) -> Self {
        Self { path, media_type: None, body: &[], headers: &[] }
    }

    /// Hands in a body of this type.
    #[must_use]
    pub const fn post(path: &'a str, media_type: &'a str, body: &'a [u8]) -> Self {
        Self { path, media_type: Some(media_type), body, headers: &[] }
    }

    /// With these headers as well.
    #[must_use]
    pub const fn with(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { headers, ..self }
    }
}

impl Reply {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The code of the problem in it; empty when there is none.
    #[must_use]
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Itself, if the status says success.
    ///
    /// # Errors
    /// [`DemoError::Answer`].
    pub fn good(self, what: &'static str) -> Result<Self, DemoError> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(DemoError::Answer { what, status: self.status.as_u16(), code: self.code() })
    }
}
