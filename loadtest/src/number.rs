//! Counts as they are reckoned with, read and printed.

use std::time::Duration;

/// A count for division: exact below 2^53.
#[must_use]
pub fn real(count: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(u32::MAX));
    half(count >> 32) * 4_294_967_296.0 + half(count)
}

/// A rate or size without its fraction.
#[must_use]
pub fn whole(value: f64) -> u64 {
    format!("{:.0}", value.max(0.0)).parse().unwrap_or(0)
}

/// A length as a count.
#[must_use]
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Milliseconds.
#[must_use]
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Whole nanoseconds.
#[must_use]
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// How many times the second fits into the first; nothing where the second is none.
#[must_use]
pub fn ratio(one: f64, other: f64) -> Option<f64> {
    (other > 0.0).then(|| one / other)
}

/// The median; nothing of nothing.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values.get((values.len() / 2).checked_sub(1)?).map(|lower| f64::midpoint(*lower, upper))
}

/// Reads `250`, `10k` or `10M`.
///
/// # Errors
/// It is none of these.
pub fn read(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 'k')) => (text.get(..at), 1_000),
        Some((at, 'M')) => (text.get(..at), 1_000_000),
        _ => (Some(text), 1),
    };
    let number = digits.and_then(|digits| digits.replace('_', "").parse::<u64>().ok());
    number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| format!("{text} is no number such as 250, 10k or 1M"))
}

/// Writes `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number to about three digits: `1,234`, `56.7`, `0.123`.
#[must_use]
pub fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", grouped(whole(size)));
    }
    let digits = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        assert_eq!((read("250"), read("10k"), read("10M"), read("1_000")), (Ok(250), Ok(10_000), Ok(10_000_000), Ok(1_000)));
        assert!(["", "k", "1.5k", "-1", "10G", "99999999999999999999M"].iter().all(|text| read(text).is_err()));
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_000), grouped(12_345_678)),
            ("0".into(), "999".into(), "1,000".into(), "12,345,678".into())
        );
        assert_eq!(
            ["1,235", "56.8", "0.123"],
            [short(1234.6), short(56.78), short(0.1234)].map(|text| text).each_ref().map(String::as_str)
        );
        assert_eq!((whole(12.6), whole(-1.0), whole(f64::NAN), short(-1234.0)), (13, 0, 0, "-1,234".into()));
        assert_eq!(real(5_000_000_001), 5_000_000_001.0);
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
