//! A document, trust and a moment in; a report out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cms;
use crate::cms::verify::{Place, Protected};
use crate::context::{Context, Judged};
use crate::digest::{Sha256, sm3};
use crate::jws::{self, Jws};
use crate::licence::metadata::is_licence_field;
use crate::licence::{self, Identifier, Metadata, number};
use crate::ofd::package::OfdError;
use crate::ofd::{self, Package};
use crate::pdf::{self, PdfError};
use crate::report::checks::{DOCUMENT_FORMAT, DOCUMENT_SIGNED, LICENCE_IDENTIFIER, LICENCE_ISSUER, LICENCE_METADATA};
use crate::report::{Check, Coverage, Diagnostic, Report, SignatureReport};
use crate::sd_jwt::{self, Presentation, SdJwt};
use crate::status_list;
use crate::time::Timestamp;
use crate::x509::trust::Policy;
use crate::x509::{Certificate, Evidence, Trust};

/// The forms of document that licet reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// GB/T 33190 with seals or signatures.
    Ofd,
    /// JSON Web Signature.
    Jws,
    /// SD-JWT verifiable credential.
    SdJwt,
    /// `SignedData` with its content inside.
    Cms,
    /// ISO 32000 with signatures in its form.
    Pdf,
}

impl Format {
    /// Stable name: `ofd`, `jws`, `sd-jwt`, `cms`, `pdf`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ofd => "ofd",
            Self::Jws => "jws",
            Self::SdJwt => "sd-jwt",
            Self::Cms => "cms",
            Self::Pdf => "pdf",
        }
    }

    /// The format with this stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ofd, Self::Jws, Self::SdJwt, Self::Cms, Self::Pdf].into_iter().find(|format| format.name() == name)
    }

    /// Media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ofd => "application/ofd",
            Self::Jws => "application/jose",
            Self::SdJwt => "application/dc+sd-jwt",
            Self::Cms => "application/cms",
            Self::Pdf => "application/pdf",
        }
    }

    /// The format that the first bytes promise.
    #[must_use]
    pub fn detect(document: &[u8]) -> Option<Self> {
        if document.starts_with(b"PK") {
            Some(Self::Ofd)
        } else if sd_jwt::is_likely(document) {
            Some(Self::SdJwt)
        } else if jws::is_likely(document) {
            Some(Self::Jws)
        } else if document.first() == Some(&0x30) {
            Some(Self::Cms)
        } else if pdf::is_likely(document) {
            Some(Self::Pdf)
        } else {
            None
        }
    }
}

/// What is asked about a document.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The document as received.
    pub document: &'a [u8],
    /// The moment in question.
    pub at: Timestamp,
    /// Certificates given along, for signatures that carry none.
    pub certificates: &'a [Certificate],
    /// Evidence of status given along.
    pub evidence: &'a Evidence,
    /// When the document is known to have existed, by the records of whoever asks.
    pub known_since: Option<Timestamp>,
    /// What the holder of a credential was asked to sign, for credentials that are presented to who asks.
    pub presentation: Option<&'a Presentation<'a>>,
    /// What is known of the status of credentials.
    pub status: status_list::Evidence<'a>,
}

impl<'a> Question<'a> {
    /// A question about a document alone, as of a moment.
    #[must_use]
    pub const fn new(document: &'a [u8], at: Timestamp) -> Self {
        Self {
            document,
            at,
            certificates: &[],
            evidence: Evidence::NONE,
            known_since: None,
            presentation: None,
            status: status_list::Evidence { tokens: &[], known: None },
        }
    }
}

/// The answer about a document by itself; what the records say of the licence is not in it yet.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The report.
    pub report: Report,
    /// Every input that was used, for whoever asks for it: the report itself does not hold it.
    pub diagnostic: Diagnostic,
    /// The format, if it is known.
    pub format: Option<Format>,
    /// The licence's data, if the document carries them and they are well formed.
    pub metadata: Option<Metadata>,
    /// Whose status the verdict depends on.
    pub judged: Vec<Judged>,
}

/// A document that verified as a licence. There is no other way to make one.
///
/// ```compile_fail
/// let forged = crypto::verify::Verified { document: Vec::new() };
/// ```
#[derive(Clone, Debug)]
pub struct Verified {
    document: Vec<u8>,
    format: Format,
    metadata: Metadata,
    sha256: Sha256,
    sm3: [u8; 32],
}

