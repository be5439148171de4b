//! What a gateway needs to serve under load: certificates, keys, trust, callers, catalogue, and a memory of what was done to it.
//!
//! All of it follows from a seed, so that the same licences can be made again, years later and on another machine. Its keys are no
//! secrets: nobody may trust them but a gateway under test.

mod authority;
mod book;
mod callers;
mod catalogue;
mod configuration;
mod folder;
mod offices;
mod organisations;

pub use authority::{Authority, Credential, client_config, server_config};
pub use book::{Book, FRESH};
pub use callers::{AUDITOR, CALLERS, CONSUMER, OPERATOR, VERIFIER, uri};
pub use catalogue::{ITEM, RESOURCE};
pub(crate) use configuration::{BASE, caller as caller_section};
pub(crate) use folder::base_files;
pub use folder::{Site, make_folder, write};
pub use offices::{OFFICES, Office, Offices};
pub(crate) use organisations::AREA;
pub use organisations::{LICENCE, organisation, type_code};
