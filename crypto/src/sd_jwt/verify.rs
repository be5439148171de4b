//! The report on a presentation.

use serde_json::{Map, Value};

use super::binding::{self, Presentation};
use super::claims;
use super::disclosure::{self, Disclosed, DisclosureError};
use super::parts::SdJwt;
use crate::budget::Exhausted;
use crate::context::Context;
use crate::jws;
use crate::report::checks::{CREDENTIAL_STATUS, SD_JWT_DISCLOSURES, SD_JWT_TYPE};
use crate::report::{Check, SignatureReport, SubIndication, Verdict};
use crate::status_list::{self, Reference};

/// Bytes of a text of the credential that a report shows.
const SHOWN_MAX: usize = 200;

/// What came of it: the report on the issuer's signature, and the disclosed claims, if the disclosures are in order.
pub(crate) struct Outcome {
    pub(crate) report: SignatureReport,
    pub(crate) disclosed: Option<Disclosed>,
}

/// Verifies a presentation.
///
/// # Errors
/// [`Exhausted`] when the document's budget is spent.
pub(crate) fn verify(
    presentation: &SdJwt<'_>,
    expected: Option<&Presentation<'_>>,
    status: status_list::Evidence<'_>,
    context: &mut Context<'_>,
) -> Result<Outcome, Exhausted> {
    let mut report = jws::verify(&presentation.issued, context)?;
    report.form = "sd-jwt".into();
    report.checks.push(kind(presentation));
    let disclosed = match disclosure::disclosed(presentation) {
        Ok(disclosed) => {
            let count = presentation.disclosures.len();
            report.checks.push(SD_JWT_DISCLOSURES.pass().with("disclosed", &count).with("held_back", &disclosed.held_back));
            Some(disclosed)
        }
        Err(error) => {
            let check = SD_JWT_DISCLOSURES.fail().with("reason", &error);
            let changed = error == DisclosureError::Unsigned;
            let effect = Verdict::failed(SubIndication::HashFailure);
            report.checks.push(if changed { check.counting_as(effect) } else { check });
            None
        }
    };
    // Claims that are judged must stand open, but for `iat`, which may be disclosed and is judged wherever it stands.
    let claims = disclosed.as_ref().map_or(&presentation.payload, |disclosed| &disclosed.claims);
    report.checks.push(claims::times(claims, context));
    report.checks.extend(binding::checks(presentation, expected, context)?);
    let signer = presentation.issued.signer();
    match Reference::of_claims(&presentation.payload) {
        Ok(None) => {}
        Ok(Some(reference)) => {
            report.checks.push(status_list::judge::judge(&reference, signer.as_ref(), status, context)?);
        }
        Err(()) => report.checks.push(CREDENTIAL_STATUS.doubt().with("reason", "the reference to a list is not readable")),
    }
    report.conclude();
    Ok(Outcome { report, disclosed })
}

/// The media type and the type of credential, and who issued it by its own word.
fn kind(presentation: &SdJwt<'_>) -> Check {
    let vct = text(&presentation.payload, "vct");
    let check = match vct {
        None => SD_JWT_TYPE.fail().with("reason", "vct is missing"),
        Some(_) if presentation.issued.is_typed(&["dc+sd-jwt"]) => SD_JWT_TYPE.pass(),
        Some(_) if presentation.issued.is_typed(&["vc+sd-jwt"]) => SD_JWT_TYPE.doubt().without_effect(),
        Some(_) => SD_JWT_TYPE.fail().with("reason", "typ is not dc+sd-jwt"),
    };
    let named = [("vct", vct), ("iss", text(&presentation.payload, "iss"))];
    named.into_iter().fold(check, |check, (name, text)| match text {
        Some(text) => check.with(name, &text),
        None => check,
    })
}

/// A text among the claims, as a report may show it.
fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?;
    Some(text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect())
}
