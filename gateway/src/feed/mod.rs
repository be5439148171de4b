//! The change feed (双告知): what happens to licences and seals, for systems that have to keep in step with it.
//!
//! It is the seal log itself, seen through a [`Scope`]: a position is the number of a record, so that the order is that of the log,
//! nothing is left out, and whoever knows where they were goes on from there, whatever was restarted meanwhile.

mod event;
mod page;
mod scope;
mod stream;
mod wake;

pub(crate) use event::LICENCE_TYPE;
pub use event::{FeedEvent, MentionedLicence, MentionedSeal};
pub use page::{Look, Page, READ_MAX};
pub use scope::Scope;
pub use stream::{Delivered, Subscriber};
pub use wake::{News, Wake};
