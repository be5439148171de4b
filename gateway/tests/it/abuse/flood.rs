//! Floods of frames: what takes no answer from a server, or makes it work for nothing.

use super::neighbour::unharmed;
use super::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, End, HEADERS, PING, Wire, field, frame, get, head, reset, settings, streams,
};
use crate::started::{ISSUER, Setup, Started};

const PROTOCOL: u32 = 1;
const ENHANCE_YOUR_CALM: u32 = 11;

async fn idle_again(gateway: &Started) {
    while gateway.app.metrics.in_flight.get() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn streams_that_are_opened_and_reset_end_the_connection() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    let flood: Vec<u8> = streams(10_000).flat_map(|stream| [get(stream, "/stuck"), reset(stream)].concat()).collect();
    let attack = async {
        // Refused in the middle of it, or taken and then given up.
        wire.send(&flood).await;
        wire.given_up().await
    };
    let code = unharmed(&neighbour, "/whoami", 20, attack).await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
    idle_again(&gateway).await;
}

#[tokio::test]
async fn requests_that_are_given_up_one_by_one_leave_nothing_behind() {
    let gateway = Setup::new().start().await;
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    for stream in streams(300) {
        assert!(wire.send(&get(stream, "/stuck")).await);
        while gateway.app.metrics.in_flight.get() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(wire.send(&reset(stream)).await);
        idle_again(&gateway).await;
    }
    assert!(wire.send(&get(1_001, "/whoami")).await);
    assert_eq!(wire.end().await, End::Answer(true));
    assert_eq!(gateway.caller(ISSUER).get("/whoami").await.status, 200);
}

/// A client that makes the server reset its own streams, each of which is worked on already.
#[tokio::test]
async fn a_server_is_not_made_to_reset_for_ever() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    // What comes behind the end of a request is an error of its stream.
    let behind = |stream| frame(DATA, END_STREAM, stream, b"x");
    let flood: Vec<u8> = streams(5_000).flat_map(|stream| [get(stream, "/stuck"), behind(stream)].concat()).collect();
    let attack = async {
        wire.send(&flood).await;
        wire.given_up().await
    };
    let code = unharmed(&neighbour, "/whoami", 20, attack).await;
    // At once, as an error of the connection, or after some of them.
    assert!(code.is_none_or(|code| [PROTOCOL, ENHANCE_YOUR_CALM].contains(&code)), "{code:?}");
    idle_again(&gateway).await;
}

#[tokio::test]
async fn a_head_that_never_ends_is_not_read_for_ever() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    let kilobyte = field("x-more", &"y".repeat(1000));
    for more in [kilobyte.repeat(16), Vec::new()] {
        let mut wire = Wire::open(&gateway.verifier(), &[]).await;
        let attack = async {
            let mut taken = wire.send(&frame(HEADERS, 0, 1, &head("/whoami"))).await;
            let mut frames = 0;
            while taken && frames < 20_000 {
                taken = wire.send(&frame(CONTINUATION, 0, 1, &more)).await;
                frames += 1;
            }
            wire.given_up().await
        };
        let code = unharmed(&neighbour, "/whoami", 20, attack).await;
        assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
        // It is given up, whether or not we are.
        while gateway.app.metrics.door.open().0 > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// One header put into the table once, and named ten thousand times: forty megabytes in ten kilobytes.
#[tokio::test]
async fn a_head_that_unfolds_is_refused_and_not_unfolded() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    let mut remembered = field("x-bomb", &"b".repeat(4_000));
    remembered[0] = 0x40;
    let block = [head("/whoami"), remembered, vec![0xbe; 10_000]].concat();
    let attack = async {
        wire.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block)).await;
        wire.end().await
    };
    let end = unharmed(&neighbour, "/whoami", 5, attack).await;
    assert_ne!(end, End::Answer(true));
    idle_again(&gateway).await;
}

/// Frames that ask for an answer, from somebody who takes none: the server stops reading when it cannot write.
#[tokio::test]
async fn whoever_takes_no_answers_is_not_listened_to() {
    let gateway = Setup::new().start().await;
    let neighbour = gateway.caller(ISSUER);
    for flood in [frame(PING, 0, 0, &[7; 8]), settings(&[(3, 100)])] {
        let mut wire = Wire::open(&gateway.verifier(), &[]).await;
        let flood = flood.repeat(1_000);
        let attack = async {
            // Some tens of megabytes if it is taken, a few until nobody reads any more.
            for _ in 0..2_000 {
                let sent = tokio::time::timeout(std::time::Duration::from_millis(300), wire.send(&flood)).await;
                if sent != Ok(true) {
                    break;
                }
            }
        };
        unharmed(&neighbour, "/whoami", 50, attack).await;
    }
}

#[tokio::test]
async fn a_body_of_empty_frames_ends() {
    let gateway = Setup::new().with("body_timeout_ms = 2_000").start().await;
    let neighbour = gateway.caller(ISSUER);
    let mut wire = Wire::open(&gateway.verifier(), &[]).await;
    let block = [
        field(":method", "POST"),
        field(":scheme", "https"),
        field(":authority", "localhost"),
        field(":path", "/files"),
        field("content-type", "application/ofd"),
    ];
    let empty = frame(DATA, 0, 1, &[]).repeat(1_000);
    let attack = async {
        let mut taken = wire.send(&frame(HEADERS, END_HEADERS, 1, &block.concat())).await;
        for _ in 0..500 {
            taken = taken && wire.send(&empty).await;
        }
        wire.end().await
    };
    let end = unharmed(&neighbour, "/whoami", 20, attack).await;
    assert_ne!(end, End::Answer(true));
    idle_again(&gateway).await;
}
