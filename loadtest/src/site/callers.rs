//! The systems that call, beside the offices.

/// Asks for verdicts.
pub const VERIFIER: &str = "verifier";
/// Reads the logs.
pub const AUDITOR: &str = "auditor";
/// Looks up by number.
pub const CONSUMER: &str = "consumer";
/// Keeps the catalogue.
pub const OPERATOR: &str = "operator";

/// All of these; the role of each is its name.
pub const CALLERS: [&str; 4] = [VERIFIER, AUDITOR, CONSUMER, OPERATOR];

/// The name in a caller's certificate, by which the gateway knows it.
#[must_use]
pub fn uri(caller: &str) -> String {
    format!("urn:licet-load:{caller}")
}
