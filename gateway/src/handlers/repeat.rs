//! Requests that may be sent again: the name that a caller gives to one, in the header `Idempotency-Key`.

use crypto::digest::Sha256;
use hyper::header::HeaderName;

use crate::http::{Code, Problem, Request};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The digest of caller and name, if the request has one: names are the callers' own, and none of them is kept.
///
/// # Errors
/// [`Code::BadParameter`] when it is repeated, empty, too long, or not of visible ASCII characters.
pub(super) fn name(request: &Request) -> Result<Option<Sha256>, Problem> {
    let mut values = request.headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let name = value.as_bytes();
    let is_good = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    if !is_good || values.next().is_some() {
        let problem = Problem::new(Code::BadParameter);
        return Err(problem.detail(
            "Idempotency-Key is not one word of 1 to 64 visible characters.",
            "Idempotency-Key应为1至64个可见字符且只出现一次。",
        ));
    }
    Ok(Some(Sha256::of(&[b"licet request v1\n", request.caller.name.as_bytes(), &[0], name])))
}
