//! A hundred configurations under load: no request fails, no answer is made of two of them, and nothing of the old ones stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use serde_json::{Value, json};

use super::again;
use crate::client::{BOTH, get};
use crate::started::Setup;

const RELOADS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_configurations_pass_under_load() {
    let gateway = Setup::new().start().await;
    let file = gateway.folder.path().join("licet.toml");
    let one = std::fs::read_to_string(&file).unwrap();
    let row = "name = 'approval'\norganisation = '91350211M000100Y46'";
    assert!(one.contains(row));
    let other = one.replacen(row, "name = 'assessment'\norganisation = '11350200004144116F'", 1);
    let other = other.replacen("roles = ['verifier']", "roles = ['verifier', 'auditor']", 1);
    let known = [
        json!({ "name": "approval", "organisation": "91350211M000100Y46", "roles": ["verifier"] }),
        json!({ "name": "assessment", "organisation": "11350200004144116F", "roles": ["verifier", "auditor"] }),
    ];

    let (is_over, seen) = (Arc::new(AtomicBool::new(false)), Arc::new([AtomicU32::new(0), AtomicU32::new(0)]));
    let mut clients = Vec::new();
    for http in BOTH.into_iter().chain(BOTH) {
        let (verifier, is_over, seen, known) = (gateway.verifier(), Arc::clone(&is_over), Arc::clone(&seen), known.clone());
        clients.push(tokio::spawn(async move {
            let mut connection = verifier.connect(http).await;
            while !is_over.load(Ordering::Relaxed) {
                let reply = connection.send(get("/whoami")).await.unwrap();
                assert_eq!(reply.status, 200);
                let mut said: Value = reply.json();
                said["roles"].as_array_mut().unwrap().sort_by_key(|role| role != "verifier");
                let which = known.iter().position(|known| *known == said).unwrap_or_else(|| panic!("{said} is of two"));
                seen[which].fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let mut generations = vec![Arc::downgrade(&gateway.live.current())];
    for turn in 0..RELOADS {
        std::fs::write(&file, if turn % 2 == 0 { &other } else { &one }).unwrap();
        again(&gateway).await.unwrap();
        generations.push(Arc::downgrade(&gateway.live.current()));
        // So that each is asked.
        let before = seen.each_ref().map(|seen| seen.load(Ordering::Relaxed));
        let asked = (turn + 1) % 2;
        while seen[asked].load(Ordering::Relaxed) == before[asked] {
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(gateway.live.current().generation, 100);
    // The first is held by the test itself. What the last requests held goes with them.
    while generations.iter().filter(|generation| generation.strong_count() > 0).count() > 2 {
        tokio::task::yield_now().await;
    }
    assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) >= 50));
}
