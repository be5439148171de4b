//! Histories at random, from a seed: commits, segments, backups, stops and crashes in any order.

use std::collections::BTreeMap;

use crypto::time::Timestamp;

use crate::journal::{Desk, Rows, goal, key, places, restored, rows, verified};
use crate::sample::now;
use crate::scratch::Scratch;

/// Whatever is done in whatever order: a state that is reached is the one that was at that moment, and none is passed over that can be.
#[test]
fn seeded_histories_come_back() {
    for seed in 1..=3_u64 {
        let scratch = Scratch::new(&format!("journal-seed-{seed}"));
        let (data, folder) = places(&scratch);
        let mut random = seed;
        let mut below = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        let mut desk = Desk::open(&data, &folder, 0);
        let mut states: BTreeMap<Timestamp, Rows> = BTreeMap::new();
        // Whether a backup leads to what is journalled now.
        let (mut led, mut reachable, mut number) = (None, now(), 0_u16);
        for step in 0..30 {
            match if step == 0 { 7 } else { below(9) } {
                0..=2 => {
                    desk.fill(number..number + 1);
                    number += 1;
                }
                3 => desk.store.probe(now().plus(i64::from(step))).unwrap(),
                4..=6 => {
                    if let Some(until) = desk.turn() {
                        drop(states.insert(until, rows(&desk.engine)));
                        reachable = if led == Some(desk.journal.line()) { until } else { reachable };
                    }
                }
                7 => {
                    drop(desk.back_up(&folder));
                    reachable = now().plus(desk.seconds);
                    drop(states.insert(reachable, rows(&desk.engine)));
                    led = Some(desk.journal.line());
                    assert!(folder.prune(4, &key()).unwrap() <= 1);
                }
                // A restart: in peace, after the end of the journal was written, or not.
                _ => {
                    let seconds = desk.seconds + 1;
                    if let Some(until) = (below(2) == 0).then(|| desk.turn()).flatten() {
                        drop(states.insert(until, rows(&desk.engine)));
                        reachable = if led == Some(desk.journal.line()) { until } else { reachable };
                    }
                    drop(desk);
                    desk = Desk::open(&data, &folder, seconds);
                }
            }
        }
        drop(desk);
        assert_eq!(verified(&folder), [], "seed {seed}");
        assert_eq!(goal(&folder, None).unwrap().until(), reachable, "seed {seed}");
        let oldest = folder.ids().unwrap()[0].made_at();
        let asked: Vec<Timestamp> = states.keys().filter(|until| **until >= oldest).copied().collect();
        for until in asked {
            let reached = goal(&folder, Some(until)).unwrap().until();
            let nearest = states.range(..=until).next_back().map(|(at, _)| *at);
            assert!(reached <= until && states.contains_key(&reached), "seed {seed}: {until} is {reached}, {nearest:?}");
            if below(4) == 0 || until == reachable {
                let to = scratch.path().join(format!("until-{}", until.unix()));
                let state = restored(&folder, &goal(&folder, Some(until)).unwrap(), &to);
                assert!(state == states[&reached], "seed {seed}: the state of {until}");
            }
        }
    }
}
