//! HTTP over a pipe in memory: a service and its client in one process, without a socket and without TLS.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, client, server};
use hyper_util::rt::TokioIo;

/// How much is on its way in each direction at most, in bytes.
const PIPE_BYTES: usize = 256 << 10;

/// The client's end.
#[derive(Debug)]
pub struct Pipe(SendRequest<Full<Bytes>>);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Path with query.
    pub path: String,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Ask {
    /// A question in JSON.
    #[must_use]
    pub fn json(path: &str, body: &serde_json::Value) -> Self {
        Self { path: path.to_owned(), content_type: "application/json", body: body.to_string().into() }
    }

    /// One that brings an OFD document.
    #[must_use]
    pub fn ofd(path: &str, document: impl Into<Bytes>) -> Self {
        Self { path: path.to_owned(), content_type: "application/ofd", body: document.into() }
    }
}

impl Pipe {
    /// Lets `service` answer at the other end, on the runtime that this is called on.
    ///
    /// # Errors
    /// When the two ends do not understand each other.
    pub async fn to<S, F, B>(service: S) -> Result<Self, String>
    where
        S: Fn(Request<Incoming>) -> F + Send + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: std::error::Error + Send + Sync,
    {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let service = service_fn(move |request| {
            let answer = service(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        // Both ends run until the client is dropped.
        drop(tokio::spawn(server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service)));
        let (sender, connection) = client::conn::http1::handshake(TokioIo::new(ours)).await.map_err(|error| error.to_string())?;
        drop(tokio::spawn(connection));
        Ok(Self(sender))
    }

    /// Posts, and waits for the whole answer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn post(&mut self, ask: &Ask) -> Result<(StatusCode, Bytes), String> {
        let request = Request::builder().method(Method::POST).uri(&ask.path).header(HOST, "licet.example");
        let request = request.header(CONTENT_TYPE, ask.content_type).body(Full::new(ask.body.clone()));
        self.0.ready().await.map_err(|error| error.to_string())?;
        let answer = self.0.send_request(request.map_err(|error| error.to_string())?).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, body))
    }
}
