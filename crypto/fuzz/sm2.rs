//! SM2 against another implementation, on every path.

use std::sync::LazyLock;

use crypto::sig::sm2::tables::{Limits, Tables};
use sm2::dsa::signature::hazmat::PrehashVerifier;
use sm2::elliptic_curve::PrimeField;
use sm2::elliptic_curve::ops::Reduce;
use sm2::elliptic_curve::point::AffineCoordinates;
use sm2::{FieldBytes, ProjectivePoint, Scalar};

/// Without tables; with small tables from the second use; with large ones from the third.
static PATHS: LazyLock<[Tables; 3]> = LazyLock::new(|| {
    let (bytes, small_at) = (4 << 20, 1);
    [(0, u32::MAX), (bytes, u32::MAX), (bytes, 1)].map(|(bytes, large_at)| Tables::new(Limits { bytes, small_at, large_at }))
});

/// A key, a digest and a signature as they are. And as three numbers d, s and t: the key is d·G, and (t - s, s) is made to fit.
pub(super) fn verification(data: &[u8]) {
    let (numbers, _) = data.as_chunks::<32>();
    if let [x, y, digest, r, s, ..] = numbers {
        compare(&[*x, *y].concat(), digest, &[*r, *s].concat());
    }
    let [d, s, t, ..] = numbers else { return };
    let [d, s, t] = [d, s, t].map(|number| Scalar::reduce(&FieldBytes::from(*number)));
    let key = (ProjectivePoint::GENERATOR * d).to_affine();
    let sum = (ProjectivePoint::GENERATOR * s + ProjectivePoint::GENERATOR * (t * d)).to_affine();
    // At infinity another implementation has zero for x.
    let (r, x) = (t - s, Scalar::reduce(&sum.x()));
    let [digest, r, s, none] = [r - x, r, s, Scalar::ZERO].map(|number| <[u8; 32]>::from(number.to_repr()));
    let [x, y] = [key.x(), key.y()].map(<[u8; 32]>::from);
    let is_good = compare(&[x, y].concat(), &digest, &[r, s].concat());
    let is_possible = ![x, r, s].contains(&none) && t != Scalar::ZERO && !bool::from(sum.is_identity());
    assert_eq!(is_good, is_possible, "a signature that fits is refused, or one that does not is not");
}

fn compare(key: &[u8], digest: &[u8; 32], signature: &[u8]) -> bool {
    let theirs = || {
        let point = sm2::PublicKey::from_sec1_bytes(&[&[4], key].concat()).ok()?;
        let key = sm2::dsa::VerifyingKey::new("1234567812345678", point).ok()?;
        key.verify_prehash(digest, &sm2::dsa::Signature::from_slice(signature).ok()?).ok()
    };
    let theirs = theirs().is_some();
    let (key, signature) = (key.try_into().expect("two numbers"), signature.try_into().expect("two numbers"));
    for (path, tables) in PATHS.iter().enumerate() {
        for _ in 0..=path {
            assert_eq!(tables.verify(key, signature, |_| *digest).is_ok(), theirs, "path {path} differs");
        }
    }
    theirs
}
