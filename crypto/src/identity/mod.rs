//! Tokens of holders: what an identity provider vouches for when a citizen consents, empowers somebody, or asks in person.
//!
//! A token is a compact JWS (RFC 7515) of JWT claims (RFC 7519), made by an `OpenID` provider whose keys are configured. It is good
//! for one question: it names the provider, the gateway, the holder, the item, the resources and its own name, and lives for
//! minutes. Nothing in it is looked at before its signature is verified, but the issuer, which says whose keys to take.
//!
//! That a token is good for one use is not decided here: [`Accepted::id`] is what whoever keeps state has to spend.

mod claims;
mod jwk;
mod provider;
mod refusal;
mod token;

pub use claims::ClaimNames;
pub use jwk::{JwkError, KeySet};
pub use provider::Provider;
pub use refusal::Refusal;
pub use token::{Accepted, Demand, TOKEN_BYTES_MAX, verify};

#[cfg(test)]
mod tests;
