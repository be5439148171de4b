//! People who are not there: valid citizen numbers that nobody has been given.

use crypto::licence::number::citizen_check_character;

/// The area of everybody: no county has this code.
const AREA: &str = "990100";

/// The number of the person at this place, from 0. There are 28 million of them.
#[must_use]
pub fn number(place: u64) -> String {
    let (sequence, day) = (place % 1000, place / 1000);
    let (year, month, day) = (1940 + day / 336 % 84, 1 + day / 28 % 12, 1 + day % 28);
    let body = format!("{AREA}{year:04}{month:02}{day:02}{sequence:03}");
    let check = citizen_check_character(&body).unwrap_or('0');
    format!("{body}{check}")
}

/// The place of the person with this number; none where the number is none of these.
#[must_use]
pub fn place(number_of: &str) -> Option<u64> {
    let digits = number_of.strip_prefix(AREA).filter(|rest| rest.len() == 12 && rest.is_ascii())?;
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
    let (year, month, day, sequence) = (part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 11)?);
    let days = year.checked_sub(1940)? * 336 + month.checked_sub(1)? * 28 + day.checked_sub(1)?;
    Some(days * 1000 + sequence).filter(|place| number(*place) == number_of)
}

#[cfg(test)]
mod tests {
    use crypto::licence::number::citizen_number;
    use crypto::time::Date;

    use super::*;

    #[test]
    fn numbers_are_valid_and_tell_the_place() {
        let today = Date::new(2026, 7, 1).unwrap();
        for wanted in [0, 1, 999, 1000, 27_999, 28_000, 335_999, 336_000, 12_345_678] {
            let number = number(wanted);
            assert!(citizen_number(&number, today).is_ok(), "{number}");
            assert_eq!(place(&number), Some(wanted));
        }
        assert_eq!(place("11010519491231002X"), None);
        assert_eq!(place(&number(5).replace("9901", "9902")), None);
    }
}
