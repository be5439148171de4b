//! What a caller wants of an answer: the language of its words, its media type.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_LANGUAGE};

use super::Problem;

/// A language that licet speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The default.
    #[default]
    English,
    /// Chosen when `Accept-Language` prefers any kind of Chinese.
    Chinese,
}

impl Language {
    /// What the caller prefers (RFC 9110 12.5.4). English unless Chinese is wanted more.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Self {
        let (mut english, mut chinese) = (0, 0);
        for value in headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok()) {
            for range in value.split(',').take(32) {
                let (tag, quality) = weighed(range);
                match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "zh" => chinese = quality.max(chinese),
                    "en" => english = quality.max(english),
                    _ => {}
                }
            }
        }
        if chinese > english { Self::Chinese } else { Self::English }
    }

    /// The tag for `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}

/// The media type of server-sent events.
pub const EVENTS: &str = "text/event-stream";

/// Whether the caller names this media type in what it accepts (RFC 9110 12.5.1). Ranges such as `*/*` name none.
#[must_use]
pub fn accepts(headers: &HeaderMap, media: &str) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut names = accepted.flat_map(|value| value.split(',')).map(|range| range.split(';').next().unwrap_or_default().trim());
    names.any(|name| name.eq_ignore_ascii_case(media))
}

/// The one value of a header; none where it is absent.
///
/// # Errors
/// `refused` of the name, when the header is repeated or is no text.
pub fn single<'a>(headers: &'a HeaderMap, name: &str, refused: impl Fn(&str) -> Problem) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(refused(name)),
    }
}

/// A language range and its weight in thousandths.
fn weighed(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
    (tag, quality)
}

fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match whole {
        "0" => digits.parse().unwrap_or(0),
        "1" => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Language) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        assert_eq!(Language::preferred(&headers), expected, "{header}");
    }

    #[test]
    fn preference() {
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
        check("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese);
        check("en, zh;q=0.9", Language::English);
        check("en;q=0.25, zh-Hans;q=0.3", Language::Chinese);
        check("zh;q=0", Language::English);
        check("fr", Language::English);
        check("zh;q=huge", Language::English);
    }

    #[test]
    fn events_are_sent_to_who_names_them() {
        let wants = |text: &str| accepts(&HeaderMap::from_iter([(ACCEPT, text.parse().unwrap())]), EVENTS);
        assert!(wants("text/event-stream") && wants("application/json, Text/Event-Stream;q=0.9"));
        assert!(!wants("*/*") && !wants("text/*") && !accepts(&HeaderMap::new(), EVENTS));
    }
}
