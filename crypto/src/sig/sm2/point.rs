//! Points of the curve y² = x³ - 3x + b, and their sums.
//!
//! The order of the curve is a prime: every point but the one at infinity has that order, and none is its own opposite.

use super::field::Element;
use super::limbs;

/// b.
const B: Element =
    Element::from_montgomery_form([0x90d2_3063_2bc0_dd42, 0x71cf_379a_e9b5_37ab, 0x5279_8150_5ea5_1c3c, 0x240f_e188_ba20_e2c8]);

/// G, the base point.
pub(crate) const GENERATOR: Affine = Affine {
    x: Element::from_montgomery_form([
        0x6132_8990_f418_029e,
        0x3e79_81ed_dca6_c050,
        0xd6a1_ed99_ac24_c3c3,
        0x9116_7a5e_e1c1_3b05,
    ]),
    y: Element::from_montgomery_form([
        0xc135_4e59_3c2d_0ddd,
        0xc1f5_e578_8d32_95fa,
        0x8d4c_fb06_6e2a_48f8,
        0x63cd_65d4_81d7_35bd,
    ]),
};

/// A point by its coordinates; never the one at infinity. One cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Affine {
    x: Element,
    y: Element,
}

/// A point as (x/z², y/z³); z is zero at infinity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jacobian {
    x: Element,
    y: Element,
    z: Element,
}

/// A point to be added more than once, with the powers of z that every addition needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addend {
    point: Jacobian,
    zz: Element,
    zzz: Element,
}

impl Affine {
    /// The point with these coordinates, if they are below p and it is on the curve.
    pub(crate) fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let (x, y) = (Element::new(limbs::from_bytes(x))?, Element::new(limbs::from_bytes(y))?);
        let right = (x.square() * x) - x.triple() + B;
        (y.square() == right).then_some(Self { x, y })
    }

    /// It, or its opposite.
    #[inline]
    pub(crate) fn negate_if(self, condition: bool) -> Self {
        Self { x: self.x, y: self.y.negate_if(condition) }
    }

    /// The same points by their coordinates, at the price of one inversion for all; none if one is at infinity.
    pub(crate) fn from_all(points: &[Jacobian]) -> Option<Vec<Self>> {
        // The products of all z up to each; then, from the end, the inverse of each product gives that of its last factor.
        let mut products = Vec::with_capacity(points.len());
        let mut product = Element::ONE;
        for point in points {
            products.push(product);
            product = product * point.z;
        }
        if product.is_zero() {
            return None;
        }
        let mut inverse = product.invert();
        let mut affine = Vec::with_capacity(points.len());
        for (point, before) in points.iter().zip(products).rev() {
            let z = inverse * before;
            inverse = inverse * point.z;
            let zz = z.square();
            affine.push(Self { x: point.x * zz, y: point.y * (zz * z) });
        }
        affine.reverse();
        Some(affine)
    }
}

impl From<Affine> for Jacobian {
    fn from(point: Affine) -> Self {
        Self { x: point.x, y: point.y, z: Element::ONE }
    }
}

impl From<Jacobian> for Addend {
    fn from(point: Jacobian) -> Self {
        let zz = point.z.square();
        Self { point, zz, zzz: zz * point.z }
    }
}

impl Addend {
    /// It, or its opposite.
    #[inline]
    pub(crate) fn negate_if(self, condition: bool) -> Self {
        Self { point: Jacobian { y: self.point.y.negate_if(condition), ..self.point }, ..self }
    }
}

impl Jacobian {
    pub(crate) const INFINITY: Self = Self { x: Element::ONE, y: Element::ONE, z: Element::ZERO };

    #[inline]
    pub(crate) fn is_infinity(&self) -> bool {
        self.z.is_zero()
    }

    /// Twice the point. Infinity stays there, and nothing else gets there: y is never zero.
    pub(crate) fn double(&self) -> Self {
        // Products that do not need each other are neighbours, for the processor to work on both.
        let zz = self.z.square();
        let twice_y = self.y.double();
        let four_yy = twice_y.square();
        let slope = ((self.x - zz) * (self.x + zz)).triple();
        let four_xyy = four_yy * self.x;
        let slope_square = slope.square();
        let eight_yyyy = four_yy.square().halve();
        let z = twice_y * self.z;
        let x = slope_square - four_xyy.double();
        let y = slope * (four_xyy - x) - eight_yyyy;
        Self { x, y, z }
    }

    /// The sum with a point given by its coordinates.
    pub(crate) fn add_affine(&self, other: &Affine) -> Self {
        if self.is_infinity() {
            return Self::from(*other);
        }
        let zz = self.z.square();
        let x_apart = other.x * zz - self.x;
        let y_apart = other.y * (zz * self.z) - self.y;
        if x_apart.is_zero() {
            return self.double_or_infinity(y_apart);
        }
        Self::chord(self.x, self.y, x_apart, y_apart, self.z * x_apart)
    }

    /// The sum with another point.
    pub(crate) fn add(&self, other: &Addend) -> Self {
        if self.is_infinity() {
            return other.point;
        }
        if other.point.is_infinity() {
            return *self;
        }
        let zz = self.z.square();
        let (x, y) = (self.x * other.zz, self.y * other.zzz);
        let x_apart = other.point.x * zz - x;
        let y_apart = other.point.y * (zz * self.z) - y;
        if x_apart.is_zero() {
            return self.double_or_infinity(y_apart);
        }
        Self::chord(x, y, x_apart, y_apart, self.z * other.point.z * x_apart)
    }

