//! What whoever was shown a document should do now, by the verdict on it.

use std::collections::BTreeSet;

use super::checks::{SEAL_STATE, SEAL_USE_LOGGED};
use super::{Indication, SubIndication as Sub, Text, Verdict};

/// One sentence for the clerk at the counter, by the verdict and the checks that it was drawn from.
#[must_use]
pub(super) fn advice(verdict: Verdict, deciding: &BTreeSet<&str>) -> Text {
    let (en, zh) = match (verdict.indication, verdict.sub_indication) {
        _ if deciding.iter().eq([&SEAL_STATE.id]) => out_of_use(verdict.indication),
        _ if deciding.iter().eq([&SEAL_USE_LOGGED.id]) => (
            "Do not rely on it: no use of its seal on this document is on record. Ask the issuing body.",
            "暂不采信：印章日志中没有该印章用于该文件的用印记录。请向颁发机构核实。",
        ),
        (Indication::TotalPassed, _) => ("Accept the document.", "可以采信该文件。"),
        (Indication::TotalFailed, None) => ("Do not accept the document.", "不予采信该文件。"),
        (Indication::Indeterminate, None) => ("Do not decide on this document alone.", "不要仅凭该文件作出决定。"),
        (_, Some(why)) => sentence(why),
    };
    Text { en: en.into(), zh: zh.into() }
}

/// A seal that was frozen, taken out of use, cancelled or replaced counts like a revoked certificate, and is none.
const fn out_of_use(indication: Indication) -> (&'static str, &'static str) {
    match indication {
        Indication::TotalFailed => (
            "Do not accept it: its seal was out of use when it was used. Ask the issuing body for one with a seal in use.",
            "不予采信：用章时印章已被冻结、停用、注销或重制。请颁发机构以有效印章重新出具。",
        ),
        Indication::TotalPassed | Indication::Indeterminate => (
            "Do not rely on it: its seal was put out of use, and nothing proves that it was used before. Ask the issuing body.",
            "暂不采信：印章已被冻结、停用、注销或重制，且无法证明用章在此之前。请向颁发机构核实。",
        ),
    }
}

