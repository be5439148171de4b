//! Verifying a signed OFD: every signature, what it protects, and what a reader would show beyond that.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::coverage::{self, Content};
use super::package::{OfdError, Package};
use super::references;
use super::signatures::{self, Description, Kind, Listed};
use crate::cms;
use crate::cms::verify::{Place, Protected};
use crate::context::{Context, signature_report, unreadable};
use crate::digest::sm3;
use crate::existence::Existence;
use crate::oid::Oid;
use crate::report::checks::{
    DOCUMENT_SIGNED, OFD_APPEARANCE, OFD_COVERAGE, OFD_SEAL_FILE, OFD_SIGNATURE_METHOD, SIGNATURE_CERTIFICATE, SIGNATURE_FORMAT,
};
use crate::report::{Check, Coverage, Scope, ScopeKind, SignatureReport};
use crate::seal::SealSignature;
use crate::seal::signature::time_from_text;
use crate::seal::verify::{self as seal, Expected};
use crate::sig::{Algorithm, KeyKind};
use crate::signer::{self, Signed};
use crate::x509::Certificate;

/// A stamp narrower or lower than this, in millimetres, cannot be seen as a seal: straddle seals show strips of about 8 mm.
const STAMP_MM_MIN: f64 = 1.0;

/// What verification of a package gives.
#[derive(Debug)]
pub struct Outcome {
    /// Checks of the package as a whole.
    pub checks: Vec<Check>,
    /// Each signature, in document order.
    pub signatures: Vec<SignatureReport>,
    /// The signers' certificates, in the order of the signatures.
    pub signers: Vec<Option<Certificate>>,
}

/// Verifies all signatures of a package.
///
/// # Errors
/// [`OfdError`] when what is needed to find the signatures is malformed, or the budget is spent.
pub fn verify(package: &Package, context: &mut Context<'_>) -> Result<Outcome, OfdError> {
    let listed = signatures::listed(package, &mut context.budget)?;
    if listed.is_empty() {
        return Ok(Outcome { checks: vec![DOCUMENT_SIGNED.fail()], signatures: Vec::new(), signers: Vec::new() });
    }
    let found: Vec<_> = listed.iter().map(|listed| Found::read(package, listed, context)).collect();
    let scene = Scene {
        package,
        own: found.iter().flat_map(Found::files).collect(),
        content: coverage::content(package, false, &mut context.budget).ok(),
        deep: OnceCell::new(),
    };
    let newest = found.len().saturating_sub(1);
    let (mut signatures, mut signers) = (Vec::new(), Vec::new());
    for (index, found) in found.iter().enumerate() {
        let judged = scene.judge(found, index == newest, context)?;
        signers.push(judged.signer);
        signatures.push(judged.report);
    }
    Ok(Outcome { checks: vec![DOCUMENT_SIGNED.pass().with("signatures", &signatures.len())], signatures, signers })
}

/// A signature as far as its description goes.
struct Found<'a> {
    listed: &'a Listed,
    xml: &'a [u8],
    description: Result<Description, OfdError>,
}

impl<'a> Found<'a> {
    fn read(package: &'a Package, listed: &'a Listed, context: &mut Context<'_>) -> Self {
        let xml = package.file(&listed.description);
        let description = xml.and_then(|xml| Description::read(xml, &listed.description, &mut context.budget));
        Self { listed, xml: xml.unwrap_or_default(), description }
    }

    /// The files that belong to the signature itself and that no reader shows as content.
    fn files(&self) -> Vec<String> {
        let mut files = vec![self.listed.list.clone(), self.listed.description.clone()];
        if let Ok(description) = &self.description {
            files.push(description.value.clone());
            // Only a seal signature's seal is compared with the one inside the value; anything else could hide under it.
            files.extend(description.seal.clone().filter(|_| self.listed.kind == Kind::Seal));
        }
        files
    }
}

/// A signature's report on the way, with what the container's checks need of it.
struct Judged {
    report: SignatureReport,
    signer: Option<Certificate>,
    /// Object identifier of the algorithm that the value itself names.
    algorithm: Option<String>,
}

