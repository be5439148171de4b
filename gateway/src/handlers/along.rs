//! What a caller may give along with a question: certificates, evidence of status, and what a holder was asked to sign.

use crypto::sd_jwt::Presentation;
use crypto::x509::{Evidence, OcspResponse, pem};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::{Code, Octets, Problem};
use crate::verdict::Along;

/// Certificates that may come along.
const CERTIFICATES_MAX: usize = 32;
/// Revocation lists that may come along.
const LISTS_MAX: usize = 16;
/// Status lists that may come along.
const STATUS_LISTS_MAX: usize = 8;
/// The longest audience or nonce, in bytes.
const EXPECTED_BYTES_MAX: usize = 1024;
/// The longest time that a presentation may count, in seconds.
const AGE_MAX_S: u32 = 86_400;
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
    /// Signed lists of the status of credentials (`statuslist+jwt`).
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub status_lists: Vec<String>,
}

/// What the holder of a credential was asked to sign. Without it nobody is asked whether the credential was presented to whoever
/// verifies it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentationRequest {
    /// Who asked (`aud`).
    pub audience: String,
    /// What was to be signed this time (`nonce`).
    pub nonce: String,
    /// For how many seconds a presentation counts, 1 to 86400; 300 when absent.
    #[serde(default = "age_max_s")]
    #[schemars(range(min = 1, max = 86_400))]
    pub age_max_s: u32,
}

impl PresentationRequest {
    /// What verification compares with.
    #[must_use]
    pub fn expected(&self) -> Presentation<'_> {
        Presentation { audience: &self.audience, nonce: &self.nonce, age_max_s: self.age_max_s.into() }
    }
}

const fn age_max_s() -> u32 {
    300
}

impl StapledEvidence {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.ocsp.is_empty() && self.status_lists.is_empty()
    }
}

/// Reads what came along.
///
/// # Errors
/// [`Code::BadContent`], with the place in the request, for what is not what it should be, and for more than is taken.
pub(super) fn read(
    certificates: &[Octets],
    evidence: StapledEvidence,
    presentation: Option<PresentationRequest>,
) -> Result<Along, Problem> {
    let certificates = all("certificates", certificates, CERTIFICATES_MAX, pem::certificates)?;
    let lists = all("evidence.crls", &evidence.crls, LISTS_MAX, pem::revocation_lists)?;
    let responses = all("evidence.ocsp", &evidence.ocsp, RESPONSES_MAX, |der| OcspResponse::from_der(der).map(|one| vec![one]))?;
    let bad = |place: &str| {
        Problem::new(Code::BadContent).detail(format!("{place} is not within its limits."), format!("{place}超出限制。"))
    };
    if evidence.status_lists.len() > STATUS_LISTS_MAX {
        return Err(bad("evidence.status_lists"));
    }
    let within = |asked: &PresentationRequest| {
        let texts = [&asked.audience, &asked.nonce];
        texts.iter().all(|text| (1..=EXPECTED_BYTES_MAX).contains(&text.len())) && (1..=AGE_MAX_S).contains(&asked.age_max_s)
    };
    if presentation.as_ref().is_some_and(|asked| !within(asked)) {
        return Err(bad("presentation"));
    }
    // Whether they are lists at all, verification says: one that is none is as good as none.
    let status_lists = evidence.status_lists.into_iter().map(String::into_bytes).collect();
    Ok(Along { certificates, evidence: Evidence { lists, responses, ..Evidence::default() }, status_lists, presentation })
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
