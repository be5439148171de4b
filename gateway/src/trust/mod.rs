//! Whom to believe: rules from files or from a signed list, put together with what is known of revocation, as one generation
//! at a time that is swapped whole.

mod domain;
mod embed;
mod gauges;
mod keeper;
pub mod list;
mod octets;
pub mod renewal;
mod replace;
mod source;

use crypto::x509::Trust;

use crate::clock;
use crate::config::{Config, Faults};

pub use embed::embed;
pub use gauges::Gauges;
pub use keeper::{Keeper, Rules, Standing, Trouble};
pub use octets::Octets;
pub use renewal::{Outcome, Prepared, Renewal};
pub use replace::replace;
pub use source::{Loaded, Source, last_accepted, signers};

/// Reads every file that the configuration names for trust, and puts a generation together.
///
/// # Errors
/// Every file that cannot be read, by its key.
pub fn load(config: &Config) -> Result<Trust, Faults> {
    let loaded = Source::of(config).read(None, clock::now())?;
    Ok(Trust::new(loaded.rules.domains, loaded.rules.policy))
}
