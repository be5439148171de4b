//! The variable parts of paths: for the documentation.

use crypto::catalogue::Kind;
use crypto::digest::Sha256;
use crypto::licence::identifier::Identifier;
use crypto::record::LogName;
use schemars::json_schema;

use super::{Parameter, schema_of};
use crate::audit::ReadyQuestion;

/// Every one of them, by its name.
pub(crate) static ALL: &[Parameter] = &[
    Parameter { name: "code", text: "The code of an entry, one of its kind.", schema: schema_of::<String> },
    Parameter {
        name: "id",
        text: "What the thing is called, as it was told when it was put on record.",
        schema: schema_of::<String>,
    },
    Parameter { name: "identifier", text: "The identifier of a licence (证照标识).", schema: schema_of::<Identifier> },
    Parameter { name: "kind", text: "The kind of an entry.", schema: schema_of::<Kind> },
    Parameter { name: "list", text: "The number of a list.", schema: schema_of::<u32> },
    Parameter { name: "log", text: "The log.", schema: schema_of::<LogName> },
    Parameter {
        name: "month",
        text: "A month of ours that has begun, such as 2026-07.",
        schema: |_| json_schema!({ "type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$" }),
    },
    Parameter { name: "number", text: "The number of a record in its log.", schema: schema_of::<u64> },
    Parameter { name: "period", text: "The period of a shard, such as 2026.", schema: schema_of::<String> },
    Parameter {
        name: "question",
        text: "The question.",
        schema: |_| json_schema!({ "type": "string", "enum": ReadyQuestion::ALL.map(ReadyQuestion::name) }),
    },
    Parameter { name: "sha256", text: "A digest, in hexadecimal digits.", schema: schema_of::<Sha256> },
    Parameter { name: "tile", text: "The place of a tile, as C2SP tlog-tiles has it.", schema: schema_of::<String> },
    Parameter { name: "version", text: "A version of the catalogue.", schema: schema_of::<u64> },
];

/// The parameters of queries that must be given: name of the operation, name of the parameter.
pub(crate) const DEMANDED: &[(&str, &str)] = &[("proveLogConsistency", "period"), ("proveLogConsistency", "from")];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::routes::TABLE;

    #[test]
    fn each_part_of_a_path_is_described_and_no_other() {
        let in_paths = TABLE.iter().flat_map(|route| route.path.split('/'));
        let in_paths = in_paths.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_paths: BTreeSet<&str> = in_paths.map(|name| name.trim_end_matches("...")).collect();
        assert_eq!(ALL.iter().map(|part| part.name).collect::<BTreeSet<_>>(), in_paths);
    }

    #[test]
    fn what_is_demanded_is_known() {
        for (id, name) in DEMANDED {
            let route = TABLE.iter().find(|route| route.doc.id == *id).unwrap();
            assert!(route.query.iter().any(|parameter| parameter.name == *name), "{id} {name}");
        }
    }
}
