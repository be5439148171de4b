//! The offices that issue licences, each with a certificate for signed JSON (Ed25519), one for sealing (SM2), and a seal.

use crypto::issue::{KeyType, SealBuilder, SealVersion};
use crypto::time::Timestamp;

use super::authority::{Authority, Credential};
use super::organisations::organisation;

/// How many offices there are. A revocation by one makes the gateway forget what it kept about that one alone, so there must be
/// several, as there are in a city.
pub const OFFICES: u32 = 16;

/// 2016-01-01 and 2044-01-01: from when to when seals are valid.
const SEALS: (Timestamp, Timestamp) = (Timestamp::from_unix(1_451_606_400), Timestamp::from_unix(2_335_219_200));

/// An office.
#[derive(Debug)]
pub struct Office {
    /// Its name as a caller: `office-00` and so on.
    pub caller: String,
    /// Its name on licences.
    pub name: String,
    /// Its unified social credit code.
    pub code: String,
    /// With what it signs JSON.
    pub signer: Credential,
    /// With what it uses its seal.
    pub sealer: Credential,
    /// Its seal, DER, of GB/T 38540-2020.
    pub seal: Vec<u8>,
}

/// All of them, and who certifies them.
#[derive(Debug)]
pub struct Offices {
    /// The offices.
    pub all: Vec<Office>,
    /// Of signers of JSON, Ed25519.
    pub signers: Authority,
    /// Of those who use seals, SM2.
    pub sealers: Authority,
    /// Of makers of seals, SM2.
    pub makers: Authority,
    /// The maker of all seals.
    pub maker: Credential,
}

impl Offices {
    /// The offices of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let signers = Authority::new(KeyType::Ed25519, seed, "signers");
        let sealers = Authority::new(KeyType::Sm2, seed, "sealers");
        let makers = Authority::new(KeyType::Sm2, seed, "seal-makers");
        let maker = makers.issue("maker", |builder| builder.signer().organisation_code(&organisation(90)));
        let office = |number: u32| {
            let (caller, code) = (format!("office-{number:02}"), organisation(100 + number));
            let signer = signers.issue(&caller, |builder| builder.signer().organisation_code(&code));
            let sealer = sealers.issue(&caller, |builder| builder.signer().organisation_code(&code));
            let name = format!("示例市第{number:02}局");
            let builder = SealBuilder::new(SealVersion::V4, &format!("9901009{number:07}"), &name, SEALS.0, SEALS.1);
            let builder = builder.user(&sealer.certificate).picture("svg", PICTURE.as_bytes(), (40, 40));
            let seal = builder.build(maker.signer());
            Office { caller, name, code, signer, sealer, seal }
        };
        let all = (0..OFFICES).map(office).collect();
        Self { all, signers, sealers, makers, maker }
    }
}

/// A red ring with the word for a specimen.
const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\" fill=\"none\" stroke=\"#c00\">\
<circle cx=\"20\" cy=\"20\" r=\"19\"/><text x=\"20\" y=\"23\" font-size=\"8\" text-anchor=\"middle\" fill=\"#c00\">样章</text></svg>";
