//! The licences of a demo: data, documents, and what becomes of them.

use std::collections::BTreeMap;

use crypto::issue::{JwsBuilder, OfdBuilder};
use crypto::licence::{Holder, HolderCodeType, Identifier, Metadata};
use crypto::time::{Date, Timestamp};

use super::authority::Credential;
use super::department::Department;
use super::error::DemoError;
use super::form::Form;
use super::kind::{Fate, Holders, KINDS, Kind};
use super::people::{self, Party};
use super::pki::Pki;

const DAY_S: i64 = 86_400;

/// A licence, ready to be handed in.
#[derive(Debug)]
pub struct Licence {
    /// Its type.
    pub kind: &'static Kind,
    /// Its form.
    pub form: Form,
    /// What becomes of it.
    pub fate: Fate,
    /// Its data.
    pub metadata: Metadata,
    /// The signed document.
    pub document: Vec<u8>,
}

impl Licence {
    /// Name of its file.
    #[must_use]
    pub fn file(&self) -> String {
        let identifier = &self.metadata.identifier;
        format!("{}-{}-{:03}.{}", self.kind.slug, identifier.serial(), identifier.version(), self.form.extension())
    }
}

/// Every licence of the plan, first versions before second ones.
///
/// # Errors
/// The plan contradicts itself, which a test rules out.
pub fn all(pki: &Pki) -> Result<Vec<Licence>, DemoError> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (kind, number) in KINDS.iter().zip(0u16..) {
        for ((form, fate), index) in kind.plan.iter().zip(0u16..) {
            let serial = number * 10 + index;
            let licence = licence(pki, kind, *form, *fate, (serial, 1))?;
            first.push(licence);
            if *fate == Fate::Changed {
                second.push(self::licence(pki, kind, *form, Fate::Valid, (serial, 2))?);
            }
        }
    }
    first.append(&mut second);
    Ok(first)
}

/// A licence with this serial number and version.
pub(super) fn licence(
    pki: &Pki,
    kind: &'static Kind,
    form: Form,
    fate: Fate,
    (serial, version): (u16, u16),
) -> Result<Licence, DemoError> {
    let department = pki.department(kind.department).ok_or(DemoError::Unplanned("such department"))?;
    let days = match (fate, kind.years) {
        (Fate::Expired, Some(years)) => i64::from(years) * 365 + 60 + i64::from(serial),
        // Before the key was lost.
        (Fate::KeyLost, _) => 400 + i64::from(serial),
        _ if version > 1 => 5,
        _ => 30 + 7 * i64::from(serial % 48),
    };
    let issued = pki.made.plus(-days * DAY_S).date();
    let metadata = metadata(kind, department, issued, (serial, version))?;
    let document = form.document(pki, department, &metadata)?;
    Ok(Licence { kind, form, fate, metadata, document })
}

/// The metadata of licence number `serial` of a type.
fn metadata(kind: &Kind, department: &Department, issued: Date, (serial, version): (u16, u16)) -> Result<Metadata, DemoError> {
    let type_code = type_code(kind);
    let identifier = Identifier::new(&type_code, &department.code, &format!("{}{serial:06}", issued.year()), version)?;
    let holders = holders(kind, serial);
    let until = kind.years.map(|years| issued.start_in_china().plus(i64::from(years) * 365 * DAY_S).date());
    let number = match (kind.slug, holders.first()) {
        ("business-licence" | "driving-licence", Some(holder)) => holder.code.clone(),
        ("food-business-permit", _) => format!("JY1210200{serial:07}"),
        ("marriage-certificate", _) => format!("J210200-{}-{serial:06}", issued.year()),
        _ => format!("210200{}{serial:04}", issued.compact()),
    };
    Ok(Metadata {
        name: kind.name.to_owned(),
        type_name: kind.name.to_owned(),
        type_code,
        number,
        identifier,
        issuer_name: department.name.to_owned(),
        issuer_code: department.code.clone(),
        issuer_level: None,
        issued,
        holders,
        valid_from: Some(issued),
        valid_until: until,
        extras: extras(kind, version),
    })
}

