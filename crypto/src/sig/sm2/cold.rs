//! s·G + t·P for a point P of which nothing is known yet.

use super::base;
use super::limbs::Limbs;
use super::point::{Addend, Affine, Jacobian};
use super::scalar::Scalar;

/// Bits of a window: P, 3P, 5P … 15P make the table.
const WINDOW: usize = 5;
const ODD_MULTIPLES: usize = 1 << (WINDOW - 2);
/// One more than a number has bits: the last window may carry.
const LENGTH: usize = 257;

/// s·G + t·P, over the same doublings.
pub(crate) fn sum(s: Scalar, t: Scalar, point: &Affine) -> Jacobian {
    let mut next = Jacobian::odd_multiples(point);
    let multiples: [Addend; ODD_MULTIPLES] = std::array::from_fn(|_| Addend::from(next()));
    let base = base::odd_multiples();
    let digits = signed_digits(s.limbs(), base::WINDOW).into_iter().zip(signed_digits(t.limbs(), WINDOW));
    let mut sum = Jacobian::INFINITY;
    for (of_base, of_point) in digits.rev() {
        sum.double();
        if let Some(multiple) = place(of_point).and_then(|place| multiples.get(place)) {
            sum.add(multiple, of_point < 0);
        }
        if let Some(multiple) = place(of_base).and_then(|place| base.get(place)) {
            sum.add_affine(&multiple.negate_if(of_base < 0));
        }
    }
    sum
}

/// Where the multiple by an odd digit is, which may be negative. Zero has none.
fn place(digit: i16) -> Option<usize> {
    (digit != 0).then(|| usize::from(digit.unsigned_abs() >> 1))
}

/// The number as a sum of powers of two, each times its digit: zero, or odd and nearer to zero than half of 2^width. Of as many
/// digits in a row, at most one is not zero.
fn signed_digits(number: Limbs, width: usize) -> [i16; LENGTH] {
    let mut digits = [0; LENGTH];
    let (mut place, mut carry) = (0, 0);
    while place < LENGTH {
        if window(number, place, 1) == carry {
            // An even rest; a carry stays one where there is a bit to add it to.
            place += 1;
            continue;
        }
        let value = window(number, place, width) + carry;
        carry = value >> (width - 1);
        // The upper half is what is missing to 2^width, which is carried on.
        let digit = i16::try_from(value).unwrap_or_default() - if carry == 0 { 0 } else { 1 << width };
        if let Some(at) = digits.get_mut(place) {
            *at = digit;
        }
        place += width;
    }
    digits
}

/// So many bits from this place on; there are zeros behind the end.
fn window(number: Limbs, place: usize, width: usize) -> u64 {
    let limb = |at: usize| number.get(at).copied().unwrap_or_default();
    let (at, shift) = (place / 64, place % 64);
    let high = if shift == 0 { 0 } else { limb(at + 1) << (64 - shift) };
    (limb(at) >> shift | high) & ((1 << width) - 1)
}

#[cfg(test)]
mod tests {
    use super::super::reference::{Dice, affine, edges, multiple, ours, theirs};
    use super::super::scalar::N;
    use super::*;

    #[test]
    fn digits_are_sparse_and_add_up_to_the_number() {
        let mut dice = Dice(7);
        for number in edges().into_iter().chain((0..500).map(|_| dice.below(N))) {
            for width in [2, WINDOW, base::WINDOW] {
                let digits = signed_digits(number, width);
                let sum = digits.iter().rev().fold(sm2::Scalar::ZERO, |sum, digit| {
                    let size = sm2::Scalar::from(u64::from(digit.unsigned_abs()));
                    sum + sum + if *digit < 0 { -size } else { size }
                });
                assert_eq!(sum, theirs(number), "{number:x?}");
                for digit in digits {
                    assert!(digit == 0 || digit.unsigned_abs() < 1 << (width - 1) && digit % 2 != 0, "{digit}");
                }
                assert!(digits.windows(width).all(|row| row.iter().filter(|digit| **digit != 0).count() <= 1));
            }
        }
    }

    #[test]
    fn sums_are_those_of_another_implementation() {
        let (mut dice, edges) = (Dice(8), edges());
        for round in 0..edges.len() * 6 {
            // Keys of few G let the sum meet its addends and their opposites.
            let key = edges[round % edges.len()];
            let s = edges[round * 5 % edges.len()];
            let t = if round % 3 == 0 { dice.below(N) } else { edges[round * 11 % edges.len()] };
            let point = multiple(key);
            let sum = sum(ours(s), ours(t), &affine(&point).unwrap());
            let sum = Affine::from_all(&[sum]).map(|points| points[0]);
            assert_eq!(sum, affine(&(multiple(s) + point * theirs(t))), "{s:x?}·G + {t:x?}·{key:x?}·G");
        }
    }

    #[test]
    fn sums_at_infinity() {
        let mut dice = Dice(9);
        for number in edges().into_iter().chain((0..50).map(|_| dice.below(N))) {
            let (key, opposite) = (affine(&multiple(number)).unwrap(), limbs_minus(number));
            // number·G is the key, so that number·G - 1·key is nothing, and n - number times G + 1·key as well.
            assert!(sum(ours(opposite), ours([1, 0, 0, 0]), &key).is_infinity(), "{number:x?}");
            assert!(!sum(ours(number), ours([1, 0, 0, 0]), &key).is_infinity(), "{number:x?}");
        }
    }

    fn limbs_minus(number: Limbs) -> Limbs {
        super::super::limbs::sub(N, number).0
    }
}
