//! Times every step: `cargo bench --package benches --bench steps`, or some of them: `… -- signature/`.
//!
//! Each group prints the floors first that its steps stand beside, so that a ratio can be taken from one run.

use std::hint::black_box;

use benches::measure::now;
use benches::steps::{self, Step};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crypto::digest::Sha256;
use crypto::x509::RevocationList;

/// Steps that make what they use up are not repeated by the hundred thousand.
const SAMPLES: usize = 20;

fn step(c: &mut Criterion, step: &Step) {
    match (step.make)() {
        Err(error) => complain(step.name, &error),
        Ok(mut run) => {
            c.bench_function(step.name, |b| {
                b.iter_custom(|times| {
                    run.prepare(times);
                    let started = now();
                    for _ in 0..times {
                        run.once();
                    }
                    now().saturating_duration_since(started)
                });
            });
        }
    }
}

#[expect(clippy::print_stderr, reason = "a benchmark speaks to people")]
fn complain(name: &str, error: &str) {
    eprintln!("{name}: {error}");
}

fn every_step(c: &mut Criterion) {
    for row in steps::all().filter(|row| row.is_timed) {
        step(c, row);
    }
}

/// Lists of the largest authorities are many times as long; reading goes by their length.
fn long_lists(c: &mut Criterion) {
    let list = benches::lists::list(200_000);
    let mut group = c.benchmark_group("lists");
    group.sample_size(10);
    group.bench_function("floor/sha256 of 200,000 entries", |b| b.iter(|| Sha256::of(&[black_box(&list)])));
    group.bench_function("read 200,000 entries", |b| {
        b.iter_batched(|| list.clone(), RevocationList::from_vec, BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(SAMPLES);
    targets = every_step, long_lists
}
criterion_main!(benches);
