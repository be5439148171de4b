//! The interfaces of the departments, over plain HTTP on this machine.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::conduct::{Conduct, Deed};
use super::person;
use super::profile::Profile;

/// The longest question, in bytes.
const QUESTION_BYTES_MAX: usize = 64 << 10;

/// The departments, listening.
#[derive(Debug)]
pub struct Departments {
    listener: TcpListener,
    city: Arc<City>,
}

#[derive(Debug)]
struct City {
    profile: Profile,
    books: Vec<Mutex<Book>>,
}

/// What a department was asked.
#[derive(Debug, Default)]
struct Book {
    seen: Seen,
    times: BTreeMap<u64, u64>,
}

/// What a department was asked, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Questions.
    pub questions: u64,
    /// Questions about people who are none of ours, or that could not be read.
    pub strange: u64,
}

/// A question, as far as a department reads it.
#[derive(Debug, Deserialize)]
struct Question {
    number: String,
}

impl Departments {
    /// Listens here; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had, or is not of this machine.
    pub async fn bind(address: SocketAddr, profile: Profile) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "departments listen on this machine alone"));
        }
        let books = profile.departments.iter().map(|_| Mutex::default()).collect();
        Ok(Self { listener: TcpListener::bind(address).await?, city: Arc::new(City { profile, books }) })
    }

    /// Where they listen. A department is asked with `POST /departments/NAME/query`.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What each department was asked, in the order of the profile, as long as they listen.
    pub fn seen(&self) -> impl Fn() -> Vec<Seen> + Send + Sync + 'static {
        let city = Arc::clone(&self.city);
        move || city.seen()
    }

    /// Answers, until it is dropped.
    pub async fn run(self) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // Out of files: those that are open have to end first.
                tokio::task::yield_now().await;
                continue;
            };
            tokio::spawn(serve(Arc::clone(&self.city), stream));
        }
    }
}

/// One connection. A department that hangs up ends it.
async fn serve(city: Arc<City>, stream: TcpStream) {
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| answer(Arc::clone(&city), request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    // How it ended is of no interest: hanging up is part of the play.
    drop(builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await);
}

/// The connection is to be closed.
#[derive(Debug)]
struct HungUp;

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hung up")
    }
}

impl std::error::Error for HungUp {}

async fn answer(city: Arc<City>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, HungUp> {
    let path = request.uri().path().to_owned();
    let mut parts = path.trim_start_matches('/').split('/');
    let (root, name, what) = (parts.next(), parts.next(), parts.next());
    let place = name.and_then(|name| city.profile.departments.iter().position(|department| department.name == name));
    let (Some("departments"), Some(place)) = (root, place) else { return Ok(reply(StatusCode::NOT_FOUND, &json!({}))) };
    match (request.method(), what) {
        (&Method::POST, Some("query")) => {}
        (&Method::GET, Some("seen")) => {
            let seen = city.seen().get(place).copied().unwrap_or_default();
            return Ok(reply(StatusCode::OK, &json!(seen)));
        }
        _ => return Ok(reply(StatusCode::NOT_FOUND, &json!({}))),
    }
    let body = Limited::new(request.into_body(), QUESTION_BYTES_MAX).collect().await.ok();
    let question = body.and_then(|body| serde_json::from_slice::<Question>(&body.to_bytes()).ok());
    let Some(conduct) = city.conduct(place, question.as_ref()) else { return Ok(reply(StatusCode::BAD_REQUEST, &json!({}))) };
    if conduct.deed == Deed::Silence {
        std::future::pending::<Infallible>().await;
    }
    tokio::time::sleep(conduct.after).await;
    match conduct.deed {
        Deed::Say(said) => Ok(reply(StatusCode::OK, &json!({ "rows": [said] }))),
        Deed::Nothing => Ok(reply(StatusCode::OK, &json!({ "rows": [] }))),
        Deed::Fail => Ok(reply(StatusCode::INTERNAL_SERVER_ERROR, &json!({}))),
        Deed::Silence | Deed::Hang => Err(HungUp),
    }
}

fn reply(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl City {
    fn seen(&self) -> Vec<Seen> {
        self.books.iter().map(|book| book.lock().unwrap_or_else(PoisonError::into_inner).seen).collect()
    }

    /// Notes a question, and says what the department does with it; none for a question that is none.
    fn conduct(&self, place: usize, question: Option<&Question>) -> Option<Conduct> {
        let (department, book) = (self.profile.departments.get(place)?, self.books.get(place)?);
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        let mth = book.seen.questions;
        book.seen.questions += 1;
        let Some(person) = question.and_then(|question| person::place(&question.number)) else {
            book.seen.strange += 1;
            return None;
        };
        let times = book.times.entry(person).or_default();
        let nth = *times;
        *times += 1;
        let place = u64::try_from(place).ok()?;
        Some(Conduct::of(self.profile.seed, (place, department), (person, nth), mth))
    }
}
