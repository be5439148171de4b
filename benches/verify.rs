//! What a full verification costs in process, beside its floors: the digests and signatures that it cannot do without.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crypto::budget::Budget;
use crypto::digest::{Sha256, sm3};
use crypto::issue::seal::SealVersion;
use crypto::issue::{KeyType, SigningKey};
use crypto::ofd::Package;
use crypto::verify::{Question, verify};
use crypto::x509::RevocationList;

fn primitives(c: &mut Criterion) {
    let message = [7; 256];
    for (name, kind) in [("p256", KeyType::P256), ("sm2", KeyType::Sm2), ("ed25519", KeyType::Ed25519)] {
        let key = SigningKey::from_label(kind, "bench");
        let (public, signature) = (key.public_key(), key.sign(&message));
        let algorithm = key.algorithm();
        c.bench_function(&format!("floor/verify {name}, 256 B"), |b| {
            b.iter(|| algorithm.verify(black_box(&public), black_box(&message), black_box(&signature)));
        });
    }
    let scene = benches::sealed(SealVersion::V4);
    c.bench_function("floor/sm3 of the document", |b| b.iter(|| sm3(&[black_box(&scene.document)])));
    c.bench_function("floor/sha256 of the document", |b| b.iter(|| Sha256::of(&[black_box(&scene.document)])));
}

fn documents(c: &mut Criterion) {
    for (name, version) in [("v1", SealVersion::V1), ("v4", SealVersion::V4), ("v5", SealVersion::V5)] {
        let scene = benches::sealed(version);
        c.bench_function(&format!("verify/sealed OFD {name}, 30 KB, uncached"), |b| {
            b.iter(|| verify(&Question::new(black_box(&scene.document), scene.now), &scene.trust));
        });
    }
    let scene = benches::sealed(SealVersion::V4);
    c.bench_function("parse/open the package", |b| {
        b.iter(|| Package::open(black_box(&scene.document), &mut Budget::for_document()));
    });
}

/// Lists of the largest authorities are many times as long; reading goes by their length.
fn lists(c: &mut Criterion) {
    let list = benches::list(200_000);
    let mut group = c.benchmark_group("lists");
    group.sample_size(10);
    group.bench_function("floor/sha256 of 200,000 entries", |b| b.iter(|| Sha256::of(&[black_box(&list)])));
    group.bench_function("read 200,000 entries", |b| {
        b.iter_batched(|| list.clone(), RevocationList::from_vec, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, primitives, documents, lists);
criterion_main!(benches);
