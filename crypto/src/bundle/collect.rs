//! Putting together what a verdict was drawn from.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::material::{Der, EnclosedDocument, EnclosedEvidence, Expected, KnownStatus, Material, Source};
use super::rules::{ListRow, Rules};
use crate::digest::{Sha256, sm3, to_hex};
use crate::report::{Diagnostic, Report};
use crate::status_list::Known;
use crate::time::Timestamp;
use crate::x509::{Certificate, Evidence, Trust};

/// What was known when a document was judged.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The document.
    pub document: &'a [u8],
    /// Whether it is to be enclosed.
    pub with_document: bool,
    /// What was in force.
    pub trust: &'a Trust,
    /// The signed list that the rules stand in, if they come from one.
    pub list: Option<ListRow>,
    /// Since when the document is on record, where that counted.
    pub known_since: Option<Timestamp>,
    /// What the holder of a credential was asked to sign.
    pub presentation: Option<Expected>,
    /// Certificates that came with the question.
    pub certificates: &'a [Certificate],
    /// Evidence of status that came with it.
    pub evidence: &'a Evidence,
    /// Status lists that came with it.
    pub status_lists: &'a [Vec<u8>],
    /// What the gateway's own records said of a credential.
    pub known_status: Option<&'a Known>,
    /// The report, at depth `detailed`.
    pub report: &'a Report,
    /// Every input that was used.
    pub diagnostic: &'a Diagnostic,
    /// The seals on file with which the document is sealed, DER.
    pub seals: &'a [Vec<u8>],
    /// How many bytes of revocation lists and OCSP responses are enclosed at most.
    pub evidence_bytes_max: usize,
}

/// What was put together.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The material.
    pub material: Material,
    /// Whether anything that was used had to be left out.
    pub is_whole: bool,
}

/// Puts together what a verdict was drawn from.
#[must_use]
pub fn collect(seen: &Seen<'_>) -> Collected {
    let used = &seen.diagnostic.certificates;
    let decoded = used.iter().filter_map(|(name, used)| Some((*name, Der(STANDARD.decode(&used.der).ok()?))));
    let given = seen.certificates.iter().map(|certificate| (certificate.sha256(), Der(certificate.raw().to_vec())));
    let mut room = seen.evidence_bytes_max;
    let material = Material {
        document: EnclosedDocument {
            sha256: seen.report.document_sha256,
            sm3: to_hex(&sm3(&[seen.document])),
            bytes: wide(seen.document.len()),
            content: seen.with_document.then(|| Der(seen.document.to_vec())),
        },
        at: seen.report.validation_time,
        known_since: seen.known_since,
        presentation: seen.presentation.clone(),
        report: serde_json::to_value(seen.report).unwrap_or_default(),
        rules: Rules::of(seen.trust, seen.list.clone(), |certificate| used.contains_key(&certificate.sha256())),
        certificates: decoded.chain(given).collect(),
        given: seen.certificates.iter().map(Certificate::sha256).collect(),
        responses: responses(seen, &mut room),
        lists: lists(seen, &mut room),
        status_lists: seen.status_lists.iter().map(|token| String::from_utf8_lossy(token).into_owned()).collect(),
        known_status: seen.known_status.map(KnownStatus::of),
        timestamps: serde_json::to_value(&seen.diagnostic.timestamps).unwrap_or(Value::Null),
        seals: seen.seals.iter().map(|der| (Sha256::of(&[der]), Der(der.clone()))).collect(),
    };
    let is_whole = material.left_out().is_empty();
    Collected { material, is_whole }
}

/// The revocation lists that were asked, those of the gateway before those that came along.
fn lists(seen: &Seen<'_>, room: &mut usize) -> BTreeMap<Sha256, EnclosedEvidence> {
    let own: BTreeMap<Sha256, &[u8]> = seen.trust.lists(|_| true).map(|list| (list.sha256(), list.raw())).collect();
    let along: BTreeMap<Sha256, &[u8]> = seen.evidence.lists.iter().map(|list| (list.sha256(), list.raw())).collect();
    seen.diagnostic.lists.keys().map(|name| (*name, piece(*name, [&own, &along], seen.trust, room))).collect()
}

/// The OCSP responses that were asked. They are small, so they come before the lists.
fn responses(seen: &Seen<'_>, room: &mut usize) -> BTreeMap<Sha256, EnclosedEvidence> {
    let serials = seen.diagnostic.responses.values().filter_map(|used| crate::digest::from_hex(&used.serial));
    let own: BTreeMap<Sha256, Vec<u8>> = serials
        .flat_map(|serial| {
            let known = seen.trust.responses(&serial).map(|known| (known.sha256(), known.raw().to_vec()));
            known.collect::<Vec<_>>()
        })
        .collect();
    let own = own.iter().map(|(name, der)| (*name, der.as_slice())).collect();
    let along = seen.evidence.responses.iter().map(|known| (known.sha256(), known.raw())).collect();
    seen.diagnostic.responses.keys().map(|name| (*name, piece(*name, [&own, &along], seen.trust, room))).collect()
}

fn piece(name: Sha256, [own, along]: [&BTreeMap<Sha256, &[u8]>; 2], trust: &Trust, room: &mut usize) -> EnclosedEvidence {
    let found = own.get(&name).map(|der| (Source::Gateway, *der));
    let found = found.or_else(|| along.get(&name).map(|der| (Source::Question, *der)));
    let Some((source, der)) = found else {
        return EnclosedEvidence { source: Source::Document, received: None, bytes: None, der: None };
    };
    let received = trust.received(name).filter(|_| source == Source::Gateway);
    let enclosed = room.checked_sub(der.len());
    *room = enclosed.unwrap_or(*room);
    let content = enclosed.map(|_| Der(der.to_vec()));
    EnclosedEvidence { source, received, bytes: Some(wide(der.len())), der: content }
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
