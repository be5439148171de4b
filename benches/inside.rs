//! A gateway in this process, with a store of one's choice, spoken to over pipes in memory.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use crypto::issue::{AltName, CertificateBuilder, KeyType, Name, SigningKey, pem};
use crypto::time::Timestamp;
use gateway::app::App;
use gateway::auth::Peer;
use gateway::config::Config;
use gateway::{clock, flow, routes};
use hyper::StatusCode;
use storage::{Keys, Store};

use crate::folder::Folder;
use crate::office::{ISSUER, Office};
use crate::pipe::{Ask, Pipe};

/// The gateway.
#[derive(Debug)]
pub struct Inside {
    /// What serves.
    pub app: Arc<App>,
    _folder: Folder,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who verifies.
    Verifier,
    /// Who hands licences in.
    Issuer,
}

impl Who {
    const ALL: [Self; 2] = [Self::Verifier, Self::Issuer];

    const fn role(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::Issuer => "issuer",
        }
    }

    fn uri(self) -> String {
        format!("urn:licet:bench:{}", self.role())
    }

    /// The certificate that it presents, DER.
    fn certificate(self) -> Vec<u8> {
        let (name, key) = (Name::new("licet", self.role()), SigningKey::from_label(KeyType::P256, self.role()));
        let (from, until) = (Timestamp::from_unix(1_577_836_800), Timestamp::from_unix(2_493_072_000));
        CertificateBuilder::new(&name, &key, 9).valid(from, until).tls(&[AltName::Uri(self.uri())]).issue(&name, &key)
    }
}

/// The keys of every store here.
#[must_use]
pub fn keys() -> Keys {
    Keys::new([1; 32], [2; 32])
}

/// An empty store in memory.
///
/// # Errors
/// When there is no randomness.
pub fn memory() -> Result<Store, String> {
    Store::memory(&keys()).map_err(|error| error.to_string())
}

/// A store on disk.
///
/// # Errors
/// When it cannot be opened.
pub fn on_disk(folder: &Path) -> Result<Store, String> {
    Store::open(&folder.join("data"), &keys(), &storage::Options::default()).map_err(|error| error.to_string())
}

impl Inside {
    /// A gateway that believes this office's authorities, over this store.
    ///
    /// # Errors
    /// What is wrong with its configuration, which is a fault of this file.
    pub fn new(office: &Office, store: Store) -> Result<Self, String> {
        let folder = Folder::temporary()?;
        let text = write(folder.path(), office).map_err(|error| error.to_string())?;
        let config = Config::parse(&text, folder.path()).map_err(|faults| faults.to_string())?;
        let app = App::build(&config, routes::TABLE, store).map_err(|faults| faults.to_string())?;
        Ok(Self { app, _folder: folder })
    }

    /// Connects, on the runtime that this is called on.
    ///
    /// # Errors
    /// When the pipe breaks.
    pub async fn connect(&self, who: Who) -> Result<Pipe, String> {
        let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let peer = Arc::new(Peer::new([who.certificate().as_slice()], address));
        let app = Arc::clone(&self.app);
        Pipe::to(move |request| {
            let answer = flow::handle(Arc::clone(&app), Arc::clone(&peer), request);
            Box::pin(async { answer.await.0 })
        })
        .await
    }

    /// Hands a licence in.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn hand_in(&self, document: Vec<u8>) -> Result<(), String> {
        let (status, body) = self.connect(Who::Issuer).await?.post(&Ask::ofd("/v1/licences", document)).await?;
        if status == StatusCode::CREATED { Ok(()) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&body))) }
    }

    /// The present moment, as the gateway has it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        clock::now()
    }
}

/// Writes the files of a configuration, and gives its text.
fn write(folder: &Path, office: &Office) -> std::io::Result<String> {
    let [signers, makers] = &office.authorities;
    for (name, der) in [("root.pem", &office.root), ("signers.pem", signers), ("makers.pem", makers)] {
        fs::write(folder.join(name), pem::encode("CERTIFICATE", der))?;
    }
    for (name, der) in ["root.crl", "signers.crl", "makers.crl"].iter().zip(&office.lists) {
        fs::write(folder.join(name), der)?;
    }
    let key = folder.join("log.key");
    fs::write(&key, SigningKey::from_label(KeyType::Ed25519, "log").pem())?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    // Nobody comes in by it: requests come over pipes.
    let door = pem::encode("CERTIFICATE", &Who::Verifier.certificate());
    fs::write(folder.join("door.pem"), door)?;
    let key = folder.join("door.key");
    fs::write(&key, SigningKey::from_label(KeyType::P256, Who::Verifier.role()).pem())?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    let domain = |name: &str, purpose: &str, below: &str| {
        format!(
            "[[trust]]\nname = '{name}'\npurpose = '{purpose}'\nanchors = ['root.pem']\nintermediates = ['{below}.pem']\n\
             crls = ['root.crl', '{below}.crl']\nrevocation = 'require'\n"
        )
    };
    let caller = |who: Who| {
        let (role, uri) = (who.role(), who.uri());
        format!("[[callers]]\nname = '{role}'\norganisation = '{ISSUER}'\ncertificates = ['uri:{uri}']\nroles = ['{role}']\n")
    };
    Ok([
        "[server]\nlisten = '127.0.0.1:0'\ncertificate = 'door.pem'\nkey = 'door.key'\nclient_anchors = ['door.pem']\nqueue_max = 4096\n\
         request_timeout_ms = 600000\n",
        "[storage]\npath = 'none'\nvalue_key = 'none'\nindex_key = 'none'\n",
        "[record]\norigin = 'licet.bench.example'\nkey = 'log.key'\n",
        &domain("signers", "signer", "signers"),
        &domain("makers", "seal-maker", "makers"),
        &Who::ALL.map(caller).concat(),
    ]
    .concat())
}
