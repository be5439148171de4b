//! Values of sources, brought into the types of the catalogue.

use crypto::catalogue::FieldType;
use crypto::time::{Date, Timestamp};
use serde_json::{Number, Value};

use crate::broker::SourceFault;

/// The offset of China's legal time, in seconds.
const CHINA: i64 = 8 * 3_600;

/// From so many on, a number counts milliseconds since 1970 and not seconds: the first is in 1973, the last second in the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// The longest text of a value, in bytes.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// The most digits of a number with a fraction: what a double of IEEE 754 keeps.
const DIGITS_MAX: usize = 15;

/// A value in the type of its field. Nothing for what is null or blank: the source does not have it.
pub(crate) fn value(kind: FieldType, value: &Value) -> Result<Option<Value>, SourceFault> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) if text.len() > TEXT_BYTES_MAX => return Err(SourceFault::Malformed),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(is_true) => is_true.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(SourceFault::Malformed),
    };
    let converted = match kind {
        FieldType::Text | FieldType::Code => Some(Value::String(text)),
        FieldType::Number if value.is_number() => Some(value.clone()),
        FieldType::Number if value.is_boolean() => None,
        FieldType::Number => number(text.trim()).map(Value::Number),
        FieldType::Date => date(text.trim()).map(|date| Value::String(date.to_string())),
        FieldType::Boolean => boolean(text.trim()).map(Value::Bool),
    };
    converted.map(Some).ok_or(SourceFault::Malformed)
}

fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let digits = text.bytes().take_while(|byte| !b"eE".contains(byte)).filter(u8::is_ascii_digit).count();
    let is_exact = is_plain && (1..=DIGITS_MAX).contains(&digits);
    text.parse().ok().filter(|_| is_exact).and_then(Number::from_f64)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "y" | "yes" | "是" => Some(true),
        "false" | "0" | "n" | "no" | "否" => Some(false),
        _ => None,
    }
}

/// `2026-07-01`, `20260701`, `2026/07/01`, `2026年07月01日`, each with a time of day behind it or not; or milliseconds since 1970.
/// A time with an offset counts for the day that it is in China.
fn date(text: &str) -> Option<Date> {
    if text.len() != 8 && is_digits(text) {
        return moment(text).map(|moment| moment.plus(CHINA).date());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.plus(CHINA).date());
    }
    let plain = text.replace(['/', '年', '月'], "-").replace('日', "");
    let day = plain.split([' ', 'T']).next()?;
    if is_digits(day) {
        return day.parse().ok().filter(|_| day.len() == 8);
    }
    let mut parts = day.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_day = parts.next().is_none() && year.len() == 4 && [month, day].iter().all(|part| (1..=2).contains(&part.len()));
    if is_day { format!("{year}-{month:0>2}-{day:0>2}").parse().ok() } else { None }
}

/// The moment that a source names: RFC 3339, `2026-07-01 08:00:00` or `20260701080000` in China, seconds or milliseconds since 1970,
/// or a day, which counts from its beginning in China.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() == 14 && is_digits(text) {
        let (day, time) = text.split_at_checked(8)?;
        let (hour, rest) = time.split_at_checked(2)?;
        let (minute, second) = rest.split_at_checked(2)?;
        let day: Date = day.parse().ok()?;
        return format!("{day}T{hour}:{minute}:{second}+08:00").parse().ok();
    }
    if text.len() != 8 && is_digits(text) {
        let count: i64 = text.parse().ok()?;
        let seconds = if count >= MILLISECONDS_FROM { count / 1000 } else { count };
        return (seconds <= Timestamp::MAX.unix()).then(|| Timestamp::from_unix(seconds));
    }
    if let Ok(day) = text.parse::<Date>() {
        return Some(day.start_in_china());
    }
    // A fraction of a second is more than a time stamp here keeps.
    let (whole, rest) = text.split_at_checked(19)?;
    let zone = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let zone = if zone.is_empty() { "+08:00" } else { zone };
    format!("{}{zone}", whole.replace('/', "-")).parse().ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kind: FieldType, from: impl Into<Value>, to: Value) {
        let from = from.into();
        assert_eq!(value(kind, &from), Ok(Some(to)), "{from}");
    }

    #[track_caller]
    fn refused(kind: FieldType, from: &[Value]) {
        for from in from {
            assert_eq!(value(kind, from), Err(SourceFault::Malformed), "{from}");
        }
    }

    #[test]
    fn texts_and_what_is_not_there() {
        check(FieldType::Text, json!("某甲 "), json!("某甲 "));
        check(FieldType::Code, json!(1), json!("1"));
        for kind in [FieldType::Text, FieldType::Number, FieldType::Date, FieldType::Boolean, FieldType::Code] {
            for nothing in [json!(null), json!(""), json!(" \u{3000}")] {
                assert_eq!(value(kind, &nothing), Ok(None));
            }
            refused(kind, &[json!([]), json!({}), json!(["a"]), json!("x".repeat(TEXT_BYTES_MAX + 1))]);
        }
    }

    #[test]
    fn numbers() {
        check(FieldType::Number, json!(-3), json!(-3));
        check(FieldType::Number, json!(" 12.50"), json!(12.5));
        check(FieldType::Number, json!("9007199254740993"), json!(9_007_199_254_740_993_i64));
        refused(FieldType::Number, &[json!(true), json!("1,5"), json!("0x1"), json!("NaN"), json!("inf"), json!("1e999")]);
        refused(FieldType::Number, &[json!("0.1234567890123456"), json!("一"), json!("."), json!("99999999999999999999")]);
    }

    #[test]
    fn dates() {
        let day = json!("2026-07-01");
        let written = [
            "2026-07-01",
            "20260701",
            "2026/07/01",
            "2026年07月01日",
            "2026年7月1日",
            "2026/7/1",
            "2026-07-01 23:59:59",
            "20260701 00:00",
        ];
        for text in written.into_iter().chain(["2026-06-30T16:00:00Z", "1782835200000", "1782835200"]) {
            check(FieldType::Date, json!(text), day.clone());
        }
        check(FieldType::Date, json!(1_782_835_200_000_i64), day.clone());
        check(FieldType::Date, json!(20_260_701), day);
        refused(
            FieldType::Date,
            &[
                json!("2026-02-30"),
                json!("1.7.2026"),
                json!("2026-07-011"),
                json!("2026-7"),
                json!("2026-7-1-1"),
                json!("26-7-1"),
                json!(true),
                json!("永久"),
                json!("明天"),
            ],
        );
    }

    #[test]
    fn truth() {
        for (yes, no) in
            [(json!(true), json!(false)), (json!(1), json!("0")), (json!("是"), json!("否")), (json!("Y"), json!("N"))]
        {
            check(FieldType::Boolean, yes, json!(true));
            check(FieldType::Boolean, no, json!(false));
        }
        refused(FieldType::Boolean, &[json!(2), json!("perhaps"), json!("男")]);
    }

    #[test]
    fn moments() {
        let at = "2026-07-01T00:00:01Z".parse().ok();
        for text in [
            "2026-07-01T00:00:01Z",
            "2026-07-01T08:00:01.123+08:00",
            "2026-07-01 08:00:01",
            "2026/07/01 08:00:01.5",
            "20260701080001",
            "1782864001",
            "1782864001999",
        ] {
            assert_eq!(moment(text), at, "{text}");
        }
        assert_eq!(moment("2026-07-01"), "2026-06-30T16:00:00Z".parse().ok());
        for bad in ["", "now", "2026-07-01 25:00:00", "20260701250000", "99999999999999999999", "2026-07-01T08:00:01+99"] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
