//! What was measured, for people and for programs: JSON, Markdown, and one page with plots that needs nothing from outside.

mod finding;
mod html;
mod machine;
mod markdown;
mod model;
mod plot;
mod step;
mod write;

pub use finding::{Finding, Verdict};
pub use machine::Machine;
pub use model::{Report, Table};
pub use step::{KindRow, Step};
