//! PDF licences: one page with text, the licence's data embedded, signatures and whatever else appended.

use std::collections::BTreeMap;

use serde_json::json;

use super::cms::CmsBuilder;
use super::der;
use super::seal::Stamp;
use super::signer::Signer;
use crate::digest::Sha256;
use crate::oid::Oid;
use crate::time::Timestamp;

/// Characters for the signature value, two for each byte.
const CONTENTS_CHARS: usize = 16_384;
const CATALOG: u32 = 1;
const PAGE: u32 = 3;
/// The array of the page's annotations.
pub const ANNOTATIONS: u32 = 6;
/// The form.
pub const FORM: u32 = 7;
/// The first number that the builder does not use.
const FIRST_FREE: u32 = 10;

/// A PDF that grows revision by revision.
#[derive(Clone, Debug)]
pub struct PdfBuilder {
    bytes: Vec<u8>,
    last_xref: Option<usize>,
    next: u32,
    fields: Vec<u32>,
    /// The certification signature.
    certification: Option<u32>,
    /// The document security store.
    store: Option<u32>,
}

/// What a document security store is to hold, each DER.
#[derive(Clone, Debug, Default)]
pub struct SecurityStore {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// Revocation lists.
    pub lists: Vec<Vec<u8>>,
    /// OCSP responses.
    pub responses: Vec<Vec<u8>>,
}

/// How a PDF is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct PdfSignature<'a> {
    signer: Signer<'a>,
    at: Timestamp,
    is_cades: bool,
    permission: Option<u8>,
    rectangle: &'a str,
    archived: &'a [Vec<u8>],
}

impl<'a> PdfSignature<'a> {
    /// `ETSI.CAdES.detached`, invisible: the claimed time stands in the dictionary, the certificate in the attributes.
    #[must_use]
    pub const fn cades(signer: Signer<'a>, at: Timestamp) -> Self {
        Self { signer, at, is_cades: true, permission: None, rectangle: "[0 0 0 0]", archived: &[] }
    }

    /// `adbe.pkcs7.detached`, invisible: the claimed time stands in the attributes.
    #[must_use]
    pub const fn pkcs7(signer: Signer<'a>, at: Timestamp) -> Self {
        Self { is_cades: false, ..Self::cades(signer, at) }
    }

    /// Makes it a certification signature with this permission, 1 to 3. The catalog is written anew.
    #[must_use]
    pub const fn certifying(mut self, permission: u8) -> Self {
        self.permission = Some(permission);
        self
    }

    /// The rectangle of its widget, an array of four numbers.
    #[must_use]
    pub const fn rectangle(mut self, rectangle: &'a str) -> Self {
        self.rectangle = rectangle;
        self
    }

    /// Revocation lists, DER, in the signed attributes.
    #[must_use]
    pub const fn archiving(mut self, lists: &'a [Vec<u8>]) -> Self {
        self.archived = lists;
        self
    }

    /// The message over these bytes.
    fn message(&self, covered: &[u8]) -> Vec<u8> {
        let mut builder = CmsBuilder::new(covered).detached();
        if !self.archived.is_empty() {
            builder = builder.archived(self.archived, &[]);
        }
        if !self.is_cades {
            return builder.attributes(Some(self.at)).sign(self.signer);
        }
        let id = der::sequence(&[&der::octet_string(&Sha256::of(&[self.signer.certificate]).0)]);
        let value = der::sequence(&[&der::sequence(&[&id])]);
        builder.attribute(Oid::SIGNING_CERTIFICATE_V2, &value).sign(self.signer)
    }
}

impl PdfBuilder {
    /// A licence: its fields by their short names, embedded as `licence.json`, and a title on its one page.
    #[must_use]
    pub fn licence(fields: &BTreeMap<String, String>, title: &str) -> Self {
        Self::with_file("licence.json", json!(fields).to_string().as_bytes(), title)
    }

