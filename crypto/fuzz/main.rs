//! One binary for all targets: `LICET_FUZZ=<target>` chooses.
#![no_main]

mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("LICET_FUZZ").expect("LICET_FUZZ names the target");
    targets::ALL.iter().find(|(known, _)| *known == name).expect("the target is not known").1
});

fuzz_target!(|data: &[u8]| TARGET(data));
