//! We as a witness of the logs of others (C2SP tlog-witness).

use std::sync::Arc;

use crypto::tlog::{AddCheckpoint, Refusal};
use hyper::StatusCode;

use crate::app::App;
use crate::http::{Answer, Code, Problem, Request};
use crate::witness::Decided;

/// `POST /witness/add-checkpoint`
///
/// # Errors
/// The status of C2SP tlog-witness that says why nothing was signed; [`Code::NotFound`] when this gateway is no witness.
pub async fn add_checkpoint(app: Arc<App>, request: Request) -> Result<Answer, Problem> {
    let shared = Arc::clone(&app);
    let work = move || -> Result<Answer, Problem> {
        let service = shared.witness.as_ref().ok_or(Code::NotFound)?;
        let asked = AddCheckpoint::parse(&request.body).map_err(|error| {
            let text = error.text();
            Problem::new(Code::WitnessMalformed).detail(text.en, text.zh)
        })?;
        let checkpoint = asked.checkpoint();
        request.trail.detail("size", checkpoint.size());
        request.trail.detail("root", checkpoint.root().to_string());
        if service.knows(checkpoint.origin()) {
            // Names that nobody here has given do not get into the log.
            request.trail.detail("origin", checkpoint.origin());
        }
        let carried = request.trail.carried();
        let decided = service.answer(shared.store().witnessing(), &asked, request.now, &carried)?;
        drop(carried);
        match decided {
            Decided::Signed(line) => Ok(Answer::bytes(StatusCode::OK, "text/plain; charset=utf-8", line)),
            Decided::Refused(refusal) => refused(&refusal),
        }
    };
    app.pool.run(work).await?
}

fn refused(refusal: &Refusal) -> Result<Answer, Problem> {
    if let Some(size) = refusal.last_size() {
        let mut answer = Answer::bytes(StatusCode::CONFLICT, Refusal::SIZE_TYPE, format!("{size}\n"));
        answer.code = Some(Code::WitnessConflict);
        return Ok(answer);
    }
    let text = refusal.text();
    let code = match refusal {
        Refusal::Unsigned => Code::WitnessUnsigned,
        Refusal::UnknownOrigin => Code::WitnessUnknownOrigin,
        Refusal::Inconsistent => Code::WitnessInconsistent,
        _ => Code::WitnessMalformed,
    };
    Err(Problem::new(code).detail(text.en, text.zh))
}
