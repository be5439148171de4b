//! A code: 128 random bits, written so that people can read them to each other.

use std::fmt;

use storage::use_codes::UseCode;

use crate::http::{Code, Problem};

/// Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What check characters have beyond that: they are remainders by 37.
const CHECKS: &[u8; 5] = b"*~$=U";
/// 26 characters for 128 bits.
const DIGITS: u32 = 26;
/// What stands in front of a code in a QR image.
const SHOWN: &str = "LICET1:";
/// The longest text that is looked at.
const TEXT_BYTES_MAX: usize = 64;

/// The random bits of a code. `Debug` does not show them, and nothing compares them: a code is found by its digest.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) struct Secret(u128);

impl Secret {
    pub(crate) fn random() -> Result<Self, Problem> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).or(Err(Code::Unavailable))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }

    /// The code: 26 characters and a check character.
    pub(crate) fn text(self) -> String {
        let digit = |place: u32| letter(low(self.0.checked_shr(5 * place).unwrap_or(0) & 31));
        (0..DIGITS).rev().map(digit).chain([letter(low(self.0 % 37))]).collect()
    }

    /// The text of a QR image.
    pub(crate) fn shown(self) -> String {
        format!("{SHOWN}{}", self.text())
    }

    /// Reads a code, as it was given out or typed: in small letters, with hyphens, or with what stands in front of it in an image.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let text = text.trim().to_ascii_uppercase();
        let text = text.strip_prefix(SHOWN).unwrap_or(&text);
        let (mut value, mut count, mut check) = (0_u128, 0, None);
        for place in text.bytes().filter(|byte| *byte != b'-').map(place) {
            // The check character is the last: nothing comes behind it.
            if check.is_some() {
                return None;
            }
            let place = place?;
            if count == DIGITS {
                check = Some(place);
            } else {
                // The first of 26 has 3 bits.
                value = value.checked_mul(32)?.checked_add(Some(place).filter(|place| *place < 32)?)?;
                count += 1;
            }
        }
        (check == Some(value % 37)).then_some(Self(value))
    }

    /// What stands for the code in records and keys.
    pub(crate) fn id(self) -> String {
        UseCode::id_of(&self.0.to_be_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn low(value: u128) -> usize {
    usize::try_from(value).unwrap_or(0)
}

fn letter(place: usize) -> char {
    char::from(ALPHABET.iter().chain(CHECKS).nth(place).copied().unwrap_or(b'0'))
}

/// The value of a character. I and L are read as 1, O as 0.
fn place(byte: u8) -> Option<u128> {
    let byte = match byte {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    let found = ALPHABET.iter().chain(CHECKS).position(|letter| *letter == byte)?;
    u128::try_from(found).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 1, 31, 36, 37, u128::MAX, u128::MAX / 3, 1 << 127] {
            let secret = Secret(value);
            let text = secret.text();
            assert_eq!((text.len(), Secret::parse(&text)), (27, Some(secret)), "{text}");
            assert_eq!(Secret::parse(&secret.shown().to_lowercase()), Some(secret));
        }
        assert_eq!(Secret(0).text(), "0".repeat(27));
        assert_eq!(Secret(36).text(), format!("{}14U", "0".repeat(24)));
        assert_eq!(Secret::parse(&format!(" ooo-{}iL~ ", "0".repeat(21))), Some(Secret(33)));
        let (a, b) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert!(a != b && a.id() != b.id() && a.id().len() == 32);
        assert!(!format!("{a:?}").contains(&a.text()));
    }

    #[test]
    fn the_documented_code_is_right() {
        const FORMATS: &str = include_str!("../../../docs/FORMATS.md");
        let text = Secret(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff).text();
        assert!(FORMATS.contains(&format!("the code is `{text}`")), "{text}");
        let by_digit = |check: usize, digit: u8| (32 * check + ALPHABET.iter().position(|letter| *letter == digit).unwrap()) % 37;
        let check = text.bytes().take(26).fold(0, by_digit);
        assert_eq!(text.chars().last(), Some(letter(check)));
    }

    #[test]
    fn a_slip_is_noticed() {
        let text = Secret(u128::MAX / 7).text();
        for place in 0..text.len() {
            for other in ALPHABET.iter().chain(CHECKS) {
                let mut typed = text.clone().into_bytes();
                if typed[place] == *other {
                    continue;
                }
                typed[place] = *other;
                assert_eq!(Secret::parse(std::str::from_utf8(&typed).unwrap()), None, "{place}");
            }
            if text.as_bytes().get(place) != text.as_bytes().get(place + 1) && place + 1 < text.len() {
                let mut typed = text.clone().into_bytes();
                typed.swap(place, place + 1);
                assert_eq!(Secret::parse(std::str::from_utf8(&typed).unwrap()), None, "swapped at {place}");
            }
        }
        let long = "0".repeat(28);
        for bad in ["", "LICET1:", text.get(1..).unwrap(), &long, &"Z".repeat(27), "\u{ff10}", &"0".repeat(65)] {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
    }
}
