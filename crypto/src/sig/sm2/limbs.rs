//! Numbers of 256 bits as four limbs, the lowest first.

/// A number below 2^256.
pub(crate) type Limbs = [u64; 4];

/// From 32 octets, the highest first.
pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    for (limb, octets) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*octets);
    }
    limbs
}

/// To 32 octets, the lowest first.
pub(crate) fn to_little_endian(limbs: Limbs) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (octets, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(limbs) {
        *octets = limb.to_le_bytes();
    }
    bytes
}

/// The sum modulo 2^256, and whether it went beyond.
#[inline]
pub(crate) fn add([a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> (Limbs, bool) {
    let (c0, carry) = a0.overflowing_add(b0);
    let (c1, carry) = a1.carrying_add(b1, carry);
    let (c2, carry) = a2.carrying_add(b2, carry);
    let (c3, carry) = a3.carrying_add(b3, carry);
    ([c0, c1, c2, c3], carry)
}

/// The difference modulo 2^256, and whether it fell below zero.
#[inline]
pub(crate) fn sub([a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> (Limbs, bool) {
    let (c0, borrow) = a0.overflowing_sub(b0);
    let (c1, borrow) = a1.borrowing_sub(b1, borrow);
    let (c2, borrow) = a2.borrowing_sub(b2, borrow);
    let (c3, borrow) = a3.borrowing_sub(b3, borrow);
    ([c0, c1, c2, c3], borrow)
}

/// All bits set for true, none for false.
#[inline]
pub(crate) fn mask(flag: bool) -> u64 {
    0u64.wrapping_sub(u64::from(flag))
}

/// The one or the other, without a branch: which one it is looks random to the processor.
#[inline]
pub(crate) fn select(first: bool, [a0, a1, a2, a3]: Limbs, [b0, b1, b2, b3]: Limbs) -> Limbs {
    let mask = mask(first);
    let pick = |a: u64, b: u64| b ^ (mask & (a ^ b));
    [pick(a0, b0), pick(a1, b1), pick(a2, b2), pick(a3, b3)]
}

/// Takes `modulus` off a number below twice as much, whose 257th bit is `carry`, if it is not below it.
#[inline]
pub(crate) fn reduce_once(number: Limbs, carry: bool, modulus: Limbs) -> Limbs {
    let (less, borrow) = sub(number, modulus);
    select(borrow && !carry, number, less)
}

/// The number divided by two, with `carry` as its 257th bit.
#[inline]
pub(crate) fn halve([a0, a1, a2, a3]: Limbs, carry: bool) -> Limbs {
    [a0 >> 1 | a1 << 63, a1 >> 1 | a2 << 63, a2 >> 1 | a3 << 63, a3 >> 1 | u64::from(carry) << 63]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_and_limbs() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let limbs = from_bytes(&bytes);
        assert_eq!(limbs, [0x1819_1a1b_1c1d_1e1f, 0x1011_1213_1415_1617, 0x0809_0a0b_0c0d_0e0f, 0x0001_0203_0405_0607]);
        let mut back = to_little_endian(limbs);
        back.reverse();
        assert_eq!(back, bytes);
    }

    #[test]
    fn carries_run_through() {
        let most = [u64::MAX; 4];
        assert_eq!(add(most, [1, 0, 0, 0]), ([0; 4], true));
        assert_eq!(sub([0; 4], [1, 0, 0, 0]), (most, true));
        assert_eq!(add([u64::MAX, u64::MAX, 0, 0], [1, 0, 0, 0]), ([0, 0, 1, 0], false));
        assert_eq!(halve([1, 1, 1, 1], true), [1 << 63, 1 << 63, 1 << 63, 1 << 63]);
        assert_eq!(reduce_once([5, 0, 0, 0], false, [5, 0, 0, 0]), [0; 4]);
        assert_eq!(reduce_once([4, 0, 0, 0], false, [5, 0, 0, 0]), [4, 0, 0, 0]);
        assert_eq!(reduce_once([3, 0, 0, 0], true, most), [4, 0, 0, 0]);
    }
}
