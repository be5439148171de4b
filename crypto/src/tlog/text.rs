//! Numbers and bytes as C2SP writes them: one form each, so that two readers never see two things in one text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Reads a decimal number without sign or leading zeroes.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// Whether a text has no control characters but newlines.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c < ' ' && c != '\n')
}

/// Reads base64 (RFC 4648, section 4) with its padding and without stray bits.
pub(super) fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, number) in [("0", 0), ("7", 7), ("256", 256), ("18446744073709551615", u64::MAX)] {
            assert_eq!(decimal(text), Some(number));
        }
        for bad in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "١", "18446744073709551616"] {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn bytes_have_one_form() {
        assert_eq!(unbase64("AQI="), Some(vec![1, 2]));
        for bad in ["AQI", "AQJ=", "AQI=\n", "AQ I=", "AQI==", "AQ-_"] {
            assert_eq!(unbase64(bad), None, "{bad:?}");
        }
    }
}
