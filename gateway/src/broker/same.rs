//! Whether two statements are the same, however they were typed.

use crypto::catalogue::FieldType;
use serde_json::Value;

/// The longest value that is compared, in bytes.
const VALUE_BYTES_MAX: usize = 1024;

/// A value in its one form: blanks around it taken off, full-width letters, digits and signs made half-width, codes and numbers of
/// certificates in upper case. Nothing where it is empty, too long, or no text, number or truth value.
#[must_use]
pub fn normal(value: &Value, kind: FieldType) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.len() > VALUE_BYTES_MAX {
        return None;
    }
    let narrow = half_width(&text);
    let trimmed = narrow.trim();
    let normal = match kind {
        FieldType::Number => decimal(trimmed)?,
        FieldType::Boolean => trimmed.to_ascii_lowercase(),
        FieldType::Date | FieldType::Code => trimmed.to_ascii_uppercase(),
        // A text of letters and digits alone is a number of some document: its X may be written small.
        FieldType::Text if trimmed.bytes().all(|byte| byte.is_ascii_alphanumeric()) => trimmed.to_ascii_uppercase(),
        FieldType::Text => trimmed.to_owned(),
    };
    Some(normal).filter(|text| !text.is_empty())
}

/// A text with its full-width letters, digits and signs made half-width.
#[must_use]
pub fn half_width(text: &str) -> String {
    text.chars().map(narrow).collect()
}

/// A decimal number without what makes no difference: a plus, zeros in front, zeros behind.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn same(kind: FieldType, a: Value, b: Value) -> bool {
        let [a, b] = [a, b].map(|value| normal(&value, kind));
        a.is_some() && a == b
    }

    #[test]
    fn typing_makes_no_difference_and_content_does() {
        use FieldType as Kind;
        assert!(same(Kind::Text, json!(" 某甲\u{3000}"), json!("某甲")));
        assert!(same(Kind::Text, json!("１１０１０５１９４９１２３１００２ｘ"), json!("11010519491231002X")));
        assert!(same(Kind::Code, json!("ab-1"), json!("ＡＢ－１")));
        assert!(same(Kind::Number, json!("+01.50"), json!(1.5)) && same(Kind::Number, json!("-0.0"), json!(0)));
        assert!(same(Kind::Boolean, json!(true), json!("TRUE")));
        assert!(same(Kind::Date, json!("2026-07-01"), json!(" 2026-07-01")));
        assert!(!same(Kind::Text, json!("某甲"), json!("某乙")));
        assert!(!same(Kind::Text, json!("van der A"), json!("Van der A")), "a name is no code");
        assert!(!same(Kind::Number, json!("-1"), json!(1)));
        for nothing in [json!(""), json!("\u{3000}"), json!(null), json!([1]), json!({}), json!("x".repeat(1025))] {
            assert_eq!(normal(&nothing, Kind::Text), None, "{nothing}");
        }
        for bad in ["", "1.2.3", "1e5", ".5", "-", "one"] {
            assert_eq!(normal(&json!(bad), Kind::Number), None, "{bad}");
        }
    }
}
