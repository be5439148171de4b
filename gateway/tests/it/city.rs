//! A whole city over real sockets: the gateway as people run it, twelve departments of which four are broken, and every answer held
//! against what the departments have.
//!
//! What depends on the machine is not asserted: how long answers take is measured by `licet-load city`.

use std::path::PathBuf;
use std::time::Duration;

use loadtest::city::{self, Options};
use loadtest::departments::Profile;

use crate::pki::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_that_of_the_department_about_the_subject() {
    let folder = Folder::new();
    let options = Options {
        licet: PathBuf::from(env!("CARGO_BIN_EXE_licet")),
        folder: folder.path().join("city"),
        profile: Profile::city(7),
        rate: 60,
        seconds: 5,
        // Long enough for a busy machine: all but the broken can come.
        deadline: Duration::from_millis(1500),
        connections: 2,
        port: 0,
    };
    let report = city::run(&options).await.unwrap();
    assert_eq!(report.lookups(), 300);
    assert!(report.is_right(), "{report}");
    let (possible, came) = report.came();
    assert!(possible >= 300 * 8 && came * 100 >= possible * 95, "{report}");
    // The dead department was asked until that was known, and tried again now and then.
    let dead = report.asked()[8];
    assert!(dead < 60, "{report}");
}
