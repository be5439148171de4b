//! Signing the files of a package (GB/T 33190-2016, chapter 18; GM/T 0099-2020, 7.2.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::document::{NAMESPACE, PAGE_ID, XML, escape};
use super::{Files, SIGNATURES, find, put};
use crate::digest::sm3;
use crate::issue::cms::CmsBuilder;
use crate::issue::seal::{SealSignatureBuilder, SealVersion, Stamp};
use crate::issue::signer::Signer;
use crate::oid::Oid;
use crate::time::Timestamp;

const SIGNS: &str = "Doc_0/Signs/";

/// One signature over a package. Right by default; the methods that say so make what a verifier must refuse or remark.
#[derive(Clone, Debug)]
pub struct OfdSignature<'a> {
    signer: Signer<'a>,
    kind: Kind<'a>,
    time: Timestamp,
    covers_list: bool,
    left_out: Vec<String>,
    check_method: String,
    method: String,
    data_hash: Option<Vec<u8>>,
    property: Option<String>,
    stamp_on: (String, String),
    is_raw: bool,
    stamp: Option<Stamp<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Kind<'a> {
    Seal { version: SealVersion, seal: &'a [u8] },
    Sign { has_attributes: bool },
}

impl<'a> OfdSignature<'a> {
    /// `Type="Seal"`: made with this seal, DER, of this version.
    #[must_use]
    pub fn seal(signer: Signer<'a>, version: SealVersion, seal: &'a [u8], at: Timestamp) -> Self {
        Self::new(signer, Kind::Seal { version, seal }, at)
    }

    /// `Type="Sign"`: a GB/T 35275 `SignedData` over the SM3 of `Signature.xml`, with signed attributes.
    #[must_use]
    pub fn sign(signer: Signer<'a>, at: Timestamp) -> Self {
        Self::new(signer, Kind::Sign { has_attributes: true }, at)
    }

    /// `Type="Sign"` without signed attributes: the digest of `Signature.xml` itself is what is signed.
    #[must_use]
    pub fn sign_bare(signer: Signer<'a>, at: Timestamp) -> Self {
        Self::new(signer, Kind::Sign { has_attributes: false }, at)
    }

    fn new(signer: Signer<'a>, kind: Kind<'a>, time: Timestamp) -> Self {
        Self {
            signer,
            kind,
            time,
            covers_list: false,
            left_out: Vec::new(),
            check_method: Oid::SM3.to_string(),
            method: signer.key.algorithm_oid().to_string(),
            data_hash: None,
            property: None,
            stamp_on: (PAGE_ID.to_owned(), "140 230 40 40".to_owned()),
            is_raw: false,
            stamp: None,
        }
    }

    /// Protects the signature list too, so that no signature can follow without breaking this one.
    #[must_use]
    pub const fn covering_list(mut self) -> Self {
        self.covers_list = true;
        self
    }

    /// Leaves a file unprotected. The path has no leading slash.
    #[must_use]
    pub fn leaving_out(mut self, path: &str) -> Self {
        self.left_out.push(path.to_owned());
        self
    }

    /// Another name of the digest that the references are said to be made with; they stay SM3.
    #[must_use]
    pub fn check_method(mut self, name: &str) -> Self {
        name.clone_into(&mut self.check_method);
        self
    }

    /// Another `SignatureMethod` than that of the signer's key.
    #[must_use]
    pub fn method(mut self, name: &str) -> Self {
        name.clone_into(&mut self.method);
        self
    }

    /// Wrong: another digest than that of `Signature.xml`.
    #[must_use]
    pub fn data_hash(mut self, digest: &[u8]) -> Self {
        self.data_hash = Some(digest.to_vec());
        self
    }

    /// Another property text than the absolute path of `Signature.xml`.
    #[must_use]
    pub fn property(mut self, text: &str) -> Self {
        self.property = Some(text.to_owned());
        self
    }

    /// Where the seal is shown: identifier of the page, and `x y width height` in millimetres.
    #[must_use]
    pub fn shown(mut self, page: &str, boundary: &str) -> Self {
        self.stamp_on = (page.to_owned(), boundary.to_owned());
        self
    }

