//! Citizen numbers (GB 11643-1999).

use super::NumberError;
use crate::time::Date;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Which form a citizen number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// 15 digits, two of them for the year, without a check character; not given out since 1999.
    First,
    /// 17 digits and a check character. Also the residence permits of people from Hong Kong, Macao and Taiwan (from 81, 82,
    /// 83) and of foreigners (from 9).
    Second,
}

/// Tells whether the text is a citizen number on this day: digits, an existing day of birth not after `today` (in China),
/// and, in the second generation, the check character, an upper-case `X` where it is one.
///
/// The region is not looked up: codes are retired, and people keep theirs.
///
/// # Errors
/// The first rule that the text breaks.
pub fn citizen_number(text: &str, today: Date) -> Result<Generation, NumberError> {
    let generation = match text.len() {
        15 => Generation::First,
        18 => Generation::Second,
        _ => return Err(NumberError::Length),
    };
    let body = text.get(..text.len().min(17)).ok_or(NumberError::Character)?;
    if !body.bytes().all(|c| c.is_ascii_digit()) || body.starts_with('0') {
        return Err(NumberError::Character);
    }
    let birth: Option<Date> = match generation {
        Generation::First => body.get(6..12).and_then(|digits| format!("19{digits}").parse().ok()),
        Generation::Second => body.get(6..14).and_then(|digits| digits.parse().ok()),
    };
    let birth = birth.ok_or(NumberError::BirthDate)?;
    if birth > today {
        return Err(NumberError::BornInFuture);
    }
    match (generation, text.chars().last()) {
        (Generation::First, _) => Ok(generation),
        (Generation::Second, Some('0'..='9' | 'X')) if text.chars().last() == citizen_check_character(body) => Ok(generation),
        (Generation::Second, Some('0'..='9' | 'X')) => Err(NumberError::Check),
        (Generation::Second, _) => Err(NumberError::Character),
    }
}

/// The check character (ISO 7064 MOD 11-2) that follows these 17 digits; nothing if they are not 17 digits.
#[must_use]
pub fn citizen_check_character(first_17: &str) -> Option<char> {
    if first_17.len() != WEIGHTS.len() {
        return None;
    }
    let mut digits = first_17.chars().zip(WEIGHTS);
    let sum = digits.try_fold(0, |sum, (c, weight)| Some(sum + c.to_digit(10)? * weight))?;
    match (12 - sum % 11) % 11 {
        10 => Some('X'),
        value => char::from_digit(value, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Generation, NumberError> {
        citizen_number(text, "2026-07-01".parse().unwrap())
    }

    #[test]
    fn each_rule_has_its_own_answer() {
        assert_eq!(check("11010519491231002X"), Ok(Generation::Second));
        assert_eq!(check("110105491231002"), Ok(Generation::First));
        assert_eq!(check("110105491331002"), Err(NumberError::BirthDate));
        assert_eq!(check("11010519491231002x"), Err(NumberError::Character));
        assert_eq!(check("11010519491231002"), Err(NumberError::Length));
        assert_eq!(check("01010519491231002X"), Err(NumberError::Character));
        assert_eq!(check("1101051949123100２"), Err(NumberError::Length));
        assert_eq!(check("110105194912一00"), Err(NumberError::Length));
        assert_eq!(check("110105491231一"), Err(NumberError::Character));
        assert_eq!(check("110105194912310021"), Err(NumberError::Check));
        assert_eq!(check("11010519490230002X"), Err(NumberError::BirthDate));
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let with_check = |body: &str| format!("{body}{}", citizen_check_character(body).unwrap());
        assert_eq!(check(&with_check("11010120260701001")), Ok(Generation::Second));
        assert_eq!(check(&with_check("11010120260702001")), Err(NumberError::BornInFuture));
        assert_eq!(citizen_check_character("1101012026070200"), None);
        assert_eq!(citizen_check_character("1101012026070200X"), None);
    }

    #[test]
    fn every_change_of_one_character_is_seen() {
        let valid = "11010519491231002X";
        for (at, was) in valid.char_indices() {
            for now in "0123456789X".chars().filter(|now| *now != was) {
                let changed: String = valid.char_indices().map(|(i, c)| if i == at { now } else { c }).collect();
                assert!(check(&changed).is_err(), "{changed}");
            }
        }
    }
}
