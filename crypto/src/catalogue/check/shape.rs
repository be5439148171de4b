//! The shapes of codes and names.

use crate::licence::number::uscc;

/// The longest code of an item, a material or a demand, and the longest name, in bytes.
const WORD_BYTES_MAX: usize = 64;

/// The most digits of a resource's code before its `/`.
const RESOURCE_DIGITS_MAX: usize = 40;

/// An area: six digits (GB/T 2260).
pub(super) fn is_area(text: &str) -> bool {
    text.len() == 6 && is_digits(text)
}

/// The name of a field, an attribute or a source: letters, digits, `_`, `-` and `.` of ASCII.
pub(super) fn is_name(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The code of an item, a material or a demand: the same, and `/` and `:` as well.
pub(super) fn is_word(text: &str) -> bool {
    (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b':'))
}

/// The code of a type of licence: 21 digits and capital letters, of which the first 18 are the body that defined it.
pub(super) fn is_licence_type(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    text.len() == 21 && is_plain && text.get(..18).is_some_and(|definer| uscc(definer).is_ok())
}

/// The code of a resource: class (1 digit), item (2), sub-item (3), detail (any number of digits), `/`, number within them.
pub(super) fn is_resource(text: &str) -> bool {
    let Some((place, number)) = text.split_once('/') else { return false };
    (6..=RESOURCE_DIGITS_MAX).contains(&place.len())
        && is_digits(place)
        && !place.starts_with('0')
        && (1..=9).contains(&number.len())
        && is_digits(number)
        && !number.starts_with('0')
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_good: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is_good(text), "{text}");
        }
        for text in bad {
            assert!(!is_good(text), "{text}");
        }
    }

    #[test]
    fn codes_and_names() {
        check(is_area, &["210200"], &["", "21020", "2102000", "21020x", "２１０２００"]);
        let long = "x".repeat(65);
        check(is_name, &["a", "person.name", "ZZMC", "A_1-b"], &["", "a b", "a/b", "名", long.as_str()]);
        check(is_word, &["000113005002", "a/b:c.d-e_f"], &["", "a b", "a%", "事项", long.as_str()]);
        check(
            is_licence_type,
            &["11100000000013338W001", "11100000000013338WZZZ"],
            &[
                "11100000000013338W",
                "11100000000013338W0011",
                "11100000000013338W00a",
                "11100000000013338X001",
                "1110000000001333一1",
            ],
        );
        check(
            is_resource,
            &["3010010001/1", "301001/12", "101001000000001/999999999"],
            &[
                "",
                "301001",
                "301001/",
                "30100/1",
                "3010010001/0",
                "3010010001/01",
                "0010010001/1",
                "301001000x/1",
                "3010010001/1/1",
                "3010010001/1000000000",
                "/1",
            ],
        );
        assert!(!is_resource(&format!("3{}/1", "0".repeat(40))));
    }
}
