//! What goes back to a caller.

use crypto::report::Indication;
use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};
use serde::Serialize;

use super::{Code, Outgoing, RequestId, request_id};

/// What each answer says to a browser, for which none is made: to take it for nothing but what it is, to load nothing, to tell nobody.
const GUARDS: [(HeaderName, HeaderValue); 6] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("permissions-policy"), HeaderValue::from_static("camera=(), geolocation=(), microphone=()")),
];

/// Puts what each answer says to a browser among its headers.
pub fn guard(headers: &mut HeaderMap) {
    headers.reserve(2 * GUARDS.len());
    for (name, value) in GUARDS {
        headers.insert(name, value);
    }
}

/// An answer before it becomes HTTP.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Media type of the body.
    pub content_type: &'static str,
    /// Body.
    pub body: Outgoing,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The verdict that it carries, for the log and the metrics.
    pub verdict: Option<Indication>,
    /// The code of the problem that it is, for the log.
    pub code: Option<Code>,
}

impl Answer {
    /// A body in JSON.
    #[must_use]
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::bytes(status, "application/json", body),
            // Our own types always serialise; the empty body keeps the promise to leak nothing if one did not.
            Err(_) => Self::bytes(StatusCode::INTERNAL_SERVER_ERROR, "application/json", Vec::new()),
        }
    }

    /// A body of any type.
    #[must_use]
    pub fn bytes(status: StatusCode, content_type: &'static str, body: impl Into<Outgoing>) -> Self {
        Self { status, content_type, body: body.into(), headers: Vec::new(), verdict: None, code: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says where what was put on record can be read; the path is given without percent-encoding.
    #[must_use]
    pub fn located(self, path: &str) -> Self {
        let encoded: String = path
            .bytes()
            .map(|byte| match byte {
                _ if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        match HeaderValue::from_str(&encoded) {
            Ok(place) => self.header(LOCATION, place),
            Err(_) => self,
        }
    }

    /// Says which verdict the answer carries.
    #[must_use]
    pub const fn verdict(mut self, verdict: Indication) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// The response; for HEAD, with the headers of the body but without it.
    #[must_use]
    pub fn into_response(self, request_id: &RequestId, head_only: bool) -> Response<Outgoing> {
        let length = self.body.length();
        let mut response = Response::new(if head_only { Vec::new().into() } else { self.body });
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status != StatusCode::NOT_MODIFIED {
            // RFC 9110 8.6: a length in a 304 would have to be that of the file which is not sent.
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
            if let Some(length) = length {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
        }
        guard(headers);
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
            headers.insert(request_id::HEADER, value);
        }
        for (name, value) in self.headers {
            // Instead of what holds for most answers, where it says otherwise.
            headers.insert(name, value);
        }
        response
    }
}
