//! Signed PDFs: what passes, and the known ways to change one after it was signed.

use crypto::issue::pdf::{ANNOTATIONS, FORM, PdfBuilder, PdfSignature};
use crypto::issue::{CmsBuilder, KeyType, pem};
use crypto::report::{Coverage, Indication, Outcome, Report, SubIndication};

use crate::world::{ISSUER, World, at, failing, fields, outcome, signed};

const WIDGET: &str = "/Type /Annot /Subtype /Widget /FT /Sig";

fn licence() -> PdfBuilder {
    PdfBuilder::licence(&fields(ISSUER), "Sample licence")
}

fn good(world: &World) -> PdfBuilder {
    licence().sign(PdfSignature::cades(world.signer.signer(), signed()))
}

#[track_caller]
fn passed(report: &Report) {
    assert_eq!(report.verdict.indication, Indication::TotalPassed, "{report:#?}");
    assert!(report.signatures.iter().all(|signature| signature.coverage == Some(Coverage::Full)));
}

#[track_caller]
fn refused(report: &Report, indication: Indication, check: &str, reason: &str) {
    assert_eq!(report.verdict.indication, indication, "{report:#?}");
    let all = report.checks.iter().chain(report.signatures.iter().flat_map(|signature| &signature.checks));
    let reasons: Vec<_> = all
        .filter(|found| found.id == check && found.effect.is_some())
        .map(|found| found.inputs.get("reason").cloned().unwrap_or_default())
        .collect();
    assert_eq!(reasons, [reason], "{report:#?}");
}

#[track_caller]
fn changed(world: &World, document: &[u8], reason: &str) {
    let report = world.report(document);
    refused(&report, Indication::TotalFailed, "pdf.later-changes", reason);
    assert_eq!(report.verdict.sub_indication, Some(SubIndication::HashFailure));
}

#[track_caller]
fn doubtful(world: &World, document: &[u8], reason: &str) {
    let report = world.report(document);
    refused(&report, Indication::Indeterminate, "pdf.later-changes", reason);
    assert!(report.signatures.iter().any(|signature| signature.coverage == Some(Coverage::Partial)));
}

fn replaced(document: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = document.windows(from.len()).position(|window| window == from.as_bytes()).unwrap_or_else(|| panic!("no {from}"));
    [&document[..at], to.as_bytes(), &document[at + from.len()..]].concat()
}

/// The bytes that the last signature covers, and its value with the padding.
fn split(document: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let start = document.windows(11).rposition(|window| window == b"/Contents <").unwrap() + 11;
    let end = start + document[start..].iter().position(|byte| *byte == b'>').unwrap();
    let digits = std::str::from_utf8(&document[start..end]).unwrap();
    let covered = [&document[..start - 1], &document[end + 1..]].concat();
    (covered, crypto::digest::from_hex(digits).unwrap())
}

/// The document with another value in its last signature.
fn with_message(document: &[u8], message: &[u8]) -> Vec<u8> {
    let start = document.windows(11).rposition(|window| window == b"/Contents <").unwrap() + 11;
    let end = start + document[start..].iter().position(|byte| *byte == b'>').unwrap();
    let digits: String = message.iter().map(|byte| format!("{byte:02x}")).collect();
    [&document[..start], format!("{digits:0<width$}", width = end - start).as_bytes(), &document[end..]].concat()
}

/// The good document with a revision of these objects behind it.
fn updated(world: &World, objects: &[(u32, &str)]) -> Vec<u8> {
    let mut builder = good(world);
    append(&mut builder, objects);
    builder.build()
}

fn append(builder: &mut PdfBuilder, objects: &[(u32, &str)]) {
    let objects: Vec<_> = objects.iter().map(|(number, text)| (*number, text.as_bytes().to_vec())).collect();
    builder.append(&objects);
}

