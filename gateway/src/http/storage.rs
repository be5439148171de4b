//! What a caller is told when the store does not do what it asked.

use crypto::grants::GrantError;
use crypto::licence::RecordError;
use crypto::objection::ObjectionError;
use crypto::seal_register::{self, ApplicationError};
use storage::StorageError;

use super::{Code, Problem};

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let code = match &error {
            StorageError::Contention => Code::Contention,
            StorageError::Holder(_) => Code::BadContent,
            StorageError::LicenceExists => Code::LicenceExists,
            StorageError::NotFound { what: "seal" } => Code::SealNotFound,
            StorageError::NotFound { what: "seal application" } => Code::SealApplicationNotFound,
            StorageError::NotFound { what: "application for a grant" } => Code::GrantApplicationNotFound,
            StorageError::NotFound { what: "grant" } => Code::GrantNotFound,
            StorageError::NotFound { what: "objection" } => Code::ObjectionNotFound,
            StorageError::NotFound { what: "certificate" } => Code::CertificateNotFound,
            StorageError::NotFound { what: "record" | "tree" | "checkpoint" | "shard" | "subject" } => Code::RecordNotFound,
            StorageError::NotFound { .. } => Code::LicenceNotFound,
            StorageError::Retired { .. } => Code::RecordRetired,
            StorageError::Refused(RecordError::Illegal(_)) => Code::IllegalTransition,
            StorageError::Refused(_) => Code::BadContent,
            StorageError::SealExists => Code::SealExists,
            StorageError::Seal(seal_register::RecordError::Illegal(_)) => Code::SealTransition,
            StorageError::Seal(seal_register::RecordError::OtherRequest)
            | StorageError::Application(ApplicationError::OtherRequest) => Code::RequestReused,
            StorageError::Seal(_) => Code::BadContent,
            StorageError::Application(ApplicationError::Own) => Code::OwnApplication,
            StorageError::Application(_) => Code::SealApplicationConflict,
            StorageError::Grant(GrantError::Own) => Code::OwnApplication,
            StorageError::Grant(GrantError::NotProvider) => Code::OtherOrganisation,
            StorageError::Grant(GrantError::Faulty) => Code::GrantNonconforming,
            StorageError::Grant(GrantError::ReasonRequired) => Code::BadContent,
            StorageError::Grant(GrantError::OtherRequest) => Code::RequestReused,
            StorageError::Grant(GrantError::Done | GrantError::NotChecked | GrantError::Withdrawn) => Code::GrantConflict,
            StorageError::Objection(ObjectionError::OtherRequest) => Code::RequestReused,
            StorageError::Objection(ObjectionError::NotResponsible | ObjectionError::NotOwn) => Code::OtherOrganisation,
            StorageError::Objection(_) => Code::ObjectionConflict,
            StorageError::TooLarge => Code::ContentTooLarge,
            StorageError::VersionGap { .. } => Code::VersionGap,
            StorageError::VersionTaken { .. } => Code::CatalogueChanged,
            StorageError::Corrupt { .. }
            | StorageError::Internal
            | StorageError::Poisoned
            | StorageError::Unavailable
            | StorageError::Unknown
            | StorageError::UnknownLayout { .. }
            | StorageError::WrongKey { .. } => {
                // The caller is told that it does not work; why is for the operator alone.
                tracing::error!(code = error.code(), %error, "the store failed");
                let problem = Self::new(Code::Unavailable);
                return if error == StorageError::Unknown { problem.outcome_unknown() } else { problem };
            }
        };
        let text = error.text();
        Self::new(code).detail(text.en, text.zh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_faults_are_not_told() {
        let problem = Problem::from(StorageError::Corrupt { what: "licence" });
        assert_eq!(problem.code(), Code::Unavailable);
        assert!(!format!("{problem:?}").contains("damaged"));
        assert!(format!("{:?}", Problem::from(StorageError::Unknown)).contains("may have been made"));
        assert_eq!(Problem::from(StorageError::NotFound { what: "seal" }).code(), Code::SealNotFound);
        let application = Problem::from(StorageError::NotFound { what: "seal application" });
        assert_eq!(application.code(), Code::SealApplicationNotFound);
    }
}
