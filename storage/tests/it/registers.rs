//! Seals and certificates on file.

use crypto::digest::Sha256;
use storage::seals::SealRecord;
use storage::{StorageError, Store, Stored};

use crate::sample::{ISSUER, keys, now};

fn seal(id: &str, der: &[u8], seconds: i64) -> SealRecord {
    SealRecord {
        id: id.to_owned(),
        der: der.to_vec(),
        sha256: Sha256::of(&[der]),
        name: "某某局".to_owned(),
        version: 4,
        maker_sha256: Sha256::of(&[b"maker"]),
        valid_from: now(),
        valid_until: now().plus(1000),
        organisation: ISSUER.to_owned(),
        registered_at: now().plus(seconds),
        registered_by: "issuing-system".to_owned(),
    }
}

#[test]
fn one_seal_of_an_identifier() {
    let store = Store::memory(&keys()).unwrap();
    let first = seal("3301", b"one", 0);
    assert_eq!(store.seals().register(first.clone()), Ok(Stored::Created(first.clone())));
    assert_eq!(store.seals().register(seal("3301", b"one", 9)), Ok(Stored::Unchanged(first.clone())));
    assert_eq!(store.seals().register(seal("3301", b"two", 0)), Err(StorageError::SealExists));
    assert_eq!(store.seals().seal("3301"), Ok(Some(first)));
    assert_eq!(store.seals().seal("3302"), Ok(None));
}

#[test]
fn seals_are_listed_newest_first() {
    let store = Store::memory(&keys()).unwrap();
    let seals: Vec<_> = (0..5_u8).map(|n| seal(&format!("33{n}"), &[n], i64::from(n))).collect();
    for seal in &seals {
        store.seals().register(seal.clone()).unwrap();
    }
    let first = store.seals().list(None, 3).unwrap();
    assert_eq!(first.items, [seals[4].clone(), seals[3].clone(), seals[2].clone()]);
    let rest = store.seals().list(first.next.as_ref(), 3).unwrap();
    assert_eq!((rest.items, rest.next), (vec![seals[1].clone(), seals[0].clone()], None));
}

#[test]
fn certificates_by_digest_and_in_order() {
    let store = Store::memory(&keys()).unwrap();
    let table = store.certificates();
    let add = |der: &[u8], seconds| table.add(der, "issuing-system", now().plus(seconds)).unwrap();
    let first = add(b"one", 0);
    assert!(first.is_new());
    let first = first.into_inner();
    assert_eq!(add(b"one", 5), Stored::Unchanged(first.clone()));
    let second = add(b"two", 1).into_inner();
    assert_eq!(table.certificate(&Sha256::of(&[b"one"])), Ok(Some(first.clone())));
    assert_eq!(table.certificate(&Sha256::of(&[b"three"])), Ok(None));
    assert_eq!(table.list(None, 10).unwrap().items, [second, first]);
}