/// Verifies a document.
#[must_use]
pub fn verify(question: &Question<'_>, trust: &Trust) -> Verification {
    let mut context = Context::new(trust, question.at);
    context.certificates = question.certificates;
    context.evidence = question.evidence;
    context.known_since = question.known_since;
    let format = Format::detect(question.document);
    let found = match format {
        Some(Format::Ofd) => ofd_document(question.document, &mut context),
        Some(Format::Jws) => jws_document(question.document, &mut context),
        Some(Format::SdJwt) => sd_jwt_document(question, &mut context),
        Some(Format::Cms) => cms_document(question.document, &mut context),
        Some(Format::Pdf) => pdf_document(question.document, &mut context),
        None => Err(unreadable("neither OFD nor PDF nor JWS nor SD-JWT nor CMS")),
    };
    let sha256 = Sha256::of(&[question.document]);
    let mut report = Report::new(format.map_or("unknown", Format::name), sha256, question.at, trust);
    let mut metadata = None;
    match found {
        Err(check) => report.checks.push(*check),
        Ok(found) => {
            report.checks.push(DOCUMENT_FORMAT.pass());
            report.checks.extend(found.checks);
            let (checks, read) = licence(found.fields, found.is_whole, (&found.signatures, &found.signers), trust.policy());
            report.checks.extend(checks);
            report.signatures = found.signatures;
            metadata = read;
        }
    }
    report.holds_until = context.horizon.next();
    report.conclude();
    let judged = std::mem::take(&mut context.judged).into_values().collect();
    Verification { report, diagnostic: context.into_diagnostic(), format, metadata, judged }
}

impl Verification {
    /// The document as something that may be stored: only when the verdict is `TOTAL-PASSED` and the licence's data are there.
    #[must_use]
    pub fn into_verified(self, document: Vec<u8>) -> Option<Verified> {
        let same = Sha256::of(&[&document]) == self.report.document_sha256;
        if !self.report.verdict.is_passed() || !same {
            return None;
        }
        let sm3 = sm3(&[&document]);
        Some(Verified { sha256: self.report.document_sha256, sm3, format: self.format?, metadata: self.metadata?, document })
    }
}

impl Verified {
    /// A document that nobody has verified, for tests of those who take verified ones. Exists only with the feature `testing`,
    /// which no shipped crate may ask for.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn for_tests(metadata: Metadata, document: Vec<u8>) -> Self {
        let (sha256, sm3) = (Sha256::of(&[&document]), sm3(&[&document]));
        Self { sha256, sm3, format: Format::Ofd, metadata, document }
    }

    /// The licence's data.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The document's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The document as received.
    #[must_use]
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// SHA-256 of the document.
    #[must_use]
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// SM3 of the document.
    #[must_use]
    pub const fn sm3(&self) -> [u8; 32] {
        self.sm3
    }
}

pub(crate) fn unreadable(reason: &(impl ToString + ?Sized)) -> Box<Check> {
    Box::new(DOCUMENT_FORMAT.fail().with("reason", reason))
}

/// What a document holds, whatever its form.
pub(crate) struct Found {
    /// Checks of the document as a whole.
    pub(crate) checks: Vec<Check>,
    /// Each signature.
    pub(crate) signatures: Vec<SignatureReport>,
    /// The licence's data by short name; `Err` when they contradict themselves.
    pub(crate) fields: Result<BTreeMap<String, String>, ()>,
    /// The signers' certificates, in the order of the signatures.
    pub(crate) signers: Vec<Option<Certificate>>,
    /// Whether everything that was signed is there: the holder of a credential may hold claims back.
    pub(crate) is_whole: bool,
}

fn ofd_document(document: &[u8], context: &mut Context<'_>) -> Result<Found, Box<Check>> {
    let refuse = |error: OfdError| unreadable(&error);
    let package = Package::open(document, &mut context.budget).map_err(refuse)?;
    let outcome = ofd::verify::verify(&package, context).map_err(refuse)?;
    let signers = outcome.signers;
    Ok(Found {
        checks: outcome.checks,
        signatures: outcome.signatures,
        fields: package.custom_data().or(Err(())),
        signers,
        is_whole: true,
    })
}

fn jws_document(document: &[u8], context: &mut Context<'_>) -> Result<Found, Box<Check>> {
    let jws = Jws::parse(document).map_err(|error| unreadable(&error))?;
    let report = jws::verify(&jws, context).map_err(|error| unreadable(&error))?;
    Ok(Found {
        checks: vec![DOCUMENT_SIGNED.pass()],
        signatures: vec![report],
        fields: fields(jws.payload()),
        signers: vec![jws.signer()],
        is_whole: true,
    })
}

fn sd_jwt_document(question: &Question<'_>, context: &mut Context<'_>) -> Result<Found, Box<Check>> {
    let presentation = SdJwt::parse(question.document).map_err(|error| unreadable(&error))?;
    let outcome = sd_jwt::verify::verify(&presentation, question.presentation, question.status, context)
        .map_err(|error| unreadable(&error))?;
    let signers = vec![presentation.issued().signer()];
    let fields = outcome.disclosed.as_ref().map_or(Err(()), |disclosed| sd_jwt::claims::licence_fields(&disclosed.claims));
    let is_whole = outcome.disclosed.is_none_or(|disclosed| disclosed.held_back == 0);
    Ok(Found { checks: vec![DOCUMENT_SIGNED.pass()], signatures: vec![outcome.report], fields, signers, is_whole })
}

