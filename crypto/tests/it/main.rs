//! Tests against material from outside.
#![cfg(test)]
#![expect(clippy::disallowed_methods, clippy::string_slice, reason = "tests read samples, and cut texts that they wrote")]

mod adversary;
mod bundle;
mod certificates;
mod companions;
mod completeness;
mod corpus;
mod demands;
mod diagnostics;
mod differential;
mod divergences;
mod grants;
mod hostile;
mod identifiers;
mod indications;
mod issued;
mod limbo;
mod merkle;
mod mutations;
mod ocsp;
mod openssl;
mod openssl_paths;
mod openssl_status;
mod path_rules;
mod path_search;
mod paths;
mod pdf;
mod pdf_cost;
mod pdf_evidence;
mod pkits;
mod pkits_revocation;
mod raw;
mod revocation;
mod samples;
mod sd_jwt;
mod sm2;
mod sm2_chains;
mod sm2_differential;
mod soundness;
mod status;
mod status_list;
mod timestamps;
mod tlog_peers;
mod vectors;
mod world;

/// The folder of samples: `LICET_TESTDATA`, or `shared/testdata` beside the project.
fn testdata() -> std::path::PathBuf {
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/testdata");
    let folder = std::env::var_os("LICET_TESTDATA").map_or(beside, std::path::PathBuf::from);
    assert!(
        folder.is_dir(),
        "THE SAMPLES ARE MISSING: {} is not a folder. Set LICET_TESTDATA to the folder of test data; without it these tests prove nothing.",
        folder.display()
    );
    folder
}
