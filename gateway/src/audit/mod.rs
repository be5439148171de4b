//! Reading the logs: who may see what, how rows are asked for, shown, proved and streamed.

mod csv;
mod cursor;
mod export;
mod filter;
mod proof;
mod questions;
mod rights;
mod tree;
mod view;
mod walk;

pub use cursor::{read as read_cursor, write as write_cursor};
pub use export::{Delivered, Format, PIECE_ROWS_MAX, Piece, WAITING_MAX, stream};
pub use filter::{Filter, FilterRequest, bad, log_name, subject_number, text};
pub use proof::{CheckpointView, Patience, Trees, covered, covering};
pub use questions::{ReadyQuestion, Register};
pub use rights::{Parts, Sight};
pub use tree::Tree;
pub use view::{ProofView, RowView, hashes, is_visible};
pub use walk::{Found, Walk};
