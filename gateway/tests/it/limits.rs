//! Every limit: a clear answer at it, in bounded time and memory.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{BOTH, Client, Http, get, post_json, request};
use crate::started::{ISSUER, Setup, VERIFIER};

const OFD: &str = "application/ofd";

#[tokio::test]
async fn bodies_end_at_the_limit() {
    let gateway = Setup::new().with("body_bytes_max = 100000").start().await;
    let client = gateway.verifier();
    for http in BOTH {
        let reply = client.send(http, request("POST", "/files", OFD, vec![0; 100_000])).await;
        assert_eq!(reply.json(), 100_000);
        client.send(http, request("POST", "/files", OFD, vec![0; 100_001])).await.is_problem(413, "content-too-large");
        let json = format!("{{\"word\": \"{}\"}}", "x".repeat(65_536));
        client.send(http, request("POST", "/words", "application/json", json)).await.is_problem(413, "content-too-large");
        client.send(http, request("GET", "/whoami", "", "x")).await.is_problem(413, "content-too-large");
    }
}

/// Sends bytes as they are on an HTTP/1.1 connection and returns what comes back until the end.
async fn raw(client: &Client, bytes: &[u8]) -> String {
    let mut stream = client.tls(Http::One).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    // A server that closes while bytes are under way resets the connection: what was read until then counts.
    drop(stream.read_to_end(&mut reply).await);
    String::from_utf8(reply).unwrap()
}

const POST: &str = "POST /files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/ofd\r\n";

#[tokio::test]
async fn a_body_of_unannounced_length_ends_at_the_limit() {
    let gateway = Setup::new().with("body_bytes_max = 100000").start().await;
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let small = raw(&gateway.verifier(), format!("{POST}transfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n").as_bytes()).await;
    assert!(small.starts_with("HTTP/1.1 200 ") && small.ends_with("32768"), "{small}");
    let large = raw(&gateway.verifier(), format!("{POST}transfer-encoding: chunked\r\n\r\n{}", chunk.repeat(4)).as_bytes()).await;
    assert!(large.starts_with("HTTP/1.1 413 ") && large.contains("content-too-large"), "{large}");
}

/// The head of a request behind which another may come.
const KEPT: &str = "POST /files HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/ofd\r\n";

