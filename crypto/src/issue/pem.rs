//! PEM (RFC 7468), written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One block: `CERTIFICATE`, `PRIVATE KEY`, `PUBLIC KEY`, `X509 CRL`, `CMS` …, lines of 64 characters.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    for (at, character) in STANDARD.encode(der).chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str(&format!("\n-----END {label}-----\n"));
    out
}

/// Certificates one after another, as TLS servers and trust stores take them.
#[must_use]
pub fn certificates(chain: &[Vec<u8>]) -> String {
    chain.iter().map(|certificate| encode("CERTIFICATE", certificate)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_full() {
        assert_eq!(encode("X", &[0; 48]), format!("-----BEGIN X-----\n{}\n-----END X-----\n", "A".repeat(64)));
        assert_eq!(encode("X", &[0; 49]), format!("-----BEGIN X-----\n{}\nAA==\n-----END X-----\n", "A".repeat(64)));
        assert_eq!(certificates(&[vec![1], vec![2]]).matches("BEGIN CERTIFICATE").count(), 2);
    }
}
