//! From start to stop: what runs finishes, what is new is refused, what takes too long is cut.

use std::sync::atomic::Ordering;

use crate::client::{BOTH, get};
use crate::sample_routes::GATE;
use crate::started::{Setup, refuses};

#[tokio::test]
async fn requests_that_run_finish_and_then_it_ends() {
    let gateway = Setup::new().start().await;
    let before = GATE.0.load(Ordering::SeqCst);
    let mut asked = Vec::new();
    for http in BOTH {
        let verifier = gateway.verifier();
        asked.push(tokio::spawn(async move { verifier.send(http, get("/gate")).await }));
    }
    let mut idle = gateway.verifier().connect(BOTH[0]).await;
    assert_eq!(idle.send(get("/whoami")).await.unwrap().status, 200);
    while GATE.0.load(Ordering::SeqCst) < before + 2 {
        tokio::task::yield_now().await;
    }
    gateway.trigger.stop();
    idle.closed().await;
    while !refuses(gateway.address).await {
        tokio::task::yield_now().await;
    }
    GATE.1.add_permits(2);
    for reply in asked {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    assert_eq!(gateway.running.await.unwrap().cut, 0);
    assert_eq!((gateway.app.metrics.door.open(), gateway.app.metrics.in_flight.get()), ((0, 0), 0));
}

#[tokio::test]
async fn what_takes_too_long_is_cut() {
    let gateway = Setup::new().with("drain_timeout_ms = 50").start().await;
    let verifier = gateway.verifier();
    let stuck = tokio::spawn(async move { verifier.connect(BOTH[0]).await.send(get("/stuck")).await.is_err() });
    while gateway.app.metrics.in_flight.get() == 0 {
        tokio::task::yield_now().await;
    }
    gateway.trigger.stop();
    assert_eq!(gateway.running.await.unwrap().cut, 1);
    assert!(stuck.await.unwrap());
}
