//! The demo's register of persons: a department with an interface of its own, which the gateway asks over HTTP.

use std::convert::Infallible;
use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::error::DemoError;
use super::people::{self, Party};

/// How many people the register has.
const PEOPLE: u16 = 100;
/// The longest question, in bytes.
const QUESTION_BYTES_MAX: usize = 16_384;

/// The register, which does not serve yet.
#[derive(Debug)]
pub struct Register {
    listener: TcpListener,
    /// Where it will serve.
    pub address: SocketAddr,
    silent: String,
}

impl Register {
    /// Takes a free port of this machine. About whoever has the number `silent` it never answers.
    ///
    /// # Errors
    /// [`DemoError::Transport`] when there is none.
    pub fn bind(silent: &str) -> Result<Self, DemoError> {
        let failed = |error: std::io::Error| DemoError::Transport(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, silent: silent.to_owned() })
    }

    /// Serves for as long as the threads of this process run.
    ///
    /// # Errors
    /// [`DemoError::Transport`] when it cannot.
    pub fn serve(self) -> Result<(), DemoError> {
        let listener = tokio::net::TcpListener::from_std(self.listener);
        let listener = listener.map_err(|error| DemoError::Transport(error.to_string()))?;
        let silent: Arc<str> = self.silent.into();
        tokio::spawn(async move {
            // A connection that failed before it was taken is the other side's loss.
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    let silent = Arc::clone(&silent);
                    let service = service_fn(move |request| answer(request, Arc::clone(&silent)));
                    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
            }
        });
        Ok(())
    }
}

async fn answer(request: Request<Incoming>, silent: Arc<str>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = Limited::new(request.into_body(), QUESTION_BYTES_MAX).collect().await;
    let question: Value = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok()).unwrap_or_default();
    let number = question.get("number").and_then(Value::as_str).unwrap_or_default();
    if number == &*silent {
        pending::<()>().await;
    }
    let rows: Vec<Value> = (0..PEOPLE).map(people::person).find(|person| person.code == number).iter().map(entry).collect();
    let mut response = Response::new(Full::new(Bytes::from(json!({ "rows": rows }).to_string())));
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    Ok(response)
}

/// What the register has of a person, whoever may know it.
fn entry(person: &Party) -> Value {
    let digits = |from: usize, to: usize| person.code.get(from..to).unwrap_or_default();
    let is_male = digits(16, 17).parse::<u8>().is_ok_and(|digit| !digit.is_multiple_of(2));
    json!({
        "name": person.name,
        "sex": if is_male { "1" } else { "2" },
        "birth": format!("{}-{}-{}", digits(6, 10), digits(10, 12), digits(12, 14)),
        "address": format!("示例市示例路{}号", digits(14, 17)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_what_the_number_does() {
        let person = people::person(41);
        let (code, entry) = (&person.code, entry(&person));
        assert_eq!(entry["birth"].as_str().unwrap().replace('-', ""), code.get(6..14).unwrap());
        assert_eq!((&entry["name"], &entry["sex"]), (&json!(person.name), &json!("1")), "{code}");
        assert_eq!(super::entry(&people::person(40))["sex"], "2");
    }
}
