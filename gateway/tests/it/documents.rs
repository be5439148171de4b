//! What the documents, and the demo itself, tell a reader to type: typed into a shell beside a running demo.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::pki::Folder;

/// A demo that serves until it is dropped.
struct Demo {
    child: Child,
    scratch: Folder,
    /// The lines to paste that it prints.
    lines: String,
}

impl Demo {
    fn start() -> Self {
        let scratch = Folder::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_licet"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dir"]).arg(scratch.path().join("demo"));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if line.starts_with("Serving until") {
                let (_, lines) = printed.split_once("\nTry it").and_then(|(_, lines)| lines.split_once('\n')).unwrap();
                return Self { child, scratch, lines: lines.to_owned() };
            }
            printed.push_str(&line);
            printed.push('\n');
        }
        panic!("{:?}: {printed}", child.wait());
    }

    /// What a shell in this folder says that has read the file of the demo.
    fn shell(&self, folder: &Path, script: &str) -> Output {
        let file = self.scratch.path().join("demo/ask.sh");
        let script = format!(". '{}'\n{script}", file.display());
        Command::new("sh").arg("-c").arg(script).current_dir(folder).output().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The blocks of this kind in a document.
fn blocks(path: &str, kind: &str) -> Vec<String> {
    let document = fs::read_to_string(root().join(path)).unwrap();
    let begin = format!("```{kind}\n");
    let blocks = document.split(begin.as_str()).skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned());
    blocks.collect()
}

#[test]
fn what_a_reader_is_told_to_type_works() {
    let demo = Demo::start();
    the_readme(&demo);
    the_printed_lines(&demo);
    the_catalogue(&demo);
}

/// All of it in one shell that ends with the first command that fails, in a folder of the reader's own.
fn the_readme(demo: &Demo) {
    let blocks: Vec<_> = blocks("README.md", "sh").into_iter().filter(|block| block.contains("ask ")).collect();
    assert!(blocks.len() > 5, "{blocks:?}");
    let output = demo.shell(demo.scratch.path(), &format!("set -eu\n{}", blocks.concat()));
    let (said, complaints) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{complaints}{said}");
    let mut rest = said;
    for part in [
        "\"indication\":\"TOTAL-PASSED\"",
        "\"sub_indication\":\"REVOKED\"",
        "\"indication\":\"TOTAL-PASSED\"",
        "TOTAL-PASSED",
        "\"status\":\"complete\"",
        "\"status\":\"partial\"",
        "\"state\":\"timed-out\"",
        "\"state\":\"available\"",
        "\"KZ_ZJCX\":\"C1\"",
        "\"result\":\"no-match\"",
        "\"result\":\"match\"",
        "\"ref\":\"b\"",
        "event: result",
        "\"code\":\"not-granted\"",
        "refused without a token",
        "\"status\":\"complete\"",
        "{\"address\":\"",
        "\"state\":\"granted\"",
        "\"state\":\"not-found\"",
        "\"in_force\":false",
        "\"reason\":\"not-in-force\"",
        "\"KZ_ZJCX\":\"C1\"",
        "\"state\":\"rejected\"",
        "\"event\":\"seal.file\"",
        "\"proof\":\"",
        "GOOD",
    ] {
        let (_, behind) = rest.split_once(part).unwrap_or_else(|| panic!("{part} is not in {rest}\n{complaints}"));
        rest = behind;
    }
}

/// Commands with what they print, in the folder of the project.
fn the_catalogue(demo: &Demo) {
    let mut commands = 0;
    for block in blocks("docs/COMMANDS.md", "console") {
        for shown in block.split("$ ").skip(1) {
            let (command, printed) = shown.split_once('\n').unwrap();
            let output = demo.shell(&root(), command);
            assert_eq!(text(&output.stdout), printed, "{command}: {}", text(&output.stderr));
            commands += 1;
        }
    }
    assert!(commands > 3);
}

/// Some are to be refused, for what they say of it themselves. None is misunderstood.
fn the_printed_lines(demo: &Demo) {
    let output = demo.shell(demo.scratch.path(), &format!("set -u\n{}", demo.lines));
    let (said, complaints) = (text(&output.stdout), text(&output.stderr));
    for wrong in
        ["bad-json", "bad-parameter", "bad-content", "not-found", "not-granted", "token-refused", "overloaded", "internal"]
    {
        assert!(!said.contains(&format!("\"code\":\"{wrong}\"")), "{wrong}: {said}{complaints}");
    }
    for part in
        ["REVOKED", "HASH_FAILURE", "\"certificate-required\"", "{\"address\":\"", "the same as version", "licet_verdicts_total"]
    {
        assert!(said.contains(part), "{part}: {said}{complaints}");
    }
    assert!(!complaints.contains("not found") && !complaints.contains("unbound"), "{complaints}");
}
