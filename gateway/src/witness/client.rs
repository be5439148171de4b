//! The question to one witness: add-checkpoint.

use std::time::Duration;

use crypto::tlog::{AddCheckpoint, Refusal, SignatureLine, VerifierKey};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use crate::config::{Faults, SourceUrl, Witnesses};
use crate::outbound::{Material, Outbound, Question};
use crate::status;

/// The longest answer that is read, in bytes: some signature lines.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It has signed, at this time in seconds since 1970.
    Signed {
        /// Its line, verified.
        line: SignatureLine,
        /// Its time.
        time: u64,
    },
    /// It has signed another size last than we took for it.
    LastSize(u64),
    /// It has not signed.
    Failed(Fault),
}

/// Why a witness has not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has signed a larger tree than there is: another process has our key, or our store went back.
    Ahead,
    /// Its signature is bad, or there is none of its key.
    BadSignature,
    /// What it says of the size that it signed last cannot be.
    Contradiction,
    /// The question could not be asked, or was refused.
    Http(status::Fault),
    /// We could not show that the log only grew.
    Unprovable,
}

impl Fault {
    /// A stable code for views, logs and metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::BadSignature => "bad-signature",
            Self::Contradiction => "contradiction",
            Self::Http(fault) => fault.code(),
            Self::Unprovable => "unprovable",
        }
    }
}

/// The client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    outbound: Outbound,
    within: Duration,
}

impl Client {
    /// A client with what the configuration has for it.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn new(settings: &Witnesses) -> Result<Self, Faults> {
        let own = settings.own().map(|(certificate, key)| ("record.witnesses.certificate", certificate, key));
        let material = Material { anchors_key: "record.witnesses.tls_anchors", anchors: &settings.tls_anchors, own };
        let outbound = Outbound::new(settings.connect_timeout(), &material)?;
        Ok(Self { outbound, within: settings.answer_timeout() })
    }

    /// Asks a witness with this key to sign.
    pub async fn ask(&self, url: &SourceUrl, key: &VerifierKey, request: &AddCheckpoint) -> Answered {
        let mut question = Question::post(url, request.to_string(), ANSWER_BYTES_MAX, self.within);
        question.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let reply = match self.outbound.ask(question).await {
            Ok(reply) => reply,
            Err(fault) => return Answered::Failed(Fault::Http(fault)),
        };
        let is_size = reply.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == Refusal::SIZE_TYPE);
        match reply.status {
            StatusCode::OK => signed(key, request, &reply.body),
            StatusCode::CONFLICT if is_size => {
                last_size(&reply.body).map_or(Answered::Failed(Fault::Contradiction), Answered::LastSize)
            }
            other => Answered::Failed(Fault::Http(status::Fault::Refused(other.as_u16()))),
        }
    }
}

/// The witness's own line, if it is good. Lines of other keys are passed over.
fn signed(key: &VerifierKey, request: &AddCheckpoint, body: &[u8]) -> Answered {
    let lines = str::from_utf8(body).ok().and_then(|text| SignatureLine::read_all(text).ok()).unwrap_or_default();
    let good = lines.into_iter().filter(|line| line.is_of(key)).find_map(|line| {
        let time = key.verify(request.note().text(), line.signature()).ok()??;
        Some(Answered::Signed { line, time })
    });
    good.unwrap_or(Answered::Failed(Fault::BadSignature))
}

fn last_size(body: &[u8]) -> Option<u64> {
    let text = str::from_utf8(body).ok()?.strip_suffix('\n')?;
    let size: u64 = text.parse().ok()?;
    if size.to_string() == text { Some(size) } else { None }
}
