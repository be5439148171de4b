//! Receipts: what a gateway said of a document, in its own name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rules::policy_digest;
use crate::digest::Sha256;
use crate::jws::{self, Jws};
use crate::record::{DocumentMention, LogName};
use crate::report::{Indication, PolicyUsed, Report, SubIndication, Verdict};
use crate::time::Timestamp;
use crate::x509::Certificate;
use crate::x509::trust::Policy;

/// The type that the header of a receipt names.
pub const RECEIPT_TYPE: &str = "licet-receipt+jwt";

/// The longest receipt that is read, in bytes: certificates take most of it.
const RECEIPT_BYTES_MAX: usize = 256 << 10;

/// The claims of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// When it was given, in seconds since 1970 (RFC 7519, 4.1.6).
    pub iat: i64,
    /// The name of the request (RFC 7519, 4.1.7).
    pub jti: String,
    /// The verdict.
    pub indication: Indication,
    /// Why, unless it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
    /// The document, by its digests.
    pub document: DocumentMention,
    /// The moment in question.
    pub at: Timestamp,
    /// The rules by which it was judged.
    pub policy: PolicyUsed,
    /// SHA-256 of the rules that hold for all documents, written as in a bundle.
    pub policy_sha256: Sha256,
    /// Everything that was in force, by its digest.
    pub trust_generation: Sha256,
    /// SHA-256 of the report at depth `detailed`, in JSON without white space and with the names of each object in order.
    pub report_sha256: Sha256,
    /// SHA-256 of what an evidence bundle encloses, where the receipt was made for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material_sha256: Option<Sha256>,
    /// The log that holds the record of it.
    pub log: LogName,
}

/// Why something is no receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptError {
    /// It is no compact JWS of this type with the claims of a receipt.
    Form,
    /// The certificate in its header has not signed it.
    Signature,
}

impl std::fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Form => "no signed receipt in its form",
            Self::Signature => "not signed with the certificate that it carries, or changed since",
        })
    }
}

impl std::error::Error for ReceiptError {}

/// SHA-256 of a report as receipts name it.
#[must_use]
pub(super) fn report_digest(report: &Value) -> Sha256 {
    Sha256::of(&[report.to_string().as_bytes()])
}

impl Receipt {
    /// The claims of a receipt for this report, given now in answer to the request of this name.
    #[must_use]
    pub fn new(report: &Report, document: DocumentMention, policy: &Policy, (now, request): (Timestamp, &str)) -> Self {
        Self {
            iat: now.unix(),
            jti: request.to_owned(),
            indication: report.verdict.indication,
            sub_indication: report.verdict.sub_indication,
            document,
            at: report.validation_time,
            policy: report.policy.clone(),
            policy_sha256: policy_digest(policy),
            trust_generation: report.trust_generation,
            report_sha256: report_digest(&serde_json::to_value(report).unwrap_or_default()),
            material_sha256: None,
            log: LogName::Seal,
        }
    }

    /// The same for an evidence bundle that encloses this.
    #[must_use]
    pub fn enclosing(self, material: Sha256) -> Self {
        Self { material_sha256: Some(material), ..self }
    }

    /// Reads a receipt and checks that the certificate in its header signed it. Whether that certificate is to be trusted, the
    /// chain that is given back tells whoever wants to know; where the log is trusted, the record vouches for the receipt.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn read(text: &str) -> Result<(Self, Certificate), ReceiptError> {
        if text.len() > RECEIPT_BYTES_MAX || !text.starts_with("ey") {
            return Err(ReceiptError::Form);
        }
        let jws = Jws::parse(text.as_bytes()).or(Err(ReceiptError::Form))?;
        let signer = jws.signer().filter(|_| jws.is_typed(&[RECEIPT_TYPE])).ok_or(ReceiptError::Form)?;
        if !jws.is_signed_by(&signer) {
            return Err(ReceiptError::Signature);
        }
        let claims = jws::object(jws.payload()).ok_or(ReceiptError::Form)?;
        let receipt = serde_json::from_value(Value::Object(claims)).or(Err(ReceiptError::Form))?;
        Ok((receipt, signer))
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        Verdict { indication: self.indication, sub_indication: self.sub_indication }
    }

    /// When it was given.
    #[must_use]
    pub const fn given_at(&self) -> Timestamp {
        Timestamp::from_unix(self.iat)
    }
}