fn cms_document(document: &[u8], context: &mut Context<'_>) -> Result<Found, Box<Check>> {
    let data = cms::signed_data(document).map_err(|error| unreadable(&error))?;
    let Some(content) = data.content else {
        return Err(Box::new(DOCUMENT_FORMAT.doubt().with("reason", "the content is not inside")));
    };
    let (mut signatures, mut signers) = (Vec::new(), Vec::new());
    for (index, signer) in data.signers.iter().enumerate() {
        let id = (index + 1).to_string();
        let place = Place { id: &id, claimed: None };
        let report = cms::verify::verify(&data, signer, Protected::Content(content), place, context);
        signatures.push(report.map_err(|error| unreadable(&error))?);
        let certificate = signer.certificate(&data.certificates).or_else(|| signer.certificate(context.certificates));
        signers.push(certificate.cloned());
    }
    let signed = DOCUMENT_SIGNED.test(!signatures.is_empty());
    Ok(Found { checks: vec![signed], signatures, fields: fields(content), signers, is_whole: true })
}

fn pdf_document(document: &[u8], context: &mut Context<'_>) -> Result<Found, Box<Check>> {
    let outcome = pdf::verify::verify(document, context).map_err(|error| match error {
        // It may well be in order; it is licet that cannot tell.
        PdfError::Encrypted | PdfError::Unsupported => Box::new(DOCUMENT_FORMAT.doubt().with("reason", &error)),
        _ => unreadable(&error),
    })?;
    let fields = outcome.licence.map_or_else(|| Ok(BTreeMap::new()), |licence| fields(&licence));
    Ok(Found { checks: outcome.checks, signatures: outcome.signatures, fields, signers: outcome.signers, is_whole: true })
}

/// The licence's data in a JSON payload: an object whose members are texts.
pub(crate) fn fields(payload: &[u8]) -> Result<BTreeMap<String, String>, ()> {
    let members: Map<String, Value> = match jws::object(payload) {
        Some(members) => members,
        // An object with repeated names, or with more values than are read, must not pass for no licence at all.
        None if payload.trim_ascii_start().starts_with(b"{") => return Err(()),
        None => Map::new(),
    };
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(()),
        })
        .collect()
}

/// Checks of the licence's data, and the data themselves.
fn licence(
    fields: Result<BTreeMap<String, String>, ()>,
    is_whole: bool,
    (signatures, signers): (&[SignatureReport], &[Option<Certificate>]),
    policy: &Policy,
) -> (Vec<Check>, Option<Metadata>) {
    let Ok(fields) = fields else { return (vec![LICENCE_METADATA.fail()], None) };
    if !fields.keys().any(|name| is_licence_field(name)) {
        // A signed document that is no licence has a verdict of its own; it is worth a warning that it is none.
        return (vec![LICENCE_METADATA.doubt().without_effect()], None);
    }
    // One that says anything of a licence is one, and must say all of it.
    let identifier = fields.get("ZZBS").is_some_and(|text| text.parse::<Identifier>().is_ok());
    let mut checks = Vec::new();
    if is_whole || fields.contains_key("ZZBS") {
        checks.push(LICENCE_IDENTIFIER.test(identifier));
    }
    match Metadata::from_fields(&fields) {
        Ok(metadata) => {
            checks.push(LICENCE_METADATA.pass());
            let codes: Vec<_> = signers.iter().map(|signer| signer.as_ref().and_then(Certificate::organisation_code)).collect();
            checks.push(issuer(&metadata, signatures, &codes));
            let rule = policy.types.get(&metadata.type_code);
            checks.extend(rule.into_iter().flat_map(|rule| licence::demands::checks(rule, signatures, signers)));
            (checks, Some(metadata))
        }
        Err(error) if !is_whole => {
            // What is there is genuine; what the licence says as a whole, nobody can tell.
            checks.push(LICENCE_METADATA.doubt().with("reason", &error.code()));
            (checks, None)
        }
        Err(error) => {
            checks.push(LICENCE_METADATA.fail().with("reason", &error.code()));
            (checks, None)
        }
    }
}

/// One of those who signed must be the issuing body (standards 3.4 I: a genuine seal on somebody else's licence).
fn issuer(metadata: &Metadata, signatures: &[SignatureReport], signers: &[Option<String>]) -> Check {
    let wanted = metadata.issuer_code.as_str();
    let is_issuer = |code: &Option<String>| code.as_deref() == Some(wanted);
    // A signature that leaves something open does not vouch for it: somebody else may have filled it in and signed after.
    let whole = |report: &SignatureReport| report.coverage != Some(Coverage::Partial);
    if signers.iter().zip(signatures).any(|(code, report)| is_issuer(code) && whole(report)) {
        return LICENCE_ISSUER.pass().with("organisation", &wanted);
    }
    if signatures.is_empty() {
        return LICENCE_ISSUER.skip();
    }
    if signers.iter().any(is_issuer) {
        return LICENCE_ISSUER.doubt().with("issuer", &wanted).with("reason", "its signature covers only a part");
    }
    let named: Vec<&str> = signers.iter().flatten().map(String::as_str).collect();
    // Some bodies issue under the code of their region, which no certificate names.
    if named.is_empty() || number::uscc(wanted).is_err() {
        return LICENCE_ISSUER.doubt().with("issuer", &wanted);
    }
    LICENCE_ISSUER.fail().with("issuer", &wanted).with("signed_by", &named.join(", "))
}
