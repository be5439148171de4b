//! What sources of status are asked over HTTP.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};

use super::fault::Fault;
use crate::config::{Faults, SourceUrl, Status};
use crate::outbound::{Material, Outbound, Question};

/// The longest list that is fetched, in bytes.
const LIST_BYTES_MAX: usize = storage::evidence::BYTES_MAX;

/// The longest OCSP response that is read, in bytes.
const RESPONSE_BYTES_MAX: usize = 64 << 10;

/// The longest validator that is kept and sent again, in bytes.
const VALIDATOR_BYTES_MAX: usize = 256;

/// What a server said about the version of a list, to be asked whether there is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// What came of fetching a list.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The server has what we have.
    Unchanged,
    /// A list, and how to ask for the next one.
    New(Vec<u8>, Validators),
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Client {
    outbound: Outbound,
    list_timeout: Duration,
    ocsp_timeout: Duration,
}

impl Client {
    /// A client that trusts these authorities over https.
    ///
    /// # Errors
    /// Every file of authorities that cannot be read.
    pub(super) fn new(settings: &Status) -> Result<Self, Faults> {
        let material = Material { anchors_key: "status.tls_anchors", anchors: &settings.tls_anchors, own: None };
        Ok(Self {
            outbound: Outbound::new(settings.connect_timeout(), &material)?,
            list_timeout: settings.list_timeout(),
            ocsp_timeout: settings.ocsp_timeout(),
        })
    }

    /// A list from its address, unless the server has the version that these validators name.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn list(&self, url: &SourceUrl, known: &Validators) -> Result<Fetched, Fault> {
        let mut question = Question::get(url, LIST_BYTES_MAX, self.list_timeout);
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value {
                question.headers.insert(name, value.clone());
            }
        }
        let reply = self.outbound.ask(question).await?;
        match reply.status {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if *known != Validators::default() => return Ok(Fetched::Unchanged),
            other => return Err(Fault::Refused(other.as_u16())),
        }
        let validator = |name| reply.headers.get(name).filter(|value| value.len() <= VALIDATOR_BYTES_MAX).cloned();
        let validators = Validators { etag: validator(ETAG), last_modified: validator(LAST_MODIFIED) };
        Ok(Fetched::New(reply.body, validators))
    }

    /// The answer of a responder to this request, DER (RFC 6960, appendix A.1).
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn ask(&self, url: &SourceUrl, request: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let mut question = Question::post(url, request, RESPONSE_BYTES_MAX, self.ocsp_timeout);
        question.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/ocsp-request"));
        question.headers.insert(ACCEPT, HeaderValue::from_static("application/ocsp-response"));
        let reply = self.outbound.ask(question).await?;
        if reply.status == StatusCode::OK { Ok(reply.body) } else { Err(Fault::Refused(reply.status.as_u16())) }
    }
}