#[tokio::test]
async fn an_answer_before_the_end_of_a_body_says_that_the_connection_ends_and_arrives() {
    let gateway = Setup::new().with("body_bytes_max = 100000\nbody_timeout_ms = 500").start().await;
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let much = "x".repeat(150_000);
    for (body, status) in [
        (format!("content-length: 10000000\r\n\r\n{much}"), "413"),
        ("content-length: 10000000\r\nexpect: 100-continue\r\n\r\n".to_owned(), "413"),
        (format!("transfer-encoding: chunked\r\n\r\n{}", chunk.repeat(5)), "413"),
        ("content-length: 10\r\n\r\nhalf".to_owned(), "408"),
    ] {
        let mut stream = gateway.verifier().tls(Http::One).await.unwrap();
        stream.write_all(format!("{KEPT}{body}").as_bytes()).await.unwrap();
        let mut reply = String::new();
        // An end, and no reset.
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")) && reply.contains("\r\nconnection: close\r\n"), "{reply}");
    }
    // What is little is thrown away instead, and the connection goes on.
    let refused = "POST /files HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/nothing\r\ncontent-length: 4\r\n\r\nabcd";
    let next = "GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let both = raw(&gateway.verifier(), format!("{refused}{next}").as_bytes()).await;
    assert!(both.starts_with("HTTP/1.1 415 ") && both.contains("HTTP/1.1 200 "), "{both}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_sees_why_its_file_is_not_taken() {
    let gateway = Setup::new().with("body_bytes_max = 200000").start().await;
    let holder = gateway.holder(VERIFIER);
    for (name, text) in [("own.pem", holder.pem()), ("own.key", holder.key.pem()), ("file", "x".repeat(390_000))] {
        gateway.folder.write(name, text);
    }
    let port = gateway.address.port();
    for version in ["--http1.1", "--http2"] {
        let mut curl = std::process::Command::new("curl");
        curl.current_dir(gateway.folder.path()).args(["--silent", "--show-error", version, "--header", "expect:", "--write-out"]);
        curl.args(["%{http_code}", "--output", "answer", "--cacert", "clients.pem", "--cert", "own.pem", "--key", "own.key"]);
        curl.args(["--header", "content-type: application/ofd", "--data-binary", "@file", "--resolve"]);
        curl.args([&format!("localhost:{port}:127.0.0.1"), &format!("https://localhost:{port}/files")]);
        let output = curl.output().unwrap();
        assert!(output.status.success(), "{version}: {output:?}");
        assert_eq!(output.stdout, b"413", "{version}");
        let answer = std::fs::read_to_string(gateway.folder.path().join("answer")).unwrap();
        assert!(answer.contains("content-too-large"), "{answer}");
    }
}

#[tokio::test]
async fn bodies_together_end_at_the_limit() {
    let gateway = Setup::new().with("body_bytes_max = 100000\nbodies_bytes_max = 100000").start().await;
    let mut first = gateway.verifier().tls(Http::One).await.unwrap();
    // What is announced takes no room; what has arrived does.
    first.write_all(format!("{POST}content-length: 60000\r\n\r\n").as_bytes()).await.unwrap();
    while gateway.app.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.verifier().send(Http::Two, request("POST", "/files", OFD, vec![0; 60_000])).await.status, 200);
    first.write_all(&[0; 59_000]).await.unwrap();
    loop {
        let reply = gateway.verifier().send(Http::Two, request("POST", "/files", OFD, vec![0; 60_000])).await;
        if reply.status != 200 {
            break reply.is_problem(503, "overloaded");
        }
    }
    assert_eq!(gateway.verifier().send(Http::Two, request("POST", "/files", OFD, vec![0; 30_000])).await.status, 200);
    drop(first);
    while gateway.app.metrics.in_flight.get() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.verifier().send(Http::Two, request("POST", "/files", OFD, vec![0; 60_000])).await.status, 200);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let gateway = Setup::new().with("body_timeout_ms = 50").start().await;
    let reply = raw(&gateway.verifier(), format!("{POST}content-length: 10\r\n\r\nhalf").as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 408 ") && reply.contains("body-timeout"), "{reply}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let gateway = Setup::new().with("request_timeout_ms = 50").start().await;
    for http in BOTH {
        let reply = gateway.verifier().send(http, get("/stuck")).await;
        reply.is_problem(503, "deadline-exceeded");
        assert_eq!(reply.header("retry-after"), "1");
        assert!(reply.json().get("detail").is_none());
        let change = gateway.verifier().send(http, post_json("/stuck", "{}")).await;
        change.is_problem(503, "deadline-exceeded");
        assert!(change.json()["detail"].as_str().unwrap().contains("may have been made"));
    }
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let gateway = Setup::new().with("header_timeout_ms = 50\nidle_timeout_ms = 50").start().await;
    let mut silent = TcpStream::connect(gateway.address).await.unwrap();
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0, "no handshake");
    for begun in [&b""[..], b"GET /whoami HTTP/1.1\r\nhost: loc"] {
        assert_eq!(raw(&gateway.verifier(), begun).await, "", "no request");
    }
    for http in BOTH {
        let mut connection = gateway.verifier().connect(http).await;
        assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200);
        connection.closed().await;
    }
    assert_eq!(gateway.app.metrics.handshakes_failed.get(), 1);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let gateway = Setup::new().with("connections_max = 1").start().await;
    let mut first = gateway.verifier().connect(Http::One).await;
    assert_eq!(first.send(get("/whoami")).await.unwrap().status, 200);
    let other = gateway.caller(ISSUER);
    let second = tokio::spawn(async move { other.get("/whoami").await.status });
    assert_eq!(first.send(get("/whoami")).await.unwrap().status, 200);
    while gateway.app.metrics.door.open() != (1, 1) {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(second.await.unwrap(), 200);
}

#[tokio::test]
async fn the_head_ends_at_the_limit() {
    let gateway = Setup::new().start().await;
    let client = gateway.verifier();
    let mut large = get("/whoami");
    large.headers_mut().insert("x-large", "x".repeat(20_000).parse().unwrap());
    for http in BOTH {
        client.send(http, large.clone()).await.is_problem(431, "headers-too-large");
    }
    let long = format!("/items/{}", "x".repeat(5000));
    for http in BOTH {
        client.send(http, get(&long)).await.is_problem(414, "uri-too-long");
    }
}
