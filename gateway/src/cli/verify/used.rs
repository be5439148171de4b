//! What was used on the way to a verdict, for people.

use crypto::report::{Diagnostic, ListSaid};
use crypto::time::Timestamp;

use crate::cli::input::Language;

/// The lines of a diagnostic.
pub(super) fn lines(used: &Diagnostic, language: Language) -> Vec<String> {
    let mut lines = vec![format!("  {}", language.of("what was used", "所用材料"))];
    for (sha256, certificate) in &used.certificates {
        let summary = &certificate.summary;
        lines.push(format!("    {} {sha256}", language.of("certificate", "证书")));
        lines.push(format!("      {}, {} – {}", summary.subject, summary.not_before, summary.not_after));
    }
    for (sha256, list) in &used.lists {
        lines.push(format!("    {} {sha256}", language.of("revocation list", "吊销列表")));
        let number = list.number.as_deref().unwrap_or("-");
        lines.push(format!("      {}, №{number}, {} – {}", list.issuer, list.this_update, until(list.next_update)));
        lines.extend(list.said.iter().map(|(certificate, said)| format!("      {certificate}: {}", word(said, language))));
    }
    for (sha256, answer) in &used.responses {
        lines.push(format!("    {} {sha256}", language.of("OCSP response", "OCSP应答")));
        let range = format!("{} – {}", answer.this_update, until(answer.next_update));
        lines.push(format!("      {}, {}: {}, {range}", answer.responder, answer.serial, answer.status));
    }
    for (sha256, stamp) in &used.timestamps {
        let counts =
            if stamp.counts { language.of("counts", "可作证明") } else { language.of("does not count", "不作证明") };
        lines.push(format!("    {} {sha256}", language.of("time stamp", "时间戳")));
        lines.push(format!("      {}, {}, {counts}", stamp.time, stamp.authority.as_deref().unwrap_or("-")));
    }
    let times: Vec<String> = used.times.iter().map(Timestamp::to_string).collect();
    lines.push(format!("    {} {}", language.of("moments compared", "比对过的时间"), times.join(" ")));
    let spent = used.spent.iter().filter(|(_, spent)| spent.used > 0);
    let spent: Vec<String> = spent.map(|(name, spent)| format!("{name} {}/{}", spent.used, spent.limit)).collect();
    lines.push(format!("    {} {}", language.of("work", "处理量"), spent.join(", ")));
    lines
}

fn until(end: Option<Timestamp>) -> String {
    end.map_or_else(|| "-".to_owned(), |end| end.to_string())
}

fn word(said: &ListSaid, language: Language) -> String {
    match said.revoked_at {
        Some(moment) => format!("{} {moment}", language.of("revoked", "已吊销")),
        None if said.listed => language.of("listed", "在列").to_owned(),
        None => language.of("not listed", "未列入").to_owned(),
    }
}
