//! A real gateway under a flood of everything: its memory stays within what it may have, and its handles are given back.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::neighbour::unharmed_by;
use super::wire::{INITIAL_WINDOW_SIZE, Wire, get, streams};
use crate::admin::ask_at;
use crate::client::{Http, get as get_request, request};
use crate::licence_kit::{Office, fields};
use crate::process::{Process, Site};
use crate::started::{AUDITOR, ISSUER, VERIFIER};

const MAX_MIB: u64 = 832;

/// What makes a small gateway.
const SMALL: &str = "workers_max = 1\nbody_bytes_max = 4_194_304\nbodies_bytes_max = 33_554_432\nanswers_bytes_max = 33_554_432
connections_max = 256\n";

const SECTIONS: &str = "[memory]\nmax_mib = 832\nstore_mib = 32\n[cache]\nverdicts_mib = 8\nsm2_tables_mib = 4
[status]\nhistory_bytes_max = 16_777_216\n[limits]\nin_flight_max = 1_024\ncaller_in_flight_max = 400\n";

/// Bodies that never end, answers that nobody takes, and connections that say nothing; as much of each as is let in.
async fn flood(site: &Site, process: &Process) -> (Vec<Wire>, Vec<TcpStream>, Vec<tokio_rustls::client::TlsStream<TcpStream>>) {
    let (mut wires, mut silent, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    let body = vec![0x20; 3 << 20];
    for _ in 0..20 {
        let mut wire = Wire::open(&site.client(process, AUDITOR), &[(INITIAL_WINDOW_SIZE, 1)]).await;
        for stream in streams(100) {
            assert!(wire.send(&get(stream, "/openapi.json")).await);
        }
        wires.push(wire);
        let mut stream = site.client(process, ISSUER).tls(Http::One).await.unwrap();
        let head = "POST /v1/verifications HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/ofd\r\ncontent-length: 4000000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        // What has no room is refused, and then not taken any more.
        drop(stream.write_all(&body).await);
        slow.push(stream);
        for _ in 0..20 {
            silent.push(TcpStream::connect(process.address).await.unwrap());
        }
    }
    (wires, silent, slow)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_handles_hold() {
    let office = Office::new();
    let site = Site::with_server(&office, SMALL, SECTIONS);
    let process = site.start();
    let verifier = site.client(&process, VERIFIER);
    let verification = request("POST", "/v1/verifications", "application/ofd", office.ofd(&fields("0001", 1)));
    assert_eq!(verifier.send(Http::One, verification.clone()).await.status, 200);
    let before = process.usage();
    let held = Box::pin(unharmed_by(&verifier, &verification, 20, flood(&site, &process))).await;
    let during = process.usage();
    assert!(during.kib < MAX_MIB << 10, "{during:?}, from {before:?}");
    assert!(during.handles <= before.handles + 320, "{during:?}, from {before:?}");
    let metrics = ask_at(process.admin, "GET /metrics").await;
    assert!(metrics.contains("licet_memory_bytes{what=\"limit\"} 872415232"), "{metrics}");
    drop(held);
    while process.usage().handles > before.handles + 8 {
        assert_eq!(verifier.send(Http::Two, get_request("/v1/trust")).await.status, 200);
    }
    let after = process.usage();
    assert!(after.kib < MAX_MIB << 10, "{after:?}, from {before:?}");
}
