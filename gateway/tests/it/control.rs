//! The control socket of a running gateway, asked by the command line.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::licence_kit::Office;
use crate::process::Site;

#[test]
fn an_operator_on_this_machine_asks_which_gateway_runs() {
    let site = Site::new(&Office::new());
    let socket = site.folder.path().join("data/licet.sock");
    let nobody = site.licet(&["about"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(String::from_utf8(nobody.stderr).unwrap().contains("no gateway listens"));

    let mut process = site.start();
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "others could tell the gateway what to do");
    let asked = || serde_json::from_slice::<Value>(&site.licet(&["about", "--json"]).stdout).unwrap();
    let first = asked();
    assert_eq!(first["version"], env!("CARGO_PKG_VERSION"));
    process.kill();
    assert!(socket.exists(), "nothing could take it away");

    let process = site.start();
    assert_ne!(asked()["process"], first["process"]);
    let (_, is_well) = process.terminate();
    assert!(is_well && !socket.exists());
}

#[test]
fn what_is_no_command_is_refused_by_name() {
    let site = Site::new(&Office::new());
    let _process = site.start();
    let curl = |arguments: &[&str]| {
        let socket = site.folder.path().join("data/licet.sock");
        let mut curl = std::process::Command::new("curl");
        let output = curl.args(["--silent", "--unix-socket"]).arg(socket).args(arguments).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["code"].clone()
    };
    assert_eq!(curl(&["http://licet/nothing"]), "not-found");
    assert_eq!(curl(&["--data", "{}", "http://licet/about"]), "method-not-allowed");
    assert_eq!(curl(&["http://licet/about", "--request", "GET", "--data", "{"]), "malformed");
}
