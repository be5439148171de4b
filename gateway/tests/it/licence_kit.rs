//! An issuing body with its authority, seal and licences, made for one test.

use std::collections::BTreeMap;

use crypto::digest::Sha256;
use crypto::issue::ocsp::Answer;
use crypto::issue::{
    AltName, CertificateBuilder, CmsBuilder, CrlBuilder, JwsBuilder, KeyType, Name, OcspBuilder, OfdBuilder, OfdSignature,
    PdfBuilder, PdfSignature, Reason, SdJwtBuilder, SealBuilder, SealVersion, Signer, SigningKey, pem,
};
use crypto::licence::Identifier;
use crypto::status_list::{Bits, StatusList, TokenStatus, Unsigned};
use crypto::time::Timestamp;
use crypto::x509::Certificate;
use crypto::x509::ocsp::IdDigest;

use crate::started::Setup;

/// The organisation of the caller `office`.
pub(crate) const ORGANISATION: &str = "11330105002500287C";

/// Where the published lists are.
pub(crate) const LISTS: &str = "https://lists.example/v1/status-lists";

const TYPE: &str = "11100000000013338W009";

pub(crate) struct Office {
    keys: [SigningKey; 3],
    certificates: [Vec<u8>; 3],
    crl: Vec<u8>,
    now: Timestamp,
}

impl Office {
    pub(crate) fn new() -> Self {
        let now = gateway::clock::now();
        let keys = ["root", "maker", "signer"].map(|label| SigningKey::from_label(KeyType::Sm2, label));
        let [root, maker, signer] = &keys;
        let builder = |label: &str, key, serial| {
            CertificateBuilder::new(&Name::new("licet tests", label), key, serial).valid(now.plus(-86_400), now.plus(86_400))
        };
        let issuer = Name::new("licet tests", "root");
        let certificates = [
            builder("root", root, 1).authority(None).self_signed(root),
            builder("maker", maker, 2).signer().issue(&issuer, root),
            builder("signer", signer, 3).signer().organisation_code(ORGANISATION).issue(&issuer, root),
        ];
        let crl = CrlBuilder::new(1, now.plus(-3600), Some(now.plus(3600))).issue(&issuer, root);
        Self { keys, certificates, crl, now }
    }

    /// Writes the files of the trust domains and adds the sections.
    pub(crate) fn trusted_by(&self, setup: Setup) -> Setup {
        setup.folder.write("root.crl", &self.crl);
        self.trusted_with("'root.crl'", setup)
    }

    /// The same with these files of revocation lists.
    pub(crate) fn trusted_with(&self, lists: &str, mut setup: Setup) -> Setup {
        setup.folder.write("root.pem", pem::encode("CERTIFICATE", &self.certificates[0]));
        let domain = |name: &str, purpose: &str, more: &str| {
            format!(
                "[[trust]]\nname = '{name}'\npurpose = '{purpose}'\nanchors = ['root.pem']\ncrls = [{lists}]\nrevocation = 'require'\n{more}\n"
            )
        };
        let makers = format!("makers = ['{}']", Sha256::of(&[&self.certificates[1]]));
        setup.sections.push_str(&(domain("offices", "signer", "") + &domain("makers", "seal-maker", &makers)));
        setup
    }

    /// Gives the gateway a key of this kind, certified under the same root for this host, and lets it publish status lists.
    pub(crate) fn published_by(&self, mut setup: Setup, kind: KeyType) -> Setup {
        let key = SigningKey::from_label(kind, "gateway");
        let builder = CertificateBuilder::new(&Name::new("licet tests", "gateway"), &key, 4)
            .valid(self.now.plus(-86_400), self.now.plus(86_400))
            .signer()
            .alt_names(&[AltName::Dns("lists.example".to_owned())]);
        let certificate = builder.issue(&Name::new("licet tests", "root"), &self.keys[0]);
        setup.folder.write("gateway.key", key.pem());
        setup.folder.write("gateway.pem", pem::encode("CERTIFICATE", &certificate));
        setup.sections.push_str(&format!(
            "[signing]\nkey = 'gateway.key'\ncertificate = 'gateway.pem'\n[status_list]\nbase_uri = '{LISTS}'\nttl_s = 600\n"
        ));
        setup
    }

