//! What happened, as the logs keep it: records of salted parts, the entries that commit to them, and the chains that join what
//! concerns one seal or one person.
//!
//! A record is a list of parts ([`Part`]): its stamp, its facts, what it says about a citizen, and a [`Link`] for each seal and
//! each subject. Each part is salted and committed to by itself; the entry of the record, which is what the tree holds, commits
//! to the commitments. So a part can be shown without the others, and erased without them.

pub mod completeness;

mod event;
mod facts;
mod link;
mod origin;
mod part;

pub use completeness::{Completeness, CompletenessError, Proven, VerifiedTree};
pub use event::{Ending, EventKind, LogName};
pub use facts::{DocumentMention, Facts, SealMention, Stamp, SubjectPart};
pub use link::{Chain, KeyKind, Link, Previous};
pub use origin::key_for;
pub use part::{Commitment, Entry, Opening, Part, Salt};