/// The code of a type: the body that defined it stands for the whole country, region 100000.
pub(super) fn type_code(kind: &Kind) -> String {
    format!("{}{:03}", people::public_body("100000", 900 + kind.definer), type_number(kind))
}

/// The number of a type among those of the body that defined it.
fn type_number(kind: &Kind) -> usize {
    let before = KINDS.iter().take_while(|other| other.slug != kind.slug);
    1 + before.filter(|other| other.definer == kind.definer).count()
}

fn holders(kind: &Kind, serial: u16) -> Vec<Holder> {
    let holder = |Party { name, code }: Party, code_type| Holder { name, code, code_type };
    let person = |index| holder(people::person(index), HolderCodeType::CitizenNumber);
    match kind.holders {
        Holders::Company(trade) => {
            vec![holder(people::company(100 + serial, trade), HolderCodeType::UnifiedSocialCreditCode)]
        }
        Holders::Person => vec![person(serial)],
        Holders::Couple => vec![person(60 + serial % 10 * 2), person(61 + serial % 10 * 2)],
    }
}

fn extras(kind: &Kind, version: u16) -> BTreeMap<String, String> {
    let capital = if version == 1 { "壹佰万元整" } else { "贰佰万元整" };
    let scale = if version == 1 { "12000平方米" } else { "15000平方米" };
    let own: &[(&str, &str)] = match kind.slug {
        "business-licence" => &[("KZ_ZCZB", capital), ("KZ_JYFW", "示例商品销售")],
        "food-business-permit" => &[("KZ_ZTYT", "餐饮服务经营者"), ("KZ_JYXM", "热食类食品制售")],
        "construction-permit" => &[("KZ_GCMC", "示例工程一期"), ("KZ_JSGM", scale)],
        "marriage-certificate" => &[("KZ_DJJG", "示例市民政局婚姻登记处")],
        _ => &[("KZ_ZJCX", "C1")],
    };
    own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The day of issue, at ten in China.
pub(super) fn signed_at(metadata: &Metadata) -> Timestamp {
    metadata.issued.start_in_china().plus(10 * 3600)
}

/// The document of this licence, unsigned.
pub(super) fn ofd<'a>(metadata: &Metadata) -> OfdBuilder<'a> {
    OfdBuilder::new(&metadata.to_fields(), &metadata.name).created(metadata.issued)
}

/// This licence as JWS, with the authorities between the signer and its anchor.
pub(super) fn jws(metadata: &Metadata, signer: &Credential, authorities: &[&[u8]], at: Timestamp) -> Vec<u8> {
    let chain: Vec<&[u8]> = std::iter::once(signer.certificate.as_slice()).chain(authorities.iter().copied()).collect();
    JwsBuilder::licence(&metadata.to_fields()).chain(&chain).signed_at(at).compact(&signer.key).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::testing;
    use super::*;

    #[test]
    fn every_licence_verifies() {
        let pki = testing::pki();
        let licences = all(&pki).unwrap();
        let forms: BTreeSet<_> = licences.iter().map(|licence| licence.form).collect();
        let identifiers: BTreeSet<_> = licences.iter().map(|licence| &licence.metadata.identifier).collect();
        let files: BTreeSet<_> = licences.iter().map(Licence::file).collect();
        assert_eq!((forms.len(), identifiers.len(), files.len()), (10, licences.len(), licences.len()));
        for licence in licences {
            let verification = testing::verify(&pki, &licence.document);
            let name = licence.file();
            assert!(verification.report.verdict.is_passed(), "{name}: {:#?}", verification.report);
            let warns = !verification.report.warnings.is_empty();
            assert_eq!(warns, licence.fate == Fate::KeyLost, "{name}: {:#?}", verification.report.warnings);
            assert_eq!(verification.metadata.as_ref(), Some(&licence.metadata), "{name}");
            let over = licence.metadata.valid_until().is_some_and(|until| until < pki.made);
            assert_eq!(over, licence.fate == Fate::Expired, "{name}");
        }
    }
}
