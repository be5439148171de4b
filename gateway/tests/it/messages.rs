//! Licences as cryptographic messages over HTTPS: GB/T 35275 and RFC 5652, with the data inside.

use serde_json::json;

use crate::client::{Http, get, post_json, request};
use crate::licence_kit::{Office, fields, identifier};
use crate::started::{ISSUER, Setup};

const CMS: &str = "application/cms";

#[tokio::test]
async fn messages_are_licences_too() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let (issuer, verifier) = (gateway.caller(ISSUER), gateway.verifier());
    for (serial, is_gm) in [("1", true), ("2", false)] {
        let message = office.cms(&fields(serial, 1), is_gm);
        let created = issuer.send(Http::Two, request("POST", "/v1/licences", CMS, message.clone())).await;
        assert_eq!(created.status, 201, "{}", String::from_utf8_lossy(&created.body));
        let name = identifier(serial, 1).to_string();
        let file = verifier.send(Http::One, get(&format!("/v1/licences/{name}/file"))).await;
        assert_eq!((file.header("content-type"), &file.body[..]), (CMS, &message[..]));
        let verdict = verifier.send(Http::Two, post_json("/v1/verifications", &json!({ "identifier": name }).to_string())).await;
        assert_eq!(verdict.json()["indication"], "TOTAL-PASSED");
        assert_eq!(verdict.json()["signatures"][0]["form"], if is_gm { "gbt35275" } else { "cms" });
        let mut changed = message.clone();
        let place = changed.windows(6).position(|window| window == "某甲".as_bytes()).unwrap();
        changed[place..place + 3].copy_from_slice("乙".as_bytes());
        let refused = issuer.send(Http::One, request("POST", "/v1/licences", CMS, changed)).await;
        refused.is_problem(422, "not-verified");
        assert_eq!(refused.json()["report"]["sub_indication"], "HASH_FAILURE");
    }
    let text = office.cms(&fields("3", 1), true);
    issuer
        .send(Http::One, request("POST", "/v1/licences", "application/ofd", text))
        .await
        .is_problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn a_signed_pdf_is_a_licence_too() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let document = office.pdf(&fields("7", 1));
    let ask = |body: Vec<u8>| request("POST", "/v1/verifications", "application/pdf", body);
    let report = gateway.verifier().send(Http::Two, ask(document.clone())).await.json();
    assert_eq!((&report["format"], &report["signatures"][0]["indication"]), (&json!("pdf"), &json!("TOTAL-PASSED")), "{report}");
    let issued = request("POST", "/v1/licences", "application/pdf", document.clone());
    assert_eq!(gateway.caller(ISSUER).send(Http::One, issued).await.status, 201);
    let report = gateway.verifier().send(Http::Two, ask(document.clone())).await.json();
    assert_eq!(report["indication"], "TOTAL-PASSED", "{report}");
    let mut forged = document;
    let place = forged.windows(9).position(|window| window == b"(Licence)").unwrap();
    forged[place + 1] = b'l';
    let report = gateway.verifier().send(Http::Two, ask(forged)).await.json();
    assert_eq!(report["indication"], "TOTAL-FAILED", "{report}");
}

#[tokio::test]
async fn what_is_signed_and_is_no_licence_is_no_pass() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let invoice = office.jws(&[("InvoiceNumber".to_owned(), "1".to_owned())].into());
    let reply = gateway.verifier().send(Http::Two, request("POST", "/v1/verifications", "application/jose", invoice)).await;
    let report = reply.json();
    assert_eq!((&report["indication"], &report["sub_indication"]), (&json!("INDETERMINATE"), &json!("SIGNED_DATA_NOT_FOUND")));
    assert_eq!(report["signatures"][0]["indication"], "TOTAL-PASSED");
}

#[tokio::test]
async fn what_is_no_document_is_refused_with_its_report() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let ofd = office.ofd(&fields("1", 1));
    let truncated = ofd[..ofd.len() / 2].to_vec();
    for (content_type, body) in [
        ("application/octet-stream", b"garbage".to_vec()),
        ("application/octet-stream", Vec::new()),
        ("application/ofd", b"PK\x03\x04garbage".to_vec()),
        ("application/ofd", truncated),
        ("application/jose", b"eyJ.garbage".to_vec()),
        ("application/cms", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    ] {
        let reply = gateway.verifier().send(Http::Two, request("POST", "/v1/verifications", content_type, body)).await;
        reply.is_problem(422, "malformed-document");
        assert_eq!(reply.json()["report"]["sub_indication"], "FORMAT_FAILURE");
    }
    let mut forged = office.jws(&fields("1", 1));
    let place = forged.len() - 10;
    forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
    let reply = gateway.verifier().send(Http::Two, request("POST", "/v1/verifications", "application/jose", forged)).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["indication"]), (200, &json!("TOTAL-FAILED")), "a verdict is no problem");
}
