//! Tests against material from outside.
#![expect(clippy::disallowed_methods, clippy::string_slice, reason = "tests read samples, and cut texts that they wrote")]

#[cfg(test)]
mod adversary;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod companions;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod demands;
#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod divergences;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod indications;
#[cfg(test)]
mod issued;
#[cfg(test)]
mod limbo;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod ocsp;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod openssl_paths;
#[cfg(test)]
mod openssl_status;
#[cfg(test)]
mod path_rules;
#[cfg(test)]
mod path_search;
#[cfg(test)]
mod paths;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod pdf_cost;
#[cfg(test)]
mod pdf_evidence;
#[cfg(test)]
mod pkits;
#[cfg(test)]
mod pkits_revocation;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod sd_jwt;
#[cfg(test)]
mod sm2_chains;
#[cfg(test)]
mod soundness;
#[cfg(test)]
mod status;
#[cfg(test)]
mod status_list;
#[cfg(test)]
mod timestamps;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;

/// The folder of samples: `LICET_TESTDATA`, or `shared/testdata` beside the project.
#[cfg(test)]
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
