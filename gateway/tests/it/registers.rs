//! Seals and certificates on file, and the overview of trust.

use crypto::digest::Sha256;
use crypto::issue::pem;

use crate::client::{Http, request};
use crate::licence_kit::Office;
use crate::started::{ISSUER, OPERATOR, OTHER_ISSUER, Setup};

const OCTETS: &str = "application/octet-stream";

#[tokio::test]
async fn seals() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let seal = office.seal();
    let register = async |uri: &str, body: &[u8]| {
        gateway.caller(uri).send(Http::One, request("POST", "/v1/seals", OCTETS, body.to_vec())).await
    };
    register(OTHER_ISSUER, &seal).await.is_problem(403, "other-organisation");
    register(ISSUER, b"no seal").await.is_problem(422, "bad-content");
    let mut tampered = seal.clone();
    *tampered.last_mut().unwrap() ^= 1;
    let refused = register(ISSUER, &tampered).await;
    refused.is_problem(422, "not-verified");
    assert_eq!(refused.json()["report"]["indication"], "TOTAL-FAILED");

    let created = register(ISSUER, &seal).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.header("location"), "/v1/seals/33010500012345");
    assert_eq!(register(OPERATOR, &seal).await.status, 200);
    let view = gateway.verifier().get("/v1/seals/33010500012345").await.json();
    assert_eq!((&view["name"], &view["organisation"]), (&"某某局".into(), &crate::licence_kit::ORGANISATION.into()));
    assert_eq!(gateway.verifier().get("/v1/seals/33010500012345/file").await.body, seal);
    gateway.verifier().get("/v1/seals/0").await.is_problem(404, "seal-not-found");
}

#[tokio::test]
async fn certificates() {
    let office = Office::new();
    let gateway = Setup::new().start_with(gateway::routes::TABLE).await;
    let register = async |content_type: &str, body: Vec<u8>| {
        gateway.operator().send(Http::One, request("POST", "/v1/certificates", content_type, body)).await
    };
    let der = office.maker().to_vec();
    let pem = pem::encode("CERTIFICATE", &der);
    assert_eq!(register("application/pkix-cert", der.clone()).await.status, 201);
    assert_eq!(register("application/x-pem-file", pem.clone().into_bytes()).await.status, 200);
    register("application/x-pem-file", pem.repeat(2).into_bytes()).await.is_problem(422, "bad-content");
    let path = format!("/v1/certificates/{}", Sha256::of(&[&der]));
    assert_eq!(gateway.verifier().get(&path).await.json()["certificate"]["key"], "sm2");
    assert_eq!(gateway.verifier().get(&format!("{path}/file")).await.body, der);
    gateway.verifier().get("/v1/certificates/00").await.is_problem(400, "bad-parameter");
}

#[tokio::test]
async fn trust() {
    let office = Office::new();
    let gateway = office.trusted_by(Setup::new()).start_with(gateway::routes::TABLE).await;
    let view = gateway.operator().get("/v1/trust").await.json();
    assert_eq!(view["generation"].as_str().unwrap().len(), 64);
    assert_eq!(view["domains"][0]["name"], "offices");
    assert_eq!(view["domains"][1]["purpose"], "seal-maker");
    let list = &view["domains"][1]["lists"][0];
    assert_eq!((list["stale"].as_bool(), list["entries"].as_u64()), (Some(false), Some(0)));
    assert!(list["age_s"].as_i64().unwrap() >= 3600);
}
