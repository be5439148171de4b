//! A gateway that runs in the process of the test.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use crypto::issue::{KeyType, SigningKey};
use gateway::admin::Admin;
use gateway::app::App;
use gateway::config::Config;
use gateway::live::Live;
use gateway::routes::Route;
use gateway::server::{Drained, Server};
use gateway::shutdown::{self, Trigger};
use storage::{Keys, Store};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::pki::{Authority, Folder, Holder};
use crate::sample_routes;

/// URIs of the callers that every started gateway knows.
pub(crate) const VERIFIER: &str = "urn:test:approval";
pub(crate) const OPERATOR: &str = "urn:test:operator";
pub(crate) const ISSUER: &str = "urn:test:issuer";
pub(crate) const OTHER_ISSUER: &str = "urn:test:other-issuer";
pub(crate) const AUDITOR: &str = "urn:test:auditor";

/// What a test may set before the start.
pub(crate) struct Setup {
    pub(crate) folder: Folder,
    pub(crate) authority: Authority,
    /// Lines for `[server]`.
    pub(crate) server: String,
    /// Lines for `[record]`.
    pub(crate) record: String,
    /// Further sections.
    pub(crate) sections: String,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self {
            folder: Folder::new(),
            authority: Authority::new("clients"),
            server: String::new(),
            record: String::new(),
            sections: String::new(),
        }
    }

    pub(crate) fn with(mut self, line: &str) -> Self {
        self.server.push_str(line);
        self.server.push('\n');
        self
    }

    /// The text of a configuration whose files exist.
    pub(crate) fn text(&self) -> String {
        let server = self.authority.server();
        self.folder.write("server.pem", server.pem());
        self.folder.write("server.key", server.key.pem());
        self.folder.write("clients.pem", self.authority.pem());
        for (name, kind) in [("log.key", KeyType::Ed25519), ("log-sm2.key", KeyType::Sm2)] {
            let path = self.folder.write(name, SigningKey::from_label(kind, name).pem());
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        format!(
            r#"
            [server]
            listen = "127.0.0.1:0"
            certificate = "server.pem"
            key = "server.key"
            client_anchors = ["clients.pem"]
            {}
            [admin]
            listen = "127.0.0.1:0"
            [storage]
            path = "data"
            value_key = "value.key"
            index_key = "index.key"
            [record]
            origin = "licet.test.example"
            key = "log.key"
            sm2_key = "log-sm2.key"
            {}
            {}
            "#,
            self.server, self.record, self.sections
        ) + &callers()
    }

    pub(crate) async fn start(self) -> Started {
        self.start_with(sample_routes::TABLE).await
    }

    pub(crate) async fn start_with(self, table: &'static [Route]) -> Started {
        self.start_over(table, memory()).await
    }

    /// The same over a store that may have been used before.
    pub(crate) async fn start_over(self, table: &'static [Route], store: Store) -> Started {
        // Those of every store that is made here.
        for (name, byte) in [("value.key", "01"), ("index.key", "02")] {
            let path = self.folder.write(name, byte.repeat(32));
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let config = Config::read(&self.folder.write("licet.toml", self.text())).unwrap();
        let app = App::build(&config, table, store).unwrap();
        let listener = Server::bind(config.server.listen).await.unwrap();
        let admin = Admin::bind(config.admin.listen).await.unwrap();
        let (address, admin_address) = (listener.address(), admin.address());
        let (trigger, shutdown) = shutdown::channel();
        let live = Live::new(Arc::clone(&app));
        tokio::spawn(admin.run(Arc::clone(&live), shutdown.clone()));
        let running = tokio::spawn(listener.run(Arc::clone(&live), shutdown));
        Started { address, admin_address, app, live, trigger, running, authority: self.authority, folder: self.folder }
    }
}

/// An empty store.
pub(crate) fn memory() -> Store {
    Store::memory(&Keys::new([1; 32], [2; 32])).unwrap()
}

fn callers() -> String {
    let rows = [
        ("approval", VERIFIER, "91350211M000100Y46", "verifier"),
        ("operations", OPERATOR, "91350211M000100Y46", "operator"),
        ("office", ISSUER, "11330105002500287C", "issuer"),
        ("another-office", OTHER_ISSUER, "11350200004144116F", "issuer"),
        ("audit", AUDITOR, "91350211M000100Y46", "auditor"),
    ];
    let row = |(name, uri, organisation, role)| {
        format!(
            "[[callers]]\nname = '{name}'\norganisation = '{organisation}'\ncertificates = ['uri:{uri}']\nroles = ['{role}']\n"
        )
    };
    rows.map(row).concat()
}

pub(crate) struct Started {
    pub(crate) address: SocketAddr,
    pub(crate) admin_address: SocketAddr,
    /// What was in force first.
    pub(crate) app: Arc<App>,
    pub(crate) live: Arc<Live>,
    pub(crate) trigger: Trigger,
    pub(crate) running: JoinHandle<Drained>,
    pub(crate) authority: Authority,
    pub(crate) folder: Folder,
}

impl Started {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address, &self.authority.certificate)
    }

    pub(crate) fn verifier(&self) -> Client {
        self.client().with(&self.holder(VERIFIER))
    }

    pub(crate) fn operator(&self) -> Client {
        self.client().with(&self.holder(OPERATOR))
    }

    pub(crate) fn caller(&self, uri: &str) -> Client {
        self.client().with(&self.holder(uri))
    }

    pub(crate) fn holder(&self, uri: &str) -> Holder {
        self.authority.client(7, uri)
    }
}

/// An address on which nothing listens any more refuses.
pub(crate) async fn refuses(address: SocketAddr) -> bool {
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    tokio::net::TcpStream::connect(address).await.is_err()
}
