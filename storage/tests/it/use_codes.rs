//! Codes and tokens that are good once: also after a restart, after a write that went wrong, and for as long as they live.

use std::sync::Arc;

use crypto::grants::{Authority, Consumer};
use crypto::time::Timestamp;
use storage::engine::memory::{Fault, FaultPlan, Memory};
use storage::engine::{Engine, Space};
use storage::tokens::TokenUse;
use storage::use_codes::{Bound, Fields, Redemption, UseCode};
use storage::{StorageError, Store};

use crate::sample::{identifier, keys, now, options};
use crate::scratch::Scratch;

fn consumer(caller: &str) -> Consumer {
    Consumer { caller: caller.to_owned(), organisation: "91350211M000100Y46".to_owned() }
}

pub(crate) fn code(n: u32, issued_at: Timestamp) -> UseCode {
    UseCode {
        id: UseCode::id_of(&n.to_be_bytes()),
        licence: identifier("A1", 1),
        bound: Bound::Errand {
            item: "item".to_owned(),
            case: None,
            purpose: None,
            grant: "g".to_owned(),
            authority: Authority::Duty,
        },
        fields: Fields::All,
        issued_to: consumer("window"),
        issued_at,
        expires_at: issued_at.plus(600),
        redeemed: None,
    }
}

pub(crate) fn use_by(attempt: &str) -> Redemption {
    Redemption { at: now(), by: consumer("window"), attempt: attempt.to_owned() }
}

pub(crate) fn token<'a>(issuer: &'a str, id: &'a str) -> TokenUse<'a> {
    TokenUse { issuer, id, dead_at: now().plus(600), now: now() }
}

#[test]
fn what_was_used_stays_used_after_a_restart() {
    let scratch = Scratch::new("use-codes");
    let open = || Store::open(scratch.path(), &keys(), &options()).unwrap();
    let store = open();
    let codes = [code(1, now()), code(2, now())];
    store.use_codes().issue(&codes).unwrap();
    assert!(store.tokens().spend(&token("a", "1")).unwrap());
    assert!(store.use_codes().redeem(&codes[0].id, &use_by("1")).unwrap());
    drop(store);
    let store = open();
    assert!(!store.tokens().spend(&token("a", "1")).unwrap());
    assert!(!store.use_codes().redeem(&codes[0].id, &use_by("2")).unwrap());
    assert!(store.use_codes().redeem(&codes[1].id, &use_by("2")).unwrap());
    let kept = store.use_codes().find(&codes[0].id).unwrap().unwrap();
    assert_eq!(kept, UseCode { redeemed: Some(use_by("1")), ..codes[0].clone() });
    assert_eq!(store.use_codes().find("other").unwrap(), None);
    assert_eq!(store.use_codes().redeem("other", &use_by("3")), Err(StorageError::NotFound { what: "use code" }));
}

#[test]
fn tokens_are_apart_by_issuer_and_name() {
    let store = Store::memory(&keys()).unwrap();
    for (issuer, id) in [("a", "1"), ("a", "2"), ("b", "1"), ("a1", ""), ("", "a1")] {
        assert!(store.tokens().spend(&token(issuer, id)).unwrap(), "{issuer} {id}");
    }
    let mention = store.tokens().mention("a", "1");
    assert!(mention.len() == 32 && mention != store.tokens().mention("a", "2"));
}

#[test]
fn of_many_at_once_one_uses_it() {
    let store = Store::memory(&keys()).unwrap();
    let made = code(1, now());
    store.use_codes().issue(std::slice::from_ref(&made)).unwrap();
    let tasks = (0..8).map(|n| {
        let (store, id) = (store.clone(), made.id.clone());
        std::thread::spawn(move || {
            let redeemed = store.use_codes().redeem(&id, &use_by(&n.to_string())).unwrap();
            (redeemed, store.tokens().spend(&token("a", "1")).unwrap())
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let done: Vec<_> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
    assert_eq!(done.iter().filter(|(redeemed, _)| *redeemed).count(), 1);
    assert_eq!(done.iter().filter(|(_, spent)| *spent).count(), 1);
}

#[test]
fn what_is_over_is_let_go() {
    let engine = Arc::new(Memory::new());
    let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
    let rows = |prefix: &[u8]| {
        let all = engine.rows();
        let of = |space| all.iter().filter(|(_, place, key, _)| *place == space && key.starts_with(prefix)).count();
        [Space::Hot, Space::Idx].map(of)
    };
    // More than one batch of a sweep lets go.
    let old: Vec<_> = (0..600).map(|n| code(n, now())).collect();
    store.use_codes().issue(&old).unwrap();
    let young: Vec<_> = (600..663).map(|n| code(n, now().plus(601))).collect();
    store.use_codes().issue(&young).unwrap();
    assert_eq!(rows(b"Uc"), [663, 663]);
    // A code's time is over 600 seconds later.
    assert_eq!(store.use_codes().sweep(now().plus(599)).unwrap(), 0);
    assert_eq!(store.use_codes().sweep(now().plus(601)).unwrap(), 600);
    assert_eq!(rows(b"Uc"), [63, 63]);
    assert_eq!(store.use_codes().find(&old[0].id).unwrap(), None);
    assert!(store.use_codes().find(&young[62].id).unwrap().is_some());
    // A token's row outlives it by a day.
    let spend = |n: u32, seconds| {
        let (id, now) = (n.to_string(), now().plus(seconds));
        store.tokens().spend(&TokenUse { issuer: "a", id: &id, dead_at: now.plus(600), now }).unwrap()
    };
    assert!((0..64).all(|n| spend(n, 0)) && (64..128).all(|n| spend(n, 86_400)));
    assert_eq!((store.tokens().sweep(now().plus(86_400)).unwrap(), rows(b"Ut")), (0, [128, 128]));
    assert!(!spend(0, 86_400) && store.tokens().is_spent("a", "0").unwrap());
    assert_eq!((store.tokens().sweep(now().plus(87_001)).unwrap(), rows(b"Ut")), (64, [64, 64]));
    assert!(!store.tokens().is_spent("a", "0").unwrap() && store.tokens().is_spent("a", "64").unwrap());
}

#[test]
fn a_write_that_goes_wrong_uses_nothing_twice() {
    for fault in [Fault::Refused, Fault::Lost, Fault::Kept] {
        let engine = Arc::new(Memory::new());
        let store = Store::on(Arc::clone(&engine) as Arc<dyn Engine>, &keys()).unwrap();
        let made = code(1, now());
        store.use_codes().issue(std::slice::from_ref(&made)).unwrap();
        engine.plan(FaultPlan::new().at(0, fault));
        let first = store.use_codes().redeem(&made.id, &use_by("1"));
        let second = store.use_codes().redeem(&made.id, &use_by("2")).unwrap();
        assert!(is_once(&first, second), "{fault:?}: {first:?} {second}");
        engine.plan(FaultPlan::new().at(0, fault));
        let first = store.tokens().spend(&token("a", "1"));
        let second = store.tokens().spend(&token("a", "1")).unwrap();
        assert!(is_once(&first, second), "{fault:?}: {first:?} {second}");
    }
}

/// Whether one of two was served, and the first was told so unless its store failed.
fn is_once(first: &Result<bool, StorageError>, second: bool) -> bool {
    match first {
        Ok(first) => *first != second,
        Err(StorageError::Unknown) => true,
        Err(_) => second,
    }
}
