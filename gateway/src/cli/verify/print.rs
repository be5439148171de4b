//! A report for people.

use crypto::chain::ChainReport;
use crypto::report::{CertificateSummary, Check, Outcome, Report, ScopeKind, SealSummary, SignatureReport, Verdict};

use super::basis::Opinion;
use super::used;
use crate::cli::input::Language;
use crate::cli::table::{pad, width};

/// The words around the report.
struct Words {
    as_of: &'static str,
    bytes: &'static str,
    licence: &'static str,
    issued_by: &'static str,
    document: &'static str,
    signature: &'static str,
    signer: &'static str,
    issuer: &'static str,
    seal: &'static str,
    claimed: &'static str,
    warnings: &'static str,
    advice: &'static str,
    covers: &'static str,
    open: &'static str,
    offline: &'static str,
}

static EN: Words = Words {
    as_of: "as of",
    bytes: "bytes",
    licence: "licence",
    issued_by: "issued by",
    document: "document and licence",
    signature: "signature",
    signer: "signer",
    issuer: "issuer",
    seal: "seal",
    claimed: "says to be of",
    warnings: "warnings",
    advice: "what to do:",
    covers: "covers",
    open: "not covered",
    offline: "No register was asked: whether the licence was revoked since is not known here.",
};

static ZH: Words = Words {
    as_of: "验证时间",
    bytes: "字节",
    licence: "证照",
    issued_by: "颁发机构",
    document: "文件与证照",
    signature: "签名",
    signer: "签名者",
    issuer: "签发者",
    seal: "印章",
    claimed: "声明的签名时间",
    warnings: "注意",
    advice: "处理建议：",
    covers: "覆盖文件数",
    open: "未覆盖",
    offline: "未查询登记库：无法得知该证照此后是否被撤销。",
};

const fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}

/// Column in which the texts of checks start.
const IDS: usize = 34;

/// The report on a file of this length.
pub(super) fn text(file: &str, length: usize, opinion: &Opinion, language: Language) -> String {
    let words = words(language);
    let report = &opinion.report;
    let mut lines = vec![format!("{file}: {}", verdict(report.verdict))];
    lines.push(format!("  {} {}", words.advice, language.of(&report.advice.en, &report.advice.zh)));
    lines.push(format!(
        "  {}, {length} {}, {} {}, SHA-256 {}",
        report.format.to_uppercase(),
        words.bytes,
        words.as_of,
        report.validation_time,
        report.document_sha256
    ));
    if let Some(metadata) = &opinion.metadata {
        lines.push(format!("  {} {} {}", words.licence, metadata.type_name, metadata.identifier));
        lines.push(format!("  {} {} ({})", words.issued_by, metadata.issuer_name, metadata.issuer_code));
    }
    if !report.checks.is_empty() {
        lines.push(format!("  {}", words.document));
        lines.extend(report.checks.iter().map(|check| line(check, language)));
    }
    for signature in &report.signatures {
        lines.extend(signature_lines(signature, words, language));
    }
    lines.extend(warnings(report, words, language));
    lines.extend(report.diagnostic.iter().flat_map(|used| used::lines(used, language)));
    if opinion.metadata.is_some() {
        lines.push(format!("  {}", words.offline));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The report on a certificate.
pub(super) fn chain(report: &ChainReport, language: Language) -> String {
    let words = words(language);
    let mut lines = vec![verdict(report.verdict), format!("  {} {}", words.as_of, report.validation_time)];
    for one in &report.chain {
        lines.push(format!("  {} {} – {}", one.subject, one.not_before, one.not_after));
    }
    lines.extend(report.checks.iter().map(|check| line(check, language)));
    lines.extend(report.diagnostic.iter().flat_map(|used| used::lines(used, language)));
    lines.join("\n")
}

fn verdict(verdict: Verdict) -> String {
    let why = verdict.sub_indication.and_then(|why| serde_json::to_value(why).ok());
    match why.as_ref().and_then(serde_json::Value::as_str) {
        Some(why) => format!("{} ({why})", verdict.indication.name()),
        None => verdict.indication.name().to_owned(),
    }
}

fn signature_lines(signature: &SignatureReport, words: &Words, language: Language) -> Vec<String> {
    let algorithm = signature.algorithm.as_deref().unwrap_or("-");
    let head =
        format!("  {} {} ({}, {algorithm}): {}", words.signature, signature.id, signature.form, verdict(signature.verdict));
    let mut lines = vec![head];
    let mut fact = |name: &str, value: String| lines.push(format!("    {}{value}", pad(name, width(name).max(14) + 2)));
    if let Some(CertificateSummary { subject, issuer, .. }) = &signature.signer {
        fact(words.signer, subject.clone());
        fact(words.issuer, issuer.clone());
    }
    if let Some(SealSummary { id, name, version, .. }) = &signature.seal {
        fact(words.seal, format!("{name} ({id}, v{version})"));
    }
    if let Some(claimed) = &signature.claimed_time {
        fact(words.claimed, claimed.to_string());
    }
    if let Some(scope) = signature.scope.as_ref().filter(|scope| scope.kind == ScopeKind::ListedFiles) {
        fact(words.covers, scope.covered_count.to_string());
        if scope.uncovered_count > 0 {
            fact(words.open, format!("{} ({})", scope.uncovered_count, scope.uncovered.join(", ")));
        }
    }
    lines.extend(signature.checks.iter().map(|check| line(check, language)));
    lines
}

fn warnings(report: &Report, words: &Words, language: Language) -> Vec<String> {
    if report.warnings.is_empty() {
        return Vec::new();
    }
    let head = std::iter::once(format!("  {}", words.warnings));
    head.chain(report.warnings.iter().map(|check| format!("    ! {}", said(check, language)))).collect()
}

fn line(check: &Check, language: Language) -> String {
    let mark = match check.outcome {
        Outcome::Passed => "✓",
        Outcome::Failed => "✗",
        Outcome::NotConcluded => "?",
        Outcome::NotApplicable => "–",
    };
    format!("    {mark} {}", said(check, language))
}

fn said(check: &Check, language: Language) -> String {
    let id = match check.role.and_then(|role| serde_json::to_value(role).ok()) {
        Some(role) => format!("{} {}", check.id, role.as_str().unwrap_or_default()),
        None => check.id.to_string(),
    };
    let text = language.of(&check.text.en, &check.text.zh);
    let line = format!("{} {text}", pad(&id, IDS));
    // Facts help where something is wrong; elsewhere they would only fill the screen.
    if check.inputs.is_empty() || !matches!(check.outcome, Outcome::Failed | Outcome::NotConcluded) {
        return line;
    }
    let facts: Vec<String> = check.inputs.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{line}\n      {} ({})", pad("", IDS), facts.join(", "))
}
