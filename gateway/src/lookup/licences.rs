//! The licences among what came: what is told of them, and the codes by which their content is had.

use std::collections::BTreeMap;

use crypto::licence::{Identifier, Status};
use crypto::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use storage::use_codes::UseCode;

use super::findings::Findings;
use crate::app::App;
use crate::http::Problem;
use crate::use_codes;

/// Most use codes of one look-up about one subject. Licences beyond are told without one.
const CODES_MAX: usize = 64;

/// What is told of a licence on record. Its content is had with the use code alone.
#[derive(Clone, Serialize, JsonSchema)]
pub struct LicenceSummary {
    /// Its identifier.
    pub identifier: Identifier,
    /// The code of its type.
    pub r#type: String,
    /// Its state now, by the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The use code (用证码), where the licence is in force and codes are wanted: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_code: Option<String>,
    /// Until when the use code is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_code_expires_at: Option<Timestamp>,
    /// Whether somebody has objected to it, and the objection is open.
    pub disputed: bool,
}

/// The licences of a look-up about one subject.
#[derive(Default)]
pub struct Licences {
    /// What is told of each, by the place of the resource and by its identifier.
    summaries: BTreeMap<(usize, Identifier), LicenceSummary>,
    /// The codes that were made, to be put on file with the record.
    pub codes: Vec<UseCode>,
}

impl std::fmt::Debug for LicenceSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LicenceSummary").field("status", &self.status).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Licences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Licences").field("codes", &self.codes.len()).finish_non_exhaustive()
    }
}

impl Licences {
    /// Reads what is on record of the licences that came, and makes a use code for each that is in force, where codes are wanted.
    ///
    /// # Errors
    /// When the store does not work, or there is no randomness.
    pub fn read(app: &App, findings: &Findings) -> Result<Self, Problem> {
        let mut licences = Self::default();
        for finding in findings.all() {
            let Some(permit) = finding.asked.leave.permit() else { continue };
            for (row, identifier) in finding.rows().iter().filter_map(|row| Some((row, row.licence.as_ref()?))) {
                let record = app.store().licences().record(identifier)?;
                let status = record.and_then(|record| record.standing_at(findings.plan.errand.now));
                let mut summary = LicenceSummary {
                    identifier: identifier.clone(),
                    r#type: identifier.type_code().to_owned(),
                    status,
                    use_code: None,
                    use_code_expires_at: None,
                    disputed: findings.against(finding.asked, row).next().is_some(),
                };
                // What is not answered for by the source now has no code: it would be good for less than it says.
                let is_good = status == Some(Status::Valid) && finding.is_answered();
                if findings.plan.use_codes && is_good && licences.codes.len() < CODES_MAX {
                    let ttl_s = app.use_codes.ttl_s;
                    let minted = use_codes::mint(&findings.plan.errand, &permit.grant, &permit.fields, identifier, ttl_s)?;
                    summary.use_code_expires_at = Some(minted.row.expires_at);
                    summary.use_code = Some(minted.code);
                    licences.codes.push(minted.row);
                }
                licences.summaries.insert((finding.place, identifier.clone()), summary);
            }
        }
        Ok(licences)
    }

    /// What is told of a licence that came from the resource at this place.
    #[must_use]
    pub fn summary(&self, place: usize, identifier: &Identifier) -> Option<&LicenceSummary> {
        self.summaries.get(&(place, identifier.clone()))
    }
}
