//! Supervision (电子监察): who keeps within what was promised, who comes near the limit, and who is past it.
//!
//! Every call of a source and every question of a consumer is counted over a window of minutes ([`Window`]) and held against what is
//! allowed ([`Allowed`]). Near the limit there is a yellow card, past it a red one; what has a day on which it is due gets cards the
//! same way. The decisions are in [`Board`], which knows no clock and no disk; a turn in the background ([`run`]) notes changes of cards
//! in the ledger and in the access log, and adds the figures to the hours of the ledger, from which [`report`] is made.

mod allowed;
mod board;
mod call;
mod due;
mod ended;
mod matters;
pub mod report;
mod window;
mod work;

pub use allowed::{Allowed, Limit, Used};
pub use board::{Board, BudgetView};
pub use call::Call;
pub use due::{Due, Dues};
pub use ended::Ended;
pub use matters::Matters;
pub use window::Window;
pub use work::{Gauges, Supervision, run};
