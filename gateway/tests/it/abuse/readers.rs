//! Who asks and does not take what comes: it fills its own share, and is let go.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::neighbour::unharmed;
use super::wire::{End, INITIAL_WINDOW_SIZE, Wire, get, streams, window};
use crate::admin::ask;
use crate::client::{Http, get as get_request};
use crate::sample_routes::LARGE_BYTES;
use crate::started::{ISSUER, Setup, Started};

/// Room for 8 large answers, 2 of them for each caller.
const ROOM: &str = "body_bytes_max = 1_048_576\nanswers_bytes_max = 8_388_608";

async fn left(gateway: &Started) {
    // The answers have left, or were given up.
    while gateway.app.metrics.door.open().0 > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn windows_of_one_byte_hold_no_more_than_a_share() {
    let gateway = Setup::new().with(ROOM).start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut wire = Wire::open(&gateway.verifier(), &[(INITIAL_WINDOW_SIZE, 1)]).await;
    let attack = async {
        for stream in streams(100) {
            assert!(wire.send(&get(stream, "/large")).await);
        }
        let mut ends = Vec::new();
        while ends.len() < 100 {
            ends.push(wire.end().await);
        }
        ends
    };
    let ends = unharmed(&neighbour, "/large", 5, attack).await;
    assert_eq!(ends.iter().filter(|end| **end == End::Answer(true)).count(), 2);
    assert_eq!(ends.iter().filter(|end| **end == End::Answer(false)).count(), 98, "503 for want of room");
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_shed_total{class=\"verify\",reason=\"room\"} 98"), "{metrics}");
    // Whoever opens the windows gets all of it, and the room is free again.
    let open: Vec<u8> = streams(100).flat_map(|stream| window(stream, 1 << 30)).collect();
    assert!(wire.send(&[window(0, 1 << 30), open].concat()).await);
    let mut bytes = 0;
    while bytes < 2 * LARGE_BYTES {
        let frame = wire.next().await.unwrap();
        bytes += if frame.kind == super::wire::DATA { frame.payload.len() } else { 0 };
    }
    let mut own = gateway.verifier().connect(Http::Two).await;
    while own.send(get_request("/large")).await.unwrap().status != 200 {
        tokio::task::yield_now().await;
    }
    drop((wire, own));
    left(&gateway).await;
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_admitted{class=\"verify\"} 0"), "{metrics}");
}

#[tokio::test]
async fn who_reads_too_slowly_is_let_go() {
    let more = "header_timeout_ms = 1_000\nidle_timeout_ms = 100\nsend_bytes_per_s_min = 100_000_000";
    let gateway = Setup::new().with(ROOM).with(more).start().await;
    let mut wire = Wire::open(&gateway.verifier(), &[(INITIAL_WINDOW_SIZE, 1)]).await;
    assert!(wire.send(&get(1, "/large")).await);
    let mut plain = gateway.verifier().tls(Http::One).await.unwrap();
    // So much that no buffer below takes all of it.
    plain.write_all("GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(40).as_bytes()).await.unwrap();
    left(&gateway).await;
    let metrics = ask(&gateway, "GET /metrics").await;
    assert!(metrics.contains("licet_connections_refused_total{reason=\"slow-reader\"} 2"), "{metrics}");
    assert!(metrics.contains("licet_admitted{class=\"verify\"} 0"), "{metrics}");
}

#[tokio::test]
async fn requests_in_a_row_are_answered_one_after_the_other() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut stream = gateway.verifier().tls(Http::One).await.unwrap();
    let attack = async {
        let one = "GET /whoami HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let last = "GET /whoami HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(format!("{}{last}", one.repeat(999)).as_bytes()).await.unwrap();
        let mut replies = Vec::new();
        stream.read_to_end(&mut replies).await.unwrap();
        String::from_utf8(replies).unwrap()
    };
    let replies = unharmed(&neighbour, "/whoami", 20, attack).await;
    assert_eq!(replies.matches("HTTP/1.1 200 OK").count(), 1000);
}
