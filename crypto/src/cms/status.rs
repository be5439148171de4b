//! Evidence of status that came inside a message (RFC 5652 10.2.1; RFC 5940; ISO 32000-2, 12.8.3.3).

use crate::der::{self, Element, tag};
use crate::oid::Oid;
use crate::x509::{Evidence, OcspResponse, RevocationList};

/// Most lists and responses that are read of one message: a path and its time stamp's need a handful.
pub(crate) const EVIDENCE_MAX: usize = 32;

/// The lists and responses of `crls`. What cannot be read, is of another form or is too much is left out: if the decision needs
/// it, it will be missed.
pub(super) fn read(set: &Element<'_>) -> der::Result<Evidence> {
    let (mut reader, mut found) = (set.reader(), Evidence::default());
    for _ in 0..EVIDENCE_MAX {
        if reader.is_empty() {
            break;
        }
        let element = reader.any()?;
        if element.tag == tag::SEQUENCE {
            found.lists.extend(RevocationList::from_der(element.raw));
        } else if element.tag == tag::context(1) {
            found.responses.extend(response(&element));
        }
    }
    Ok(found)
}

/// `RevocationInfoArchival`: lists under `[0]`, OCSP responses under `[1]`. What cannot be read is left out here as well.
pub(super) fn archived(value: &Element<'_>) -> Evidence {
    let mut found = Evidence::default();
    let Ok(archive) = der::single(value.raw, tag::SEQUENCE) else { return found };
    let mut reader = archive.reader();
    while let Ok(part) = reader.any() {
        let Ok(mut items) = part.reader().sequence() else { continue };
        for _ in 0..EVIDENCE_MAX {
            let Ok(item) = items.any() else { break };
            if part.tag == tag::context(0) {
                found.lists.extend(RevocationList::from_der(item.raw));
            } else if part.tag == tag::context(1) {
                found.responses.extend(OcspResponse::from_der(item.raw));
            }
        }
    }
    found
}

/// `OtherRevocationInfoFormat`, where it holds an OCSP response.
fn response(other: &Element<'_>) -> Option<OcspResponse> {
    let mut fields = other.reader();
    let format = Oid(fields.read(tag::OID).ok()?.content);
    let value = fields.any().ok()?;
    fields.end().ok()?;
    if format == Oid::RI_OCSP_RESPONSE { OcspResponse::from_der(value.raw).ok() } else { None }
}