    /// A credential that refers to this place.
    pub(crate) fn credential(&self, uri: &str, idx: u64) -> Vec<u8> {
        let status = serde_json::json!({ "status_list": { "uri": uri, "idx": idx } });
        let builder = SdJwtBuilder::new("urn:test:credential", self.now.plus(-60)).claim("status", status);
        builder.chain(&[&self.certificates[2]]).sign(&self.keys[2]).text().into_bytes()
    }

    /// A credential with the data of a licence, all disclosed, that refers to this place.
    pub(crate) fn credential_of(&self, fields: &BTreeMap<String, String>, uri: &str, idx: u64) -> Vec<u8> {
        let status = serde_json::json!({ "status_list": { "uri": uri, "idx": idx } });
        let builder = SdJwtBuilder::licence("urn:test:licence", self.now.plus(-60), fields).claim("status", status);
        builder.chain(&[&self.certificates[2]]).sign(&self.keys[2]).text().into_bytes()
    }

    /// The office's own status list under this URI, on which one place is invalid.
    pub(crate) fn status_list(&self, uri: &str, invalid: u64) -> String {
        let mut list = StatusList::new(Bits::One, 64);
        assert!(list.set(invalid, TokenStatus::Invalid));
        let unsigned = Unsigned::new(&list, uri, "SM2-SM3", &[&self.certificates[2]], (self.now.plus(-60), 600));
        let signature = self.keys[2].sign_fixed(unsigned.signing_input());
        unsigned.signed(&signature)
    }

    /// A licence as SD-JWT, all disclosed.
    pub(crate) fn sd_jwt(&self, fields: &BTreeMap<String, String>) -> Vec<u8> {
        let builder = SdJwtBuilder::licence("urn:test:licence", self.now.plus(-60), fields).chain(&[&self.certificates[2]]);
        builder.sign(&self.keys[2]).text().into_bytes()
    }

    /// A later list of the authority, made so many seconds from now, on which the signer's certificate is revoked from then on.
    pub(crate) fn list(&self, made: i64, revoked: i64, why: Reason) -> Vec<u8> {
        let list = CrlBuilder::new(2, self.now.plus(made), Some(self.now.plus(made + 3600)));
        let list = list.revoke(3, self.now.plus(revoked), why);
        list.issue(&Name::new("licet tests", "root"), &self.keys[0])
    }

    /// A list of the authority for this time, which revokes the signer as of a moment if there is one.
    pub(crate) fn list_for(&self, number: u128, (from, until): (Timestamp, Timestamp), revoked: Option<Timestamp>) -> Vec<u8> {
        let list = CrlBuilder::new(number, from, Some(until));
        let list = revoked.into_iter().fold(list, |list, at| list.revoke(3, at, Reason::KeyCompromise));
        list.issue(&Name::new("licet tests", "root"), &self.keys[0])
    }

    /// What the authority's responder says of signer and maker for this time; the signer may be revoked or unknown.
    pub(crate) fn response(&self, (from, until): (Timestamp, Timestamp), change: fn(Answer) -> Answer) -> Vec<u8> {
        let [root, maker, signer] = self.certificates.each_ref().map(|der| Certificate::from_der(der).unwrap());
        let good = |certificate| Answer::good(certificate, &root, IdDigest::Sha1, (from, Some(until)));
        let response = OcspBuilder::new(from).answer(&change(good(&signer))).answer(&good(&maker));
        response.issue(&Name::new("licet tests", "root"), &self.keys[0])
    }

    /// The authority's good answer to somebody else's question.
    pub(crate) fn response_to(&self, nonce: &[u8], (from, until): (Timestamp, Timestamp)) -> Vec<u8> {
        let [root, _, signer] = self.certificates.each_ref().map(|der| Certificate::from_der(der).unwrap());
        let answer = Answer::good(&signer, &root, IdDigest::Sha1, (from, Some(until)));
        OcspBuilder::new(from).answer(&answer).nonce(nonce).issue(&Name::new("licet tests", "root"), &self.keys[0])
    }

    /// A list on which the signer's certificate is revoked since so many seconds, its key compromised.
    pub(crate) fn revoking_list(&self, seconds: i64) -> Vec<u8> {
        self.list(-5, -seconds, Reason::KeyCompromise)
    }

