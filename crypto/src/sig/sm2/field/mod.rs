//! The field of the curve: numbers modulo p = 2^256 - 2^224 - 2^96 + 2^64 - 1.

#[cfg_attr(all(target_arch = "x86_64", not(test)), expect(dead_code, reason = "there, sums are machine code"))]
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

use std::ops::{Add, Mul, Neg, Sub};

use super::limbs::{self, Limbs};
#[cfg(not(target_arch = "x86_64"))]
use portable::{add, halve, sub};
#[cfg(target_arch = "x86_64")]
use x86_64::{add, halve, sub};

/// p.
pub(crate) const P: Limbs = [0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];

/// 2^512 modulo p: multiplying by it leads into Montgomery form.
const INTO_FORM: Limbs = [0x0000_0002_0000_0003, 0x0000_0002_ffff_ffff, 0x0000_0001_0000_0001, 0x0000_0004_0000_0002];

/// An element a of the field, kept as a·2^256 modulo p, below p: there is one form of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element(Limbs);

/// Looks what the processor offers; without that, everything is portable.
pub(crate) fn detect() {
    #[cfg(target_arch = "x86_64")]
    x86_64::Adx::detect();
}

impl Element {
    pub(crate) const ZERO: Self = Self([0; 4]);
    /// 2^256 modulo p.
    pub(crate) const ONE: Self = Self([1, 0xffff_ffff, 0, 0x1_0000_0000]);

    /// The element whose Montgomery form this is; for constants, which tests check.
    pub(crate) const fn from_montgomery_form(limbs: Limbs) -> Self {
        Self(limbs)
    }

    /// The element of this value, if that is below p.
    pub(crate) fn new(value: Limbs) -> Option<Self> {
        limbs::sub(value, P).1.then(|| Self(value) * Self(INTO_FORM))
    }

    #[inline(always)]
    pub(crate) fn is_zero(self) -> bool {
        let [a, b, c, d] = self.0;
        a | b | c | d == 0
    }

    #[inline(always)]
    pub(crate) fn square(self) -> Self {
        Self(square(&self.0))
    }

    #[inline(always)]
    pub(crate) fn double(self) -> Self {
        self + self
    }

    #[inline(always)]
    pub(crate) fn triple(self) -> Self {
        self.double() + self
    }

    /// Half of it.
    #[inline(always)]
    pub(crate) fn halve(self) -> Self {
        Self(halve(&self.0))
    }

    /// It, or its opposite.
    #[inline(always)]
    pub(crate) fn negate_if(self, condition: bool) -> Self {
        Self(limbs::select(condition, (-self).0, self.0))
    }

    /// Squares so many times.
    fn squares(self, count: usize) -> Self {
        (0..count).fold(self, |power, _| power.square())
    }

    /// 1 / a as a^(p-2); zero for zero. Slow: only tables need it, once for many elements.
    pub(crate) fn invert(self) -> Self {
        // p - 2 in bits: 31 ones, a zero, four times 32 ones, 32 zeros, 62 ones, 0, 1. `onesN` is a^(2^N - 1).
        let ones2 = self.square() * self;
        let ones4 = ones2.squares(2) * ones2;
        let ones8 = ones4.squares(4) * ones4;
        let ones16 = ones8.squares(8) * ones8;
        let ones30 = ((ones16.squares(8) * ones8).squares(4) * ones4).squares(2) * ones2;
        let ones31 = ones30.square() * self;
        let ones32 = ones31.square() * self;
        let head = (0..4).fold(ones31.square(), |power, _| power.squares(32) * ones32);
        let middle = head.squares(64) * ones32;
        (middle.squares(30) * ones30).squares(2) * self
    }
}

#[inline(always)]
fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    #[cfg(target_arch = "x86_64")]
    if let Some(adx) = x86_64::Adx::known() {
        return adx.mul(a, b);
    }
    portable::mul(a, b)
}

#[inline(always)]
fn square(a: &Limbs) -> Limbs {
    #[cfg(target_arch = "x86_64")]
    if let Some(adx) = x86_64::Adx::known() {
        return adx.square(a);
    }
    portable::square(a)
}

impl Add for Element {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(add(&self.0, &other.0))
    }
}

impl Sub for Element {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(sub(&self.0, &other.0))
    }
}

impl Neg for Element {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl Mul for Element {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(mul(&self.0, &other.0))
    }
}

#[cfg(test)]
mod tests;
