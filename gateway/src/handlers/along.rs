//! What a caller may give along with a question: certificates, and evidence of their status.

use crypto::x509::{Evidence, OcspResponse, pem};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::{Code, Octets, Problem};
use crate::verdict::Along;

/// Certificates that may come along.
const CERTIFICATES_MAX: usize = 32;
/// Revocation lists that may come along.
const LISTS_MAX: usize = 16;
/// OCSP responses that may come along.
const RESPONSES_MAX: usize = 32;

/// Evidence of the status of certificates. Nothing in it is believed that is not signed by whom it must be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StapledEvidence {
    /// Revocation lists, each PEM or DER in base64.
    #[serde(default)]
    #[schemars(length(max = 16))]
    pub crls: Vec<Octets>,
    /// OCSP responses (RFC 6960), each DER in base64.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub ocsp: Vec<Octets>,
}

impl StapledEvidence {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.ocsp.is_empty()
    }
}

/// Reads what came along.
///
/// # Errors
/// [`Code::BadContent`], with the place in the request, for what is not what it should be, and for more than is taken.
pub(super) fn read(certificates: &[Octets], evidence: &StapledEvidence) -> Result<Along, Problem> {
    let certificates = all("certificates", certificates, CERTIFICATES_MAX, pem::certificates)?;
    let lists = all("evidence.crls", &evidence.crls, LISTS_MAX, pem::revocation_lists)?;
    let responses = all("evidence.ocsp", &evidence.ocsp, RESPONSES_MAX, |der| OcspResponse::from_der(der).map(|one| vec![one]))?;
    Ok(Along { certificates, evidence: Evidence { lists, responses } })
}

fn all<T, E>(place: &str, given: &[Octets], most: usize, read: fn(&[u8]) -> Result<Vec<T>, E>) -> Result<Vec<T>, Problem> {
    let bad = |index: usize| {
        Problem::new(Code::BadContent).detail(format!("{place}[{index}] cannot be read."), format!("{place}[{index}]无法读取。"))
    };
    let mut found = Vec::new();
    for (index, octets) in given.iter().enumerate() {
        found.extend(read(&octets.0).map_err(|_error| bad(index))?);
        if found.len() > most {
            return Err(Problem::new(Code::BadContent)
                .detail(format!("{place} holds more than {most}."), format!("{place}超过{most}项。")));
        }
    }
    Ok(found)
}
