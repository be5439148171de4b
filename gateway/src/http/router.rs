//! Finds the route of a request.

use std::collections::BTreeMap;

use hyper::Method;

use super::{Problem, percent_decode};
use crate::routes::Route;

/// The table of routes, with its patterns split.
#[derive(Debug)]
pub struct Router(Vec<(&'static Route, Vec<Segment>)>);

#[derive(Debug)]
enum Segment {
    Fixed(&'static str),
    Variable(&'static str),
    /// All that is left of the path, slashes included.
    Rest(&'static str),
}

/// The variable parts of a path, decoded, by name.
#[derive(Clone, Debug, Default)]
pub struct Params(BTreeMap<&'static str, String>);

impl Params {
    /// The part with this name.
    ///
    /// # Errors
    /// A problem when the pattern has no such part, which is a fault of the table.
    pub fn value(&self, name: &str) -> Result<&str, Problem> {
        self.0.get(name).map(String::as_str).ok_or_else(|| Problem::parameter(name))
    }
}

/// What the table says about a path and a method.
#[derive(Debug)]
pub enum Found {
    /// The route, and the variable parts of the path.
    Route(&'static Route, Params),
    /// The path exists, but with these methods.
    OtherMethods(String),
    /// Nothing has this path.
    Nothing,
}

impl Router {
    /// A router over a table.
    #[must_use]
    pub fn new(table: &'static [Route]) -> Self {
        let mut routes: Vec<_> = table.iter().map(|route| (route, segments(route.path))).collect();
        // Where several patterns fit a path, the one counts that is fixed for longest.
        routes.sort_by_key(|(_, pattern)| pattern.iter().map(Segment::width).collect::<Vec<_>>());
        Self(routes)
    }

    /// The table.
    pub fn routes(&self) -> impl Iterator<Item = &'static Route> {
        self.0.iter().map(|(route, _)| *route)
    }

    /// Finds the route; HEAD is answered wherever GET is.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let mut allowed = Vec::new();
        let mut chosen = None;
        for (route, pattern) in &self.0 {
            if chosen.is_some_and(|chosen| chosen != route.path) {
                continue;
            }
            let Some(params) = fit(pattern, path) else { continue };
            if route.method == *wanted {
                return Found::Route(route, params);
            }
            chosen = Some(route.path);
            allowed.push(route.method.as_str());
            if route.method == Method::GET {
                allowed.push("HEAD");
            }
        }
        if allowed.is_empty() { Found::Nothing } else { Found::OtherMethods(allowed.join(", ")) }
    }
}

impl Segment {
    /// How much it takes: the word, anything up to a slash, anything.
    const fn width(&self) -> u8 {
        match self {
            Self::Fixed(_) => 0,
            Self::Variable(_) => 1,
            Self::Rest(_) => 2,
        }
    }
}

fn segments(pattern: &'static str) -> Vec<Segment> {
    let segment = |text: &'static str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => match name.strip_suffix("...") {
            Some(name) => Segment::Rest(name),
            None => Segment::Variable(name),
        },
        None => Segment::Fixed(text),
    };
    pattern.split('/').map(segment).collect()
}

fn fit(pattern: &[Segment], path: &str) -> Option<Params> {
    let mut params = BTreeMap::new();
    let mut rest = Some(path);
    for segment in pattern {
        let whole = rest?;
        let (part, behind) = whole.split_once('/').map_or((whole, None), |(part, behind)| (part, Some(behind)));
        rest = behind;
        match segment {
            Segment::Rest(_) if whole.is_empty() => return None,
            Segment::Rest(name) => {
                params.insert(*name, percent_decode(whole)?);
                rest = None;
            }
            Segment::Fixed(text) if *text == part => {}
            Segment::Fixed(_) => return None,
            Segment::Variable(_) if part.is_empty() => return None,
            Segment::Variable(name) => {
                params.insert(*name, percent_decode(part)?);
            }
        }
    }
    rest.is_none().then_some(Params(params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let pattern = segments("/v1/licences/{identifier}/file");
        let params = fit(&pattern, "/v1/licences/1.2%2E3/file").unwrap();
        assert_eq!(params.value("identifier").unwrap(), "1.2.3");
        for other in
            ["/v1/licences//file", "/v1/licences/1/file/", "/v1/licences/1", "/v1/licences/%2/file", "v1/licences/1/file", ""]
        {
            assert!(fit(&pattern, other).is_none(), "{other}");
        }
        let pattern = segments("/log/{log}/tile/{path...}");
        let params = fit(&pattern, "/log/seal/tile/0/x001/067.p/8").unwrap();
        assert_eq!((params.value("log").unwrap(), params.value("path").unwrap()), ("seal", "0/x001/067.p/8"));
        for other in ["/log/seal/tile/", "/log/seal/tile", "/log//tile/0", "/log/seal/0"] {
            assert!(fit(&pattern, other).is_none(), "{other}");
        }
    }

    #[test]
    fn the_pattern_counts_that_is_fixed_for_longest() {
        let router = Router::new(crate::routes::TABLE);
        let allowed = |path| match router.find(&Method::OPTIONS, path) {
            Found::OtherMethods(allowed) => allowed,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(allowed("/v1/seals/applications"), "POST");
        assert_eq!(allowed("/v1/seals/21020090000014"), "GET, HEAD");
        assert_eq!(allowed("/v1/licences/search"), "POST");
        // It is no seal with this name either.
        assert!(matches!(router.find(&Method::GET, "/v1/seals/applications"), Found::OtherMethods(_)));
    }
}
