//! One HTTPS connection, kept alive: requests go out as they were made, answers come into a buffer that is used again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reply::{Head, Length, Reply, join};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a caller knocks: address, name and certificates.
#[derive(Clone, Debug)]
pub struct Door {
    /// The address.
    pub address: SocketAddr,
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
}

/// A connection. It is made when it is first needed, and again when the server has closed it.
#[derive(Debug)]
pub struct Connection {
    door: Arc<Door>,
    stream: Option<TlsStream<TcpStream>>,
    came: Vec<u8>,
    body: Vec<u8>,
    broken: u64,
}

/// How far an exchange got that went wrong.
struct Broken {
    reason: String,
    /// Whether the connection may have been closed before the request came: then it is asked again.
    is_early: bool,
}

/// Where the content of an answer lies.
enum Place {
    /// In what came, from here to there.
    Came(usize, usize),
    /// Put together from its pieces.
    Joined,
}

impl Door {
    /// The gateway at this address, as a caller with these certificates.
    #[must_use]
    pub fn new(address: SocketAddr, config: Arc<ClientConfig>) -> Arc<Self> {
        Arc::new(Self { address, name: ServerName::from(address.ip()), config })
    }

    /// The same under the name `localhost`, wherever it is: for certificates that name no address.
    #[must_use]
    pub fn named(address: SocketAddr, name: ServerName<'static>, config: Arc<ClientConfig>) -> Arc<Self> {
        Arc::new(Self { address, name, config })
    }
}

impl Connection {
    /// One that is not yet made.
    #[must_use]
    pub fn new(door: &Arc<Door>) -> Self {
        Self { door: Arc::clone(door), stream: None, came: Vec::new(), body: Vec::new(), broken: 0 }
    }

    /// Makes it, so that no request has to wait for that.
    ///
    /// # Errors
    /// In a sentence.
    pub async fn open(&mut self) -> Result<(), String> {
        if self.stream.is_none() {
            let made = tokio::time::timeout(PATIENCE, self.connect()).await;
            self.stream = Some(made.map_err(|_elapsed| "no connection in time".to_owned())??);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, String> {
        let stream = TcpStream::connect(self.door.address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let connector = TlsConnector::from(Arc::clone(&self.door.config));
        connector.connect(self.door.name.clone(), stream).await.map_err(|error| error.to_string())
    }

    /// Sends a request, and reads the whole answer. One that was kept open and has been closed meanwhile is made again, once.
    ///
    /// # Errors
    /// There is no answer; in a sentence.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Reply<'_>, String> {
        let was_open = self.stream.is_some();
        let (head, place) = match self.once(request).await {
            Ok(answer) => answer,
            Err(broken) if was_open && broken.is_early => {
                self.broken += 1;
                self.once(request).await.map_err(|broken| broken.reason)?
            }
            Err(broken) => return Err(broken.reason),
        };
        let body = match place {
            Place::Came(from, to) => self.came.get(from..to).unwrap_or_default(),
            Place::Joined => &self.body,
        };
        Ok(Reply { status: head.status, tells_when_to_retry: head.tells_when_to_retry, body })
    }

    /// How often it was closed while it waited for a request or for its answer, without having said so before.
    #[must_use]
    pub const fn broken(&self) -> u64 {
        self.broken
    }

    /// The certificate that the server has shown, DER, while there is a connection.
    #[must_use]
    pub fn server(&self) -> Option<Vec<u8>> {
        let (_, session) = self.stream.as_ref()?.get_ref();
        session.peer_certificates()?.first().map(|certificate| certificate.as_ref().to_vec())
    }

    async fn once(&mut self, request: &[u8]) -> Result<(Head, Place), Broken> {
        self.open().await.map_err(|reason| Broken { reason, is_early: false })?;
        let Some(mut stream) = self.stream.take() else {
            return Err(Broken { reason: "no connection".to_owned(), is_early: false });
        };
        let answered = tokio::time::timeout(PATIENCE, self.speak(&mut stream, request)).await;
        let late = |_elapsed| Broken { reason: "no answer in time".to_owned(), is_early: false };
        let (head, place) = answered.map_err(late)??;
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok((head, place))
    }

    async fn speak(&mut self, stream: &mut TlsStream<TcpStream>, request: &[u8]) -> Result<(Head, Place), Broken> {
        self.came.clear();
        let early = |error: std::io::Error| Broken { reason: error.to_string(), is_early: true };
        stream.write_all(request).await.map_err(early)?;
        stream.flush().await.map_err(early)?;
        let broken = |reason: String| Broken { reason, is_early: false };
        let mut head = None;
        loop {
            self.came.reserve(16_384);
            let is_early = self.came.is_empty();
            match stream.read_buf(&mut self.came).await {
                Ok(0) => return Err(Broken { reason: "the connection was closed".to_owned(), is_early }),
                Ok(_) => {}
                Err(error) => return Err(Broken { reason: error.to_string(), is_early }),
            }
            if head.is_none() {
                head = Head::read(&self.came).map_err(broken)?;
            }
            let Some(found) = head else { continue };
            match found.length {
                Length::Known(length) if self.came.len() >= found.end + length => {
                    return Ok((found, Place::Came(found.end, found.end + length)));
                }
                Length::Known(_) => {}
                Length::Chunked => {
                    if join(self.came.get(found.end..).unwrap_or_default(), &mut self.body).map_err(broken)? {
                        return Ok((found, Place::Joined));
                    }
                }
            }
        }
    }

    /// Asks with JSON for what has to be answered with this status, and reads the answer as JSON.
    ///
    /// # Errors
    /// Another answer, or none; in a sentence.
    pub async fn post(&mut self, path: &str, wanted: u16, body: &Value) -> Result<Value, String> {
        let request = crate::asks::post(path, "application/json", body.to_string().as_bytes());
        let reply = self.exchange(&request).await.map_err(|reason| format!("{path}: {reason}"))?;
        if reply.status != wanted {
            return Err(format!("{path} is answered with {}: {}", reply.status, String::from_utf8_lossy(reply.body)));
        }
        serde_json::from_slice(reply.body).map_err(|error| format!("{path}: {error}"))
    }
}
