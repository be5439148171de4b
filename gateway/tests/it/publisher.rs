//! Who publishes revocation lists and answers for certificates, over plain HTTP on loopback.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ETAG, IF_NONE_MATCH};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a path answers with.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// These bytes.
    Gives(Vec<u8>),
    /// This status.
    Refuses(u16),
    /// Nothing, ever.
    Hangs,
}

/// A request that came: method, path and content type.
pub(crate) type Seen = (Method, String, String);

#[derive(Clone)]
pub(crate) struct Publisher {
    address: SocketAddr,
    paths: Arc<Mutex<BTreeMap<String, Behaviour>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Publisher {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let publisher = Self { address: listener.local_addr().unwrap(), paths: Arc::default(), seen: Arc::default() };
        let served = publisher.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let publisher = served.clone();
                let service = service_fn(move |request| {
                    let publisher = publisher.clone();
                    async move { Ok::<_, Infallible>(publisher.answer(request).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        publisher
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn set(&self, path: &str, behaviour: Behaviour) {
        self.paths.lock().unwrap().insert(path.to_owned(), behaviour);
    }

    pub(crate) fn give(&self, path: &str, content: Vec<u8>) {
        self.set(path, Behaviour::Gives(content));
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let (head, body) = request.into_parts();
        body.collect().await.unwrap();
        let content_type = head.headers.get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
        self.seen.lock().unwrap().push((head.method, path.clone(), content_type));
        let behaviour = self.paths.lock().unwrap().get(&path).cloned().unwrap_or(Behaviour::Refuses(404));
        let (status, content) = match behaviour {
            Behaviour::Gives(content) => (200, content),
            Behaviour::Refuses(status) => (status, Vec::new()),
            Behaviour::Hangs => std::future::pending().await,
        };
        let etag = format!("\"{}\"", crypto::digest::Sha256::of(&[&content]));
        let is_known = head.headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
        let (status, content) = if is_known { (304, Vec::new()) } else { (status, content) };
        Response::builder().status(status).header(ETAG, etag).body(Full::new(content.into())).unwrap()
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
