//! Answers that are proven to have every record of a seal, or of a person, in a range of time.

use std::sync::Arc;

use crypto::record::LogName;

use super::log_search::Shape;
use crate::app::App;
use crate::audit::Filter;
use crate::http::{Answer, Code, Problem, Request};

/// Interim.
pub(super) async fn answer(_: Arc<App>, _: Request, _: LogName, _: Filter, _: Shape) -> Result<Answer, Problem> {
    Err(Code::Unavailable.into())
}
