//! Why a source did not give what was asked of it.

use std::fmt;

/// What went wrong with a source or its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection within the time.
    Unreachable,
    /// The TLS handshake failed.
    Tls,
    /// The answer did not arrive within the time.
    Slow,
    /// The connection broke, or what came is no HTTP.
    Broken,
    /// Another HTTP status than 200 (304 for what we have).
    Refused(u16),
    /// The answer is longer than any that is read.
    TooLarge,
    /// What came is no list or response.
    Malformed,
    /// A list of an authority that no trust domain knows.
    UnknownIssuer,
    /// It does not verify: its signature, or who signed it.
    NotSigned,
    /// It was not made for now: of the future, or its end has passed.
    NotCurrent,
    /// It says nothing of the certificate in question.
    NotAnswered,
    /// The responder knows nothing of the certificate (`unknown`).
    UnknownCertificate,
    /// The responder says that it cannot answer now, or not us.
    Declined,
    /// The gateway itself could not go on.
    Internal,
}

impl Fault {
    /// Every fault; of refusals one.
    pub const ALL: [Self; 14] = [
        Self::Unreachable,
        Self::Tls,
        Self::Slow,
        Self::Broken,
        Self::Refused(0),
        Self::TooLarge,
        Self::Malformed,
        Self::UnknownIssuer,
        Self::NotSigned,
        Self::NotCurrent,
        Self::NotAnswered,
        Self::UnknownCertificate,
        Self::Declined,
        Self::Internal,
    ];

    /// A stable code for views, logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Slow => "slow",
            Self::Broken => "broken",
            Self::Refused(_) => "refused",
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::UnknownIssuer => "unknown-issuer",
            Self::NotSigned => "not-signed",
            Self::NotCurrent => "not-current",
            Self::NotAnswered => "not-answered",
            Self::UnknownCertificate => "unknown-certificate",
            Self::Declined => "declined",
            Self::Internal => "internal",
        }
    }

    /// Whether it says something of the one certificate that was asked about, and nothing of the responder: others may be asked
    /// about all the same.
    pub(super) const fn is_of_question(self) -> bool {
        matches!(self, Self::NotAnswered | Self::UnknownCertificate | Self::NotSigned | Self::Internal)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => write!(f, "refused with {status}"),
            _ => f.write_str(self.code()),
        }
    }
}
