//! Receipts: what the gateway said of a document, signed in its own name, and put on record by its digest before it is given.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use crypto::bundle::{RECEIPT_TYPE, Receipt};
use crypto::digest::Sha256;
use crypto::record::{DocumentMention, Entry, LogName};
use crypto::report::Report;
use crypto::time::Timestamp;
use crypto::x509::Trust;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use storage::log::Recorded;

use crate::app::App;
use crate::http::{Code, Problem, Request};
use crate::signing::Signer;

/// A receipt that is on record.
#[derive(Clone, Debug)]
pub struct Made {
    /// The compact JWS.
    pub text: String,
    /// Where the record of it stands.
    pub recorded: Recorded,
}

/// Where a record stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Standing {
    /// The log.
    pub log: LogName,
    /// The number in it.
    pub number: u64,
    /// When it was put there.
    pub at: Timestamp,
    /// What the tree holds of it.
    pub entry: Entry,
}

impl Standing {
    /// The same in answers.
    #[must_use]
    pub const fn of(recorded: &Recorded) -> Self {
        Self { log: recorded.log, number: recorded.number, at: recorded.at, entry: recorded.entry }
    }
}

/// The gateway's signature.
///
/// # Errors
/// [`Code::SigningUnavailable`] where the configuration gives it none.
pub fn signer(app: &App) -> Result<&Signer, Problem> {
    app.signer.as_ref().ok_or_else(|| Code::SigningUnavailable.into())
}

/// The claims of a receipt for this report, reached under this generation of trust.
///
/// # Errors
/// [`Code::Contention`] when the report was reached under another one, which has been replaced since.
pub fn claims(request: &Request, report: &Report, document: DocumentMention, trust: &Trust) -> Result<Receipt, Problem> {
    if report.trust_generation != trust.generation() {
        return Err(Code::Contention.into());
    }
    Ok(Receipt::new(report, document, trust.policy(), (request.now, request.request_id.as_str())))
}

/// Signs a receipt and puts the request on record with its digest, in this order: the record tells of a receipt that there is.
///
/// # Errors
/// [`Code::SigningUnavailable`], [`Code::Internal`] when nothing can be signed, [`Code::Unavailable`] when nothing can be recorded.
pub async fn make(app: &App, request: &Request, claims: &Receipt) -> Result<Made, Problem> {
    let text = sign(signer(app)?, RECEIPT_TYPE, claims)?;
    request.trail.detail("receipt", Sha256::of(&[text.as_bytes()]).to_string());
    request.trail.note(|draft| draft.facts.document = Some(claims.document.clone()));
    let recorded = request.trail.record().await?;
    Ok(Made { text, recorded })
}

/// Signs claims of a type as a compact JWS.
///
/// # Errors
/// [`Code::Internal`] when nothing can be signed.
pub(crate) fn sign(signer: &Signer, kind: &str, claims: &impl Serialize) -> Result<String, Problem> {
    let chain: Vec<String> = signer.chain().into_iter().map(|der| STANDARD.encode(der)).collect();
    let header = json!({ "alg": signer.jose(), "typ": kind, "x5c": chain });
    let payload = serde_json::to_vec(claims).or(Err(Code::Internal))?;
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    let signature = signer.sign(input.as_bytes()).or(Err(Code::Internal))?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
