//! The arithmetic of another implementation, the crate `sm2`, for tests to compare with.

use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::{ProjectivePoint, Scalar};

use super::limbs::{self, Limbs};
use super::point::Affine;
use super::scalar::{self, N};

/// A generator of limbs that are the same in every run (xorshift), with many that are all zeros or all ones.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn limb(&mut self) -> u64 {
        let random = self.roll();
        match random % 8 {
            0 => 0,
            1 => u64::MAX,
            2 => [1, 0xffff_ffff, 0x1_0000_0000, 1 << 63][usize::try_from(self.roll() % 4).unwrap()],
            _ => random,
        }
    }

    /// A number below the modulus.
    pub(crate) fn below(&mut self, modulus: Limbs) -> Limbs {
        loop {
            let number = std::array::from_fn(|_| self.limb());
            if limbs::sub(number, modulus).1 {
                return number;
            }
        }
    }
}

/// Numbers below n where errors hide, zero not among them.
pub(crate) fn edges() -> Vec<Limbs> {
    let mut edges =
        vec![[u64::MAX, u64::MAX, u64::MAX, 0], [u64::MAX >> 1; 4], [0xaaaa_aaaa_aaaa_aaaa; 4], [0x1111_1111_1111_1111; 4]];
    for small in 1..=17 {
        edges.extend([[small, 0, 0, 0], limbs::sub(N, [small, 0, 0, 0]).0]);
    }
    for shift in [31, 32, 33, 63] {
        for limb in 0..4 {
            let mut power = [0; 4];
            power[limb] = 1 << shift;
            edges.extend([power, limbs::sub(power, [1, 0, 0, 0]).0]);
        }
    }
    let half = limbs::halve(N, false);
    edges.extend([half, limbs::add(half, [1, 0, 0, 0]).0]);
    edges
}

/// 32 octets, the highest first.
pub(crate) fn bytes(number: Limbs) -> [u8; 32] {
    let mut bytes = limbs::to_little_endian(number);
    bytes.reverse();
    bytes
}

pub(crate) fn theirs(number: Limbs) -> Scalar {
    Scalar::from_repr(bytes(number).into()).unwrap()
}

pub(crate) fn ours(number: Limbs) -> scalar::Scalar {
    scalar::Scalar::from_signature(&bytes(number)).unwrap()
}

/// Their point as one of ours, if it is not at infinity.
pub(crate) fn affine(point: &ProjectivePoint) -> Option<Affine> {
    let point = point.to_affine();
    (!bool::from(point.is_identity()))
        .then(|| Affine::from_coordinates(&point.x().into(), &point.y().into()).expect("their point is on our curve"))
}

/// number·G.
pub(crate) fn multiple(number: Limbs) -> ProjectivePoint {
    ProjectivePoint::GENERATOR * theirs(number)
}
