//! By a signal, by a look at the files, and by the command line, with a process of its own.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::admin;
use crate::licence_kit::Office;
use crate::pki::Authority;
use crate::process::{Process, Site};
use crate::started::VERIFIER;

fn said(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap())
}

/// Waits until the metrics say this.
fn wait_for(process: &Process, line: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let until = gateway::clock::instant() + Duration::from_secs(60);
    while !runtime.block_on(admin::ask_at(process.admin, "GET /metrics")).contains(line) {
        assert!(gateway::clock::instant() < until, "{line} does not come");
    }
}

/// Waits until this generation is in force.
fn wait(process: &Process, generation: u64) {
    wait_for(process, &format!("licet_configuration_generation {generation}\n"));
}

#[test]
fn a_signal_a_command_and_a_changed_file_each_put_it_in_force() {
    let site = Site::with(&Office::new(), "[reload]\nfiles_s = 0\n");
    let file = site.folder.path().join("licet.toml");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    };
    assert_eq!(site.licet(&["reload"]).status.code(), Some(1), "nobody is there");
    let process = site.start();
    let diff = |name: &str| said(&site.licet(&["config", "diff", site.folder.path().join(name).to_str().unwrap()]));
    assert_eq!(diff("licet.toml"), (0, "the same\n".to_owned()));
    assert_eq!(said(&site.licet(&["reload"])), (0, "the same\ngeneration 0 stays in force\n".to_owned()));

    let text = std::fs::read_to_string(&file).unwrap();
    site.folder.write("other.toml", text.replacen("roles = ['auditor']", "roles = ['auditor', 'operator']", 1));
    let line = "~ callers[audit].roles: [\"auditor\"] -> [\"auditor\", \"operator\"]\n";
    assert_eq!(diff("other.toml"), (1, line.to_owned()));
    edit("roles = ['auditor']", "roles = ['auditor', 'operator']");
    assert_eq!(said(&site.licet(&["reload", "--dry-run"])), (0, line.to_owned()));
    assert_eq!(said(&site.licet(&["reload"])), (0, format!("{line}in force as generation 1\n")));

    edit("files_s = 0", "files_s = 1");
    process.hang_up();
    wait(&process, 2);
    edit("roles = ['auditor', 'operator']", "roles = ['auditor']");
    wait(&process, 3);

    // What is refused waits for the file that is missing.
    edit("client_anchors = [\"clients.pem\"]", "client_anchors = [\"clients.pem\", \"second.pem\"]");
    wait_for(&process, "licet_reloads_total{outcome=\"refused\"}");
    site.folder.write("second.pem", Authority::new("second").pem());
    wait(&process, 4);

    // What is refused, and put back between two looks: the same file, by its time and its place as well.
    let kept = site.folder.path().join("kept.toml");
    std::fs::rename(&file, &kept).unwrap();
    std::fs::write(&file, std::fs::read_to_string(&kept).unwrap().replace("second.pem", "third.pem")).unwrap();
    assert_eq!(site.licet(&["reload"]).status.code(), Some(1));
    std::fs::rename(&kept, &file).unwrap();
    wait_for(&process, "licet_ready{check=\"configuration\"} 1\n");

    edit("path = \"data\"", "path = \"elsewhere\"");
    // The socket is where the gateway has it.
    site.folder.write("running.toml", text);
    let running = site.folder.path().join("running.toml");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_licet"));
    let refused = command.args(["reload", "--json", "--config"]).arg(&running).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("storage.path: cannot be changed while the gateway runs"), "{why}");
    let about: Value = {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_licet"));
        let output = command.args(["about", "--json", "--config"]).arg(&running).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(about["generation"], 4);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reply = runtime.block_on(site.client(&process, VERIFIER).get("/v1/trust"));
    assert_eq!(reply.status, 200);
    let (log, is_well) = process.terminate();
    assert!(is_well);
    let said: Vec<_> = log.iter().filter(|line| line.contains("another configuration is in force")).collect();
    let by = ["\"by\":\"signal\"", "\"by\":\"files\""];
    assert!(said.len() == 4 && by.iter().all(|by| said.iter().any(|line| line.contains(by))), "{said:?}");
    let refused: Vec<_> = log.iter().filter(|line| line.contains("the configuration was refused")).collect();
    assert_eq!(refused.len(), 2, "once for each fault is enough: {refused:?}");
    let waits: Vec<_> = log.iter().filter(|line| line.contains("the configuration waits for a restart")).collect();
    assert_eq!(waits.len(), 1, "{waits:?}");
}
