//! Documents that must not pass, each for one reason.

use crypto::issue::ofd::{Files, find, put};
use crypto::issue::{JwsBuilder, KeyType, OfdSignature, SealVersion, SigningKey, Stamp, zip};
use crypto::licence::Metadata;
use crypto::report::{SubIndication, Verdict};

use super::error::DemoError;
use super::form::{Form, pdf, stamped};
use super::kind::{Fate, Kind};
use super::licences::{self, Licence, jws, ofd, signed_at};
use super::people;
use super::pki::Pki;

const PAGE: &str = "Doc_0/Pages/Page_0/Content.xml";
const ENTRY: &str = "OFD.xml";
/// The object with what stands on the page.
const PDF_PAGE: u32 = 4;

/// A document that must not pass.
#[derive(Debug)]
pub struct Forgery {
    /// What was done, in English.
    pub what: &'static str,
    /// Name of its file, without the ending.
    pub slug: &'static str,
    /// Its form.
    pub form: Form,
    /// Short name of the department in whose name it is.
    pub department: &'static str,
    /// The licence that it pretends to be.
    pub metadata: Metadata,
    /// The document.
    pub document: Vec<u8>,
    /// The verdict on it as it is, before its record is looked at.
    pub verdict: Verdict,
}

/// Every forgery. Some are changed copies of licences that are handed in, the others pretend to be licences of their own.
///
/// # Errors
/// As [`licences::all`].
pub fn all(pki: &Pki) -> Result<Vec<Forgery>, DemoError> {
    let failed = Verdict::failed;
    Ok(vec![
        page_byte(pki, failed(SubIndication::HashFailure))?,
        face_field(pki, failed(SubIndication::HashFailure))?,
        lifted_seal(pki, failed(SubIndication::SigConstraintsFailure))?,
        wrong_issuer(pki, failed(SubIndication::SigConstraintsFailure))?,
        seal_file(pki, failed(SubIndication::HashFailure))?,
        payload(pki, failed(SubIndication::SigCryptoFailure))?,
        covered_page(pki, failed(SubIndication::HashFailure))?,
        revoked_signer(pki, failed(SubIndication::Revoked))?,
        stamped_late(pki, Verdict::indeterminate(SubIndication::RevokedNoPoe))?,
        pretender(pki, Verdict::indeterminate(SubIndication::NoCertificateChainFound))?,
    ])
}

/// The licence with this serial number, made as it was or would be.
fn copy(pki: &Pki, slug: &str, form: Form, serial: u16) -> Result<Licence, DemoError> {
    let kind = Kind::of(slug).ok_or(DemoError::Unplanned("such type"))?;
    licences::licence(pki, kind, form, Fate::Valid, (serial, 1))
}

/// The unpacked files of a licence that is sealed with the department's seal of GB/T 38540-2020.
fn files(pki: &Pki, metadata: &Metadata, signer: &str, seal: &str) -> Result<Files, DemoError> {
    let (signer, seal) = (pki.department(signer), pki.department(seal));
    let (Some(signer), Some(seal)) = (signer, seal.and_then(|owner| owner.seal(SealVersion::V4))) else {
        return Err(DemoError::Unplanned("such seal"));
    };
    let signature = OfdSignature::seal(signer.signer.signer(), SealVersion::V4, &seal.der, signed_at(metadata));
    Ok(ofd(metadata).sign(signature).build_files())
}

fn forgery(what: &'static str, slug: &'static str, base: Licence, document: Vec<u8>, verdict: Verdict) -> Forgery {
    Forgery { what, slug, form: base.form, department: base.kind.department, metadata: base.metadata, document, verdict }
}

fn page_byte(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "business-licence", Form::OfdV4, 0)?;
    let mut changed = files(pki, &base.metadata, "market", "market")?;
    // The first digit of the year of issue, on the page alone.
    rewrite(&mut changed, PAGE, |text| text.replacen("颁发日期：2", "颁发日期：1", 1));
    Ok(forgery("one byte of a page changed", "page-byte", base, zip::zip(&changed), verdict))
}

fn face_field(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "business-licence", Form::OfdV4, 1)?;
    let mut changed = files(pki, &base.metadata, "market", "market")?;
    let holder = base.metadata.holders.first().map(|holder| holder.name.clone()).unwrap_or_default();
    let other = people::company(7, "商贸").name;
    for path in [PAGE, ENTRY] {
        rewrite(&mut changed, path, |text| text.replace(&holder, &other));
    }
    Ok(forgery("holder on the face swapped", "face-field", base, zip::zip(&changed), verdict))
}

