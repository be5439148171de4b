//! The register of seals: who applied for one, what was put on file, what became of it, and what that means for its use.
//!
//! The life of a seal is that of 国办发〔2025〕33号: 申请 (an [`Application`], decided by somebody else), 制作 and 备案 (a
//! [`Record`]), 使用, 停用 or 冻结, 恢复, and at the end 注销 or 重制 ([`Status`], [`Operation`]). What a verification makes of it is
//! in [`standing`].

pub mod application;
pub mod delivery;
pub mod making;
pub mod record;
pub mod standing;
pub mod status;
#[cfg(test)]
mod testing;

pub use application::{Application, ApplicationError, Decision, Judgement};
pub use delivery::Delivery;
pub use making::{Making, Mention, Picture};
pub use record::{Applied, Change, Event, Record, RecordError};
pub use standing::{Use, checks, remark};
pub use status::{IllegalTransition, Operation, Status};
