//! A gateway that runs in the process of the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use gateway::admin::{Admin, Health};
use gateway::app::App;
use gateway::config::Config;
use gateway::routes::Route;
use gateway::server::{self, Drained, Server};
use gateway::shutdown::{self, Trigger};
use storage::{Keys, Store};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::pki::{Authority, Folder, Holder};
use crate::sample_routes;

/// URIs of the callers that every started gateway knows.
pub const VERIFIER: &str = "urn:test:approval";
pub const OPERATOR: &str = "urn:test:operator";

/// What a test may set before the start.
pub struct Setup {
    pub folder: Folder,
    pub authority: Authority,
    /// Lines for `[server]`.
    pub server: String,
}

impl Setup {
    pub fn new() -> Self {
        Self { folder: Folder::new(), authority: Authority::new("clients"), server: String::new() }
    }

    pub fn with(mut self, line: &str) -> Self {
        self.server.push_str(line);
        self.server.push('\n');
        self
    }

    /// The text of a configuration whose files exist.
    pub fn text(&self) -> String {
        let server = self.authority.server();
        self.folder.write("server.pem", server.pem());
        self.folder.write("server.key", server.key.pem());
        self.folder.write("clients.pem", self.authority.pem());
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
            [[callers]]
            name = "approval"
            organisation = "91350211M000100Y46"
            certificates = ["uri:{VERIFIER}"]
            roles = ["verifier"]
            [[callers]]
            name = "operations"
            organisation = "91350211M000100Y46"
            certificates = ["uri:{OPERATOR}"]
            roles = ["operator"]
            "#,
            self.server
        )
    }

    pub async fn start(self) -> Started {
        self.start_with(sample_routes::TABLE).await
    }

    pub async fn start_with(self, table: &'static [Route]) -> Started {
        let config = Config::parse(&self.text(), self.folder.path()).unwrap();
        let tls = server::tls_config(&config.server).unwrap();
        let store = Store::memory(&Keys::new([1; 32], [2; 32])).unwrap();
        let app = App::build(&config, table, store).unwrap();
        let listener = Server::bind(config.server.listen).await.unwrap();
        let admin = Admin::bind(config.admin.listen).await.unwrap();
        let (address, admin_address) = (listener.address(), admin.address());
        let (trigger, shutdown) = shutdown::channel();
        let health = Arc::new(Health::new(vec![("always", Box::new(|| Ok(())))]));
        tokio::spawn(admin.run(Arc::clone(&app), health, shutdown.clone()));
        let running = tokio::spawn(listener.run(Arc::clone(&app), tls, shutdown));
        Started { address, admin_address, app, trigger, running, authority: self.authority, _folder: self.folder }
    }
}

pub struct Started {
    pub address: SocketAddr,
    pub admin_address: SocketAddr,
    pub app: Arc<App>,
    pub trigger: Trigger,
    pub running: JoinHandle<Drained>,
    pub authority: Authority,
    _folder: Folder,
}

impl Started {
    pub fn client(&self) -> Client {
        Client::new(self.address, &self.authority.certificate)
    }

    pub fn verifier(&self) -> Client {
        self.client().with(&self.holder(VERIFIER))
    }

    pub fn operator(&self) -> Client {
        self.client().with(&self.holder(OPERATOR))
    }

    pub fn holder(&self, uri: &str) -> Holder {
        self.authority.client(7, uri)
    }
}

/// An address on which nothing listens any more refuses.
pub async fn refuses(address: SocketAddr) -> bool {
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    tokio::net::TcpStream::connect(address).await.is_err()
}