#[expect(clippy::too_many_lines, reason = "a table, one sentence for each; split it would no longer be exhaustive")]
const fn sentence(why: Sub) -> (&'static str, &'static str) {
    match why {
        Sub::FormatFailure => {
            ("Do not accept it; ask the holder for the file as it was issued.", "不予采信；请持证人提供签发时的原始文件。")
        }
        Sub::HashFailure => (
            "Do not accept it: its content is not what was signed or put on record. Ask the issuing body for its copy.",
            "不予采信：内容与签署或登记时不一致。请向颁发机构调取原件。",
        ),
        Sub::SigCryptoFailure => (
            "Do not accept it: it was forged or damaged. Keep it and report it as your rules say.",
            "不予采信：文件系伪造或已损坏。请留存并按规定上报。",
        ),
        Sub::Revoked => (
            "Do not accept it: it was revoked. Ask the holder for a licence in force.",
            "不予采信：已被吊销或撤销。请持证人提供有效证照。",
        ),
        Sub::Expired => (
            "Do not accept it: it is outside its period. Ask the holder for a licence in force.",
            "不予采信：不在有效期内。请持证人提供有效证照。",
        ),
        Sub::NotYetValid => (
            "Do not accept it yet: its period has not begun. Ask again when it has.",
            "暂不采信：有效期尚未开始，请在生效后再次验证。",
        ),
        Sub::SigConstraintsFailure => (
            "Do not rely on it: who signed was not entitled to sign this. Ask the issuing body.",
            "不予采信：签署者无权签署该文件。请向颁发机构核实。",
        ),
        Sub::ChainConstraintsFailure | Sub::CertificateChainGeneralFailure => (
            "Do not rely on it: the signer's certificate may not be used for this. Ask the issuing body.",
            "暂不采信：签名者证书不得用于该用途。请向颁发机构核实。",
        ),
        Sub::CryptoConstraintsFailure | Sub::CryptoConstraintsFailureNoPoe => (
            "Do not rely on it: it was signed by a method that is no longer accepted. Ask the issuing body for a newly signed one.",
            "暂不采信：签名算法已不被接受。请颁发机构重新签署。",
        ),
        Sub::PolicyProcessingError | Sub::SignaturePolicyNotAvailable => (
            "Do not rely on it yet: the signature names rules that are not known here. Ask the operator of this gateway.",
            "暂不采信：签名引用的签名策略无法使用。请联系网关运维人员。",
        ),
        Sub::TimestampOrderFailure => (
            "Do not rely on it: its times contradict each other. Ask the issuing body.",
            "暂不采信：各时间先后矛盾。请向颁发机构核实。",
        ),
        Sub::NoSigningCertificateFound => (
            "Do not rely on it: it does not say who signed. Ask for the signer's certificate.",
            "暂不采信：无法得知签名者。请索取签名者证书。",
        ),
        Sub::NoCertificateChainFound | Sub::NoCertificateChainFoundNoPoe => (
            "Do not rely on it: the signer is not trusted here. If the issuing body is genuine, ask the operator to add its authority.",
            "暂不采信：签名者不受信任。如颁发机构属实，请运维人员增加其认证机构。",
        ),
        Sub::RevokedNoPoe | Sub::RevokedCaNoPoe => (
            "Do not rely on it: a certificate was revoked, and nothing proves that the signature is older. Ask the issuing body.",
            "暂不采信：证书已被吊销，且无法证明签名在此之前。请向颁发机构核实。",
        ),
        Sub::OutOfBoundsNotRevoked | Sub::OutOfBoundsNoPoe => (
            "Do not rely on it: a certificate or seal has expired, and nothing proves that the signature is older. Ask for a newly signed one.",
            "暂不采信：证书或印章已过期，且无法证明签名在此之前。请索取重新签署的文件。",
        ),
        Sub::RevocationOutOfBoundsNoPoe => (
            "Do not rely on it yet: who vouches for the certificate has expired credentials. Ask again later, or ask the operator.",
            "暂不采信：证书状态的出具者自身证书已过期。请稍后再试或联系运维人员。",
        ),
        Sub::NoPoe => (
            "Do not rely on it: nothing proves when it was signed. Ask the issuing body.",
            "暂不采信：无法证明签名时间。请向颁发机构核实。",
        ),
        Sub::TryLater => (
            "Do not decide yet: its present state is not known or it is suspended. Ask again later, or ask the issuing body.",
            "暂不作决定：当前状态未知或处于暂扣状态。请稍后再次验证，或向颁发机构核实。",
        ),
        Sub::SignedDataNotFound => (
            "Do not rely on it: a part of what it shows is signed by nobody, or is missing. Ask for the whole file as it was issued.",
            "暂不采信：部分内容未受签名保护或缺失。请索取签发时的完整文件。",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_what_to_do_in_both_languages() {
        let all = [
            Verdict::PASSED,
            Verdict::failed(Sub::Revoked),
            Verdict::indeterminate(Sub::TryLater),
            Verdict::indeterminate(Sub::SignedDataNotFound),
        ];
        for verdict in all {
            let Text { en, zh } = advice(verdict, &BTreeSet::new());
            assert!(en.ends_with('.') && zh.ends_with('。'), "{verdict:?}");
            assert_eq!(en.contains("not"), !verdict.is_passed(), "{en}");
        }
    }

    #[test]
    fn what_a_seal_is_refused_for_is_said_of_the_seal() {
        let en = |verdict, ids: &[&str]| advice(verdict, &ids.iter().copied().collect()).en;
        let (failed, doubtful) = (Verdict::failed(Sub::Revoked), Verdict::indeterminate(Sub::RevokedNoPoe));
        let unlogged = Verdict::indeterminate(Sub::SigConstraintsFailure);
        assert!(en(failed, &["seal.state"]).contains("its seal was out of use"));
        assert!(en(doubtful, &["seal.state"]).contains("its seal was put out of use"));
        assert!(en(unlogged, &["seal.use-logged"]).contains("no use of its seal"));
        // Where a certificate was revoked as well, or somebody had no right to sign, that is said.
        assert!(en(doubtful, &["seal.state", "x509.revocation"]).contains("a certificate was revoked"));
        assert!(en(unlogged, &["seal.signer-listed"]).contains("not entitled"));
    }
}
