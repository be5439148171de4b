//! What a signature claims: (r, s) fits key P and digest e when r = e + x1 modulo n, for (x1, y1) = s·G + (r + s)·P.

use super::base;
use super::cold;
use super::comb::Comb;
use super::point::{Affine, Jacobian};
use super::scalar::Scalar;
use crate::sig::BadSignature;

/// A signature whose numbers are in range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    r: Scalar,
    s: Scalar,
    /// r + s, which is not zero.
    t: Scalar,
}

impl Signature {
    /// Reads r ‖ s: both from 1 to n - 1, and their sum not n.
    pub(crate) fn new(bytes: &[u8; 64]) -> Result<Self, BadSignature> {
        let (halves, _) = bytes.as_chunks::<32>();
        let [r, s] = halves else { return Err(BadSignature) };
        let number = |half| Scalar::from_signature(half).ok_or(BadSignature);
        let (r, s) = (number(r)?, number(s)?);
        let t = r.add(s);
        if t.is_zero() { Err(BadSignature) } else { Ok(Self { r, s, t }) }
    }

    /// Checks it with a key that is only known by its coordinates.
    pub(crate) fn fits_point(&self, key: &Affine, digest: &[u8; 32]) -> Result<(), BadSignature> {
        self.fits_sum(&cold::sum(self.s, self.t, key), digest)
    }

    /// Checks it with a key whose tables there are.
    pub(crate) fn fits_tables(&self, key: &Comb, digest: &[u8; 32]) -> Result<(), BadSignature> {
        self.fits_sum(&Comb::sum_of([(base::comb(), self.s), (key, self.t)]), digest)
    }

    /// r - e is x1 modulo n; x1 itself is below p, which is above n. Infinity has no x and fits nothing.
    fn fits_sum(&self, sum: &Jacobian, digest: &[u8; 32]) -> Result<(), BadSignature> {
        let x = self.r.sub(Scalar::from_digest(digest));
        if x.lifts().any(|x| sum.has_x(x)) { Ok(()) } else { Err(BadSignature) }
    }
}