    /// The authority's answer that the signer's certificate is revoked since so many seconds.
    pub(crate) fn revoking_answer(&self, seconds: i64) -> Vec<u8> {
        let [root, _, signer] = self.certificates.each_ref().map(|der| Certificate::from_der(der).unwrap());
        let made = self.now.plus(-5);
        let answer = Answer::good(&signer, &root, IdDigest::SHA256, (made, Some(made.plus(3600))));
        let answer = answer.revoked(self.now.plus(-seconds), Reason::KeyCompromise);
        OcspBuilder::new(made).answer(&answer).issue(&Name::new("licet tests", "root"), &self.keys[0])
    }

    fn signer(&self) -> Signer<'_> {
        Signer::new(&self.certificates[2], &self.keys[2])
    }

    pub(crate) fn seal(&self) -> Vec<u8> {
        self.seal_with("33010500012345", b"\x89PNG")
    }

    /// A seal with this identifier and picture.
    pub(crate) fn seal_with(&self, id: &str, picture: &[u8]) -> Vec<u8> {
        let (made, until) = (self.now.plus(-7200), self.now.plus(7200));
        SealBuilder::new(SealVersion::V4, id, "某某局", made, until)
            .user(&self.certificates[2])
            .picture("png", picture, (40, 40))
            .build(Signer::new(&self.certificates[1], &self.keys[1]))
    }

    pub(crate) fn root(&self) -> &[u8] {
        &self.certificates[0]
    }

    pub(crate) fn maker(&self) -> &[u8] {
        &self.certificates[1]
    }

    /// A licence as an OFD file with a seal.
    pub(crate) fn ofd(&self, fields: &BTreeMap<String, String>) -> Vec<u8> {
        self.ofd_at(fields, -60)
    }

    /// The same, sealed so many seconds from when the office was made, by its own word.
    pub(crate) fn ofd_at(&self, fields: &BTreeMap<String, String>, seconds: i64) -> Vec<u8> {
        let seal = self.seal();
        let signed = OfdSignature::seal(self.signer(), SealVersion::V4, &seal, self.now.plus(seconds));
        OfdBuilder::new(fields, "许可证").created(self.now.date()).sign(signed).build()
    }

    /// A licence as JWS.
    pub(crate) fn jws(&self, fields: &BTreeMap<String, String>) -> Vec<u8> {
        let builder = JwsBuilder::licence(fields).chain(&[&self.certificates[2]]).signed_at(self.now.plus(-60));
        builder.compact(&self.keys[2]).into_bytes()
    }

    /// A licence as PDF.
    pub(crate) fn pdf(&self, fields: &BTreeMap<String, String>) -> Vec<u8> {
        let signature = PdfSignature::cades(self.signer(), self.now.plus(-60));
        PdfBuilder::licence(fields, "Licence").sign(signature).build()
    }

    /// A licence as CMS with its data inside: GB/T 35275, or RFC 5652.
    pub(crate) fn cms(&self, fields: &BTreeMap<String, String>, is_gm: bool) -> Vec<u8> {
        let content = serde_json::to_vec(fields).unwrap();
        let builder = if is_gm { CmsBuilder::gm(&content) } else { CmsBuilder::new(&content) };
        builder.attributes(Some(self.now.plus(-60))).sign(self.signer())
    }
}

pub(crate) fn identifier(serial: &str, version: u16) -> Identifier {
    Identifier::new(TYPE, ORGANISATION, serial, version).unwrap()
}

/// The fields of a licence of this office, held by a synthetic person.
pub(crate) fn fields(serial: &str, version: u16) -> BTreeMap<String, String> {
    [
        ("ZZMC", "食品经营许可证"),
        ("ZZLXMC", "食品经营许可证"),
        ("ZZLXDM", TYPE),
        ("ZZBH", "JY10000000000"),
        ("ZZBS", &identifier(serial, version).to_string()),
        ("ZZBFJG", "某某局"),
        ("ZZBFJGDM", ORGANISATION),
        ("ZZBFRQ", "2025-05-23"),
        ("CZZT", "某甲"),
        ("CZZTDM", HOLDER),
        ("CZZTDMLXDM", "111"),
        ("ZZYXQJZRQ", "2099-05-22"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The number of the person that holds them.
pub(crate) const HOLDER: &str = "11010519491231002X";
