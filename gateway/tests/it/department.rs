//! Departments for tests: servers on loopback that say what they are told to, and keep what they were asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crypto::catalogue::Resource;
use crypto::grants::{Authority, Consumer};
use crypto::licence::{HolderCodeType, HolderNumber};
use crypto::time::Timestamp;
use gateway::broker::{Class, Errand, Question, Reply, Source, SourceFault};
use gateway::config::Config;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::licence_kit::HOLDER;
use crate::started::{Setup, memory};

/// The code of the resource that the tests ask for.
pub(crate) const RESOURCE: &str = "1010010001/1";

/// Long enough for any answer on loopback.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A question that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) version: Version,
    /// On which connection, counted from 0.
    pub(crate) connection: usize,
}

/// Status, fields and body.
pub(crate) type Says = (u16, Vec<(&'static str, String)>, Vec<u8>);

type Answering = Arc<dyn Fn(&Seen) -> Says + Send + Sync>;

/// A department that answers questions.
#[derive(Clone)]
pub(crate) struct Department {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    answering: Answering,
}

impl Department {
    /// One over plain HTTP.
    pub(crate) async fn start(answering: impl Fn(&Seen) -> Says + Send + Sync + 'static) -> Self {
        Self::start_with(None, answering).await
    }

    /// One over HTTPS, if there is something to show.
    pub(crate) async fn start_with(tls: Option<TlsAcceptor>, answering: impl Fn(&Seen) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let department = Self { address, seen: Arc::default(), answering: Arc::new(answering) };
        let served = department.clone();
        tokio::spawn(async move {
            let connections = AtomicUsize::new(0);
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (department, connection) = (served.clone(), connections.fetch_add(1, Ordering::SeqCst));
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => department.serve(stream, connection).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => department.serve(stream, connection).await,
                            Err(error) => drop(error),
                        },
                    }
                });
            }
        });
        department
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: usize) {
        let service = service_fn(move |request| {
            let department = self.clone();
            async move { Ok::<_, Infallible>(department.answer(request, connection).await) }
        });
        drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
    }

    async fn answer(&self, request: Request<Incoming>, connection: usize) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let target = head.uri.path_and_query().unwrap().to_string();
        let seen = Seen { target, headers: head.headers, body, version: head.version, connection };
        self.seen.lock().unwrap().push(seen.clone());
        let (status, fields, content) = (self.answering)(&seen);
        let builder =
            fields.into_iter().fold(Response::builder().status(status), |builder, (name, value)| builder.header(name, value));
        builder.body(Full::new(content.into())).unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked since the last time; in none of it but the body stands the number of the person.
    #[track_caller]
    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        for one in &seen {
            assert!(!one.target.contains(HOLDER), "{}", one.target);
            for (name, value) in &one.headers {
                let text = String::from_utf8_lossy(value.as_bytes());
                assert!(!text.contains(HOLDER), "{name}: {text}");
            }
        }
        seen
    }
}

impl Seen {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An answer in JSON.
pub(crate) fn says(value: &Value) -> Says {
    (200, vec![("content-type", "application/json".to_owned())], value.to_string().into_bytes())
}

/// Sends these bytes to whoever connects and has asked, and keeps the connection open.
pub(crate) async fn raw(bytes: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            drop(stream.read(&mut asked).await);
            drop(stream.write_all(&bytes).await);
            kept.push(stream);
        }
    });
    address
}

/// The resource that the tests ask for.
pub(crate) fn resource(more: &Value) -> Arc<Resource> {
    let mut resource = json!({
        "code": RESOURCE, "name": "人口基本信息", "provider": "11330105002500287C", "share": "conditional",
        "legal_basis": "x", "sensitivity": "personal", "subjects": ["111"],
        "fields": [
            { "name": "name", "title": "姓名", "type": "text" },
            { "name": "born", "title": "出生日期", "type": "date" },
            { "name": "children", "title": "子女数", "type": "number" },
            { "name": "married", "title": "婚否", "type": "boolean" },
        ],
        "sla": { "latency_ms": 100, "slow_permille_max": 10, "error_permille_max": 10 },
        "update": "live",
    });
    resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Arc::new(serde_json::from_value(resource).unwrap())
}

/// A question about the person of the tests.
pub(crate) fn question(resource: &Arc<Resource>, fields: &[&str]) -> Question {
    let now: Timestamp = gateway::clock::now();
    let errand = Errand {
        now,
        request_id: "r-1".to_owned(),
        consumer: Consumer { caller: "approval".to_owned(), organisation: "91350211M000100Y46".to_owned() },
        authority: Authority::Duty,
        item: "事项/1".to_owned(),
        purpose: Some("核验 a&b".to_owned()),
        case: Some("BJ-1".to_owned()),
        operator: Some("clerk-7".to_owned()),
        class: Class::Interactive,
    };
    Question {
        subject: HolderNumber::parse(HolderCodeType::CitizenNumber, HOLDER, now.date()).unwrap(),
        resource: Arc::clone(resource),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        stale_s_max: None,
        errand: Arc::new(errand),
    }
}

/// The source of a configuration with this one section.
#[track_caller]
pub(crate) fn source(setup: &mut Setup, section: &str) -> Arc<dyn Source> {
    setup.sections = format!("[[sources]]\nname = 'department'\n{section}\n");
    let config = Config::parse(&setup.text(), setup.folder.path()).unwrap();
    let sources = gateway::sources::load(&config, &memory()).unwrap();
    assert_eq!(sources.keys().collect::<Vec<_>>(), ["department", "local"]);
    Arc::clone(&sources["department"].0)
}

/// Asks, with time enough.
pub(crate) async fn ask(source: &Arc<dyn Source>, question: &Question) -> Result<Reply, SourceFault> {
    source.ask(question, PATIENCE).await
}

/// The rows as JSON.
#[track_caller]
pub(crate) fn rows(reply: Result<Reply, SourceFault>) -> Value {
    reply.unwrap().rows.into_iter().map(|row| serde_json::to_value(row.fields).unwrap()).collect()
}
