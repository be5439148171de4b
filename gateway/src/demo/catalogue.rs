//! The demo's catalogue, as a file that `licet catalogue` takes as well: who there is, what is shared, which matter needs what.

use super::kind::{Holders, KINDS, Kind};
use super::licences::type_code;
use super::people;
use super::pki::Pki;

/// The register of persons.
pub const PERSONS: &str = "3010010001/1";
/// Driving licences on record.
pub const DRIVERS: &str = "3020010001/1";
/// Marriage certificates on record.
pub const MARRIAGES: &str = "3030010001/1";
/// The matter in hand: the permit to drive a taxi.
pub const ITEM: &str = "210200-0118";
/// Its name.
pub const ITEM_NAME: &str = "出租汽车驾驶员从业资格认定";

/// The name of the register of persons among the sources of the configuration.
pub const REGISTER: &str = "persons";

/// The text of the file.
#[must_use]
pub fn text(pki: &Pki) -> String {
    let mut text = "# The catalogue of a demo: everybody and everything named here is invented.\n".to_owned();
    organisations(&mut text, pki);
    for kind in &KINDS {
        text.push_str(&licence_type(kind));
    }
    for (code, slug, fields) in
        [(DRIVERS, "driving-licence", DRIVER_FIELDS), (MARRIAGES, "marriage-certificate", MARRIAGE_FIELDS)]
    {
        if let Some((kind, department)) = Kind::of(slug).and_then(|kind| Some((kind, pki.department(kind.department)?))) {
            text.push_str(&resource((code, kind.name), &department.code, ("licence_type", &type_code(kind)), fields));
        }
    }
    let police = organisation_of(pki, "police");
    text.push_str(&resource((PERSONS, "人口基本信息"), &police, ("source", REGISTER), PERSON_FIELDS));
    text.push_str(&item(pki));
    text
}

/// Name and title of each field, and the rest of it as the file has it.
type Fields = &'static [(&'static str, &'static str, &'static str)];

const PERSON_FIELDS: Fields = &[
    ("name", "姓名", "type = \"text\", attribute = \"person.name\", authoritative = true"),
    ("sex", "性别", "type = \"code\""),
    ("birth", "出生日期", "type = \"date\""),
    ("address", "住址", "type = \"text\", sensitivity = \"sensitive\""),
];
const DRIVER_FIELDS: Fields = &[
    ("holder_name", "姓名", "type = \"text\", attribute = \"person.name\""),
    ("KZ_ZJCX", "准驾车型", "type = \"code\""),
    ("issued", "颁发日期", "type = \"date\""),
    ("valid_until", "有效期至", "type = \"date\""),
    ("document", "电子证照文件", "type = \"text\""),
];
const MARRIAGE_FIELDS: Fields = &[("KZ_DJJG", "登记机关", "type = \"text\""), ("issued", "登记日期", "type = \"date\"")];

fn organisation_of(pki: &Pki, client: &str) -> String {
    pki.client(client).map(|client| client.organisation.clone()).unwrap_or_default()
}

fn organisations(text: &mut String, pki: &Pki) {
    let city = people::public_body("210200", 0);
    let mut all = vec![(city.clone(), "示例市人民政府", None)];
    all.extend(pki.departments.iter().map(|department| (department.code.clone(), department.name, Some(&city))));
    all.push((organisation_of(pki, "police"), "示例市公安局", Some(&city)));
    all.push((organisation_of(pki, "window"), "示例市行政审批局", Some(&city)));
    let definers = [(1, "示例市场监管部门"), (2, "示例建设部门"), (3, "示例民政部门"), (4, "示例公安部门")];
    all.extend(definers.map(|(number, name)| (definer(number), name, None)));
    for (code, name, parent) in all {
        text.push_str(&format!("\n[[organisations]]\ncode = \"{code}\"\nname = \"{name}\"\nlevel = \"city\"\n"));
        if let Some(parent) = parent {
            text.push_str(&format!("parent = \"{parent}\"\narea = \"210200\"\n"));
        }
    }
}

/// The body that defines types of licences for the whole country.
fn definer(number: u16) -> String {
    people::public_body("100000", 900 + number)
}

fn licence_type(kind: &Kind) -> String {
    let holder = match kind.holders {
        Holders::Company(_) => "organisation",
        Holders::Person | Holders::Couple => "person",
    };
    format!(
        "\n[[licence_types]]\ncode = \"{}\"\nname = \"{}\"\nauthority = \"{}\"\nauthority_name = \"示例部门\"\nholder = \"{holder}\"\n",
        type_code(kind),
        kind.name,
        definer(kind.definer)
    )
}

fn resource((code, name): (&str, &str), provider: &str, (from, whom): (&str, &str), fields: Fields) -> String {
    let rows = fields.iter().map(|(name, title, rest)| format!("  {{ name = \"{name}\", title = \"{title}\", {rest} }},\n"));
    let rows: String = rows.collect();
    format!(
        r#"
[[resources]]
code = "{code}"
name = "{name}"
provider = "{provider}"
share = "conditional"
condition = "依申请，供行政审批使用"
legal_basis = "示例市政务数据共享办法"
sensitivity = "personal"
subjects = ["111"]
{from} = "{whom}"
idempotent = true
update = "live"
sla = {{ latency_ms = 300, slow_permille_max = 50, error_permille_max = 10 }}
fields = [
{rows}]
"#
    )
}

fn item(pki: &Pki) -> String {
    let licence = Kind::of("driving-licence").map(type_code).unwrap_or_default();
    format!(
        r#"
[[items]]
code = "{ITEM}"
name = "{ITEM_NAME}"
organisation = "{}"
materials = [
  {{ code = "identity", name = "居民身份信息", required = true, resources = ["{PERSONS}"] }},
  {{ code = "driving-licence", name = "机动车驾驶证", required = true, licence_types = ["{licence}"] }},
  {{ code = "health", name = "体检证明", required = true }},
]
"#,
        organisation_of(pki, "window")
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crypto::catalogue::{Catalogue, check};

    use super::super::testing;
    use super::*;
    use crate::catalogue::CatalogueFile;

    #[test]
    fn is_a_catalogue_without_a_fault() {
        let entries: Vec<_> = CatalogueFile::parse(&text(&testing::pki())).unwrap().into_entries().collect();
        let catalogue = Catalogue::of(1, entries);
        assert_eq!(check(&catalogue, Some(&BTreeSet::from([REGISTER.to_owned()]))), []);
        assert_eq!(catalogue.item(ITEM).unwrap().materials.len(), 3);
        for code in [PERSONS, DRIVERS, MARRIAGES] {
            assert!(catalogue.resource(code).is_some(), "{code}");
        }
    }
}
