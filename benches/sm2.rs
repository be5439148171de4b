//! SM2 verification on every path, beside its floor: ring's ECDSA over P-256, of a message as long.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use crypto::digest::sm3;
use crypto::issue::{KeyType, SigningKey};
use crypto::sig::sm2::Point;
use crypto::sig::sm2::tables::{Limits, Tables};

const MESSAGE: [u8; 256] = [7; 256];
/// Room for the tables of every key here.
const ROOMY: usize = 512 << 20;

/// A key and its signature of the message.
type Signed = (Point, [u8; 64]);

fn signed(number: usize) -> Option<Signed> {
    let key = SigningKey::from_label(KeyType::Sm2, &format!("bench {number}"));
    let bits = key.public_key();
    Some((bits.bits().get(1..)?.try_into().ok()?, key.sign_fixed(&MESSAGE).try_into().ok()?))
}

fn verify(tables: &Tables, (key, signature): &Signed) -> bool {
    tables.verify(black_box(key), black_box(signature), |z| sm3(&[z, &MESSAGE])).is_ok()
}

/// A memo that has tables of these keys: small ones after one use of each, large ones after two.
fn warm(large_at: u32, keys: &[Signed]) -> Tables {
    let tables = Tables::new(Limits { bytes: ROOMY, small_at: 1, large_at });
    for key in keys.iter().chain(keys) {
        assert!(verify(&tables, key), "a signature that is measured is good");
    }
    tables
}

fn paths(c: &mut Criterion) {
    let keys: Vec<_> = (0..1024).filter_map(signed).collect();
    let (Some(first), Some(half)) = (keys.get(..1), keys.get(..512)) else { return };
    let cold = Tables::new(Limits { bytes: 0, ..Limits::default() });
    let floor = SigningKey::from_label(KeyType::P256, "bench");
    let (public, signature, algorithm) = (floor.public_key(), floor.sign(&MESSAGE), floor.algorithm());
    c.bench_function("sm2/floor: verify p256 of ring, 256 B", |b| {
        b.iter(|| algorithm.verify(black_box(&public), black_box(&MESSAGE), black_box(&signature)));
    });
    let mut measure = |name: &str, tables: &Tables, keys: &[Signed]| {
        let mut rotating = keys.iter().cycle();
        c.bench_function(&format!("sm2/verify {name}, 256 B"), |b| b.iter(|| rotating.next().map(|key| verify(tables, key))));
    };
    measure("cold", &cold, first);
    measure("cold, 1,024 keys", &cold, &keys);
    measure("small tables", &warm(u32::MAX, first), first);
    measure("small tables, 1,024 keys", &warm(u32::MAX, &keys), &keys);
    measure("large tables", &warm(1, first), first);
    measure("large tables, 512 keys", &warm(1, half), half);
}

/// A use that makes tables, less one that does not, is what they cost.
fn builds(c: &mut Criterion) {
    let Some(key) = signed(0) else { return };
    let empty = |large_at| Tables::new(Limits { bytes: 4 << 20, small_at: 1, large_at });
    c.bench_function("sm2/verify cold and make small tables", |b| {
        b.iter_with_large_drop(|| {
            let tables = empty(u32::MAX);
            (verify(&tables, &key), tables)
        });
    });
    c.bench_function("sm2/verify cold and warm, and make small and large tables", |b| {
        b.iter_with_large_drop(|| {
            let tables = empty(1);
            (verify(&tables, &key), verify(&tables, &key), tables)
        });
    });
}

criterion_group!(benches, paths, builds);
criterion_main!(benches);