impl Judged {
    fn unreadable(found: &Found<'_>, check: Check) -> Self {
        let form = if found.listed.kind == Kind::Seal { "ses" } else { "gbt35275" };
        let mut report = unreadable(&found.listed.id, form, check);
        report.conclude();
        Self { report, signer: None, algorithm: None }
    }
}

/// What all signatures of a package are judged against.
struct Scene<'a> {
    package: &'a Package,
    own: BTreeSet<String>,
    content: Option<Content>,
    /// The content with what the pages themselves use, once a signature left something open.
    deep: OnceCell<Option<Content>>,
}

impl Scene<'_> {
    fn judge(&self, found: &Found<'_>, is_newest: bool, context: &mut Context<'_>) -> Result<Judged, OfdError> {
        let refuse =
            |reason: &dyn ToString| Judged::unreadable(found, SIGNATURE_FORMAT.fail().with("reason", &reason.to_string()));
        let description = match &found.description {
            Ok(description) => description,
            Err(error) => return Ok(refuse(error)),
        };
        let value = match self.package.file(&description.value) {
            Ok(value) => value,
            Err(error) => return Ok(refuse(&error)),
        };
        let mut judged = match found.listed.kind {
            Kind::Seal => match SealSignature::from_der(value) {
                Ok(signature) => self.seal(found, description, &signature, context)?,
                Err(error) => return Ok(refuse(&error)),
            },
            Kind::Sign => sign(found, description, value, context)?,
        };
        judged.report.checks.push(method(description, judged.algorithm.as_deref()));
        let key = judged.signer.as_ref().and_then(Certificate::key);
        let compared = references::compare(self.package, description, (&found.listed.list, is_newest), key, &mut context.budget)
            .map_err(OfdError::Exhausted)?;
        judged.report.checks.extend(compared.checks);
        let (coverage, check) = self.coverage(&compared.protected, context);
        judged.report.coverage = Some(coverage);
        judged.report.scope = Some(Scope::of(ScopeKind::ListedFiles, &compared.protected, &self.open(&compared.protected)));
        // An earlier signature stands for its own set of files; the newest must cover what is shown now.
        judged.report.checks.push(if is_newest { check } else { check.without_effect() });
        judged.report.conclude();
        Ok(judged)
    }

    fn seal(
        &self,
        found: &Found<'_>,
        description: &Description,
        signature: &SealSignature<'_>,
        context: &mut Context<'_>,
    ) -> Result<Judged, OfdError> {
        let property = format!("/{}", found.listed.description);
        let expected = Expected { id: &found.listed.id, data_hash: sm3(&[found.xml]), property: Some(&property) };
        let mut report = seal::verify(signature, &expected, context).map_err(OfdError::Exhausted)?;
        if let Some(path) = &description.seal {
            let same = self.package.file(path).is_ok_and(|bytes| bytes == signature.seal.raw);
            report.checks.push(OFD_SEAL_FILE.test(same));
        }
        report.checks.push(self.appearance(description));
        let signer = Certificate::from_der(signature.signer).ok();
        Ok(Judged { report, signer, algorithm: Some(signature.algorithm.to_string()) })
    }

    fn appearance(&self, description: &Description) -> Check {
        let Some(content) = &self.content else { return OFD_APPEARANCE.doubt() };
        if description.stamps.is_empty() {
            return OFD_APPEARANCE.fail().without_effect().with("reason", "the signature names no place");
        }
        let hidden = description.stamps.iter().find(|stamp| {
            let on_page = content.pages.get(&stamp.page).is_some_and(|path| self.package.file(path).is_ok());
            let visible = stamp.size.is_some_and(|(width, height)| width >= STAMP_MM_MIN && height >= STAMP_MM_MIN);
            !(on_page && visible)
        });
        match hidden {
            Some(stamp) => OFD_APPEARANCE.fail().with("page", &stamp.page),
            None => OFD_APPEARANCE.pass().with("places", &description.stamps.len()),
        }
    }

    /// The files that are neither protected nor part of the signatures themselves.
    fn open(&self, protected: &BTreeSet<String>) -> Vec<&String> {
        // A file that content points at is content, whatever a signature calls it.
        let is_content = |path: &String| self.content.as_ref().is_none_or(|content| content.files.contains(path));
        let exempt = |path: &String| self.own.contains(path) && !is_content(path);
        self.package.files().keys().filter(|path| !protected.contains(*path) && !exempt(path)).collect()
    }

    fn coverage(&self, protected: &BTreeSet<String>, context: &mut Context<'_>) -> (Coverage, Check) {
        if self.content.is_none() {
            return (Coverage::Partial, OFD_COVERAGE.doubt());
        }
        let open = self.open(protected);
        if open.is_empty() {
            return (Coverage::Full, OFD_COVERAGE.pass());
        }
        let deep = self.deep.get_or_init(|| coverage::content(self.package, true, &mut context.budget).ok());
        let Some(deep) = deep else {
            return (Coverage::Partial, OFD_COVERAGE.doubt());
        };
        let shown: Vec<&&String> = open.iter().filter(|path| deep.files.contains(path.as_str())).collect();
        match shown.first() {
            Some(first) => (Coverage::Partial, OFD_COVERAGE.fail().with("file", &first).with("files", &shown.len())),
            None => (Coverage::Full, OFD_COVERAGE.pass().with("unused_files", &open.len())),
        }
    }
}

