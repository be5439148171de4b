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

/// A point, not at infinity, to be added more than once, with the powers of z that every addition needs.
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

impl Jacobian {
    pub(crate) const INFINITY: Self = Self { x: Element::ONE, y: Element::ONE, z: Element::ZERO };

    #[inline]
    pub(crate) fn is_infinity(&self) -> bool {
        self.z.is_zero()
    }

    /// Twice the point. Infinity stays there, and nothing else gets there: y is never zero.
    pub(crate) fn double(&mut self) {
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
        *self = Self { x, y, z };
    }

    /// Adds a point given by its coordinates.
    pub(crate) fn add_affine(&mut self, other: &Affine) {
        if self.is_infinity() {
            *self = Self::from(*other);
            return;
        }
        let zz = self.z.square();
        let x_apart = other.x * zz - self.x;
        let y_apart = other.y * (zz * self.z) - self.y;
        if x_apart.is_zero() {
            return self.double_or_vanish(y_apart);
        }
        self.z = self.z * x_apart;
        self.chord(x_apart, y_apart);
    }

    /// Adds another point, or its opposite.
    pub(crate) fn add(&mut self, other: &Addend, is_opposite: bool) {
        let other_y = other.point.y.negate_if(is_opposite);
        if self.is_infinity() {
            *self = Self { y: other_y, ..other.point };
            return;
        }
        let zz = self.z.square();
        let (x, y) = (self.x * other.zz, self.y * other.zzz);
        let x_apart = other.point.x * zz - x;
        let y_apart = other_y * (zz * self.z) - y;
        if x_apart.is_zero() {
            return self.double_or_vanish(y_apart);
        }
        *self = Self { x, y, z: self.z * other.point.z * x_apart };
        self.chord(x_apart, y_apart);
    }

    /// From x and y of a point, and the distances of another from it over the same z, to the third point of their chord,
    /// mirrored. Its z is there already.
    #[inline(always)]
    fn chord(&mut self, x_apart: Element, y_apart: Element) {
        let square = x_apart.square();
        let slope_square = y_apart.square();
        let cube = square * x_apart;
        let x_square = self.x * square;
        let y_cube = self.y * cube;
        self.x = slope_square - cube - x_square.double();
        self.y = y_apart * (x_square - self.x) - y_cube;
    }

    /// Adds a point of the same x: the same point or its opposite.
    #[cold]
    fn double_or_vanish(&mut self, y_apart: Element) {
        if y_apart.is_zero() {
            self.double();
        } else {
            *self = Self::INFINITY;
        }
    }

    /// Gives P, 3P, 5P … of a point P, one by one: few of so many.
    ///
    /// Each is the sum of the last one and 2P. When both have the same z, a sum costs half as much (Meloni's co-Z addition),
    /// and yields 2P over the z of the sum along the way. No sum meets its own addends: the order is a large prime.
    pub(crate) fn odd_multiples(point: &Affine) -> impl FnMut() -> Self {
        let mut twice = Self::from(*point);
        twice.double();
        let zz = twice.z.square();
        // P, over the z of its double.
        let mut multiple = Self { x: point.x * zz, y: point.y * (zz * twice.z), z: twice.z };
        move || {
            let this = multiple;
            let (x_apart, y_apart) = (twice.x - this.x, twice.y - this.y);
            let square = x_apart.square();
            let (twice_x, this_x) = (twice.x * square, this.x * square);
            let twice_y = twice.y * (twice_x - this_x);
            let z = this.z * x_apart;
            let x = y_apart.square() - twice_x - this_x;
            multiple = Self { x, y: y_apart * (twice_x - x) - twice_y, z };
            twice = Self { x: twice_x, y: twice_y, z };
            this
        }
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
        let mut sum = Jacobian::from(GENERATOR);
        for _ in 0..6 {
            sum.add_affine(&GENERATOR);
        }
        // 7G - G and so on, back through infinity.
        let back = |number| {
            sum.add_affine(&GENERATOR.negate_if(true));
            (number, sum)
        };
        (-6..7).rev().map(back).collect()
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
            let mut twice = first;
            twice.double();
            assert_eq!(affine(twice), expected(2 * a), "2·{a}");
            for (b, second) in multiples() {
                let Some(known) = affine(second) else { continue };
                let [mut sum, mut difference, mut sum_of_known] = [first; 3];
                sum.add(&Addend::from(second), false);
                assert_eq!(affine(sum), expected(a + b), "{a} + {b}");
                assert_eq!(sum.is_infinity(), a + b == 0);
                difference.add(&Addend::from(second), true);
                assert_eq!(affine(difference), expected(a - b), "{a} - {b}");
                sum_of_known.add_affine(&known);
                assert_eq!(affine(sum_of_known), expected(a + b), "{a} + {b}");
            }
        }
    }

    #[test]
    fn odd_multiples() {
        let mut next = Jacobian::odd_multiples(&GENERATOR);
        for number in (1..40).step_by(2) {
            assert_eq!(affine(next()), expected(number), "{number}");
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
