//! Signatures over HTTP messages (RFC 9421) with `hmac-sha256`, and the digest of a body (RFC 9530).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};

/// A key that both sides have.
pub(super) struct SharedKey {
    id: String,
    key: hmac::Key,
}

/// The two fields that carry a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// `Signature-Input`.
    pub(super) input: String,
    /// `Signature`.
    pub(super) signature: String,
}

/// The shortest key, in bytes: the length of the digest (RFC 2104, 3).
const KEY_BYTES_MIN: usize = 32;

impl SharedKey {
    /// The key with this name; none where the text is not base64 of at least 32 bytes, or the name could not stand in a field.
    pub(super) fn new(id: &str, text: &str) -> Option<Self> {
        let is_name = !id.is_empty() && id.bytes().all(|byte| (0x20..0x7f).contains(&byte) && !b"\"\\".contains(&byte));
        let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() >= KEY_BYTES_MIN)?;
        is_name.then(|| Self { id: id.to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// Signs components, each by its name and value, made at this second, under a label.
    pub(super) fn sign(&self, label: &str, components: &[(&str, &str)], created: i64, names_algorithm: bool) -> Signed {
        let names: Vec<String> = components.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let algorithm = if names_algorithm { ";alg=\"hmac-sha256\"" } else { "" };
        let parameters = format!("({});created={created};keyid=\"{}\"{algorithm}", names.join(" "), self.id);
        let base = base(components, &parameters);
        let tag = STANDARD.encode(hmac::sign(&self.key, base.as_bytes()));
        Signed { input: format!("{label}={parameters}"), signature: format!("{label}=:{tag}:") }
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// RFC 9421, 2.5.
fn base(components: &[(&str, &str)], parameters: &str) -> String {
    let lines = components.iter().map(|(name, value)| format!("\"{name}\": {value}\n"));
    lines.chain([format!("\"@signature-params\": {parameters}")]).collect()
}

/// `Content-Digest` of a body.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest::digest(&digest::SHA256, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9421, B.1.5.
    const KEY: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

    #[test]
    fn the_example_of_the_standard() {
        // RFC 9421, B.2.5, over the request of B.2.
        let key = SharedKey::new("test-shared-secret", KEY).unwrap();
        let components =
            [("date", "Tue, 20 Apr 2021 02:07:55 GMT"), ("@authority", "example.com"), ("content-type", "application/json")];
        let signed = key.sign("sig-b25", &components, 1_618_884_473, false);
        let parameters = "(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
        assert_eq!(signed.input, format!("sig-b25={parameters}"));
        assert_eq!(signed.signature, "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:");
        let line = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@authority\": example.com\n\"content-type\": application/json\n";
        assert_eq!(base(&components, parameters), format!("{line}\"@signature-params\": {parameters}"));
    }

    #[test]
    fn the_digest_of_a_body() {
        // RFC 9530, appendix A.
        assert_eq!(content_digest(b"{\"hello\": \"world\"}\n"), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    }

    #[test]
    fn weak_keys_and_names_are_refused() {
        assert!(SharedKey::new("a", "c2hvcnQ=").is_none());
        assert!(SharedKey::new("a", "not base64").is_none());
        assert!(SharedKey::new("a\"b", KEY).is_none() && SharedKey::new("", KEY).is_none());
        assert!(!format!("{:?}", SharedKey::new("a", KEY).unwrap()).contains("uzvJ"));
    }
}
