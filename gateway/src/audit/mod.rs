//! Reading the logs: who may see what, how rows are asked for, shown and streamed.

mod rights;

pub use rights::Sight;
