//! The description of the interface.

use std::sync::Arc;

use hyper::StatusCode;

use crate::app::App;
use crate::http::{Answer, Problem, Request};

/// `GET /openapi.json`
///
/// # Errors
/// None; the form is that of every handler.
pub async fn document(app: Arc<App>, _: Request) -> Result<Answer, Problem> {
    Ok(Answer::bytes(StatusCode::OK, "application/json", app.openapi.clone()))
}
