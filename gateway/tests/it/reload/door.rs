//! Certificates of the gateway and of its clients: renewed, added and revoked under connections that last.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crypto::issue::AltName;
use gateway::auth::Peer;
use gateway::config::Config;
use gateway::{clock, server, status};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{again, edit};
use crate::client::{BOTH, Http, get};
use crate::pki::Authority;
use crate::publisher::Publisher;
use crate::sample_routes::GATE;
use crate::started::{Setup, Started, VERIFIER};

/// The certificate that the gateway shows to who comes now.
async fn shown(gateway: &Started) -> Vec<u8> {
    let stream = gateway.verifier().tls(Http::One).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_who_comes_and_who_is_there_stays() {
    let gateway = Setup::new().start().await;
    let before = shown(&gateway).await;
    let mut connections = Vec::new();
    for http in BOTH {
        connections.push(gateway.verifier().connect(http).await);
    }
    let renewed = gateway.authority.issue(3, &[AltName::Dns("localhost".to_owned())]);
    gateway.folder.write("server.pem", renewed.pem());
    let faults = again(&gateway).await.unwrap_err().to_string();
    assert!(faults.contains("server.key: does not go with server.certificate"), "{faults}");
    assert_eq!(shown(&gateway).await, before, "half of it is not read");
    gateway.folder.write("server.key", renewed.key.pem());
    assert_eq!(again(&gateway).await.unwrap().files, ["server"]);
    assert_eq!(shown(&gateway).await, renewed.certificate);
    for connection in &mut connections {
        assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn with_other_authorities_of_clients_who_is_there_finishes_and_comes_again() {
    let gateway = Setup::new().start().await;
    let second = Authority::new("second");
    let renewed = gateway.client().with(&second.client(7, VERIFIER));
    let before = GATE.0.load(Ordering::SeqCst);
    let mut running = Vec::new();
    for http in BOTH {
        let verifier = gateway.verifier();
        running.push(tokio::spawn(async move { verifier.send(http, get("/gate")).await }));
    }
    let mut idle = gateway.verifier().connect(Http::Two).await;
    assert_eq!(idle.send(get("/whoami")).await.unwrap().status, 200);
    while GATE.0.load(Ordering::SeqCst) < before + 2 {
        tokio::task::yield_now().await;
    }
    gateway.folder.write("second.pem", second.pem());
    edit(&gateway, "client_anchors = [\"clients.pem\"]", "client_anchors = [\"clients.pem\", \"second.pem\"]");
    again(&gateway).await.unwrap();
    idle.closed().await;
    GATE.1.add_permits(2);
    for reply in running {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    // Both authorities vouch until the old one is taken away.
    assert_eq!(gateway.verifier().get("/whoami").await.status, 200);
    assert_eq!(renewed.get("/whoami").await.status, 200);
    edit(&gateway, "client_anchors = [\"clients.pem\", \"second.pem\"]", "client_anchors = [\"second.pem\"]");
    let old = gateway.verifier().connect(Http::One).await;
    again(&gateway).await.unwrap();
    old.closed().await;
    assert_eq!(renewed.get("/whoami").await.status, 200);
}

#[tokio::test]
async fn who_is_revoked_gets_no_further_answer() {
    let setup = Setup::new().with("client_crls = ['clients.crl']");
    setup.folder.write("clients.crl", setup.authority.crl(&[8]));
    let gateway = setup.start().await;
    let mut connections = Vec::new();
    for http in BOTH {
        let mut connection = gateway.verifier().connect(http).await;
        assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200);
        connections.push(connection);
    }
    gateway.folder.write("clients.crl", gateway.authority.crl(&[7, 8]));
    assert_eq!(again(&gateway).await.unwrap().files, ["server"]);
    for mut connection in connections {
        // It is told to leave; what it asks before it knows is refused.
        if let Ok(reply) = connection.send(get("/whoami")).await {
            reply.is_problem(401, "certificate-revoked");
        }
    }
}

#[tokio::test]
async fn a_fetched_status_counts_for_callers_too() {
    let publisher = Publisher::start().await;
    let mut setup = Setup::new();
    setup.sections.push_str(&format!(
        "[[trust]]\nname = 'callers'\npurpose = 'client'\nanchors = ['clients.pem']\nrevocation = 'require'\n\
         [status]\nlist_timeout_ms = 2000\n[[status.sources]]\ndomain = 'callers'\ncrl_urls = ['{}']\n",
        publisher.url("/clients.crl")
    ));
    let gateway = setup.start().await;
    let now = clock::now();
    let mut connection = gateway.verifier().connect(Http::Two).await;
    let other = gateway.client().with(&gateway.authority.client(8, VERIFIER));
    assert_eq!(connection.send(get("/whoami")).await.unwrap().status, 200, "what cannot be fetched keeps nobody out");
    // Without a reload, on a connection that lasts.
    publisher.give("/clients.crl", gateway.authority.crl(&[7]).into_bytes());
    status::tick(&gateway.live.current(), now).await;
    connection.send(get("/whoami")).await.unwrap().is_problem(401, "certificate-revoked");
    gateway.verifier().get("/whoami").await.is_problem(401, "certificate-revoked");
    assert_eq!(other.get("/whoami").await.status, 200);
}

#[test]
fn a_certificate_is_revoked_by_the_lists_in_force() {
    let setup = Setup::new().with("client_crls = ['clients.crl']");
    let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
    let holder = setup.authority.client(7, VERIFIER);
    let stranger = Authority::new("stranger").client(7, VERIFIER);
    let peers = [&holder, &stranger].map(|holder| Peer::new([holder.certificate.as_slice()], None));
    let revoked = |serials: &[u128]| {
        setup.folder.write("clients.crl", setup.authority.crl(serials));
        let gate = server::open(&config.server).unwrap().gate;
        peers.each_ref().map(|peer| gate.is_revoked(peer))
    };
    assert_eq!(revoked(&[8]), [false, false]);
    assert_eq!(revoked(&[7, 8]), [true, false], "the number is that of one authority");
}

/// A caller of an authority below the anchor, which is revoked, comes with so many others of the same name that the search for a path
/// ends early.
#[test]
fn nobody_hides_what_is_revoked_behind_more_certificates() {
    let anchor = Authority::new("anchor");
    let own = Authority::below(&anchor, 5, "below");
    let holder = own.client(7, VERIFIER);
    let decoys: Vec<Vec<u8>> = (0..40).map(|number| own.forged(&anchor, 100 + number)).collect();
    let mut setup = Setup::new();
    setup.folder.write("anchor.pem", anchor.pem());
    setup.folder.write("below.crl", own.crl(&[7]));
    setup.folder.write("anchor.crl", anchor.crl(&[]));
    let domain = |lists: &str| {
        format!(
            "[[trust]]\nname = 'callers'\npurpose = 'client'\nanchors = ['anchor.pem']\nrevocation = 'require'\ncrls = [{lists}]\n"
        )
    };
    let sections = setup.sections.clone();
    let mut is_revoked = |lists: &str, decoys: &[Vec<u8>]| {
        setup.sections = sections.clone() + &domain(lists);
        let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
        let now = clock::now();
        let trust = gateway::trust::load(&config).unwrap();
        let fetcher = status::Fetcher::new(&config.status, 1).unwrap();
        let presented = [&holder.certificate].into_iter().chain(decoys).chain([&own.certificate]);
        Peer::new(presented.map(Vec::as_slice), None).is_revoked(&trust, &fetcher, now)
    };
    assert!(!is_revoked("'anchor.crl'", &[]), "what is not known keeps nobody out");
    assert!(is_revoked("'anchor.crl', 'below.crl'", &[]));
    assert!(is_revoked("'anchor.crl', 'below.crl'", &decoys));
}

/// Keeps what is stapled, and leaves the rest to who knows.
#[derive(Debug)]
struct Looking(Arc<WebPkiServerVerifier>, Mutex<Vec<u8>>);

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.1.lock().unwrap() = ocsp.to_vec();
        self.0.verify_server_cert(own, more, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, own, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, own, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// What is stapled to the certificate that the gateway shows.
async fn stapled(gateway: &Started) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(gateway.authority.certificate.clone())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let known = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let looking = Arc::new(Looking(known, Mutex::default()));
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let verifier: Arc<dyn ServerCertVerifier> = Arc::<Looking>::clone(&looking);
    let config = config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    looking.1.lock().unwrap().clone()
}

#[tokio::test]
async fn what_the_authority_says_of_our_own_certificate_is_shown() {
    let (gateway, publisher) = (Setup::new().start().await, Publisher::start().await);
    edit(&gateway, "client_anchors", &format!("ocsp_urls = ['{}']\nclient_anchors", publisher.url("/ocsp")));
    let faults = again(&gateway).await.unwrap_err().to_string();
    assert!(faults.contains("server.ocsp_urls: need the certificate of the issuer"), "{faults}");
    let own = gateway.authority.server();
    gateway.folder.write("server.pem", own.pem() + &gateway.authority.pem());
    again(&gateway).await.unwrap();
    assert_eq!(stapled(&gateway).await, b"", "nobody was asked yet");

    let turn = async || {
        let app = gateway.live.current();
        app.staple.as_ref().unwrap().tick(&app, clock::now()).await;
    };
    publisher.give("/ocsp", b"nonsense".to_vec());
    turn().await;
    assert_eq!(stapled(&gateway).await, b"");
    let answer = gateway.authority.good(&own);
    publisher.give("/ocsp", answer.clone());
    turn().await;
    assert_eq!(stapled(&gateway).await, b"", "it is not asked again at once after a failure");
    edit(&gateway, "[server]\n", "[server]\nidle_timeout_ms = 50000\n");
    again(&gateway).await.unwrap();
    turn().await;
    assert_eq!(stapled(&gateway).await, answer);
    turn().await;
    edit(&gateway, "idle_timeout_ms = 50000", "idle_timeout_ms = 40000");
    again(&gateway).await.unwrap();
    assert_eq!(stapled(&gateway).await, answer, "it is still good");
    assert_eq!(publisher.seen().len(), 2);
}
