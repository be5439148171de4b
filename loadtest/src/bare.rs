//! The floor: a server with the same TLS that does nothing but answer. What a gateway adds to it is what its work costs.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crypto::issue::KeyType;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::site::{Authority, client_config, server_config};
use crate::target::Door;

/// How long the answer is: as a simple report is.
const LENGTH: usize = 300;
/// What its certificates follow from.
const SEED: u64 = 0;

fn authority() -> Authority {
    Authority::new(KeyType::P256, SEED, "bare")
}

/// How it is reached.
///
/// # Errors
/// In a sentence.
pub fn door(address: SocketAddr) -> Result<Arc<Door>, String> {
    let authority = authority();
    let config = client_config(&authority.certificate, &authority.client("caller", "urn:licet-load:bare"))?;
    Ok(Door::new(address, Arc::new(config)))
}

/// Listens on this machine.
///
/// # Errors
/// There is no place to listen.
pub async fn bind() -> Result<TcpListener, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())
}

/// Serves until it is stopped.
///
/// # Errors
/// It cannot take connections any more.
pub async fn serve(listener: TcpListener) -> Result<(), String> {
    let acceptor = TlsAcceptor::from(Arc::new(server_config(&authority().server())?));
    let answer = Bytes::from(content());
    loop {
        let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        tokio::spawn(async move {
            // A caller that goes away is no matter for anybody else.
            serve_one(stream, acceptor, answer).await.unwrap_or_default();
        });
    }
}

async fn serve_one(stream: TcpStream, acceptor: TlsAcceptor, answer: Bytes) -> Result<(), String> {
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = acceptor.accept(stream).await.map_err(|error| error.to_string())?;
    let service = service_fn(|request| reply(request, answer.clone()));
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    serving.await.map_err(|error| error.to_string())
}

async fn reply(request: Request<Incoming>, answer: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    // The body is read, as every server has to; what becomes of it does not matter.
    drop(request.into_body().collect().await);
    let mut response = Response::new(Full::new(answer));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// An answer that callers take for a verdict.
fn content() -> String {
    let beginning = "{\"indication\":\"TOTAL-PASSED\",\"filling\":\"";
    let filling = "x".repeat(LENGTH - beginning.len() - 2);
    format!("{beginning}{filling}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asks::{Expectation, Outcome, post};
    use crate::target::Connection;

    #[tokio::test]
    async fn it_answers_whatever_it_is_asked() {
        let listener = bind().await.unwrap();
        let door = door(listener.local_addr().unwrap()).unwrap();
        let serving = tokio::spawn(serve(listener));
        let mut connection = Connection::new(&door);
        for body in [&b""[..], b"{}", &[7; 100_000]] {
            let reply = connection.exchange(&post("/any", "application/json", body)).await.unwrap();
            assert_eq!((reply.status, reply.body.len()), (200, LENGTH));
            assert_eq!(Expectation::PASSED.judge(&reply), Outcome::Good);
        }
        serving.abort();
    }
}
