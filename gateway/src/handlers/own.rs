//! What is whose: the rules between organisations that hold beyond the roles of a route.

use std::sync::Arc;

use crypto::licence::{Deviation, Identifier, IdentifierError};
use crypto::time::{Date, Timestamp};

use crate::app::App;
use crate::auth::{Caller, Role};
use crate::http::{Code, Problem, Request};

/// The identifier in the path.
pub(super) fn identifier(request: &Request) -> Result<Identifier, Problem> {
    read_identifier(Code::BadParameter, request.params.value("identifier")?)
}

/// Reads an identifier, and says what is wrong with one that is mistyped.
pub(super) fn read_identifier(code: Code, text: &str) -> Result<Identifier, Problem> {
    text.parse().map_err(|error| {
        let (en, zh) = match error {
            IdentifierError::Length => ("it is too long", "长度超限"),
            IdentifierError::Root => ("it does not begin with 1.2.156.3005.2", "未以1.2.156.3005.2开头"),
            IdentifierError::Segments => ("it has not five parts after 1.2.156.3005.2.", "1.2.156.3005.2.之后应有五段"),
            IdentifierError::Type => ("the type is not 21 digits and capital letters", "证照类型代码应为21位数字或大写字母"),
            IdentifierError::Issuer => {
                ("the issuing body is not 18 digits and capital letters", "颁发机构代码应为18位数字或大写字母")
            }
            IdentifierError::Serial => {
                ("the serial number is not 1 to 32 digits and capital letters", "流水号应为1至32位数字或大写字母")
            }
            IdentifierError::Version => ("the version is not 001 to 999", "版本号应为001至999"),
            IdentifierError::Content(Deviation::Check { .. }) => (
                "its check character does not go with the rest; a character is mistyped",
                "校验位与其余部分不符，可能有字符输入错误",
            ),
            IdentifierError::Content(_) => ("a code in it is wrong", "其中的代码有误"),
        };
        Problem::new(code).detail(format!("The licence identifier is wrong: {en}."), format!("证照标识错误：{zh}。"))
    })
}

/// Refuses unless the matter is the caller's own.
pub(super) fn demand_own(caller: &Caller, organisation: &str) -> Result<(), Problem> {
    if caller.organisation == organisation { Ok(()) } else { Err(Code::OtherOrganisation.into()) }
}

/// Refuses unless the caller may read about licences of this issuer: verifiers and auditors may of all, issuers of their own.
///
/// Decided by the identifier, before anything is looked up, so that a refusal does not tell what exists.
pub(super) fn demand_readable(caller: &Caller, issuer: &str) -> Result<(), Problem> {
    if is_readable(caller, issuer) { Ok(()) } else { Err(Code::OtherOrganisation.into()) }
}

/// Whether the caller may read about licences of this issuer.
pub(super) fn is_readable(caller: &Caller, issuer: &str) -> bool {
    reads_all(caller) || caller.organisation == issuer
}

/// Whether the caller may read about the licences of every issuer.
pub(super) fn reads_all(caller: &Caller) -> bool {
    caller.is(Role::Verifier) || caller.is(Role::Auditor)
}

/// The day that it is in China, where licences are dated.
pub(crate) fn today_in_china(now: Timestamp) -> Date {
    now.plus(8 * 3600).date()
}

/// Changes something about a licence, and perhaps the version before it. Verdicts and status lists from before are dead before
/// anybody learns of the change, whether it succeeds, fails half-way or panics.
pub(super) async fn change<T: Send + 'static>(
    app: &Arc<App>,
    licence: Identifier,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    struct Bump(Arc<App>, Identifier);
    impl Drop for Bump {
        fn drop(&mut self) {
            self.0.judge.epochs.bump(self.1.issuer());
            if let Some(lists) = &self.0.judge.status_lists {
                lists.changed(&self.1);
            }
        }
    }
    let shared = Arc::clone(app);
    app.pool
        .run(move || {
            let bump = Bump(shared, licence);
            work(&bump.0)
        })
        .await?
}
