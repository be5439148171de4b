//! HTTP/2 with a client certificate, over one connection.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

/// A client of the gateway. The connection is made when it is first needed.
#[derive(Debug)]
pub(super) struct Web {
    address: SocketAddr,
    config: Arc<ClientConfig>,
    sender: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Web {
    pub(super) fn new(address: SocketAddr, config: Result<Arc<ClientConfig>, String>) -> Result<Self, String> {
        Ok(Self { address, config: config?, sender: Mutex::new(None) })
    }

    /// Another connection of the same client.
    pub(super) fn another(&self) -> Self {
        Self { address: self.address, config: Arc::clone(&self.config), sender: Mutex::new(None) }
    }

    /// Asks, and reads the whole answer.
    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<(u16, Bytes), String> {
        let mut sender = self.sender().await?;
        let mut request = Request::post(format!("https://localhost{path}")).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        Ok((status, answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes()))
    }

    /// Asks for what has to be answered with this status.
    pub(super) async fn expect(&self, wanted: u16, path: &str, body: &Value) -> Result<Value, String> {
        let (status, answer) = self.post(path, &[], body.to_string().into_bytes()).await?;
        if status != wanted {
            return Err(format!("{path} is answered with {status}: {}", String::from_utf8_lossy(&answer)));
        }
        serde_json::from_slice(&answer).map_err(|error| error.to_string())
    }

    async fn sender(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let mut kept = self.sender.lock().await;
        if let Some(sender) = kept.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let name = ServerName::from(self.address.ip());
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await;
        let io = TokioIo::new(stream.map_err(|error| error.to_string())?);
        let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .initial_max_send_streams(1024)
            .handshake(io)
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        *kept = Some(sender.clone());
        Ok(sender)
    }
}
