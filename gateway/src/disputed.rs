//! That a licence is disputed: said in every report on it, as long as an objection is open.

use crypto::licence::Identifier;
use crypto::report::Report;
use crypto::report::checks::LICENCE_UNDISPUTED;

use crate::http::Problem;
use crate::verdict::Judge;

impl Judge {
    /// Adds a warning where objections against the licence are open. What they come to is for the issuer to say: until then the
    /// licence is what it was. Call it once the issuer's epoch was read, so that no kept verdict leaves out what was filed since.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) fn add_disputes(&self, report: &mut Report, licence: &Identifier) -> Result<(), Problem> {
        let disputes = self.store.objections().disputes_of_licence(licence)?;
        if let Some(first) = disputes.first() {
            let check = LICENCE_UNDISPUTED.doubt().without_effect();
            report.checks.push(check.with("objections", &disputes.len()).with("since", &first.since));
            report.conclude();
        }
        Ok(())
    }
}
