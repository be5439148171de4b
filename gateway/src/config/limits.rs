//! `[limits]`: how much may be asked at the same time, by everybody and by one caller.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Faults;

/// How much may be asked. What is beyond is refused before it is read: `503` where the gateway has too much to do, `429` where one
/// caller asks too much.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests of all callers that are being answered at the same time. Exports are let in up to a quarter of them, reading up to
    /// three fifths, look-ups up to four fifths, verifications and changes until a twentieth is left, which is for operators.
    /// Default 8192.
    pub in_flight_max: u32,
    /// The same of one caller, where `[[callers]]` does not say otherwise. Default 4096.
    pub caller_in_flight_max: u32,
    /// Requests of one caller in a second, where `[[callers]]` does not say otherwise; 0, the default, for as many as it likes.
    pub caller_requests_per_s: u32,
    /// Requests of one caller that may come at once, ahead of that rate; 0, the default, for those of one second.
    pub caller_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight_max: 8192, caller_in_flight_max: 4096, caller_requests_per_s: 0, caller_burst: 0 }
    }
}

impl Limits {
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.demand(self.in_flight_max > 0, "limits.in_flight_max", "must not be 0");
        faults.demand(self.caller_in_flight_max > 0, "limits.caller_in_flight_max", "must not be 0");
    }
}
