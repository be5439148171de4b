//! The socket itself.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::answer::{Content, response};
use super::{Asked, COMMANDS, Command, Refused, Reply};
use crate::config::Admin;
use crate::live::Live;

/// Commands that run at the same time.
const CONNECTIONS_MAX: usize = 8;

/// Time for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest body of a command, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// The socket, bound.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
    /// Who runs the gateway.
    owner: u32,
}

impl Control {
    /// Binds the socket at this path. What a gateway that was killed left there is replaced: that no other gateway runs over the
    /// same store, the lock of the store has shown before.
    ///
    /// # Errors
    /// Those of the system.
    pub fn bind(path: &Path) -> io::Result<Self> {
        // Nobody can ask before the permissions are right: it gets its name last.
        let new = Admin::socket_unnamed(path);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        let owner = fs::metadata(&new)?.uid();
        fs::rename(&new, path)?;
        Ok(Self { listener, path: path.to_owned(), owner })
    }

    /// Serves for as long as it is polled.
    pub async fn run(self, live: Arc<Live>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            // The mode of the socket has seen to it; this is for a file system that does not keep modes.
            let Some(by) = stream.peer_cred().ok().map(|user| user.uid()).filter(|by| *by == 0 || *by == self.owner) else {
                continue;
            };
            let live = Arc::clone(&live);
            connections.spawn(async move {
                serve(stream, live, by).await;
                drop(place);
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Left there it would do no harm: the next start replaces it.
        drop(fs::remove_file(&self.path));
    }
}

async fn serve(stream: UnixStream, live: Arc<Live>, by: u32) {
    let service = service_fn(move |request: Request<Incoming>| {
        let live = Arc::clone(&live);
        async move { Ok::<Response<Content>, Infallible>(response(answer(live, by, request).await)) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(16 << 10);
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a client of the control socket went away");
    }
}

async fn answer(live: Arc<Live>, by: u32, request: Request<Incoming>) -> Result<Reply, Refused> {
    let (head, body) = request.into_parts();
    let command = command(&head.method, head.uri.path())?;
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| Refused::malformed(format!("the body did not arrive: {error}")))?.to_bytes();
    let body = match body.as_ref() {
        [] => Value::Null,
        text => serde_json::from_slice(text).map_err(|error| Refused::malformed(format!("the body is no JSON: {error}")))?,
    };
    let query = parameters(head.uri.query().unwrap_or_default());
    (command.run)(Asked { live, by, query, body }).await
}

fn command(method: &Method, path: &str) -> Result<&'static Command, Refused> {
    let mut is_known = false;
    for command in COMMANDS.iter().copied().flatten().filter(|command| command.path == path) {
        if command.method == *method {
            return Ok(command);
        }
        is_known = true;
    }
    Err(if is_known {
        let detail = format!("{path} is not asked with {method}");
        Refused { status: StatusCode::METHOD_NOT_ALLOWED, code: "method-not-allowed", detail }
    } else {
        Refused { status: StatusCode::NOT_FOUND, code: "not-found", detail: format!("there is no command {path}") }
    })
}

/// Our own client writes them, without anything to be escaped.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
