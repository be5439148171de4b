//! `licet catalogue`, the real binary, on files and a gateway.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use gateway::routes::TABLE;

use crate::catalogue::example;
use crate::pki::Folder;
use crate::started::{ISSUER, OPERATOR, Setup};

fn licet(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_licet")).arg("catalogue").args(arguments).output().unwrap()
}

/// What it said, where it ended with this status.
#[track_caller]
fn ends(output: &Output, status: i32) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    assert_eq!(output.status.code(), Some(status), "{out}{err}");
    format!("{out}{err}")
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn files_are_checked_without_a_gateway() {
    let folder = Folder::new();
    let good = text(&folder.write("good.toml", example()));
    assert!(ends(&licet(&["check", &good]), 0).contains("12 entries, nothing is wrong"));
    assert!(ends(&licet(&["--help"]), 0).contains("licet catalogue apply"));

    // In parts, one folder makes the same catalogue.
    let (organisations, rest) = example().split_once("[[licence_types]]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let parts = folder.path().join("parts");
    fs::create_dir(&parts).unwrap();
    fs::write(parts.join("b.toml"), organisations).unwrap();
    fs::write(parts.join("a.toml"), format!("[[licence_types]]{rest}")).unwrap();
    fs::write(parts.join("notes.txt"), "not read").unwrap();
    assert!(ends(&licet(&["check", &text(&parts)]), 0).contains("12 entries"));
    let half = ends(&licet(&["check", &text(&parts.join("a.toml"))]), 1);
    assert!(half.contains("unknown-organisation") && half.contains("resource 3040010001/1"), "{half}");
    let twice = ends(&licet(&["check", &good, &text(&parts.join("b.toml"))]), 1);
    assert_eq!(twice.matches("repeated").count(), 4, "{twice}");

    let personal = folder.write("personal.toml", example().replace("新生儿落户", "张三11010519491231002X"));
    let said = ends(&licet(&["check", &text(&personal)]), 1);
    assert!(said.contains("citizen-number") && !said.contains("1949"), "{said}");
    for (name, content) in
        [("broken.toml", "[[items]"), ("surplus.toml", "[[things]]\n"), ("field.toml", "[[items]]\ncode = 1\n")]
    {
        assert!(ends(&licet(&["check", &text(&folder.write(name, content))]), 64).contains(name));
    }
    for wrong in
        [&[][..], &["fly", "x"], &["check"], &["diff", &good], &["apply", &good], &["check", &good, "--prune"], &["check", "--x"]]
    {
        ends(&licet(wrong), 64);
    }
    ends(&licet(&["check", "/nowhere"]), 66);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    ends(&licet(&["check", &text(&empty)]), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_become_the_catalogue_of_a_gateway() {
    let mut setup = Setup::new();
    // The source that the example names; nobody asks it anything here.
    setup.sections.push_str(
        "[[sources]]\nname = 'persons'\nkind = 'http-json'\nurl = 'http://127.0.0.1:9/'\nrequest = '{\"number\":\"{number}\"}'\n[sources.answer]\n",
    );
    let folder = setup.folder.path().to_owned();
    let gateway = setup.start_with(TABLE).await;
    let write = |name: &str, content: String| {
        fs::write(folder.join(name), content).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        text(&folder.join(name))
    };
    let ca = write("ca.pem", gateway.authority.pem());
    let url = format!("https://localhost:{}", gateway.address.port());
    let run = |uri: &str, arguments: &[&str]| {
        let holder = gateway.holder(uri);
        let (cert, key) = (write("cert.pem", holder.pem()), write("cert.key", holder.key.pem()));
        let place = ["--url", &url, "--ca", &ca, "--cert", &cert, "--key", &key];
        let all: Vec<String> = arguments.iter().chain(&place).map(|one| (*one).to_owned()).collect();
        tokio::task::block_in_place(|| licet(&all.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let files = write("files.toml", example());
    assert!(ends(&run(OPERATOR, &["diff", &files]), 1).contains("+ resource 3040010001/1\n"));
    let refused = ends(&run(ISSUER, &["apply", &files]), 1);
    assert!(refused.contains("refused: other-organisation"), "{refused}");
    let applied = ends(&run(OPERATOR, &["apply", &files, "--reason", "the beginning"]), 0);
    assert!(applied.contains("version 0 -> 1"), "{applied}");
    assert!(ends(&run(OPERATOR, &["diff", &files]), 0).contains("the same as version 1"));
    assert!(ends(&run(OPERATOR, &["apply", &files]), 0).contains("the same as version 1"));
    let change = gateway.app.store().catalogue().change_of(1).unwrap().unwrap();
    assert_eq!(change.reason.unwrap().expose(), "the beginning");

    // One entry is another, one is gone.
    let (rest, _) = example().split_once("[[demands]]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let next = write("next.toml", rest.replace("新生儿落户", "新生儿户口登记"));
    let said = ends(&run(OPERATOR, &["diff", &next]), 1);
    assert_eq!(said, "~ item 000109001000: name\n- demand 2026-001\n");
    assert!(ends(&run(OPERATOR, &["apply", &next]), 0).contains("version 1 -> 2"));
    assert!(gateway.app.catalogues.current().entries().any(|entry| entry.key().code == "2026-001"), "nothing is removed unasked");
    assert_eq!(ends(&run(OPERATOR, &["apply", &next, "--prune"]), 0), "- demand 2026-001\nversion 2 -> 3\n");

    let wrong = write("wrong.toml", rest.replace("level = \"county\"", "level = \"village\""));
    let said = ends(&run(OPERATOR, &["apply", &wrong]), 1);
    assert!(said.contains("level-order") && said.contains("nothing was changed"), "{said}");
    assert_eq!(gateway.app.catalogues.current().version, 3);
    ends(&run("urn:test:nobody", &["diff", &files]), 66);
    ends(&licet(&["diff", &files, "--url", "http://127.0.0.1:1"]), 66);
}
