//! The package for Debian, the unit and the container name files, commands and paths: all of them must be there. That they can be
//! built and installed is for `make deb` and podman.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gateway::config::Config;
use toml::{Table, Value};

const CONFIGURATION: &str = "/etc/licet/licet.toml";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What `gateway/Cargo.toml` says of the package.
fn package() -> Table {
    let manifest: Table = text("gateway/Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

/// Where the package puts files, each of which must come from somewhere.
fn installed() -> BTreeSet<String> {
    let package = package();
    let mut installed = BTreeSet::from(["/usr/lib/systemd/system/licet.service".to_owned()]);
    for asset in package["assets"].as_array().unwrap() {
        let [from, to, mode] = words(asset)[..] else { panic!("{asset}") };
        assert_eq!(mode, if to == "usr/bin/" { "755" } else { "644" }, "{asset}");
        let sources: Vec<PathBuf> = match from.strip_suffix("*.md") {
            // What cargo builds is there once it is built.
            None if from == "target/release/licet" => vec![PathBuf::from(from)],
            None => vec![root().join("gateway").join(from)],
            Some(folder) => {
                let files = fs::read_dir(root().join("gateway").join(folder)).unwrap().map(|file| file.unwrap().path());
                files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect()
            }
        };
        assert!(!sources.is_empty(), "{asset}");
        for source in sources {
            assert!(source.is_file() || from == "target/release/licet", "{}", source.display());
            let name = source.file_name().unwrap().to_str().unwrap();
            installed.insert(if to.ends_with('/') { format!("/{to}{name}") } else { format!("/{to}") });
        }
    }
    installed
}

/// Whether licet knows the command of these words.
fn assert_known(words: &[&str]) {
    let command: Vec<&str> = words.iter().copied().take_while(|word| !word.starts_with(['-', '/'])).collect();
    assert!(!command.is_empty(), "{words:?}");
    let shown = Command::new(env!("CARGO_BIN_EXE_licet")).args(&command).arg("--help").output().unwrap();
    let usage = format!("licet {}", command.join(" "));
    assert!(shown.status.success() && String::from_utf8_lossy(&shown.stdout).contains(&usage), "{words:?}: {shown:?}");
    assert!(words.contains(&CONFIGURATION), "{words:?}");
}

#[test]
fn the_package_is_made_of_what_there_is() {
    let (package, installed) = (package(), installed());
    assert_eq!(words(&package["conf-files"]), [CONFIGURATION]);
    for path in [CONFIGURATION, "/usr/bin/licet", "/usr/share/doc/licet/OPERATIONS.md", "/usr/share/doc/licet/copyright"] {
        assert!(installed.contains(path), "{path}");
    }
    let scripts = package["maintainer-scripts"].as_str().unwrap();
    for script in ["postinst", "postrm"] {
        let script = text(&format!("gateway/{scripts}/{script}"));
        // Where cargo-deb puts what systemd asks for.
        assert!(script.starts_with("#!/bin/sh\n") && script.contains("\n#DEBHELPER#\n"), "{script}");
        for deletes in ["rm ", "userdel", "deluser"] {
            assert!(!script.contains(deletes), "the package deletes nothing that is not its own: {script}");
        }
    }
    let units = package["systemd-units"].as_table().unwrap();
    let unit = format!("gateway/{}/{}.service", units["unit-scripts"].as_str().unwrap(), units["unit-name"].as_str().unwrap());
    assert!(root().join(unit).is_file());
    assert_eq!((units["enable"].as_bool(), units["start"].as_bool()), (Some(false), Some(false)));
    let changelog = text(&format!("gateway/{}", package["changelog"].as_str().unwrap()));
    assert!(changelog.starts_with(&format!("licet ({}-1) ", env!("CARGO_PKG_VERSION"))), "{changelog}");
    assert!(changelog.contains(&format!(" -- {}  ", package["maintainer"].as_str().unwrap())), "{changelog}");
    // What the manual page and the first lines of the configuration point at.
    for document in ["config/deb/licet.8", "config/deb/licet.toml"] {
        let text = text(document);
        let named =
            text.split(|c: char| c.is_whitespace() || ",;".contains(c)).filter(|word| word.starts_with("/usr/share/doc/licet/"));
        let named: Vec<&str> = named.map(|word| word.trim_end_matches('.')).collect();
        assert!(!named.is_empty(), "{document}");
        assert!(named.iter().all(|path| installed.contains(*path)), "{document}: {named:?}");
    }
}

#[test]
fn the_unit_names_what_the_package_brings() {
    let (unit, installed) = (text("config/licet.service"), installed());
    let values = |key: &str| {
        unit.lines()
            .filter_map(|line| line.split_once('='))
            .filter(|(found, _)| *found == key)
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    for key in ["ExecStartPre", "ExecStart", "ExecReload"] {
        let [line] = values(key)[..] else { panic!("{key}") };
        let words: Vec<&str> = line.split(' ').collect();
        assert!(installed.contains(words[0]), "{line}");
        assert_known(&words[1..]);
    }
    for document in values("Documentation") {
        assert!(installed.contains(document.strip_prefix("file:").unwrap()), "{document}");
    }
    let [user, group, state] = ["User", "Group", "StateDirectory"].map(|key| values(key).concat());
    let postinst = text("config/deb/postinst");
    assert!(postinst.contains(&format!("adduser --system --group --quiet --home /var/lib/{state} ")), "{postinst}");
    assert!(postinst.contains(&format!("install -d -o {user} -g {group} -m 0700 /var/lib/{state}\n")), "{postinst}");
}

#[test]
fn the_container_has_what_it_starts_and_writes_where_it_may() {
    let recipe = text("config/Containerfile");
    let all = |head: &str| recipe.lines().filter_map(|line| line.strip_prefix(head)).map(str::trim).collect::<Vec<_>>();
    let list = |words: &str| -> Vec<String> { serde_json::from_str(words).unwrap() };
    let workspace: Table = text("Cargo.toml").parse().unwrap();
    let rust = workspace["workspace"]["package"]["rust-version"].as_str().unwrap();
    assert!(all("FROM ")[0].starts_with(&format!("docker.io/library/rust:{rust}-")), "{recipe}");
    let mut brought = Vec::new();
    for line in all("COPY --from=build ") {
        let mut paths: Vec<&str> = line.split(' ').filter(|word| !word.starts_with("--")).collect();
        let to = paths.pop().unwrap();
        for from in paths {
            let source = from.strip_prefix("/source/");
            assert!(source.is_none_or(|path| path == "target/release/licet" || root().join(path).is_file()), "{from}");
            let name = from.rsplit('/').next().unwrap();
            brought.push(if to.ends_with('/') { format!("{to}{name}") } else { to.to_owned() });
        }
    }
    assert_eq!(list(all("ENTRYPOINT ")[0]), ["/usr/bin/licet"]);
    assert!(brought.contains(&"/usr/bin/licet".to_owned()), "{brought:?}");
    let started = list(all("CMD ")[0]);
    assert_known(&started.iter().map(String::as_str).collect::<Vec<_>>());
    let health = all("HEALTHCHECK ")[0].split_once("CMD ").unwrap().1;
    let asked = list(health);
    assert_eq!(asked[0], "/usr/bin/licet");
    assert_known(&asked[1..].iter().map(String::as_str).collect::<Vec<_>>());
    let (user, group) = all("USER ")[0].split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    // What the packaged configuration has is where the container lets it be.
    let config = Config::parse(&text("config/deb/licet.toml"), Path::new(CONFIGURATION).parent().unwrap()).unwrap();
    assert!(config.storage.path.starts_with(all("VOLUME ")[0]));
    assert!(brought.iter().any(|path| path == all("VOLUME ")[0]), "a new volume belongs to its user: {brought:?}");
    assert!(recipe.contains(&format!("--chown={user}:{group} /data ")));
    assert_eq!(all("EXPOSE "), [config.server.listen.port().to_string()]);
    // What an operator is told to type is the same.
    let told = text("docs/OPERATIONS.md");
    let without_spaces = health.replace("\", \"", "\",\"");
    for part in [
        format!("--health-cmd '{without_spaces}'"),
        format!("chown {user} /etc/licet/*.key"),
        "--read-only --cap-drop all".to_owned(),
    ] {
        assert!(told.contains(&part), "{part}");
    }
}