    /// Writes a seal signature's value as r ‖ s.
    #[must_use]
    pub const fn raw_signature(mut self) -> Self {
        self.is_raw = true;
        self
    }

    /// A time stamp over the signature value (of seals, v4 and v5 alone).
    #[must_use]
    pub const fn stamped(mut self, stamp: Stamp<'a>) -> Self {
        self.stamp = Some(stamp);
        self
    }

    const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Seal { .. } => "Seal",
            Kind::Sign { .. } => "Sign",
        }
    }

    fn value(&self, description: &[u8], description_path: &str) -> Vec<u8> {
        let digest = self.data_hash.clone().unwrap_or_else(|| sm3(&[description]).to_vec());
        match self.kind {
            Kind::Sign { has_attributes } => {
                let data = CmsBuilder::gm(&digest);
                let data = if has_attributes { data.attributes(Some(self.time)) } else { data };
                let data = self.stamp.map_or_else(|| data.clone(), |stamp| data.clone().stamped(stamp));
                data.sign(self.signer)
            }
            Kind::Seal { version, seal } => {
                let path = format!("/{description_path}");
                let property = self.property.as_deref().unwrap_or(&path);
                let mut made = SealSignatureBuilder::new(version, seal, self.time, &digest, property);
                if self.is_raw {
                    made = made.raw_signature();
                }
                if let Some(stamp) = self.stamp {
                    made = made.stamped(stamp);
                }
                made.build(self.signer)
            }
        }
    }
}

/// Signs the files as they are: everything outside the folder of signatures, and this signature's own copy of the seal.
///
/// The number in the path and the identifier follow from the signatures that the list already names.
pub fn add_signature(files: &mut Files, signature: &OfdSignature<'_>) {
    let list = String::from_utf8_lossy(find(files, SIGNATURES).unwrap_or_default()).into_owned();
    let number = list.matches("<ofd:Signature ").count();
    let folder = format!("{SIGNS}Sign_{number}/");
    let path = format!("{folder}Signature.xml");
    put(files, SIGNATURES, extended_list(&list, number, signature.type_name(), &path).into_bytes());
    if let Kind::Seal { seal, .. } = signature.kind {
        put(files, &format!("{folder}Seal.esl"), seal.to_vec());
    }
    let description = describe(files, signature, &folder, number).into_bytes();
    let value = signature.value(&description, &path);
    put(files, &path, description);
    put(files, &format!("{folder}SignedValue.dat"), value);
}

fn extended_list(list: &str, number: usize, type_name: &str, path: &str) -> String {
    let known = list.split_once("</ofd:MaxSignId>").map_or("", |(_, rest)| rest);
    let known = known.strip_suffix("</ofd:Signatures>").unwrap_or(known);
    let id = number + 1;
    format!(
        "{XML}<ofd:Signatures xmlns:ofd=\"{NAMESPACE}\"><ofd:MaxSignId>{id}</ofd:MaxSignId>{known}\
         <ofd:Signature ID=\"{id}\" Type=\"{type_name}\" BaseLoc=\"/{path}\"/></ofd:Signatures>"
    )
}