fn rewrite(files: &mut Files, path: &str, change: impl Fn(&str) -> String) {
    let text = change(&String::from_utf8_lossy(find(files, path).unwrap_or_default()));
    put(files, path, text.into_bytes());
}

fn lifted_seal(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "food-business-permit", Form::OfdV4, 18)?;
    let document = zip::zip(&files(pki, &base.metadata, "construction", "market")?);
    Ok(forgery("seal lifted from elsewhere", "lifted-seal", base, document, verdict))
}

fn wrong_issuer(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "food-business-permit", Form::OfdV4, 19)?;
    let document = zip::zip(&files(pki, &base.metadata, "construction", "construction")?);
    Ok(forgery("sealed by a wrong office", "wrong-issuer", base, document, verdict))
}

fn seal_file(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "construction-permit", Form::OfdV4, 20)?;
    let mut changed = files(pki, &base.metadata, "construction", "construction")?;
    let other = pki.department("market").and_then(|market| market.seal(SealVersion::V4));
    let other = other.ok_or(DemoError::Unplanned("such seal"))?;
    put(&mut changed, "Doc_0/Signs/Sign_0/Seal.esl", other.der.clone());
    Ok(forgery("other seal laid beside", "seal-file", base, zip::zip(&changed), verdict))
}

fn payload(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "driving-licence", Form::JwsEs256, 49)?;
    let mut metadata = base.metadata.clone();
    metadata.extras.insert("KZ_ZJCX".to_owned(), "A1A2".to_owned());
    // Signed by anybody: only the payload is of use.
    let key = SigningKey::from_label(KeyType::P256, "anybody");
    let other = JwsBuilder::licence(&metadata.to_fields()).compact(&key);
    let original = String::from_utf8_lossy(&base.document).into_owned();
    let part = |text: &str, index: usize| text.split('.').nth(index).unwrap_or_default().to_owned();
    let document = [part(&original, 0), part(&other, 1), part(&original, 2)].join(".").into_bytes();
    Ok(forgery("more rights written in", "jws-payload", base, document, verdict))
}

fn revoked_signer(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "business-licence", Form::JwsSm2, 98)?;
    let document = jws(&base.metadata, &pki.lost, &[&pki.signer_ca.certificate], signed_at(&base.metadata));
    Ok(forgery("signed with a revoked key", "revoked-signer", base, document, verdict))
}

fn covered_page(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "driving-licence", Form::Pdf, 47)?;
    let signer = pki.department(base.kind.department).and_then(|department| department.other.as_ref());
    let mut pdf = pdf(signer.ok_or(DemoError::Unplanned("such certificate"))?, &base.metadata);
    let text = "BT /F1 24 Tf 72 720 Td (Licence of somebody else) Tj ET";
    let page = format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len());
    pdf.append(&[(PDF_PAGE, page.into_bytes())]);
    Ok(forgery("other page laid over it", "covered-page", base, pdf.build(), verdict))
}

/// Whoever found the lost key signs for a day when it was good still, but a time stamp tells when that was done.
fn stamped_late(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let kind = Kind::of("business-licence").ok_or(DemoError::Unplanned("such type"))?;
    let base = licences::licence(pki, kind, Form::OfdStamped, Fate::KeyLost, (97, 1))?;
    let department = pki.department(kind.department).ok_or(DemoError::Unplanned("such department"))?;
    let token = |value: &[u8]| pki.token(value, pki.made.plus(-30 * 86_400));
    let document = stamped(department, &pki.lost, &base.metadata, Stamp(&token))?;
    Ok(forgery("backdated with a revoked key", "stamped-late", base, document, verdict))
}

fn pretender(pki: &Pki, verdict: Verdict) -> Result<Forgery, DemoError> {
    let base = copy(pki, "business-licence", Form::JwsSm2, 99)?;
    let document = jws(&base.metadata, &pki.pretender, &[], signed_at(&base.metadata));
    Ok(forgery("home-made root, same name", "home-made-root", base, document, verdict))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn none_passes_and_each_for_its_own_reason() {
        let pki = testing::pki();
        for forgery in all(&pki).unwrap() {
            let verification = testing::verify(&pki, &forgery.document);
            assert_eq!(verification.report.verdict, forgery.verdict, "{}: {:#?}", forgery.slug, verification.report);
            assert!(verification.into_verified(forgery.document).is_none());
        }
    }
}
