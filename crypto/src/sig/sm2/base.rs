//! The tables of the base point.

use std::sync::LazyLock;

use super::comb::Comb;
use super::field;
use super::point::GENERATOR;

/// Made on first use, in less than a millisecond: 64 KiB.
#[expect(clippy::expect_used, reason = "no sum of a comb is at infinity, and a test makes these very tables")]
static TABLES: LazyLock<Comb> = LazyLock::new(|| {
    // Whoever verifies comes by here, before most of the work.
    field::detect();
    Comb::new(&GENERATOR, 4).expect("the base point has tables")
});

pub(crate) fn tables() -> &'static Comb {
    &TABLES
}