fn describe(files: &Files, signature: &OfdSignature<'_>, folder: &str, number: usize) -> String {
    let own_seal = format!("{folder}Seal.esl");
    let is_protected = |path: &str| {
        let is_own = !path.starts_with(SIGNS) || path == own_seal || (signature.covers_list && path == SIGNATURES);
        is_own && !signature.left_out.iter().any(|out| out == path)
    };
    let mut references = String::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_protected(path)) {
        let (path, digest) = (escape(path), STANDARD.encode(sm3(&[bytes])));
        references
            .push_str(&format!("<ofd:Reference FileRef=\"/{path}\"><ofd:CheckValue>{digest}</ofd:CheckValue></ofd:Reference>"));
    }
    let seal = match signature.kind {
        Kind::Seal { .. } => {
            let (page, boundary) = (escape(&signature.stamp_on.0), escape(&signature.stamp_on.1));
            format!(
                "<ofd:StampAnnot ID=\"{}\" PageRef=\"{page}\" Boundary=\"{boundary}\"/>\
                 <ofd:Seal><ofd:BaseLoc>/{own_seal}</ofd:BaseLoc></ofd:Seal>",
                number + 1000,
            )
        }
        Kind::Sign { .. } => String::new(),
    };
    // Dated in the legal time of China, as all vendors do.
    let local = signature.time.plus(8 * 3600).to_string().replace('T', " ");
    let local = local.trim_end_matches('Z');
    format!(
        "{XML}<ofd:Signature xmlns:ofd=\"{NAMESPACE}\"><ofd:SignedInfo>\
         <ofd:Provider ProviderName=\"licet\" Company=\"licet\" Version=\"1\"/>\
         <ofd:SignatureMethod>{}</ofd:SignatureMethod><ofd:SignatureDateTime>{local}</ofd:SignatureDateTime>\
         <ofd:References CheckMethod=\"{}\">{references}</ofd:References>{seal}</ofd:SignedInfo>\
         <ofd:SignedValue>/{folder}SignedValue.dat</ofd:SignedValue></ofd:Signature>",
        escape(&signature.method),
        escape(&signature.check_method),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::issue::{CertificateBuilder, KeyType, Name, OfdBuilder, SealBuilder, SigningKey};

    fn attribute_texts(xml: &str, element: &str, attribute: &str) -> Vec<String> {
        let document = roxmltree::Document::parse(xml).unwrap();
        let nodes = document.descendants().filter(|node| node.tag_name().name() == element);
        nodes.map(|node| node.attribute(attribute).unwrap().to_owned()).collect()
    }

    #[test]
    fn two_signatures_follow_each_other() {
        let key = SigningKey::from_label(KeyType::Sm2, "unit");
        let certificate = CertificateBuilder::new(&Name::new("o", "unit"), &key, 1).signer().self_signed(&key);
        let signer = Signer::new(&certificate, &key);
        let at: Timestamp = "2026-07-01T20:00:00Z".parse().unwrap();
        let seal = SealBuilder::new(SealVersion::V4, "1", "章", at, at.plus(1)).user(&certificate).build(signer);
        let fields = BTreeMap::from([("CZZT".to_owned(), "<甲> & \"乙\"".to_owned())]);
        let files = OfdBuilder::new(&fields, "执照")
            .file("Doc_0/Res/p.png", b"png")
            .sign(OfdSignature::seal(signer, SealVersion::V4, &seal, at))
            .sign(OfdSignature::sign(signer, at).covering_list().leaving_out("OFD.xml"))
            .build_files();
        let text = |path: &str| std::str::from_utf8(find(&files, path).unwrap()).unwrap();

        for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with(".xml")) {
            assert!(roxmltree::Document::parse(std::str::from_utf8(bytes).unwrap()).is_ok(), "{path}");
        }
        assert_eq!(attribute_texts(text(SIGNATURES), "Signature", "ID"), ["1", "2"]);
        assert_eq!(attribute_texts(text(SIGNATURES), "Signature", "Type"), ["Seal", "Sign"]);
        let first = text("Doc_0/Signs/Sign_0/Signature.xml");
        let protected = [
            "/OFD.xml",
            "/Doc_0/Document.xml",
            "/Doc_0/PublicRes.xml",
            "/Doc_0/Pages/Page_0/Content.xml",
            "/Doc_0/Res/p.png",
            "/Doc_0/Signs/Sign_0/Seal.esl",
        ];
        assert_eq!(attribute_texts(first, "Reference", "FileRef"), protected);
        assert!(first.contains("2026-07-02 04:00:00<"));
        let second = attribute_texts(text("Doc_0/Signs/Sign_1/Signature.xml"), "Reference", "FileRef");
        assert!(second.contains(&format!("/{SIGNATURES}")) && !second.contains(&"/OFD.xml".to_owned()));
        let page = roxmltree::Document::parse(text("OFD.xml")).unwrap();
        let custom = page.descendants().find(|node| node.attribute("Name") == Some("CZZT")).unwrap();
        assert_eq!(custom.text(), Some("<甲> & \"乙\""));
    }
}
