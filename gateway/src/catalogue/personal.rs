//! No number of a citizen in the catalogue: its history is kept for ever, and everybody who calls reads it.

use crypto::catalogue::{CatalogueFault, Entry, Rule};
use crypto::licence::number::uscc;
use crypto::time::Date;
use serde_json::Value;

use crate::purpose::holds_citizen_number;

/// Every text of these entries in which the number of a citizen stands.
#[must_use]
pub fn citizen_numbers<'a>(entries: impl IntoIterator<Item = &'a Entry>, today: Date) -> Vec<CatalogueFault> {
    let mut faults = Vec::new();
    for entry in entries {
        let mut places = Vec::new();
        // An entry is plain data, which always has a form in JSON.
        walk(&serde_json::to_value(entry).unwrap_or_default(), String::new(), today, &mut places);
        let fault = |field| CatalogueFault { entry: Some(entry.key()), field, rule: Rule::CitizenNumber };
        faults.extend(places.into_iter().map(fault));
    }
    faults
}

fn walk(value: &Value, place: String, today: Date, places: &mut Vec<String>) {
    match value {
        // The code of an organisation has 18 characters too, and is no person's number.
        Value::String(text) if holds_citizen_number(text, today) && uscc(text).is_err() => places.push(place),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                walk(value, format!("{place}[{index}]"), today, places);
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                walk(value, place, today, places);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crypto::catalogue::{Item, Material};

    use super::*;

    #[test]
    fn a_number_is_found_wherever_it_stands() {
        let today = Date::new(2026, 7, 1).unwrap();
        let text = |text: &str| text.to_owned();
        let material = |name: &str| Material {
            code: text("a"),
            name: text(name),
            required: false,
            licence_types: Vec::new(),
            resources: Vec::new(),
        };
        let item = |name: &str, material_name: &str| {
            let materials = vec![material("x"), material(material_name)];
            Entry::Item(Item { code: text("1"), name: text(name), organisation: text("11330105002500287C"), materials })
        };
        let places = |entry: &Entry| citizen_numbers([entry], today).into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert!(places(&item("name", "material")).is_empty());
        assert_eq!(places(&item("of 11010519491231002x.", "material")), ["name"]);
        assert_eq!(places(&item("11010519491231002X", "身份证11010519491231002X")), ["materials[1].name", "name"]);
    }
}
