//! Whom to believe: rules from files, put together with what is known of revocation, as one generation at a time.

mod files;
mod keeper;

use crypto::x509::Trust;

use crate::config::{Config, Faults};

pub use keeper::{Keeper, Rules, Standing, Trouble};

/// Reads every file that the configuration names for trust, and puts a generation together.
///
/// # Errors
/// Every file that cannot be read, by its key.
pub fn load(config: &Config) -> Result<Trust, Faults> {
    rules(config).map(|rules| Trust::new(rules.domains, rules.policy))
}

/// Reads the rules alone.
///
/// # Errors
/// As [`load`].
pub fn rules(config: &Config) -> Result<Rules, Faults> {
    files::read(config)
}
