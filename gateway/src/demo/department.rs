//! The bodies that issue the demo's licences, each with its seals.

use crypto::issue::{KeyType, SealBuilder, SealVersion};

use super::authority::{Authority, Credential, Origin};
use super::people;

/// A body that issues licences.
#[derive(Debug)]
pub struct Department {
    /// Short name in files and in the configuration.
    pub slug: &'static str,
    /// Name.
    pub name: &'static str,
    /// Unified social credit code.
    pub code: String,
    /// Its SM2 certificate, which its seals list.
    pub signer: Credential,
    /// Its certificate of another algorithm, for JWS.
    pub other: Option<Credential>,
    /// Its seals, one of each version.
    pub seals: Vec<Seal>,
}

/// A seal of a department.
#[derive(Debug)]
pub struct Seal {
    /// Its structure.
    pub version: SealVersion,
    /// Its identifier.
    pub id: String,
    /// The seal, DER.
    pub der: Vec<u8>,
}

/// Departments by short name, name and number.
const TABLE: [(&str, &str, u16); 4] = [
    ("market", "示例市市场监督管理局", 1),
    ("construction", "示例市住房和城乡建设局", 2),
    ("civil-affairs", "示例市民政局", 3),
    ("traffic-police", "示例市公安局交通警察支队", 4),
];

/// The authorities that certify departments.
pub(super) struct Certifiers<'a> {
    pub(super) sm2: &'a Authority,
    pub(super) ecdsa: &'a Authority,
    pub(super) ed25519: &'a Authority,
    pub(super) maker: &'a Credential,
    /// What the first department lost.
    pub(super) lost: &'a Credential,
}

/// Name and unified social credit code of the first department.
pub(super) fn first() -> (&'static str, String) {
    let [(_, name, number), ..] = TABLE;
    (name, code(number))
}

fn code(number: u16) -> String {
    people::public_body("210200", number)
}

/// All departments with their certificates and seals.
pub(super) fn all(origin: Origin, certifiers: &Certifiers<'_>) -> Vec<Department> {
    TABLE.iter().map(|(slug, name, number)| department(origin, certifiers, slug, name, *number)).collect()
}

fn department(origin: Origin, certifiers: &Certifiers<'_>, slug: &'static str, name: &'static str, number: u16) -> Department {
    let code = code(number);
    let signer = certifiers.sm2.signer(KeyType::Sm2, slug, (name, &code));
    let other = match slug {
        "traffic-police" => Some(certifiers.ecdsa.signer(KeyType::P256, "traffic-police-es256", (name, &code))),
        "civil-affairs" => Some(certifiers.ed25519.signer(KeyType::Ed25519, "civil-affairs-eddsa", (name, &code))),
        _ => None,
    };
    let seal = |(at, version): (u16, SealVersion)| {
        let id = format!("2102009{:07}", number * 10 + at);
        let title = format!("{name}电子证照专用章");
        let builder = SealBuilder::new(version, &id, &title, origin.years(-9), origin.years(2));
        let builder = builder.user(&signer.certificate);
        // The first department lost a key, with which the seal could be used before.
        let builder = if number == 1 { builder.user(&certifiers.lost.certificate) } else { builder };
        let builder = builder.picture("svg", picture(name).as_bytes(), (40, 40));
        Seal { version, id, der: builder.build(certifiers.maker.signer()) }
    };
    let seals = [(1, SealVersion::V1), (4, SealVersion::V4), (5, SealVersion::V5)].map(seal).into_iter().collect();
    Department { slug, name, code, signer, other, seals }
}

impl Department {
    /// The seal of this version.
    #[must_use]
    pub fn seal(&self, version: SealVersion) -> Option<&Seal> {
        self.seals.iter().find(|seal| seal.version == version)
    }
}

impl Seal {
    /// Name of its file, without the folder.
    #[must_use]
    pub fn file(&self, department: &Department) -> String {
        let version = match self.version {
            SealVersion::V1 => "v1",
            SealVersion::V4 => "v4",
            SealVersion::V5 => "v5",
        };
        format!("{}-{version}.esl", department.slug)
    }
}

/// A red ring with a star, and the word for a specimen, so that nobody takes it for a real one.
fn picture(name: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\" fill=\"none\" stroke=\"#c00\"><title>{name}</title>\
         <circle cx=\"20\" cy=\"20\" r=\"19\"/><path d=\"M20 9l2.6 7.6h8l-6.5 4.8 2.5 7.6-6.6-4.7-6.6 4.7 2.5-7.6-6.5-4.8h8z\" \
         fill=\"#c00\"/><text x=\"20\" y=\"36\" font-size=\"5\" text-anchor=\"middle\" fill=\"#c00\" stroke=\"none\">样章</text></svg>"
    )
}