#[test]
fn licences_signed_once_or_twice_pass() {
    for kind in [KeyType::Sm2, KeyType::P256, KeyType::Ed25519] {
        let world = World::with(kind, &[]);
        let cades = PdfSignature::cades(world.signer.signer(), signed());
        let pkcs7 = PdfSignature::pkcs7(world.signer.signer(), signed());
        for (signature, form) in [(cades, "pades"), (pkcs7, "pdf-pkcs7"), (cades.certifying(1), "pades")] {
            let report = world.report(&licence().sign(signature).build());
            passed(&report);
            assert_eq!((report.format.as_ref(), report.signatures[0].form.as_ref()), ("pdf", form));
            assert_eq!(report.signatures[0].claimed_time, Some(signed()));
            assert!(report.warnings.is_empty(), "{:#?}", report.warnings);
        }
        let twice = world.report(&licence().sign(cades.certifying(2)).sign(pkcs7).build());
        passed(&twice);
        assert_eq!(twice.signatures.len(), 2);
    }
}

#[test]
fn no_changed_byte_passes() {
    let world = World::with(KeyType::Ed25519, &[]);
    let good = good(&world).sign(PdfSignature::pkcs7(world.other.signer(), signed())).build();
    passed(&world.report(&good));
    let gap = good.windows(11).rposition(|window| window == b"/Contents <").unwrap() + 11;
    let gap = gap..gap + good[gap..].iter().position(|byte| *byte == b'>').unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x01;
        let report = world.report(&bad);
        // The last value is covered by nobody, and some of it, such as a version number, means nothing.
        let may_pass = gap.contains(&at) && at < gap.start + 2000;
        assert!(may_pass || report.verdict.indication != Indication::TotalPassed, "byte {at}: {report:#?}");
    }
    for cut in (0..good.len()).step_by(97) {
        assert_ne!(world.report(&good[..cut]).verdict.indication, Indication::TotalPassed, "cut at {cut}");
    }
}

#[test]
fn byte_ranges_must_leave_out_the_value_alone() {
    let world = World::new();
    let good = good(&world).build();
    let text = String::from_utf8_lossy(&good).into_owned();
    let range = text.split("/ByteRange [").nth(1).unwrap().split(']').next().unwrap().to_owned();
    let numbers: Vec<i64> = range.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let with = |numbers: &[i64]| {
        let new: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        replaced(&good, &range, &format!("{:width$}", new.join(" "), width = range.len()))
    };
    let (shape, gap) = (
        "not two ranges from the start of the file, in order and within it",
        "what is left out is not exactly the text of this signature",
    );
    let [a, b, c, d] = numbers[..] else { panic!("{range}") };
    let cases: [(&[i64], &str); 12] = [
        (&[], shape),
        (&[a, b], shape),
        (&[a, b, c, d, 0, 0], shape),
        (&[1, b - 1, c, d], shape),
        (&[a, -b, c, d], shape),
        (&[a, c, b, d], shape),
        (&[a, b, c, d + 1], shape),
        (&[a, b, c, i64::MAX], shape),
        (&[a, b - 1, c, d], gap),
        (&[a, b + 1, c, d], gap),
        (&[a, b, c + 1, d - 1], gap),
        (&[a, b, c, d - 8], "the signed bytes do not end with a revision"),
    ];
    for (numbers, reason) in cases {
        refused(&world.report(&with(numbers)), Indication::TotalFailed, "pdf.byte-range", reason);
    }
}

#[test]
fn what_stands_around_the_revisions_is_refused() {
    let world = World::new();
    let good = good(&world).build();
    let reason = |document: &[u8], reason: &str| {
        refused(&world.report(document), Indication::TotalFailed, "document.format", reason);
    };
    reason(&[b"junk\n", good.as_slice()].concat(), "the PDF does not begin with its header");
    reason(&[good.as_slice(), b"junk"].concat(), "the PDF does not end with the end of a revision");
    reason(&[good.as_slice(), b"99 0 obj\n<<>>\nendobj\n"].concat(), "the PDF does not end with the end of a revision");
    reason(&replaced(&good, "trailer", "tailers"), "the cross-reference of the PDF is broken");
    passed(&world.report(&[good.as_slice(), b"\r\n"].concat()));
    // The end of the signed revision repeated behind objects that no cross-reference names.
    let text = String::from_utf8_lossy(&good);
    let tail = text.rsplit("startxref").next().unwrap();
    let hidden = [good.as_slice(), b"4 0 obj\n<<>>\nendobj\nstartxref", tail.as_bytes()].concat();
    changed(&world, &hidden, "bytes that belong to no object");
    let encrypted = replaced(&licence().build(), "/Root 1 0 R", "/Root 1 0 R /Encrypt 5 0 R");
    refused(&world.report(&encrypted), Indication::Indeterminate, "document.format", "the PDF is encrypted");
}

