//! PEM (RFC 7468) and the other wrappings in which certificates and lists are handed over.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Certificate, RevocationList};
use crate::cms;
use crate::der::{self, DerError};

/// The contents of every PEM block with this label, in order. Lines between blocks are ignored.
///
/// # Errors
/// [`DerError::BadValue`] when a block is not closed or not base64.
pub fn blocks(text: &str, label: &str) -> der::Result<Vec<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut rest = text;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once(&begin) {
        let (body, after) = after.split_once(&end).ok_or(DerError::Truncated)?;
        let compact: String = body.split_ascii_whitespace().collect();
        found.push(STANDARD.decode(compact).or(Err(DerError::BadValue))?);
        rest = after;
    }
    Ok(found)
}

/// Reads certificates from PEM, DER, or a certificates-only CMS (`.p7b`) in either form.
///
/// # Errors
/// [`DerError`] when the bytes hold no certificate in any of these forms, or a malformed one.
pub fn certificates(bytes: &[u8]) -> der::Result<Vec<Certificate>> {
    let Some(text) = pem_text(bytes) else {
        let der = bare_base64(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned);
        return Certificate::from_der(&der)
            .map(|certificate| vec![certificate])
            .or_else(|fault| cms::certificates(&der).or(Err(fault)));
    };
    let mut all = Vec::new();
    for block in blocks(text, "CERTIFICATE")? {
        all.push(Certificate::from_der(&block)?);
    }
    for label in ["PKCS7", "CMS"] {
        for block in blocks(text, label)? {
            all.extend(cms::certificates(&block)?);
        }
    }
    if all.is_empty() { Err(DerError::BadValue) } else { Ok(all) }
}

/// Reads revocation lists from PEM or DER.
///
/// # Errors
/// [`DerError`] when the bytes hold no list in either form, or a malformed one.
pub fn revocation_lists(bytes: &[u8]) -> der::Result<Vec<RevocationList>> {
    let Some(text) = pem_text(bytes) else { return RevocationList::from_der(bytes).map(|list| vec![list]) };
    // Not copied once more: they may be large.
    let lists: Vec<_> = blocks(text, "X509 CRL")?.into_iter().map(RevocationList::from_vec).collect::<der::Result<_>>()?;
    if lists.is_empty() { Err(DerError::BadValue) } else { Ok(lists) }
}

/// Base64 without the PEM lines around it, as some authorities publish their `.p7b` files.
fn bare_base64(bytes: &[u8]) -> Option<Vec<u8>> {
    // A SEQUENCE starts so in base64; DER need not be copied to find that out.
    if !bytes.trim_ascii_start().starts_with(b"M") {
        return None;
    }
    let compact: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

fn pem_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN "))
}
