//! The language of the words in an answer.

use hyper::HeaderMap;
use hyper::header::ACCEPT_LANGUAGE;

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
}
