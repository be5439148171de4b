//! What came of asking about one document, beside what should.

use crypto::licence::{Identifier, Operation};
use crypto::report::checks::SIGNATURE_EXISTENCE;
use crypto::report::{Check, Report, SubIndication, Verdict};

use super::form::Form;
use super::kind::Fate;

/// How the gateway was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The document was handed in to be stored.
    HandedIn,
    /// The document was sent to be verified.
    ByFile,
    /// A credential that was made of the licence on record was sent.
    ByCredential,
    /// The identifier was sent.
    ByIdentifier,
}

/// A row of the table of verdicts.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which licence.
    pub identifier: Identifier,
    /// Its type.
    pub type_name: String,
    /// Its form.
    pub form: Form,
    /// What was done to it.
    pub story: &'static str,
    /// How it was asked about.
    pub asked: Asked,
    /// The verdict that it should get.
    pub expected: Verdict,
    /// The verdict that it got.
    pub found: Verdict,
    /// What led to the verdict; of one that passed, the warning that it does since it is proven to be old.
    pub why: Option<Check>,
}

impl Asked {
    /// For tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HandedIn => "handed in",
            Self::ByFile => "file",
            Self::ByCredential => "credential",
            Self::ByIdentifier => "identifier",
        }
    }
}

impl Row {
    /// Whether the verdict is the one that it should be.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.expected == self.found
    }
}

impl Fate {
    /// What was done, for tables.
    #[must_use]
    pub const fn story(self) -> &'static str {
        match self {
            Self::Valid => "in force",
            Self::KeyLost => "in force, key lost since",
            Self::Expired => "its time is over",
            Self::Revoked => "revoked 撤销",
            Self::Withdrawn => "withdrawn 吊销",
            Self::Cancelled => "cancelled 注销",
            Self::Suspended => "suspended 暂扣",
            Self::Changed => "replaced by 002",
        }
    }

    /// The verdict that such a licence should get.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Valid | Self::KeyLost => Verdict::PASSED,
            Self::Expired => Verdict::failed(SubIndication::Expired),
            Self::Suspended => Verdict::indeterminate(SubIndication::TryLater),
            Self::Revoked | Self::Withdrawn | Self::Cancelled | Self::Changed => Verdict::failed(SubIndication::Revoked),
        }
    }

    /// The decision that leads there, and its reason.
    #[must_use]
    pub const fn decision(self) -> Option<(Operation, &'static str)> {
        match self {
            Self::Revoked => Some((Operation::Revoke, "示例：以欺骗手段取得")),
            Self::Withdrawn => Some((Operation::Withdraw, "示例：违法行为处罚")),
            Self::Cancelled => Some((Operation::Cancel, "示例：持证主体申请注销")),
            Self::Suspended => Some((Operation::Suspend, "示例：整改期间暂扣")),
            Self::Valid | Self::KeyLost | Self::Expired | Self::Changed => None,
        }
    }
}

/// The check that tells a reader best why the verdict is what it is: of a signature before one of the record, since what
/// was changed explains why the file is not the one on record. Of what passed, that it does so only
/// because it is proven to be old enough.
#[must_use]
pub fn reason(report: &Report) -> Option<&Check> {
    let checks = || report.signatures.iter().flat_map(|signature| &signature.checks).chain(&report.checks);
    let decisive = |check: &&Check| check.effect.is_some_and(|effect| effect.indication == report.verdict.indication);
    checks().find(decisive).or_else(|| report.warnings.iter().find(|warning| warning.id == SIGNATURE_EXISTENCE.id))
}
