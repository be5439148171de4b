//! Numbers modulo n, the order of the curve: the few operations that a verification needs, none of them a multiplication.

use super::field;
use super::limbs::{self, Limbs};

/// n.
pub(crate) const N: Limbs = [0x53bb_f409_39d5_4123, 0x7203_df6b_21c6_052b, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];

/// A number below n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scalar(Limbs);

impl Scalar {
    /// A number of a signature, which must be neither zero nor n or more.
    pub(crate) fn from_signature(bytes: &[u8; 32]) -> Option<Self> {
        let value = limbs::from_bytes(bytes);
        (limbs::sub(value, N).1 && value != [0; 4]).then_some(Self(value))
    }

    /// A digest modulo n. 2^256 is less than 2n.
    pub(crate) fn from_digest(bytes: &[u8; 32]) -> Self {
        Self(limbs::reduce_once(limbs::from_bytes(bytes), false, N))
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    pub(crate) fn add(self, other: Self) -> Self {
        let (sum, carry) = limbs::add(self.0, other.0);
        Self(limbs::reduce_once(sum, carry, N))
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        let (difference, borrow) = limbs::sub(self.0, other.0);
        Self(if borrow { limbs::add(difference, N).0 } else { difference })
    }

    pub(crate) const fn limbs(self) -> Limbs {
        self.0
    }

    /// The numbers below p that are this one modulo n: mostly one, for few scalars two.
    pub(crate) fn lifts(self) -> impl Iterator<Item = field::Element> {
        let (second, carry) = limbs::add(self.0, N);
        let second = if carry { None } else { field::Element::new(second) };
        field::Element::new(self.0).into_iter().chain(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(limbs: Limbs) -> [u8; 32] {
        let mut bytes = limbs::to_little_endian(limbs);
        bytes.reverse();
        bytes
    }

    fn minus(number: Limbs, less: u64) -> Limbs {
        limbs::sub(number, [less, 0, 0, 0]).0
    }

    #[test]
    fn only_numbers_from_one_below_n_are_of_signatures() {
        for (value, is_good) in
            [([0; 4], false), ([1, 0, 0, 0], true), (minus(N, 1), true), (N, false), (field::P, false), ([u64::MAX; 4], false)]
        {
            assert_eq!(Scalar::from_signature(&bytes(value)).map(Scalar::limbs), is_good.then_some(value), "{value:x?}");
        }
    }

    #[test]
    fn sums_and_differences_stay_below_n() {
        let (one, last) = (Scalar([1, 0, 0, 0]), Scalar(minus(N, 1)));
        assert!(one.add(last).is_zero());
        assert_eq!(last.add(last), Scalar(minus(N, 2)));
        assert_eq!(one.sub(last), Scalar([2, 0, 0, 0]));
        assert_eq!(last.sub(one), Scalar(minus(N, 2)));
        assert!(last.sub(last).is_zero());
    }

    #[test]
    fn digests_are_reduced() {
        let most = [u64::MAX; 4];
        let cases = [([0; 4], [0; 4]), (minus(N, 1), minus(N, 1)), (N, [0; 4]), (most, limbs::sub(most, N).0)];
        for (value, reduced) in cases {
            assert_eq!(Scalar::from_digest(&bytes(value)).limbs(), reduced);
        }
    }

    #[test]
    fn a_small_scalar_stands_for_two_coordinates() {
        let (gap, _) = limbs::sub(field::P, N);
        for (scalar, count) in [([0; 4], 2), (minus(gap, 1), 2), (gap, 1), (minus(N, 1), 1)] {
            let lifts: Vec<_> = Scalar(scalar).lifts().collect();
            assert_eq!(lifts.len(), count, "{scalar:x?}");
            assert_eq!(lifts.first().copied(), field::Element::new(scalar));
            if let Some(second) = lifts.get(1) {
                assert_eq!(Some(*second), field::Element::new(limbs::add(scalar, N).0));
            }
        }
    }
}
