//! The listener for operators.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::started::{Setup, Started};

pub(crate) async fn ask(gateway: &Started, line: &str) -> String {
    ask_at(gateway.admin_address, line).await
}

pub(crate) async fn ask_at(address: SocketAddr, line: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn health_and_metrics() {
    let gateway = Setup::new().start().await;
    assert_eq!(gateway.verifier().get("/items/110101199003070070").await.status, 200);
    gateway.verifier().get("/110101199003070070").await.is_problem(404, "not-found");
    assert!(ask(&gateway, "GET /live").await.starts_with("HTTP/1.1 200 "));
    assert!(ask(&gateway, "GET /ready").await.contains("\"ready\":true"));
    assert!(ask(&gateway, "POST /ready").await.starts_with("HTTP/1.1 405 "));
    assert!(ask(&gateway, "GET /else").await.starts_with("HTTP/1.1 404 "));
    let metrics = ask(&gateway, "GET /metrics").await;
    for line in [
        "licet_requests_total{route=\"/items/{item}\",status=\"2xx\"} 1",
        "licet_requests_total{route=\"(none)\",status=\"4xx\"} 1",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
    assert!(!metrics.contains("110101"), "nothing that a caller sent is a label");
    gateway.trigger.stop();
    let ready = ask(&gateway, "GET /ready").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("stopping"), "{ready}");
}

#[tokio::test]
async fn the_public_listener_shows_none_of_it() {
    let gateway = Setup::new().start().await;
    for path in ["/metrics", "/live", "/ready"] {
        gateway.operator().get(path).await.is_problem(404, "not-found");
    }
}
