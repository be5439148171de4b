//! The tables of the base point, which every verification needs. Made on first use, in about a millisecond.

use std::sync::LazyLock;

use super::comb::Comb;
use super::field;
use super::point::{Affine, GENERATOR, Jacobian};

/// Bits of a window of signed digits.
pub(crate) const WINDOW: usize = 13;

/// 64 KiB.
#[expect(clippy::expect_used, reason = "no sum of a comb is at infinity, and a test makes these very tables")]
static COMB: LazyLock<Comb> = LazyLock::new(|| {
    // Whoever verifies with tables comes by here.
    field::detect();
    Comb::new(&GENERATOR, 4).expect("the base point has tables")
});

/// 128 KiB.
#[expect(clippy::expect_used, reason = "the order is a large prime: no small multiple is at infinity")]
static ODD_MULTIPLES: LazyLock<Vec<Affine>> = LazyLock::new(|| {
    // Whoever verifies without tables comes by here.
    field::detect();
    let multiples: Vec<_> = std::iter::repeat_with(Jacobian::odd_multiples(&GENERATOR)).take(1 << (WINDOW - 2)).collect();
    Affine::from_all(&multiples).expect("the base point has multiples")
});

pub(crate) fn comb() -> &'static Comb {
    &COMB
}

/// G, 3G, 5G … up to 2^(WINDOW-1) times G.
pub(crate) fn odd_multiples() -> &'static [Affine] {
    &ODD_MULTIPLES
}