    /// A document of one page with an embedded file.
    #[must_use]
    pub fn with_file(name: &str, content: &[u8], title: &str) -> Self {
        let page = format!("BT /F1 24 Tf 72 720 Td ({title}) Tj ET");
        let catalog = format!("<< {} >>", Self::catalog());
        let objects: [(u32, Vec<u8>); 9] = [
            (CATALOG, catalog.into_bytes()),
            (2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec()),
            (
                PAGE,
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 6 0 R\n\
                  /Resources << /Font << /F1 5 0 R >> >> >>"
                    .to_vec(),
            ),
            (4, stream("", page.as_bytes())),
            (5, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec()),
            (ANNOTATIONS, b"[]".to_vec()),
            (FORM, b"<< /Fields [] /SigFlags 3 >>".to_vec()),
            (8, format!("<< /Type /Filespec /F ({name}) /UF ({name}) /AFRelationship /Data /EF << /F 9 0 R >> >>").into_bytes()),
            (9, stream("/Type /EmbeddedFile /Subtype /application#2Fjson ", content)),
        ];
        let mut builder = Self {
            bytes: b"%PDF-2.0\n%\xe4\xb8\xad\xe6\n".to_vec(),
            last_xref: None,
            next: FIRST_FREE,
            fields: Vec::new(),
            certification: None,
            store: None,
        };
        builder.append(&objects);
        builder
    }