#[test]
fn content_that_changes_after_the_signature_is_a_forgery() {
    let world = World::new();
    let catalog = PdfBuilder::catalog();
    let page = "/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots 6 0 R \
                /Resources << /Font << /F1 5 0 R >> >>";
    let with = |more: &str| format!("<< {catalog} {more} >>");
    let stream = "<< /Length 4 >>\nstream\nBT T\nendstream";
    // Content, font, embedded data: the classes "replace" and "hide" of the shadow attacks.
    changed(&world, &updated(&world, &[(4, stream)]), "a stream changed");
    changed(&world, &updated(&world, &[(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")]), "content changed");
    changed(&world, &updated(&world, &[(9, stream)]), "a stream changed");
    changed(&world, &updated(&world, &[(4, "null")]), "a stream changed");
    // The page tree, the page and its attributes.
    changed(&world, &updated(&world, &[(2, "<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>")]), "content changed");
    changed(&world, &updated(&world, &[(3, &format!("<< {page} /Rotate 90 >>"))]), "a page changed");
    changed(&world, &updated(&world, &[(3, &format!("<< {} >>", page.replace("595", "59")))]), "a page changed");
    // The catalog: other pages, actions, scripts, layers.
    changed(&world, &updated(&world, &[(1, &format!("<< {} >>", catalog.replace("2 0 R", "3 0 R")))]), "the catalog changed");
    for more in ["/OpenAction << /S /JavaScript /JS (x) >>", "/AA << >>", "/OCProperties << >>", "/Perms << >>"] {
        changed(&world, &updated(&world, &[(1, &with(more))]), "the catalog changed");
    }
    // A key that occurs twice is read by some one way, by some the other.
    let twice = world.report(&updated(&world, &[(1, &with("/Pages 3 0 R"))]));
    refused(&twice, Indication::TotalFailed, "document.format", "an object of the PDF is malformed");
}

#[test]
fn redirections_of_the_cross_reference_are_seen() {
    let world = World::new();
    let text = |builder: PdfBuilder| builder.build();
    // Another catalog, written before the signature and surfacing after it.
    let mut shadow = licence();
    let other = shadow.number();
    append(&mut shadow, &[(other, &format!("<< {} >>", PdfBuilder::catalog().replace("/AF [8 0 R]", "")))]);
    let mut shadow = shadow.sign(PdfSignature::cades(world.signer.signer(), signed()));
    passed(&world.report(shadow.bytes()));
    append(&mut shadow, &[(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")]);
    let same = text(shadow.clone());
    passed(&world.report(&same));
    let at = same.windows(11).rposition(|window| window == b"/Root 1 0 R").unwrap();
    let redirected = [&same[..at], format!("/Root {other} 0 R").as_bytes(), &same[at + 11..]].concat();
    let moved = world.report(&redirected);
    assert_eq!(moved.verdict.indication, Indication::TotalFailed, "{moved:#?}");
    // An object moved to bytes that the signature covers but that meant nothing then.
    let hidden = "(4 0 obj\n<< /Length 2 >>\nstream\nBT\nendstream\nendobj\n)";
    let mut builder = licence();
    let number = builder.number();
    append(&mut builder, &[(number, hidden)]);
    let mut builder = builder.sign(PdfSignature::cades(world.signer.signer(), signed()));
    let place = builder.bytes().windows(8).rposition(|window| window == b"(4 0 obj").unwrap() + 1;
    append(&mut builder, &[(4, "<< /Length 2 >>\nstream\nBT\nendstream")]);
    let new = text(builder);
    let entry = new.windows(5).rposition(|window| window == b"\n4 1\n").unwrap() + 5;
    let bad = [&new[..entry], format!("{place:010}").as_bytes(), &new[entry + 10..]].concat();
    changed(&world, &bad, "an object was moved back into the signed revision");
    // The new cross-reference passes the signed one over.
    let skipped = updated(&world, &[(4, "<< /Length 2 >>\nstream\nBT\nendstream")]);
    let at = skipped.windows(6).rposition(|window| window == b"/Prev ").unwrap();
    let first = skipped.windows(5).position(|window| window == b"xref\n").unwrap();
    let end = at + skipped[at..].iter().position(|byte| *byte == b'>').unwrap();
    let bad = [&skipped[..at], format!("/Prev {first} ").as_bytes(), &skipped[end..]].concat();
    assert_eq!(world.report(&bad).verdict.indication, Indication::TotalFailed);
    let loops = [&skipped[..at], b"/Prev 999999 ", &skipped[end..]].concat();
    assert_eq!(failing(&world.report(&loops)), ["document.format"]);
}

#[test]
fn additions_pass_only_where_they_show_nothing() {
    let world = World::new();
    let add = |field: &str| updated(&world, &[(FORM, "<< /Fields [10 0 R 20 0 R] /SigFlags 3 >>"), (20, field)]);
    passed(&world.report(&add(&format!("<< {WIDGET} /T (Next) /Rect [0 0 0 0] >>"))));
    passed(&world.report(&updated(&world, &[(1, &format!("<< {} /DSS << /Certs [] >> >>", PdfBuilder::catalog()))])));
    let visible = format!("<< {WIDGET} /T (Next) /Rect [0 0 99 99] >>");
    doubtful(&world, &add(&visible), "a signature was added that shows on a page");
    let no_signature = "a field was added that is no mere signature";
    for field in ["/FT /Tx /T (a) /V (b)", "/FT /Sig /T (a) /A << /S /Launch >>", "/FT /Sig /T (a) /Kids [4 0 R]"] {
        changed(&world, &add(&format!("<< {field} >>")), no_signature);
    }
    let note = "<< /Type /Annot /Subtype /FreeText /Rect [0 0 9 9] /Contents (void) >>";
    let annotated = |builder: &mut PdfBuilder| append(builder, &[(ANNOTATIONS, "[10 0 R 20 0 R]"), (20, note)]);
    let mut builder = good(&world);
    annotated(&mut builder);
    changed(&world, &builder.build(), "an annotation was added");
    changed(&world, &updated(&world, &[(ANNOTATIONS, "[]")]), "a field or annotation is gone");
    // The certification signature may allow it, which shows all the same.
    let cades = PdfSignature::cades(world.signer.signer(), signed());
    let mut builder = licence().sign(cades.certifying(3));
    annotated(&mut builder);
    doubtful(&world, &builder.build(), "an annotation was added, as the signer allowed");
    let reason = "the signer allowed no further signatures";
    changed(&world, &licence().sign(cades.certifying(1)).sign(cades).build(), reason);
}

#[test]
fn fields_filled_in_later_are_no_longer_what_was_signed() {
    let world = World::new();
    let cades = PdfSignature::cades(world.signer.signer(), signed());
    let text = |value: &str| format!("<< /Type /Annot /Subtype /Widget /FT /Tx /T (Sum) /Rect [9 9 99 99] /V ({value}) >>");
    for (permission, verdict) in [(None, "a field was filled in"), (Some(2), "a field was filled in, as the signer allowed")] {
        let mut builder = licence();
        append(&mut builder, &[(30, &text("1"))]);
        let signature = permission.map_or(cades, |permission| cades.certifying(permission));
        let mut builder = builder.with_field(30).sign(signature);
        passed(&world.report(builder.bytes()));
        append(&mut builder, &[(30, &text("1000000"))]);
        match permission {
            None => changed(&world, &builder.build(), verdict),
            Some(_) => doubtful(&world, &builder.build(), verdict),
        }
    }
}

#[test]
fn a_signature_outside_the_form_signs_nothing() {
    let world = World::new();
    let good = good(&world).build();
    let unlisted = replaced(&good, "/Fields [10 0 R ]", "/Fields [       ]");
    let report = world.report(&unlisted);
    assert!(failing(&report).contains(&"document.signed".to_owned()), "{report:#?}");
    assert_eq!(report.warnings.iter().map(|check| check.id.as_ref()).collect::<Vec<_>>(), ["pdf.form"]);
    assert_eq!(world.report(&licence().build()).verdict.indication, Indication::TotalFailed);
    let unknown = world.report(&replaced(&good, "/ETSI.CAdES.detached", "/ETSI.CAdES.detacher"));
    refused(&unknown, Indication::Indeterminate, "signature.format", "");
}

#[test]
fn a_message_of_another_form_is_refused() {
    let world = World::new();
    let good = good(&world).build();
    let (covered, _) = split(&good);
    let with = |message: &[u8]| with_message(&good, message);
    let builder = || CmsBuilder::new(&covered).detached();
    let signer = world.signer.signer();
    let no_name = builder().attributes(Some(signed())).sign(signer);
    let report = world.report(&with(&no_name));
    assert_eq!(failing(&report), ["signature.certificate"], "{report:#?}");
    assert_eq!(
        failing(&world.report(&with(&builder().sign(signer)))),
        ["cms.attributes", "signature.value", "signature.certificate"]
    );
    let inside = CmsBuilder::new(&covered).attributes(Some(signed())).sign(signer);
    assert_eq!(failing(&world.report(&with(inside.get(..2000).unwrap()))), ["licence.issuer", "signature.format"]);
    let padded = [no_name.as_slice(), b"\x01"].concat();
    assert_eq!(failing(&world.report(&with(&padded))), ["licence.issuer", "signature.format"]);
    let late = PdfSignature::cades(signer, at("2026-07-02T08:00:00Z"));
    assert_eq!(world.report(&licence().sign(late).build()).verdict.indication, Indication::TotalFailed);
}

#[test]
fn openssl_accepts_what_is_made_here_and_the_reverse() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pdf");
    std::fs::create_dir_all(&folder).unwrap();
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl").args(arguments).current_dir(&folder).output();
        let output = output.unwrap_or_else(|error| panic!("THE openssl COMMAND IS NEEDED, version 3 or later: {error}"));
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let world = World::with(KeyType::P256, &[]);
    let document = licence().sign(PdfSignature::pkcs7(world.signer.signer(), signed())).build();
    let (covered, message) = split(&document);
    let root = pem::encode("CERTIFICATE", &world.root.der);
    let files: [(&str, &[u8]); 3] = [("covered.bin", &covered), ("value.der", &message), ("root.pem", root.as_bytes())];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let moment = signed().unix().to_string();
    openssl(&[
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "value.der",
        "-content",
        "covered.bin",
        "-CAfile",
        "root.pem",
        "-purpose",
        "any",
        "-attime",
        &moment,
        "-out",
        "out.bin",
    ]);
    for new_key in [["-newkey", "rsa:2048"].as_slice(), &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]] {
        let request = ["req", "-x509", "-nodes", "-subj", "/CN=outside", "-keyout", "key.pem", "-out", "cert.pem"];
        openssl(&[request.as_slice(), new_key].concat());
        openssl(&[
            "cms",
            "-sign",
            "-binary",
            "-cades",
            "-md",
            "sha256",
            "-in",
            "covered.bin",
            "-signer",
            "cert.pem",
            "-inkey",
            "key.pem",
            "-outform",
            "DER",
            "-out",
            "signed.der",
        ]);
        let message = std::fs::read(folder.join("signed.der")).unwrap();
        let report = world.report(&with_message(&document, &message));
        for check in ["signature.value", "signature.data-hash", "cms.attributes", "pdf.byte-range", "pdf.later-changes"] {
            assert_eq!(outcome(&report, check), Outcome::Passed, "{report:#?}");
        }
    }
}
