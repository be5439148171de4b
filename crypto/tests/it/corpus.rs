//! The inputs that fuzzing kept, and those that it once failed on: every parser takes them again on every run.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/targets.rs"]
#[expect(clippy::let_underscore_must_use, reason = "that it comes back is all that is asked of much of what is called there")]
mod targets;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

#[test]
fn every_kept_input_is_taken_again() {
    for (name, target) in targets::ALL {
        let folder = corpus().join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let data = fs::read(&path).unwrap();
            let outcome = std::panic::catch_unwind(|| target(&data));
            assert!(outcome.is_ok(), "{} fails", path.display());
            // Cut off and lengthened, as transport errors leave it.
            target(&data[..data.len() / 2]);
            target(&[&data[..], b"\0"].concat());
            count += 1;
        }
        assert!(count > 0, "no inputs for {name}");
    }
    for folder in fs::read_dir(corpus()).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(targets::ALL.iter().any(|(known, _)| *known == name), "nobody replays {name}");
    }
}