    /// The third point of a chord, mirrored: x and y of the first point and the distances of the second from it, all over
    /// the same z, and the z of the sum.
    #[inline(always)]
    fn chord(x: Element, y: Element, x_apart: Element, y_apart: Element, z: Element) -> Self {
        let square = x_apart.square();
        let slope_square = y_apart.square();
        let cube = square * x_apart;
        let x_square = x * square;
        let y_cube = y * cube;
        let sum_x = slope_square - cube - x_square.double();
        Self { x: sum_x, y: y_apart * (x_square - sum_x) - y_cube, z }
    }

    /// The sum with a point of the same x: the same point or its opposite.
    #[cold]
    fn double_or_infinity(&self, y_apart: Element) -> Self {
        if y_apart.is_zero() { self.double() } else { Self::INFINITY }
    }

    /// Whether the point has this x. Infinity has none.
    pub(crate) fn has_x(&self, x: Element) -> bool {
        !self.is_infinity() && x * self.z.square() == self.x
    }
}

#[cfg(test)]
mod tests {
    use super::super::limbs::Limbs;
    use super::super::reference::{self, Dice, bytes};
    use super::super::scalar::N;
    use super::*;

    fn affine(point: Jacobian) -> Option<Affine> {
        Affine::from_all(&[point]).map(|points| points[0])
    }

    /// The multiples of the base point from -6 to 6, each with another z than one.
    fn multiples() -> Vec<(i32, Jacobian)> {
        let base = Jacobian::from(GENERATOR);
        // 7G - 7G + G and so on: the way leaves a z behind.
        let away = (0..6).fold(base, |sum, _| sum.add_affine(&GENERATOR));
        let back = GENERATOR.negate_if(true);
        let mut multiples = vec![(7, away)];
        for number in (-6..7).rev() {
            let (_, last) = multiples[multiples.len() - 1];
            multiples.push((number, last.add_affine(&back)));
        }
        multiples.remove(0);
        multiples
    }

    fn expected(number: i32) -> Option<Affine> {
        let size: Limbs = [number.unsigned_abs().into(), 0, 0, 0];
        reference::affine(&reference::multiple(size)).map(|point| point.negate_if(number < 0))
    }

    #[test]
    fn sums_of_small_multiples_meet_every_special_case() {
        assert_eq!(multiples().len(), 13);
        for (a, first) in multiples() {
            assert_eq!(affine(first), expected(a), "{a}");
            assert_eq!(affine(first.double()), expected(2 * a), "2·{a}");
            for (b, second) in multiples() {
                let sum = first.add(&Addend::from(second));
                assert_eq!(affine(sum), expected(a + b), "{a} + {b}");
                assert_eq!(sum.is_infinity(), a + b == 0);
                let difference = first.add(&Addend::from(second).negate_if(true));
                assert_eq!(affine(difference), expected(a - b), "{a} - {b}");
                if let Some(second) = affine(second) {
                    assert_eq!(affine(first.add_affine(&second)), expected(a + b), "{a} + {b}");
                }
            }
        }
    }

    #[test]
    fn only_the_curve_has_points() {
        let (x, y) = crate::sig::sm2::CURVE[64..].split_at(32);
        let (x, y): ([u8; 32], [u8; 32]) = (x.try_into().unwrap(), y.try_into().unwrap());
        assert_eq!(Affine::from_coordinates(&x, &y), Some(GENERATOR));
        assert_eq!(Affine::from_coordinates(&y, &x), None);
        assert_eq!(Affine::from_coordinates(&[0; 32], &[0; 32]), None);
        let mut dice = Dice(4);
        for _ in 0..1000 {
            assert_eq!(Affine::from_coordinates(&x, &bytes(dice.below(N))), None);
        }
    }

    #[test]
    fn coordinates_from_p_on_are_refused() {
        use sm2::elliptic_curve::point::{AffineCoordinates, DecompressPoint};
        let mut found = 0;
        for small in 0..100 {
            let x: Limbs = [small, 0, 0, 0];
            let Some(point) = sm2::AffinePoint::decompress(&bytes(x).into(), 0.into()).into_option() else { continue };
            let y: [u8; 32] = point.y().into();
            assert!(Affine::from_coordinates(&bytes(x), &y).is_some());
            let (above, carry) = limbs::add(x, super::super::field::P);
            assert!(!carry);
            assert_eq!(Affine::from_coordinates(&bytes(above), &y), None);
            found += 1;
        }
        assert!(found > 20);
    }

    #[test]
    fn a_point_has_its_x_and_infinity_has_none() {
        for (number, point) in multiples() {
            let x = affine(point).map_or(Element::ONE, |point| point.x);
            assert_eq!(point.has_x(x), number != 0, "{number}");
            assert!(!point.has_x(x + Element::ONE), "{number}");
            assert!(!Jacobian::INFINITY.has_x(x) && !Jacobian::INFINITY.has_x(Element::ZERO));
        }
    }

    #[test]
    fn infinity_has_no_coordinates() {
        assert_eq!(Affine::from_all(&[GENERATOR.into(), Jacobian::INFINITY]), None);
        assert_eq!(Affine::from_all(&[]), Some(Vec::new()));
    }
}
