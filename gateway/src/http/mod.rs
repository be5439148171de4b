//! HTTP as the handlers see it: requests with their parts read, answers, and problems.

mod answer;
mod body;
mod code;
mod negotiate;
mod object;
mod octets;
mod outgoing;
mod place;
mod problem;
mod query;
mod request;
mod request_id;
mod room;
mod router;
mod storage;

pub use answer::{Answer, guard};
pub use body::{BodyRule, Media, discard as discard_body, discard_little, read as read_body};
pub use code::Code;
pub use negotiate::{EVENTS, Language, accepts, single};
pub use object::object;
pub use octets::Octets;
pub use outgoing::{Cut, Outgoing, PIECE_BYTES};
pub use problem::{DeniedBody, FaultBody, Problem, ProblemBody};
pub use query::{NEXT, PAGE_ROWS, Query, page_rows, percent_decode};
pub use request::Request;
pub use request_id::RequestId;
pub use room::{Room, Rooms};
pub use router::{Found, Params, Router};
