//! What a request is for, as its headers say: the item, the case, the purpose, and the person who asks.

use crypto::licence::number::citizen_number;
use crypto::time::{Date, Timestamp};
use hyper::HeaderMap;
use storage::log::Draft;

use crate::handlers::today_in_china;
use crate::http::{Code, Problem, percent_decode, single};

/// The code of the item (事项), percent-encoded.
pub const ITEM: &str = "licet-item";
/// The number of the case (办件), percent-encoded.
pub const CASE: &str = "licet-case";
/// Why, in words, percent-encoded.
pub const PURPOSE: &str = "licet-purpose";
/// The person who acts, by a pseudonym that the calling system gives.
pub const OPERATOR: &str = "licet-operator";

/// The longest of them, decoded, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// The longest pseudonym.
const OPERATOR_BYTES_MAX: usize = 64;

/// Puts on record what the headers of a request say that it is for.
///
/// # Errors
/// [`Code::BadParameter`] with the name of the header that is repeated, too long, malformed, or holds the number of a citizen where
/// no such number may stand.
pub fn read(headers: &HeaderMap, now: Timestamp, draft: &mut Draft) -> Result<(), Problem> {
    let today = today_in_china(now);
    draft.facts.item = text(headers, ITEM)?.map(|text| unpersonal(ITEM, text, today)).transpose()?;
    draft.facts.purpose = text(headers, PURPOSE)?.map(|text| unpersonal(PURPOSE, text, today)).transpose()?;
    draft.facts.operator = operator(headers)?.map(|text| unpersonal(OPERATOR, text, today)).transpose()?;
    // A case is about somebody, and kept where it can be erased.
    draft.subject.case = text(headers, CASE)?;
    Ok(())
}

fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = single(headers, name, refused)? else { return Ok(None) };
    percent_decode(value).filter(|text| is_text(text)).map(Some).ok_or_else(|| refused(name))
}

/// Whether an item, a case or a purpose may be so.
pub(crate) fn is_text(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Whether a pseudonym may be so.
pub(crate) fn is_pseudonym(text: &str) -> bool {
    (1..=OPERATOR_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

fn operator(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = single(headers, OPERATOR, refused)? else { return Ok(None) };
    if is_pseudonym(value) { Ok(Some(value.to_owned())) } else { Err(refused(OPERATOR)) }
}

fn refused(name: &str) -> Problem {
    let expected = match name {
        OPERATOR => ("1 to 64 printable ASCII characters, once", "1至64个可打印ASCII字符，且只出现一次"),
        _ => (
            "1 to 256 bytes of UTF-8 without control characters, percent-encoded, once",
            "百分号编码的1至256字节UTF-8文本，不含控制字符，且只出现一次",
        ),
    };
    Problem::expected(Code::BadParameter, name, expected)
}

/// These stay for ever, so the number of a citizen must not be in them.
fn unpersonal(name: &str, text: String, today: Date) -> Result<String, Problem> {
    if holds_citizen_number(&text, today) {
        return Err(Problem::new(Code::BadParameter).detail(
            format!("The header {name} holds the number of a citizen, which does not belong there."),
            format!("请求头{name}中含有公民身份号码，不得如此提供。"),
        ));
    }
    Ok(text)
}

/// Whether a citizen number of 18 characters stands somewhere in the text, in whatever width and with whatever between its digits.
pub(crate) fn holds_citizen_number(text: &str, today: Date) -> bool {
    !citizen_numbers(text, today).is_empty()
}

/// The citizen numbers of 18 characters that stand somewhere in the text, also in full width, or with spaces and marks between.
pub(crate) fn citizen_numbers(text: &str, today: Date) -> Vec<String> {
    // Most texts have too few digits, and are done with here.
    if text.chars().filter(|char| narrow(*char).is_ascii_digit()).nth(16).is_none() {
        return Vec::new();
    }
    let mut plain = String::with_capacity(text.len());
    plain.extend(text.chars().map(narrow).filter(|char| !is_between(*char)).map(|char| char.to_ascii_uppercase()));
    let numbers = (0..plain.len()).filter_map(|from| plain.get(from..from + 18));
    numbers.filter(|number| citizen_number(number, today).is_ok()).map(str::to_owned).collect()
}

/// A character of full width (U+FF01 to U+FF5E) as the one of ASCII that it stands for.
fn narrow(char: char) -> char {
    match char {
        '\u{ff01}'..='\u{ff5e}' => u32::from(char).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(char),
        _ => char,
    }
}

/// What people put between the digits of a number.
fn is_between(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, '-' | '.' | '_' | '/' | '·' | ',' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200d}' | '\u{2212}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use crypto::record::{Ending, EventKind, Facts};

    use super::*;

    fn read_all(pairs: &[(&'static str, &str)]) -> Result<Draft, Problem> {
        let now: Timestamp = "2026-07-01T08:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let mut draft = Draft::new(now, Facts::new(EventKind::Request, Ending::Done, "a".to_owned()));
        read(&headers, now, &mut draft).map(|()| draft)
    }

    #[test]
    fn what_is_said_is_kept_where_it_belongs() {
        let draft = read_all(&[
            (ITEM, "11350200-0101"),
            (CASE, "350200%2F2026%2F7"),
            (PURPOSE, "%E5%8A%9E%E7%90%86"),
            (OPERATOR, "w-17"),
        ])
        .unwrap();
        assert_eq!((draft.facts.item.as_deref(), draft.facts.purpose.as_deref()), (Some("11350200-0101"), Some("办理")));
        assert_eq!((draft.facts.operator.as_deref(), draft.subject.case.as_deref()), (Some("w-17"), Some("350200/2026/7")));
        assert!(read_all(&[]).unwrap().facts.item.is_none());
    }

    #[test]
    fn what_is_malformed_or_personal_is_refused() {
        let (long, name) = ("x".repeat(257), "x".repeat(65));
        for bad in [
            (ITEM, ""),
            (ITEM, "%ff"),
            (ITEM, "%0a"),
            (CASE, "%2"),
            (PURPOSE, long.as_str()),
            (OPERATOR, ""),
            (OPERATOR, name.as_str()),
            (OPERATOR, "11010519491231002X"),
            (ITEM, "A11010519491231002x7"),
            (PURPOSE, "%E5%8A%9E11010519491231002X"),
            (PURPOSE, "110105 19491231 002x"),
            (PURPOSE, "1101-0519-4912-3100-2X"),
            (PURPOSE, "%EF%BC%91%EF%BC%9110105%E3%80%8019491231%E2%80%8B002%EF%BC%B8"),
        ] {
            assert_eq!(read_all(&[bad]).unwrap_err().code(), Code::BadParameter, "{bad:?}");
        }
        assert_eq!(read_all(&[(CASE, "1"), (CASE, "2")]).unwrap_err().code(), Code::BadParameter);
        // A case may be named by a number of whatever kind: it is kept apart.
        assert!(read_all(&[(CASE, "11010519491231002X")]).is_ok());
        assert!(read_all(&[(ITEM, "110105194912310021")]).is_ok());
    }
}