    /// What stands in the catalog. An attack writes it anew with something added.
    #[must_use]
    pub const fn catalog() -> &'static str {
        "/Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /AF [8 0 R] /Names << /EmbeddedFiles << /Names [(licence.json) 8 0 R] >> >>"
    }

    /// The file so far.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file.
    #[must_use]
    pub fn build(self) -> Vec<u8> {
        self.bytes
    }

    /// Numbers of the fields.
    #[must_use]
    pub fn fields(&self) -> &[u32] {
        &self.fields
    }

    /// Lists a field of the form that is an annotation of the page as well; the next signature writes the lists.
    #[must_use]
    pub fn with_field(mut self, number: u32) -> Self {
        self.fields.push(number);
        self
    }

    /// A number that no object has.
    pub const fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Appends a revision with these objects, each the text between `obj` and `endobj`.
    pub fn append(&mut self, objects: &[(u32, Vec<u8>)]) {
        let mut places = BTreeMap::new();
        for (number, content) in objects {
            places.insert(*number, self.bytes.len());
            self.bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            self.bytes.extend_from_slice(content);
            self.bytes.extend_from_slice(b"\nendobj\n");
            self.next = self.next.max(number + 1);
        }
        let at = self.bytes.len();
        let mut table = String::from("xref\n");
        if self.last_xref.is_none() {
            table += "0 1\n0000000000 65535 f \n";
        }
        for (number, place) in places {
            table += &format!("{number} 1\n{place:010} 00000 n \n");
        }
        let previous = self.last_xref.map_or_else(String::new, |previous| format!("/Prev {previous} "));
        table += &format!("trailer\n<< /Size {} /Root 1 0 R {previous}>>\nstartxref\n{at}\n%%EOF\n", self.next);
        self.bytes.extend_from_slice(table.as_bytes());
        self.last_xref = Some(at);
    }

    /// Appends a revision with a signature over everything up to its end.
    #[must_use]
    pub fn sign(self, signature: PdfSignature<'_>) -> Self {
        let is_certifying = signature.permission.is_some();
        self.cover(&dictionary(&signature), signature.rectangle, is_certifying, |covered| signature.message(covered))
    }

    /// Appends a revision with a time stamp over everything up to its end (ISO 32000-2, 12.8.5).
    #[must_use]
    pub fn stamp(self, stamp: Stamp<'_>) -> Self {
        let dictionary = blank("/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161");
        self.cover(&dictionary, "[0 0 0 0]", false, stamp.0)
    }

    /// Appends a revision with a document security store, in place of one that is there.
    #[must_use]
    pub fn store(mut self, store: &SecurityStore) -> Self {
        let mut objects = Vec::new();
        let mut list = |items: &[Vec<u8>]| -> String {
            let mut item = |item: &Vec<u8>| {
                let number = self.number();
                objects.push((number, stream("", item)));
                format!("{number} 0 R ")
            };
            items.iter().map(&mut item).collect()
        };
        let (certificates, lists, responses) = (list(&store.certificates), list(&store.lists), list(&store.responses));
        let number = self.number();
        objects.push((number, format!("<< /Certs [{certificates}] /CRLs [{lists}] /OCSPs [{responses}] >>").into_bytes()));
        self.store = Some(number);
        objects.push((CATALOG, self.present_catalog()));
        self.append(&objects);
        self
    }

    /// The catalog as it is now.
    fn present_catalog(&self) -> Vec<u8> {
        let certification = self.certification.map(|value| format!("/Perms << /DocMDP {value} 0 R >> ")).unwrap_or_default();
        let store = self.store.map(|number| format!("/DSS {number} 0 R ")).unwrap_or_default();
        format!("<< {} {certification}{store}>>", Self::catalog()).into_bytes()
    }

    /// Appends a revision with a field whose value covers everything up to its end.
    fn cover(mut self, dictionary: &str, rectangle: &str, is_certifying: bool, message: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let (field, value) = (self.number(), self.number());
        self.fields.push(field);
        let name = self.fields.len();
        let widget = format!(
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature{name}) /V {value} 0 R /F 132 /P 3 0 R /Rect {rectangle} >>"
        );
        let list: String = self.fields.iter().map(|field| format!("{field} 0 R ")).collect();
        let mut objects = vec![
            (ANNOTATIONS, format!("[{list}]").into_bytes()),
            (FORM, format!("<< /Fields [{list}] /SigFlags 3 >>").into_bytes()),
            (field, widget.into_bytes()),
            (value, dictionary.as_bytes().to_vec()),
        ];
        if is_certifying {
            self.certification = Some(value);
            objects.push((CATALOG, self.present_catalog()));
        }
        let start = self.bytes.len();
        self.append(&objects);
        self.fill(start, message);
        self
    }

    /// Puts byte range and message into the revision that begins at `start`.
    fn fill(&mut self, start: usize, message: impl FnOnce(&[u8]) -> Vec<u8>) {
        let find = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).rposition(|window| window == text);
        let revision = self.bytes.get(start..).unwrap_or_default();
        let (Some(range), Some(contents)) = (find(revision, b"/ByteRange ["), find(revision, b"/Contents <")) else { return };
        let gap = start + contents + b"/Contents ".len();
        let after = gap + CONTENTS_CHARS + 2;
        let numbers = format!("0 {gap} {after} {}", self.bytes.len() - after);
        self.write(start + range + b"/ByteRange [".len(), &numbers);
        let covered = [self.bytes.get(..gap).unwrap_or_default(), self.bytes.get(after..).unwrap_or_default()].concat();
        let digits: String = message(&covered).iter().map(|byte| format!("{byte:02x}")).collect();
        self.write(gap + 1, &digits);
    }

    fn write(&mut self, at: usize, text: &str) {
        for (place, byte) in self.bytes.iter_mut().skip(at).zip(text.bytes()) {
            *place = byte;
        }
    }
}

fn dictionary(signature: &PdfSignature<'_>) -> String {
    let filter = if signature.is_cades { "ETSI.CAdES.detached" } else { "adbe.pkcs7.detached" };
    let time: String = signature.at.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let reference = signature.permission.map_or_else(String::new, |permission| {
        format!(
            "/Reference [<< /Type /SigRef /TransformMethod /DocMDP\n\
             /TransformParams << /Type /TransformParams /P {permission} /V /1.2 >> >>]\n"
        )
    });
    blank(&format!("/Type /Sig /Filter /Adobe.PPKLite /SubFilter /{filter} /M (D:{time}Z)\n{reference}"))
}

/// A dictionary with these entries, and with room for byte range and message.
fn blank(entries: &str) -> String {
    format!("<< {entries}/ByteRange [{:60}]\n/Contents <{}> >>", "", "0".repeat(CONTENTS_CHARS))
}

fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< {entries}/Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}
