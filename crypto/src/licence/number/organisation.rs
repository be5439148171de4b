//! Unified social credit codes (GB 32100-2015) and the organisation codes inside them (GB 11714-1997).

use super::NumberError;

/// Without I, O, S, V and Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Powers of 3 modulo 31.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Tells whether the text is a unified social credit code: 18 characters of its alphabet, its own check character, and the
/// one of the organisation code in characters 9 to 17.
///
/// # Errors
/// The first rule that the text breaks.
pub fn uscc(text: &str) -> Result<(), NumberError> {
    if text.chars().count() != 18 {
        return Err(NumberError::Length);
    }
    let (region, all_known) = (text.get(2..8), text.bytes().all(|c| value(c).is_some()));
    if !all_known || !region.is_some_and(|region| region.bytes().all(|c| c.is_ascii_digit())) {
        return Err(NumberError::Character);
    }
    let (body, check) = text.split_at_checked(17).ok_or(NumberError::Character)?;
    if uscc_check_character(body) != check.chars().next() {
        return Err(NumberError::Check);
    }
    let organisation = text.get(8..16).and_then(organisation_check_character);
    if organisation != text.chars().nth(16) {
        return Err(NumberError::OrganisationCheck);
    }
    Ok(())
}

/// The check character that follows these 17 characters; nothing if they are not 17 characters of the alphabet.
#[must_use]
pub fn uscc_check_character(first_17: &str) -> Option<char> {
    if first_17.len() != WEIGHTS.len() {
        return None;
    }
    let sum = first_17.bytes().zip(WEIGHTS).try_fold(0, |sum, (c, weight)| Some(sum + usize::from(value(c)?) * weight))?;
    ALPHABET.get((31 - sum % 31) % 31).copied().map(char::from)
}

/// The place of a character in the alphabet. This stands on the way of every request, where a search would show.
const fn value(character: u8) -> Option<u8> {
    Some(match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'H' => character - b'A' + 10,
        b'J'..=b'N' => character - b'J' + 18,
        b'P'..=b'R' => character - b'P' + 23,
        b'T' | b'U' => character - b'T' + 26,
        b'W'..=b'Y' => character - b'W' + 28,
        _ => return None,
    })
}

/// The check character that follows the first 8 characters of an organisation code (GB 11714); nothing if they are not 8
/// digits or upper-case letters.
#[must_use]
pub fn organisation_check_character(first_8: &str) -> Option<char> {
    if first_8.len() != ORGANISATION_WEIGHTS.len() || first_8.bytes().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let mut digits = first_8.chars().zip(ORGANISATION_WEIGHTS);
    let sum = digits.try_fold(0, |sum, (c, weight)| Some(sum + c.to_digit(36)? * weight))?;
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        value => char::from_digit(value, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_own_answer() {
        assert_eq!(uscc("11100000000013338W"), Ok(()));
        assert_eq!(uscc("11100000000013338w"), Err(NumberError::Character));
        assert_eq!(uscc("1110000000001333一W"), Err(NumberError::Character));
        assert_eq!(uscc("111A0000000013338W"), Err(NumberError::Character));
        assert_eq!(uscc("11100000000013338"), Err(NumberError::Length));
        assert_eq!(uscc("11100000000013338X"), Err(NumberError::Check));
        let wrong_inside = "11100000000013337";
        let check = uscc_check_character(wrong_inside).unwrap();
        assert_eq!(uscc(&format!("{wrong_inside}{check}")), Err(NumberError::OrganisationCheck));
        assert_eq!(uscc_check_character("1110000000001333I"), None);
        assert_eq!(organisation_check_character("0000133a"), None);
        assert_eq!(organisation_check_character("0000133"), None);
    }

    #[test]
    fn every_character_has_its_place() {
        let found = |c: u8| ALPHABET.iter().position(|known| *known == c).map(|place| u8::try_from(place).unwrap());
        for c in 0..=u8::MAX {
            assert_eq!(value(c), found(c), "{c}");
        }
    }

    #[test]
    fn every_change_of_one_character_is_seen() {
        let valid = "11370306MB2867521U";
        assert_eq!(uscc(valid), Ok(()));
        for (at, was) in valid.char_indices() {
            for now in ('0'..='9').chain('A'..='Z').filter(|now| *now != was) {
                let changed: String = valid.char_indices().map(|(i, c)| if i == at { now } else { c }).collect();
                assert!(uscc(&changed).is_err(), "{changed}");
            }
        }
    }
}
