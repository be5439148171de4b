//! Real and synthetic numbers and identifiers, valid and not.

use crypto::licence::identifier::{Deviation, Identifier, IdentifierError};
use crypto::licence::number::{Generation, citizen_number, uscc};
use crypto::time::Date;
use serde_json::Value;

struct Vectors(Value);

impl Vectors {
    fn read() -> Self {
        let path = crate::testdata().join("gm-vectors/identifiers.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_json::from_str(&text).unwrap())
    }

    fn list(&self, name: &str) -> Vec<&str> {
        let list: Vec<_> = self.0[name].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
        assert!(!list.is_empty(), "{name}");
        list
    }
}

fn today() -> Date {
    Date::new(2026, 7, 1).unwrap()
}

#[test]
fn every_list_is_used() {
    let vectors = Vectors::read();
    let lists: Vec<_> =
        vectors.0.as_object().unwrap().iter().filter(|(_, value)| value.is_array()).map(|(name, _)| name.as_str()).collect();
    let known = [
        "citizen_invalid",
        "citizen_synthetic_valid",
        "citizen_valid_from_standard_examples",
        "elicence_identifier_bad_check",
        "elicence_identifier_valid",
        "uscc_invalid",
        "uscc_valid",
    ];
    assert_eq!(lists, known);
}

#[test]
fn unified_social_credit_codes() {
    let vectors = Vectors::read();
    for code in vectors.list("uscc_valid") {
        assert_eq!(uscc(code), Ok(()), "{code}");
    }
    for code in vectors.list("uscc_invalid") {
        assert!(uscc(code).is_err(), "{code}");
    }
}

#[test]
fn citizen_numbers() {
    let vectors = Vectors::read();
    for list in ["citizen_valid_from_standard_examples", "citizen_synthetic_valid"] {
        for number in vectors.list(list) {
            assert_eq!(citizen_number(number, today()), Ok(Generation::Second), "{number}");
        }
    }
    for number in vectors.list("citizen_invalid") {
        assert!(citizen_number(number, today()).is_err(), "{number}");
    }
}

#[test]
fn licence_identifiers() {
    let vectors = Vectors::read();
    for text in vectors.list("elicence_identifier_valid") {
        let read: Identifier = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.to_string(), text);
        assert_eq!(Identifier::new(read.type_code(), read.issuer(), read.serial(), read.version()), Ok(read));
    }
    for text in vectors.list("elicence_identifier_bad_check") {
        let refused = text.parse::<Identifier>().unwrap_err();
        assert!(matches!(refused, IdentifierError::Content(Deviation::Check { .. })), "{text}: {refused:?}");
        let (read, deviations) = Identifier::parse_lenient(text).unwrap();
        assert_eq!(read.to_string(), text);
        assert!(deviations.iter().any(|found| matches!(found, Deviation::Check { .. })), "{text}");
    }
}
