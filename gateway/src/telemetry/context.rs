//! Where in a trace somebody stands, as it is told from system to system: the headers `traceparent` and `tracestate` (W3C Trace
//! Context).

use std::fmt;

use crypto::digest::{from_hex, to_hex};
use crypto::time::Date;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::purpose::holds_citizen_number;

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is handed on, in bytes.
const STATE_BYTES_MAX: usize = 512;

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// The name of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TraceId([u8; 16]);

/// The name of a span within a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SpanId([u8; 8]);

/// A span of a trace, and whether the trace is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    pub(super) is_sampled: bool,
    /// What other systems want to be told further on; nothing to us.
    pub(super) state: Option<HeaderValue>,
}

impl Context {
    /// That of a caller, if it told a usable one.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(PARENT).iter();
        let parent = parents.next()?.to_str().ok().filter(|_| parents.next().is_none())?;
        let (trace, span, flags) = parse(parent)?;
        let state = headers.get(STATE).filter(|_| headers.get_all(STATE).iter().count() == 1);
        let state = state.filter(|value| value.len() <= STATE_BYTES_MAX && value.to_str().is_ok_and(is_impersonal)).cloned();
        Some(Self { trace, span, is_sampled: flags & SAMPLED != 0, state })
    }

    /// A new trace that is recorded; none where the system gives no random numbers.
    pub(super) fn begin() -> Option<Self> {
        Some(Self { trace: TraceId(random()?), span: SpanId(random()?), is_sampled: true, state: None })
    }

    /// Another span of the same trace.
    pub(super) fn child(&self) -> Option<Self> {
        Some(Self { span: SpanId(random()?), ..self.clone() })
    }

    /// Tells it to whoever is asked.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let text = format!("00-{}-{}-{:02x}", self.trace, self.span, u8::from(self.is_sampled) * SAMPLED);
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(PARENT, value);
        }
        if let Some(state) = &self.state {
            headers.insert(STATE, state.clone());
        }
    }
}

/// `00-TRACE-SPAN-FLAGS`, and of later versions what stands in the same places.
fn parse(text: &str) -> Option<(TraceId, SpanId, u8)> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) || !is_impersonal(text) {
        return None;
    }
    let mut parts = text.split('-');
    let mut hex = || parts.next().and_then(from_hex);
    let (version, trace, span, flags) = (hex()?, hex()?, hex()?, hex()?);
    let ([version], [flags]) = (version.as_slice(), flags.as_slice()) else { return None };
    let has_end = parts.next().is_none();
    let is_known = *version != 0xff && (*version != 0 || has_end);
    let (trace, span) = (trace.try_into().ok()?, span.try_into().ok()?);
    (is_known && trace != [0; 16] && span != [0; 8]).then_some((TraceId(trace), SpanId(span), *flags))
}

/// It goes on to others, and stands in logs: no number of a person is taken along, whatever day it is now.
fn is_impersonal(text: &str) -> bool {
    Date::new(9999, 12, 31).is_some_and(|end| !text.split(['-', ',', '=']).any(|part| holds_citizen_number(part, end)))
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok().map(|()| bytes)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn told(parent: &str, state: Option<&str>) -> Option<Context> {
        let mut headers = HeaderMap::new();
        headers.insert(PARENT, parent.parse().unwrap());
        state.map(|state| headers.insert(STATE, state.parse().unwrap()));
        Context::of(&headers)
    }

    #[test]
    fn what_is_read_is_told_on() {
        let context = told(GOOD, Some("a=1,b=2")).unwrap();
        assert!(context.is_sampled);
        let mut headers = HeaderMap::new();
        context.write(&mut headers);
        assert_eq!((&headers[PARENT], &headers[STATE]), (&GOOD.parse().unwrap(), &"a=1,b=2".parse().unwrap()));
        let child = context.child().unwrap();
        assert!(child.trace == context.trace && child.span != context.span && child.state == context.state);
        assert!(!told(&GOOD.replace("-01", "-00"), None).unwrap().is_sampled);
        assert!(told("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more", None).unwrap().is_sampled);
    }

    #[test]
    fn what_is_malformed_or_personal_is_passed_over() {
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        ] {
            assert_eq!(told(bad, None), None, "{bad}");
        }
        let state = |state: &str| told(GOOD, Some(state)).unwrap().state;
        assert_eq!(state(&"x".repeat(513)), None);
        assert_eq!(state("licet=11010519491231002X"), None);
        let mut twice = HeaderMap::new();
        twice.append(PARENT, GOOD.parse().unwrap());
        twice.append(PARENT, GOOD.parse().unwrap());
        assert_eq!(Context::of(&twice), None);
    }
}
