//! Digests, of short texts and of a licence.

use std::hint::black_box;

use crypto::digest::{Sha256, sm3};

use super::{Run, Step, again, seen};

pub(super) const STEPS: &[Step] = &[
    Step::new("digest/sm3-64", || Ok(sm3_of(64))).counted(20, 400),
    Step::new("digest/sm3-1k", || Ok(sm3_of(1024))).beside("floor/sha256-1k"),
    Step::new("digest/sm3-16k", || Ok(sm3_of(16 << 10))).counted(5, 20),
    Step::new("digest/sha256-64", || Ok(sha256_of(64))),
    Step::new("digest/sha256-16k", || Ok(sha256_of(16 << 10))),
];

fn sm3_of(bytes: usize) -> Run {
    let text = vec![7; bytes];
    again(move || {
        seen(sm3(&[black_box(&text)]));
    })
}

fn sha256_of(bytes: usize) -> Run {
    let text = vec![7; bytes];
    again(move || {
        seen(Sha256::of(&[black_box(&text)]));
    })
}
