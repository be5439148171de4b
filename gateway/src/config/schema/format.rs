//! Texts of the configuration that have a form of their own.

use std::net::SocketAddr;

use crypto::time::{Date, Timestamp};
use crypto::tlog::VerifierKey;

use super::super::{Moment, Pointer, RequestTemplate, SourceUrl};

/// A form, by the name that it has in the schema.
pub(crate) struct Format {
    name: &'static str,
    /// What it is called in the documentation.
    pub(crate) title: &'static str,
    /// A text that has it, for the operator to go by.
    pub(crate) example: &'static str,
    check: fn(&str) -> Result<(), String>,
}

/// Every form.
static ALL: &[Format] = &[
    Format {
        name: "socket-address",
        title: "address and port",
        example: "127.0.0.1:8443",
        check: |text| parsed(text.parse::<SocketAddr>().map_err(|_error| "is no address with a port".to_owned())),
    },
    Format {
        name: "address",
        title: "URL",
        example: "https://example.org/path",
        check: |text| parsed(SourceUrl::try_from(text.to_owned())),
    },
    Format {
        name: "json-pointer",
        title: "JSON Pointer",
        example: "/data/0",
        check: |text| parsed(Pointer::try_from(text.to_owned())),
    },
    Format {
        name: "template",
        title: "JSON with places",
        example: "{\"number\":\"{number}\"}",
        check: |text| parsed(RequestTemplate::try_from(text.to_owned())),
    },
    Format {
        name: "moment",
        title: "moment or day",
        example: "2030-12-31",
        check: |text| parsed(text.parse::<Moment>().map_err(|error| format!("is {error}"))),
    },
    Format {
        name: "date",
        title: "day",
        example: "2030-12-31",
        check: |text| parsed(text.parse::<Date>().map_err(|_error| "is no day such as 2030-12-31".to_owned())),
    },
    Format {
        name: "date-time",
        title: "moment",
        example: "2030-12-31T23:59:59+08:00",
        check: |text| parsed(text.parse::<Timestamp>().map_err(|_error| "is no moment of RFC 3339".to_owned())),
    },
    Format {
        name: "verifier-key",
        title: "verifier key",
        example: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        check: |text| parsed(text.parse::<VerifierKey>().map_err(|error| format!("is no verifier key: {error}"))),
    },
];

impl Format {
    /// The form with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|format| format.name == name)
    }

    /// Whether a text has it.
    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        (self.check)(text)
    }
}

fn parsed<T>(result: Result<T, String>) -> Result<(), String> {
    result.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_has_the_form_and_nonsense_has_none() {
        for format in ALL {
            assert_eq!(format.check(format.example), Ok(()), "{}", format.name);
            assert!(format.check("~ nonsense").is_err(), "{}", format.name);
        }
        assert!(Format::named("socket-address").is_some() && Format::named("uint32").is_none());
    }
}
