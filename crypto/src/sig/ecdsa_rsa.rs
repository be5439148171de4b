//! ECDSA over P-256 and P-384, and RSA from 2048 bits, by ring.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::{BadSignature, PublicKey};

macro_rules! algorithms {
    ($($name:ident = $ring:ident, $says:literal;)*) => {
        $(
            #[doc = $says]
            ///
            /// # Errors
            /// [`BadSignature`].
            pub fn $name(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
                check(&signature::$ring, key, message, signature)
            }
        )*
    };
}

algorithms! {
    p256_sha256 = ECDSA_P256_SHA256_ASN1, "ECDSA P-256 with SHA-256, ASN.1 form.";
    p256_sha384 = ECDSA_P256_SHA384_ASN1, "ECDSA P-256 with SHA-384, ASN.1 form.";
    p384_sha256 = ECDSA_P384_SHA256_ASN1, "ECDSA P-384 with SHA-256, ASN.1 form.";
    p384_sha384 = ECDSA_P384_SHA384_ASN1, "ECDSA P-384 with SHA-384, ASN.1 form.";
    p256_sha256_fixed = ECDSA_P256_SHA256_FIXED, "ECDSA P-256 with SHA-256, 64 octets.";
    p384_sha384_fixed = ECDSA_P384_SHA384_FIXED, "ECDSA P-384 with SHA-384, 96 octets.";
    pkcs1_sha256 = RSA_PKCS1_2048_8192_SHA256, "RSASSA-PKCS1-v1_5 with SHA-256.";
    pkcs1_sha384 = RSA_PKCS1_2048_8192_SHA384, "RSASSA-PKCS1-v1_5 with SHA-384.";
    pkcs1_sha512 = RSA_PKCS1_2048_8192_SHA512, "RSASSA-PKCS1-v1_5 with SHA-512.";
    pss_sha256 = RSA_PSS_2048_8192_SHA256, "RSASSA-PSS with SHA-256.";
    pss_sha384 = RSA_PSS_2048_8192_SHA384, "RSASSA-PSS with SHA-384.";
    pss_sha512 = RSA_PSS_2048_8192_SHA512, "RSASSA-PSS with SHA-512.";
}

/// For algorithms without a fixed-width form.
///
/// # Errors
/// Always [`BadSignature`].
pub const fn never(_: &PublicKey, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
    Err(BadSignature)
}

fn check(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), BadSignature> {
    UnparsedPublicKey::new(algorithm, key.bits()).verify(message, signature).or(Err(BadSignature))
}
