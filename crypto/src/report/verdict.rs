//! Main indications and sub-indications of ETSI EN 319 102-1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Check;

/// The main indication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Indication {
    /// Every check that matters was made and passed.
    TotalPassed,
    /// What is known does not suffice for either of the others.
    Indeterminate,
    /// A check that matters failed for good.
    TotalFailed,
}

/// Why the indication is not `TOTAL-PASSED`: the sub-indications of ETSI EN 319 102-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are those of the standard")]
pub enum SubIndication {
    FormatFailure,
    HashFailure,
    SigCryptoFailure,
    Revoked,
    Expired,
    NotYetValid,
    SigConstraintsFailure,
    ChainConstraintsFailure,
    CertificateChainGeneralFailure,
    CryptoConstraintsFailure,
    PolicyProcessingError,
    SignaturePolicyNotAvailable,
    TimestampOrderFailure,
    NoSigningCertificateFound,
    NoCertificateChainFound,
    NoCertificateChainFoundNoPoe,
    RevokedNoPoe,
    RevokedCaNoPoe,
    OutOfBoundsNotRevoked,
    OutOfBoundsNoPoe,
    RevocationOutOfBoundsNoPoe,
    CryptoConstraintsFailureNoPoe,
    NoPoe,
    TryLater,
    SignedDataNotFound,
}

/// An indication with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The main indication.
    pub indication: Indication,
    /// Why, unless it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
}

impl Verdict {
    /// `TOTAL-PASSED`.
    pub const PASSED: Self = Self { indication: Indication::TotalPassed, sub_indication: None };

    /// `TOTAL-FAILED` for this reason.
    #[must_use]
    pub const fn failed(why: SubIndication) -> Self {
        Self { indication: Indication::TotalFailed, sub_indication: Some(why) }
    }

    /// `INDETERMINATE` for this reason.
    #[must_use]
    pub const fn indeterminate(why: SubIndication) -> Self {
        Self { indication: Indication::Indeterminate, sub_indication: Some(why) }
    }

    /// Whether this is `TOTAL-PASSED`.
    #[must_use]
    pub fn is_passed(self) -> bool {
        self.indication == Indication::TotalPassed
    }

    /// The worse of the two; the first where they are equally bad.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.indication > self.indication { other } else { self }
    }

    /// The worst effect among the checks.
    pub fn of<'a>(checks: impl Iterator<Item = &'a Check>) -> Self {
        checks.filter_map(|check| check.effect).fold(Self::PASSED, Self::worse)
    }
}

impl Indication {
    /// The name in the standard, such as `TOTAL-PASSED`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL-PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL-FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_standard() {
        let verdict = serde_json::to_value(Verdict::failed(SubIndication::SigCryptoFailure)).unwrap();
        assert_eq!(verdict, serde_json::json!({ "indication": "TOTAL-FAILED", "sub_indication": "SIG_CRYPTO_FAILURE" }));
        for indication in [Indication::TotalPassed, Indication::Indeterminate, Indication::TotalFailed] {
            assert_eq!(serde_json::to_value(indication).unwrap(), indication.name());
        }
        assert_eq!(
            serde_json::to_value(SubIndication::NoCertificateChainFoundNoPoe).unwrap(),
            "NO_CERTIFICATE_CHAIN_FOUND_NO_POE"
        );
    }

    #[test]
    fn failure_outranks_doubt_and_the_first_reason_stays() {
        let doubt = Verdict::indeterminate(SubIndication::TryLater);
        let failed = Verdict::failed(SubIndication::HashFailure);
        assert_eq!(Verdict::PASSED.worse(doubt).worse(failed).worse(Verdict::failed(SubIndication::Revoked)), failed);
        assert_eq!(failed.worse(doubt), failed);
    }
}
