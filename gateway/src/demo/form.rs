//! The forms in which licences are signed.

use crypto::issue::{CmsBuilder, OfdSignature, PdfBuilder, PdfSignature, SdJwtBuilder, SealVersion, Stamp};
use crypto::licence::Metadata;
use serde_json::{Value, json};

use super::authority::Credential;
use super::department::Department;
use super::error::DemoError;
use super::licences::{jws, ofd, signed_at};
use super::pki::Pki;

/// In which form a licence is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// OFD with a seal of GM/T 0031-2014.
    OfdV1,
    /// OFD with a seal of GB/T 38540-2020.
    OfdV4,
    /// OFD with a seal of GM/T 0031-2025.
    OfdV5,
    /// OFD with a seal of GB/T 38540-2020 and a time stamp, by the key of the first department that is lost since.
    OfdStamped,
    /// JWS with SM2.
    JwsSm2,
    /// JWS with ECDSA on P-256.
    JwsEs256,
    /// JWS with Ed25519.
    JwsEdDsa,
    /// SD-JWT verifiable credential, signed as a JWS of its department.
    SdJwt,
    /// `SignedData` of GB/T 35275.
    Cms,
    /// PDF with an `ETSI.CAdES.detached` signature.
    Pdf,
}

/// For tables, media type, ending of a file's name.
type Traits = (&'static str, &'static str, &'static str);

impl Form {
    /// For tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.traits().0
    }

    /// Media type of the document.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        self.traits().1
    }

    /// Ending of the name of its file.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        self.traits().2
    }

    const fn traits(self) -> Traits {
        match self {
            Self::OfdV1 => ("OFD v1", "application/ofd", "ofd"),
            Self::OfdV4 => ("OFD v4", "application/ofd", "ofd"),
            Self::OfdV5 => ("OFD v5", "application/ofd", "ofd"),
            Self::OfdStamped => ("OFD v4 stamped", "application/ofd", "ofd"),
            Self::JwsSm2 => ("JWS SM2", "application/jose", "jws"),
            Self::JwsEs256 => ("JWS ES256", "application/jose", "jws"),
            Self::JwsEdDsa => ("JWS EdDSA", "application/jose", "jws"),
            Self::SdJwt => ("SD-JWT", "application/dc+sd-jwt", "sdjwt"),
            Self::Cms => ("CMS SM2", "application/cms", "p7m"),
            Self::Pdf => ("PDF", "application/pdf", "pdf"),
        }
    }

    /// The licence of this department in this form.
    pub(super) fn document(self, pki: &Pki, department: &Department, metadata: &Metadata) -> Result<Vec<u8>, DemoError> {
        let at = signed_at(metadata);
        let own = &department.signer;
        let other = || department.other.as_ref().ok_or(DemoError::Unplanned("such certificate"));
        Ok(match self {
            Self::OfdV1 => sealed(department, SealVersion::V1, metadata)?,
            Self::OfdV4 => sealed(department, SealVersion::V4, metadata)?,
            Self::OfdV5 => sealed(department, SealVersion::V5, metadata)?,
            Self::OfdStamped => {
                let token = |value: &[u8]| pki.token(value, at.plus(1));
                stamped(department, &pki.lost, metadata, Stamp(&token))?
            }
            Self::JwsSm2 => jws(metadata, own, &[&pki.signer_ca.certificate], at),
            Self::JwsEs256 | Self::JwsEdDsa => jws(metadata, other()?, &[], at),
            Self::SdJwt => sd_jwt(department, metadata, None)?,
            Self::Cms => {
                let payload = json!(metadata.to_fields()).to_string();
                CmsBuilder::gm(payload.as_bytes()).attributes(Some(at)).sign(own.signer())
            }
            Self::Pdf => pdf(other()?, metadata).build(),
        })
    }
}

fn sealed(department: &Department, version: SealVersion, metadata: &Metadata) -> Result<Vec<u8>, DemoError> {
    let seal = department.seal(version).ok_or(DemoError::Unplanned("such seal"))?;
    let signature = OfdSignature::seal(department.signer.signer(), version, &seal.der, signed_at(metadata));
    Ok(ofd(metadata).sign(signature).build())
}

/// Sealed with a certificate that the department's seal of GB/T 38540-2020 lists, with this time stamp.
pub(super) fn stamped(
    department: &Department,
    signer: &Credential,
    metadata: &Metadata,
    stamp: Stamp<'_>,
) -> Result<Vec<u8>, DemoError> {
    let seal = department.seal(SealVersion::V4).ok_or(DemoError::Unplanned("such seal"))?;
    let signature = OfdSignature::seal(signer.signer(), SealVersion::V4, &seal.der, signed_at(metadata)).stamped(stamp);
    Ok(ofd(metadata).sign(signature).build())
}

pub(super) fn pdf(signer: &Credential, metadata: &Metadata) -> PdfBuilder {
    // The page's font has no Chinese letters.
    let title = format!("Licence {}", metadata.identifier);
    PdfBuilder::licence(&metadata.to_fields(), &title).sign(PdfSignature::cades(signer.signer(), signed_at(metadata)))
}

/// Every field may be held back. `status` is the claim that says where its status stands.
pub(super) fn sd_jwt(department: &Department, metadata: &Metadata, status: Option<Value>) -> Result<Vec<u8>, DemoError> {
    let signer = department.other.as_ref().ok_or(DemoError::Unplanned("such certificate"))?;
    let vct = format!("urn:licet:demo:licence:{}", department.slug);
    let credential = SdJwtBuilder::licence(&vct, signed_at(metadata), &metadata.to_fields());
    let credential = status.into_iter().fold(credential, |credential, status| credential.claim("status", status));
    Ok(credential.chain(&[&signer.certificate]).sign(&signer.key).text().into_bytes())
}
