//! The row of the table for the logs that are witnessed here.

use crypto::record::EventKind;
use hyper::Method;

use super::{Content, Doc, Good, Route};
use crate::admission::Class;
use crate::auth::Admits;
use crate::handlers::witness;
use crate::http::{BodyRule, Code};

/// The longest request to a witness: a signed checkpoint and its proof.
const ADD_CHECKPOINT_BYTES_MAX: u32 = 64 << 10;

pub(super) const ADD_CHECKPOINT: Route = Route {
    method: Method::POST,
    path: "/witness/add-checkpoint",
    admits: Admits::AnyCaller,
    class: Class::Change,
    query: &[],
    event: Some(EventKind::LogWitness),
    body: BodyRule::Text(ADD_CHECKPOINT_BYTES_MAX),
    handler: |app, request| Box::pin(witness::add_checkpoint(app, request)),
    doc: Doc {
        id: "addCheckpoint",
        summary: "Have a checkpoint of another log witnessed",
        text: "C2SP tlog-witness: the size that was signed last, a consistency proof from there, and the checkpoint. The answer is this gateway's cosignature. Where the old size is not the one signed last, the answer is 409 with that size as text/x.tlog.size. Only logs of the configuration are witnessed.",
        json: None,
        answers: &[Good { status: 200, text: "The cosignature", content: Content::File(&["text/plain"]) }],
        problems: &[
            Code::WitnessMalformed,
            Code::WitnessUnsigned,
            Code::WitnessUnknownOrigin,
            Code::WitnessConflict,
            Code::WitnessInconsistent,
            Code::Contention,
            Code::Overloaded,
            Code::Unavailable,
        ],
    },
};
