//! Objects within JSON that may not be written as lists.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads an object. By itself, a reader takes a list for the fields in their order too; where all fields may be left out, a list
/// of anything would say nothing.
///
/// # Errors
/// When it is anything else, or not this object.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map))
        }
    }
    deserializer.deserialize_map(Object(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        a: Option<u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        #[serde(default, deserialize_with = "object")]
        inner: Inner,
    }

    #[test]
    fn a_list_is_no_object() {
        let read = serde_json::from_str::<Outer>;
        assert_eq!(read(r#"{"inner":{"a":1}}"#).unwrap().inner, Inner { a: Some(1) });
        assert_eq!(read("{}").unwrap().inner, Inner::default());
        for bad in [r#"{"inner":[1]}"#, r#"{"inner":[null]}"#, r#"{"inner":null}"#, r#"{"inner":{"b":1}}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
