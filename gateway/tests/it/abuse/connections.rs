//! Many connections: of nobody, of one caller, of one that says nothing.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::neighbour::unharmed;
use crate::admin::ask;
use crate::client::{Http, get};
use crate::started::{ISSUER, Setup, Started};

async fn from(gateway: &Started, address: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    socket.connect(gateway.address).await.unwrap()
}

#[tokio::test]
async fn strangers_keep_nobody_out() {
    let gateway = Setup::new().with("connections_max = 40").start().await;
    let neighbour = gateway.caller(ISSUER);
    let attack = async {
        let mut silent = Vec::new();
        for number in 0..200 {
            // Half of them say the beginning of something.
            let mut stream = from(&gateway, [127, 0, 0, 2 + number % 5]).await;
            if number % 2 == 0 {
                // Who was told to go already does not take it.
                drop(stream.write_all(&[22, 3, 1, 2, 0, 1]).await);
            }
            silent.push(stream);
        }
        silent
    };
    let silent = unharmed(&neighbour, "/whoami", 20, attack).await;
    while gateway.app.metrics.door.open().1 > 10 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert_eq!(neighbour.send(Http::Two, get("/whoami")).await.status, 200);
    }
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_connections_refused_total{reason=\"strangers\"}"), "{metrics}");
    drop(silent);
    while gateway.app.metrics.door.open() != (0, 0) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_address_pushes_out_its_own_strangers() {
    let gateway = Setup::new().with("connections_max = 400\nstrangers_per_address_max = 3").start().await;
    let other = from(&gateway, [127, 0, 0, 9]).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(from(&gateway, [127, 0, 0, 2]).await);
    }
    while gateway.app.metrics.door.open() != (0, 4) {
        tokio::task::yield_now().await;
    }
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_connections_refused_total{reason=\"address\"} 7"), "{metrics}");
    drop((other, silent));
}

#[tokio::test]
async fn a_caller_has_half_of_the_connections() {
    let gateway = Setup::new().with("connections_max = 8").start().await;
    let mut own = Vec::new();
    for _ in 0..4 {
        let mut connection = gateway.verifier().connect(Http::Two).await;
        assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200);
        own.push(connection);
    }
    let mut fifth = gateway.verifier().connect(Http::One).await;
    assert!(fifth.send(get("/whoami")).await.is_err(), "closed");
    assert_eq!(gateway.caller(ISSUER).get("/whoami").await.status, 200);
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_connections_refused_total{reason=\"caller-share\"} 1"), "{metrics}");
    drop(own.pop());
    while gateway.app.metrics.door.open().0 > 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
}

/// Heads and bodies that come byte by byte take the places of the caller that sends them.
#[tokio::test]
async fn bodies_that_do_not_come_take_the_share_of_their_caller() {
    let mut setup = Setup::new();
    setup.sections = "[limits]\ncaller_in_flight_max = 3\n".to_owned();
    let gateway = setup.start().await;
    let neighbour = gateway.caller(ISSUER);
    let slow = "POST /files HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/ofd\r\ncontent-length: 1000\r\n\r\nx";
    let mut held = Vec::new();
    for count in 1..=3 {
        let mut stream = gateway.verifier().tls(Http::One).await.unwrap();
        stream.write_all(slow.as_bytes()).await.unwrap();
        held.push(stream);
        while gateway.app.metrics.in_flight.get() < count {
            tokio::task::yield_now().await;
        }
    }
    let refused = Box::pin(unharmed(&neighbour, "/whoami", 5, gateway.verifier().get("/whoami"))).await;
    refused.is_problem(429, "rate-limited");
    assert_eq!(refused.json()["reason"], "caller-in-flight");
    drop(held);
    while gateway.app.metrics.in_flight.get() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
}
