//! The query of a URL, and percent-encoding.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Code, Problem};

/// What is expected of `after`.
pub const NEXT: (&str, &str) = ("`next` of the page before", "上一页的next");

/// How many rows a page has where nobody says.
pub const PAGE_ROWS: usize = 50;

/// The parameters of a query, each known to the route and given at most once.
#[derive(Clone, Debug, Default)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    /// Reads a query of which these parameters are known.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when a parameter is unknown, repeated or badly encoded.
    pub fn parse(text: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut found = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(Problem::new(Code::BadParameter).detail("The query has an unknown parameter.", "查询中有未知参数。"));
            };
            let decoded = percent_decode(&value.replace('+', "%20")).ok_or_else(|| Problem::parameter(name))?;
            if found.insert(*name, decoded).is_some() {
                return Err(Problem::parameter(name));
            }
        }
        Ok(Self(found))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many rows a page is to have at most: `limit`, 1 to `most`.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when it is something else.
    pub fn limit(&self, most: usize) -> Result<usize, Problem> {
        page_rows(Code::BadParameter, self.parsed("limit")?, most)
    }

    /// How long a page is waited for: `wait_s`, up to `most` seconds; not at all where it is absent.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when it is something else.
    pub fn wait_s(&self, most: u64) -> Result<Duration, Problem> {
        let asked: u64 = self.parsed("wait_s")?.unwrap_or(0);
        let refused = || Problem::expected(Code::BadParameter, "wait_s", (&format!("0 to {most}"), &format!("0至{most}")));
        if asked <= most { Ok(Duration::from_secs(asked)) } else { Err(refused()) }
    }

    /// The value of a parameter, read; what is expected there is said of one that cannot be, in English and in Chinese.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when it is there and is something else.
    pub fn read<T: std::str::FromStr>(&self, name: &str, expected: (&str, &str)) -> Result<Option<T>, Problem> {
        let read = |text: &str| text.parse().map_err(|_error| Problem::expected(Code::BadParameter, name, expected));
        self.value(name).map(read).transpose()
    }

    /// The value of a parameter, read.
    ///
    /// # Errors
    /// [`Code::BadParameter`] when it is there and malformed.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_error| Problem::parameter(name)),
        }
    }
}

/// How many rows a page is to have at most, where `asked` of 1 to `most` are asked for.
///
/// # Errors
/// This code when it is something else.
pub fn page_rows(code: Code, asked: Option<usize>, most: usize) -> Result<usize, Problem> {
    let asked = asked.unwrap_or(PAGE_ROWS);
    let refused = || Problem::expected(code, "limit", (&format!("1 to {most}"), &format!("1至{most}")));
    if (1..=most).contains(&asked) { Ok(asked) } else { Err(refused()) }
}

/// Undoes percent-encoding (RFC 3986 2.1). `None` when it is malformed or the result is not UTF-8.
#[must_use]
pub fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { digit(bytes.next()?)? << 4 | digit(bytes.next()?)? } else { byte });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_of_fifty_rows_where_nobody_says() {
        let limit = |text| Query::parse(text, &["limit"]).and_then(|query| query.limit(100));
        assert_eq!((limit("").unwrap(), limit("limit=1").unwrap(), limit("limit=100").unwrap()), (PAGE_ROWS, 1, 100));
        for bad in ["limit=0", "limit=101"] {
            let said = format!("{:?}", limit(bad).unwrap_err());
            assert!(said.contains("limit: expected 1 to 100.") && said.contains("limit：应为1至100。"), "{said}");
        }
        assert_eq!(limit("limit=x").unwrap_err().code(), Code::BadParameter);
    }

    #[test]
    fn known_once_and_decoded() {
        let parse = |text| Query::parse(text, &["at", "depth"]);
        let query = parse("at=2026-07-01T00:00:00%2B08:00&depth=simple&").unwrap();
        assert_eq!(query.value("at"), Some("2026-07-01T00:00:00+08:00"));
        assert_eq!(query.value("depth"), Some("simple"));
        for bad in ["at=1&at=2", "AT=1", "depth=%2", "depth=%zz", "depth=%ff", "at=1&x"] {
            assert_eq!(parse(bad).unwrap_err().code(), Code::BadParameter, "{bad}");
        }
    }
}