/// A signature without a seal: GB/T 35275 `SignedData` (GM/T 0099, 7.2.2).
fn sign(found: &Found<'_>, description: &Description, value: &[u8], context: &mut Context<'_>) -> Result<Judged, OfdError> {
    let claimed = description.date_time.as_deref().and_then(time_from_text);
    let place = Place { id: &found.listed.id, claimed };
    let Ok(data) = cms::signed_data(value) else { return bare(found, value, place, context) };
    let [info] = data.signers.as_slice() else {
        return Ok(Judged::unreadable(found, SIGNATURE_FORMAT.fail().with("signers", &data.signers.len())));
    };
    let protected = Protected::DigestOf(sm3(&[found.xml]));
    let report = cms::verify::verify(&data, info, protected, place, context).map_err(OfdError::Exhausted)?;
    let signer = info.certificate(&data.certificates).or_else(|| info.certificate(context.certificates)).cloned();
    let is_sm2 = signer.as_ref().and_then(Certificate::key).is_some_and(|key| key.kind() == KeyKind::Sm2);
    Ok(Judged { report, signer, algorithm: is_sm2.then(|| Oid::SM2_SM3.to_string()) })
}

/// The deprecated form: a bare SM2 value over `Signature.xml`, whose signer only a certificate from outside can name.
fn bare(found: &Found<'_>, value: &[u8], place: Place<'_>, context: &mut Context<'_>) -> Result<Judged, OfdError> {
    let mut report = signature_report(&found.listed.id, "sm2-bare");
    let mut existence = Existence::new(place.claimed, context);
    let mut signer = None;
    for candidate in context.certificates {
        context.budget.spend_signature().map_err(OfdError::Exhausted)?;
        if candidate.key().is_some_and(|key| Algorithm::Sm2Sm3.verify(key, found.xml, value).is_ok()) {
            signer = Some(candidate);
            break;
        }
    }
    let Some(signer) = signer else {
        let check = SIGNATURE_CERTIFICATE.fail().with("reason", "the value is bare and names no signer");
        return Ok(Judged::unreadable(found, check));
    };
    let signed = Signed { message: found.xml, signature: value, algorithm: Some(Algorithm::Sm2Sm3) };
    signer::check_value(signer, &signed, &mut existence, context, &mut report).map_err(OfdError::Exhausted)?;
    signer::judge(signer, &mut existence, None, context, &mut report).map_err(OfdError::Exhausted)?;
    Ok(Judged { report, signer: Some(signer.clone()), algorithm: Some(Oid::SM2_SM3.to_string()) })
}

fn method(description: &Description, algorithm: Option<&str>) -> Check {
    match (&description.method, algorithm) {
        (Some(named), Some(found)) => OFD_SIGNATURE_METHOD.test(*named == found).with("named", &named),
        _ => OFD_SIGNATURE_METHOD.doubt().without_effect(),
    }
}
