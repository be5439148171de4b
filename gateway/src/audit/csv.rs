//! Rows as comma-separated values (RFC 4180), safe to open in a spreadsheet.

use serde_json::Value;

use super::view::RowView;

/// The names of the columns. New ones are added at the end.
const COLUMNS: [&str; 22] = [
    "number",
    "at",
    "event",
    "outcome",
    "code",
    "caller",
    "organisation",
    "operator",
    "address",
    "request",
    "seals",
    "document_sha256",
    "document_sm3",
    "issuer",
    "licence",
    "case",
    "item",
    "purpose",
    "approval",
    "effective_at",
    "details",
    "entry",
];

/// What stands in the first column of the last row.
const END: &str = "#end";

/// The row of names.
#[must_use]
pub(super) fn head() -> Vec<u8> {
    let mut out = Vec::new();
    write(&COLUMNS.map(str::to_owned), &mut out);
    out
}

/// Adds a row.
pub(super) fn row(row: &RowView, out: &mut Vec<u8>) {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let (facts, subject) = (row.facts.as_ref(), row.subject.as_ref());
    let document = facts.and_then(|facts| facts.document.as_ref());
    let seals = facts.map(|facts| facts.seals.iter().map(|seal| seal.id.as_str()).collect::<Vec<_>>().join(" "));
    let details = facts.filter(|facts| !facts.details.is_empty()).map(|facts| Value::from_iter(facts.details.clone()));
    let columns = [
        row.number.to_string(),
        text(row.at),
        text(facts.map(|facts| facts.event.name())),
        text(facts.map(|facts| facts.outcome.name())),
        text(facts.and_then(|facts| facts.code.as_ref())),
        text(facts.map(|facts| &facts.caller)),
        text(facts.and_then(|facts| facts.organisation.as_ref())),
        text(facts.and_then(|facts| facts.operator.as_ref())),
        text(facts.and_then(|facts| facts.address.as_ref())),
        text(facts.and_then(|facts| facts.request.as_ref())),
        text(seals),
        text(document.and_then(|document| document.sha256)),
        text(document.and_then(|document| document.sm3.as_ref())),
        text(facts.and_then(|facts| facts.issuer.as_ref())),
        text(subject.and_then(|subject| subject.licence.as_ref())),
        text(subject.and_then(|subject| subject.case.as_ref())),
        text(facts.and_then(|facts| facts.item.as_ref())),
        text(facts.and_then(|facts| facts.purpose.as_ref())),
        text(facts.and_then(|facts| facts.approval.as_ref())),
        text(facts.and_then(|facts| facts.effective_at)),
        text(details),
        row.entry.to_string(),
    ];
    write(&columns, out);
}

/// Adds the last row: a mark in the place of a number, how many rows came, up to which number, and the size of the log.
pub(super) fn end(rows: u64, through: Option<u64>, size: u64, out: &mut Vec<u8>) {
    let mut columns = COLUMNS.map(|_| String::new());
    let values =
        [END.to_owned(), rows.to_string(), through.map(|number| number.to_string()).unwrap_or_default(), size.to_string()];
    for (column, value) in columns.iter_mut().zip(values) {
        *column = value;
    }
    write(&columns, out);
}

fn write(columns: &[String], out: &mut Vec<u8>) {
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        field(column, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Spreadsheets take a field for a formula that begins like one. An apostrophe in front makes it text.
fn field(text: &str, out: &mut Vec<u8>) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let guard = if is_formula { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        out.extend_from_slice(format!("\"{guard}{}\"", text.replace('"', "\"\"")).as_bytes());
    } else {
        out.extend_from_slice(guard.as_bytes());
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Facts, Opening, SubjectPart};

    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        field(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_quoted_and_are_no_formulas() {
        for (text, expected) in [
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("=1+1", "'=1+1"),
            ("+86", "'+86"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(written(text), expected);
        }
    }

    #[test]
    fn every_row_has_every_column() {
        let mut facts = Facts::new(EventKind::SealUse, Ending::Done, "stamping".to_owned());
        facts.operator = Some("=cmd".to_owned());
        facts.details.insert("title".to_owned(), "a".into());
        let subject = Some(SubjectPart { case: Some("7".to_owned()), ..SubjectPart::default() });
        let entry = Opening { parts: Vec::new() }.entry();
        let view = RowView { number: 3, at: None, facts: Some(facts), subject, entry, opening: None, proof: None };
        let mut out = head();
        row(&view, &mut out);
        end(1, Some(3), 9, &mut out);
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1], format!("3,,seal.use,done,,stamping,,'=cmd,,,,,,,,7,,,,,\"{{\"\"title\"\":\"\"a\"\"}}\",{entry}"));
        assert!(lines[2].starts_with("#end,1,3,9,"));
        for line in [lines[0], lines[2]] {
            assert_eq!(line.matches(',').count(), COLUMNS.len() - 1, "{line}");
        }
    }
}
