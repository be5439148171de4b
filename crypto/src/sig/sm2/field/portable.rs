//! Montgomery multiplication modulo p for every processor.

use super::P;
use crate::sig::sm2::limbs::{self, Limbs, mask};

/// a·b / 2^256 modulo p, below p, for factors below p.
#[cold]
#[inline(never)]
pub(crate) fn mul(a: &Limbs, [b0, b1, b2, b3]: &Limbs) -> Limbs {
    let zero = [0; 4];
    let ([w0, r1, r2, r3], r4) = row(a, *b0, zero);
    let ([w1, r2, r3, r4], r5) = row(a, *b1, [r1, r2, r3, r4]);
    let ([w2, r3, r4, r5], r6) = row(a, *b2, [r2, r3, r4, r5]);
    let ([w3, w4, w5, w6], w7) = row(a, *b3, [r3, r4, r5, r6]);
    reduce([w0, w1, w2, w3], [w4, w5, w6, w7])
}

/// a·digit + sum, which fits five limbs.
#[inline]
fn row([a0, a1, a2, a3]: &Limbs, digit: u64, [s0, s1, s2, s3]: Limbs) -> (Limbs, u64) {
    let (r0, carry) = a0.carrying_mul(digit, s0);
    let (r1, carry) = a1.carrying_mul_add(digit, carry, s1);
    let (r2, carry) = a2.carrying_mul_add(digit, carry, s2);
    let (r3, carry) = a3.carrying_mul_add(digit, carry, s3);
    ([r0, r1, r2, r3], carry)
}

/// a² / 2^256 modulo p, as [`mul`]: every product of two different limbs is taken once and doubled.
#[cold]
#[inline(never)]
pub(crate) fn square([a0, a1, a2, a3]: &Limbs) -> Limbs {
    let (x1, carry) = a0.carrying_mul(*a1, 0);
    let (x2, carry) = a0.carrying_mul(*a2, carry);
    let (x3, x4) = a0.carrying_mul(*a3, carry);
    let (x3, carry) = a1.carrying_mul(*a2, x3);
    let (x4, x5) = a1.carrying_mul_add(*a3, carry, x4);
    let (x5, x6) = a2.carrying_mul(*a3, x5);
    let x7 = x6 >> 63;
    let [x6, x5, x4, x3, x2, x1] =
        [x6 << 1 | x5 >> 63, x5 << 1 | x4 >> 63, x4 << 1 | x3 >> 63, x3 << 1 | x2 >> 63, x2 << 1 | x1 >> 63, x1 << 1];
    let (w0, high) = a0.carrying_mul(*a0, 0);
    let (w1, carry) = x1.overflowing_add(high);
    let (low, high) = a1.carrying_mul(*a1, 0);
    let (w2, carry) = x2.carrying_add(low, carry);
    let (w3, carry) = x3.carrying_add(high, carry);
    let (low, high) = a2.carrying_mul(*a2, 0);
    let (w4, carry) = x4.carrying_add(low, carry);
    let (w5, carry) = x5.carrying_add(high, carry);
    let (low, high) = a3.carrying_mul(*a3, 0);
    let (w6, carry) = x6.carrying_add(low, carry);
    let (w7, _) = x7.carrying_add(high, carry);
    reduce([w0, w1, w2, w3], [w4, w5, w6, w7])
}

/// (low + high·2^256) / 2^256 modulo p, for a number below p².
///
/// Four times, the lowest limb is made zero by adding a multiple of p, and dropped. Because p is -1 modulo 2^64, the
/// multiple is the limb itself.
#[inline]
fn reduce(low: Limbs, high: Limbs) -> Limbs {
    let (sum, carry) = limbs::add(fold(fold(fold(fold(low)))), high);
    limbs::reduce_once(sum, carry, P)
}

/// (a + a0·p) / 2^64, where a0 is the lowest limb of a. That is below 2^256 again.
///
/// a0·p is a0·(2^256 - 2^224 - 2^96 + 2^64 - 1): shifts, additions and subtractions. The subtractions come first, from a
/// number that already has the largest addend, and so never fall below zero; the last limb is borrowed from and not to.
#[inline]
fn fold([a0, a1, a2, a3]: Limbs) -> Limbs {
    let (low, high) = (a0 << 32, a0 >> 32);
    let (difference, _) = limbs::sub([a1, a2, a3, a0], [low, high, low, high]);
    let (sum, _) = limbs::add(difference, [a0, 0, 0, 0]);
    sum
}

/// a + b modulo p, below p, for addends below p.
#[inline]
pub(crate) fn add(a: &Limbs, b: &Limbs) -> Limbs {
    let (sum, carry) = limbs::add(*a, *b);
    limbs::reduce_once(sum, carry, P)
}

/// a - b modulo p, below p, for numbers below p.
#[inline]
pub(crate) fn sub(a: &Limbs, b: &Limbs) -> Limbs {
    let (difference, borrow) = limbs::sub(*a, *b);
    limbs::add(difference, p_if(borrow)).0
}

/// Half of a number below p, modulo p: of an odd one, half of its sum with p.
#[inline]
pub(crate) fn halve(a: &Limbs) -> Limbs {
    let [lowest, ..] = *a;
    let (sum, carry) = limbs::add(*a, p_if(lowest & 1 == 1));
    limbs::halve(sum, carry)
}

/// p or zero, without a branch.
#[inline]
fn p_if(condition: bool) -> Limbs {
    let [p0, p1, p2, p3] = P;
    let mask = mask(condition);
    [p0 & mask, p1 & mask, p2 & mask, p3 & mask]
}
