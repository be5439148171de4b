//! Who is let in: nobody without a certificate, nobody whom the configuration does not name, nobody without the role.

use gateway::auth::Credentials;
use gateway::routes;

use crate::client::{BOTH, Http, get, request};
use crate::pki::Authority;
use crate::sample_routes;
use crate::started::{Setup, VERIFIER};

#[tokio::test]
async fn without_a_certificate_every_route_says_so() {
    for table in [sample_routes::TABLE, routes::TABLE] {
        let gateway = Setup::new().start_with(table).await;
        let paths = table.iter().map(|route| (route.method.as_str(), route.path.replace(['{', '}'], "")));
        for (method, path) in paths.chain([("GET", "/nowhere".to_owned())]) {
            for http in BOTH {
                let reply = gateway.client().send(http, request(method, &path, "application/json", "{}")).await;
                reply.is_problem(401, "certificate-required");
                assert!(reply.header("www-authenticate").starts_with("ClientCertificate"));
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_is_known_to_nobody() {
    let gateway = Setup::new().start().await;
    for http in BOTH {
        let client = gateway.client().with(&gateway.holder("urn:test:somebody-else"));
        client.send(http, get("/whoami")).await.is_problem(403, "unknown-caller");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not_get_through_the_handshake() {
    let gateway = Setup::new().start().await;
    let stranger = Authority::new("another").client(7, VERIFIER);
    let client = gateway.client().with(&stranger);
    assert!(fails(&client).await);
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
}

#[tokio::test]
async fn a_revoked_certificate_does_not_get_through_the_handshake() {
    let setup = Setup::new().with("client_crls = ['clients.crl']");
    setup.folder.write("clients.crl", setup.authority.crl(&[8]));
    let gateway = setup.start().await;
    assert!(fails(&gateway.client().with(&gateway.authority.client(8, VERIFIER))).await);
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
}

/// In TLS 1.3 a client learns of its refusal with the first bytes that it reads.
async fn fails(client: &crate::client::Client) -> bool {
    use tokio::io::AsyncReadExt;
    match client.tls(Http::One).await {
        Err(_) => true,
        Ok(mut stream) => stream.read_u8().await.is_err(),
    }
}

#[tokio::test]
async fn a_caller_is_known_by_any_of_its_names() {
    let setup = Setup::new();
    let holder = setup.authority.issue(9, &[]);
    let fingerprint = crypto::digest::Sha256::of(&[&holder.certificate]);
    let caller = format!(
        "[[callers]]\nname = 'printed'\norganisation = '91350211M000100Y46'\ncertificates = ['sha256:{fingerprint}', 'dns:a.example']\nroles = ['auditor']\n"
    );
    let config = gateway::config::Config::parse(&format!("{}{caller}", setup.text()), setup.folder.path()).unwrap();
    let catalogues = gateway::catalogue::Catalogues::new(crypto::catalogue::Catalogue::default(), None);
    let tree = gateway::audit::Tree::new(&config.organisations, catalogues);
    let callers = gateway::auth::Callers::new(&config.callers, &tree);
    let named = setup.authority.issue(10, &[crypto::issue::AltName::Dns("a.example".to_owned())]);
    for certificate in [&holder.certificate, &named.certificate] {
        let identity = format!("{:?}", callers.identify(&Credentials::read(Some(certificate))));
        assert!(identity.contains("\"printed\"") && identity.contains("Auditor"), "{identity}");
    }
    let both = setup
        .authority
        .issue(11, &[crypto::issue::AltName::Dns("a.example".to_owned()), crypto::issue::AltName::Uri(VERIFIER.to_owned())]);
    assert!(matches!(callers.identify(&Credentials::read(Some(&both.certificate))), gateway::auth::Identity::Unknown));
}

#[tokio::test]
async fn roles_open_routes() {
    let gateway = Setup::new().start().await;
    let reply = gateway.verifier().get("/whoami").await;
    assert_eq!(
        reply.json(),
        serde_json::json!({ "name": "approval", "organisation": "91350211M000100Y46", "roles": ["verifier"] })
    );
    gateway.verifier().get("/operators").await.is_problem(403, "role-required");
    assert_eq!(gateway.operator().get("/operators").await.status, 200);
}
