//! A request, ready to be sent.

use hyper::body::Bytes;

use super::judge::Expectation;
use super::lane::Lane;
use crate::mix::Kind;

/// A request, and what is to come of it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What kind it is of.
    pub kind: Kind,
    /// Whose connections it goes over.
    pub lane: Lane,
    /// All of its bytes.
    pub request: Bytes,
    /// What its answer must be.
    pub expectation: Expectation,
}

/// A POST of HTTP/1.1 over a connection that is kept open.
#[must_use]
pub fn post(target: &str, media_type: &str, body: &[u8]) -> Bytes {
    let length = body.len();
    let head =
        format!("POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n");
    let mut request = Vec::with_capacity(head.len() + length);
    request.extend_from_slice(head.as_bytes());
    request.extend_from_slice(body);
    Bytes::from(request)
}

/// The same with a name by which it is known when it is sent again.
#[must_use]
pub fn post_once(target: &str, key: &str, body: &[u8]) -> Bytes {
    let request = post(target, "application/json", body);
    let mut named = Vec::with_capacity(request.len() + 64);
    let line = request.windows(2).position(|two| two == b"\r\n").map_or(0, |at| at + 2);
    named.extend_from_slice(request.get(..line).unwrap_or_default());
    named.extend_from_slice(format!("idempotency-key: {key}\r\n").as_bytes());
    named.extend_from_slice(request.get(line..).unwrap_or_default());
    Bytes::from(named)
}

/// A GET of the same kind.
#[must_use]
pub fn get(target: &str) -> Bytes {
    Bytes::from(format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_what_http_says() {
        let wanted = b"POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(&post("/x", "text/plain", b"abc")[..], wanted);
        assert_eq!(&get("/x")[..], b"GET /x HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let wanted = b"POST /x HTTP/1.1\r\nidempotency-key: k\r\nhost: localhost\r\n\
                       content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(&post_once("/x", "k", b"{}")[..], wanted);
    }
}
