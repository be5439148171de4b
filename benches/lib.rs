//! What licet costs, step by step: what is measured, for everything here that measures.
//!
//! [`steps`] has one row for each step of a verification and for what it cannot do without. Three programs run them: `cargo bench`
//! times each (`criterion.rs`), `licet-gate` counts their instructions and holds them against `gate.toml`, and `licet-bench` makes
//! the table of targets. `licet-log-bench` fills the logs.

pub mod disk;
pub mod fill;
pub mod folder;
pub mod inside;
pub mod lists;
pub mod log_signer;
pub mod measure;
pub mod office;
pub mod pipe;
pub mod receipts;
pub mod steps;
pub mod subjects;
