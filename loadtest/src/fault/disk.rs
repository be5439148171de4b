//! The disk under one gateway: what is asked of it, and what a loss of power leaves.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::journal::Journal;
use super::plan::DiskFault;
use super::tail::Tail;
use crate::departments::Chance;

/// What is laid under the gateway.
const SHIM: &str = include_str!("../../fault/shim.c");
/// The control page: words of eight bytes as the shim has them.
const PAGE: usize = 4096;
const HITS: u64 = 24;
const SYNCS: u64 = 32;

/// A disk whose faults are made on purpose.
#[derive(Debug)]
pub struct Disk {
    library: PathBuf,
    folder: PathBuf,
    under: PathBuf,
    control: File,
}

/// What a loss of power took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Files that were cut.
    pub cut: u64,
    /// Files that were not there any more.
    pub gone: u64,
    /// Files with blocks missing before others.
    pub holed: u64,
    /// Files that end with garbage.
    pub garbled: u64,
    /// Bytes.
    pub bytes: u64,
}

fn said(path: &Path) -> impl FnOnce(std::io::Error) -> String + use<> {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

impl Disk {
    /// Builds the shim, with the C compiler of this machine, into `folder`; it stands under everything below `under`.
    ///
    /// # Errors
    /// There is no compiler, or a file cannot be written.
    pub fn new(folder: &Path, under: &Path) -> Result<Self, String> {
        let folder = crate::site::make_folder(folder)?;
        let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
        fs::write(&source, SHIM).map_err(said(&source))?;
        let built = Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).output();
        let built = built.map_err(|error| format!("cc (gcc): {error}"))?;
        if !built.status.success() {
            return Err(String::from_utf8_lossy(&built.stderr).into_owned());
        }
        let page = folder.join("control");
        fs::write(&page, [0; PAGE]).map_err(said(&page))?;
        let control = File::options().read(true).write(true).open(&page).map_err(said(&page))?;
        let disk = Self { library, folder, under: under.to_owned(), control };
        disk.forget()?;
        Ok(disk)
    }

    /// Lays it under a program.
    pub fn under(&self, command: &mut tokio::process::Command) {
        command.env("LD_PRELOAD", &self.library);
        command.env("LICET_FAULT_FOLDER", &self.folder).env("LICET_FAULT_UNDER", &self.under);
    }

    fn put(&self, at: u64, word: u32) -> Result<(), String> {
        self.control.write_all_at(&i64::from(word).to_ne_bytes(), at).map_err(|error| error.to_string())
    }

    fn word(&self, at: u64) -> Result<u64, String> {
        let mut word = [0; 8];
        self.control.read_exact_at(&mut word, at).map_err(|error| error.to_string())?;
        Ok(u64::try_from(i64::from_ne_bytes(word)).unwrap_or(0))
    }

    /// Asks for a fault, from now on.
    ///
    /// # Errors
    /// The control page cannot be written.
    pub fn ask(&self, fault: DiskFault) -> Result<(), String> {
        let [kind, after, many] = fault.words();
        self.put(HITS, 0)?;
        self.put(8, after)?;
        self.put(16, many)?;
        // The kind comes last: from then on it counts.
        self.put(0, kind)
    }

    /// Takes the fault away: there is room again, and what hangs goes on.
    ///
    /// # Errors
    /// The control page cannot be written.
    pub fn heal(&self) -> Result<(), String> {
        self.put(0, 0)
    }

    /// How many calls went wrong since the fault was asked for.
    ///
    /// # Errors
    /// The control page cannot be read.
    pub fn hits(&self) -> Result<u64, String> {
        self.word(HITS)
    }

    /// How many syncs there were, ever.
    ///
    /// # Errors
    /// The control page cannot be read.
    pub fn syncs(&self) -> Result<u64, String> {
        self.word(SYNCS)
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    fn forget(&self) -> Result<(), String> {
        fs::write(self.journal(), "").map_err(said(&self.journal()))
    }

    /// Leaves of each file what was synced and, by chance, a part of what came behind that, with holes and garbage in it; and takes new
    /// files away whose names were never synced, by chance as well. Nobody may be writing.
    ///
    /// # Errors
    /// The journal cannot be read, or a file cannot be cut.
    pub fn lose_power(&self, chance: &mut Chance) -> Result<Lost, String> {
        let text = fs::read_to_string(self.journal()).map_err(said(&self.journal()))?;
        let mut lost = Lost::default();
        for (path, known) in Journal::read(&text)?.0 {
            // What is not there was taken away by other means, which the shim need not know.
            let Ok(length) = fs::metadata(&path).map(|found| found.len()) else { continue };
            if known.is_unnamed && chance.happens(500) {
                fs::remove_file(&path).map_err(said(&path))?;
                lost.gone += 1;
                lost.bytes += length;
                continue;
            }
            let tail = Tail::of(chance, known.synced, length);
            if tail == (Tail { length, holes: Vec::new(), garbage: None }) {
                continue;
            }
            let file = File::options().write(true).open(&path).map_err(said(&path))?;
            tail.leave(&file, chance).map_err(said(&path))?;
            let sizes = tail.holes.iter().chain(&tail.garbage).map(|range| range.end - range.start);
            lost.bytes += length - tail.length + sizes.sum::<u64>();
            lost.cut += u64::from(tail.length < length);
            lost.holed += u64::from(!tail.holes.is_empty());
            lost.garbled += u64::from(tail.garbage.is_some());
        }
        // What is left is on the disk.
        self.forget().map(|()| lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that does what its arguments say, and prints what each write and sync gave.
    const PROBE: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
int main(int count, char **words) {
    static char bytes[4096];
    int file = -1;
    for (int at = 1; at < count; at++) {
        long done = 0;
        char *word = words[at];
        if (*word == 'o') file = open(word + 1, O_CREAT | O_WRONLY | O_APPEND, 0600);
        else if (*word == 'd') { int folder = open(".", O_RDONLY); fsync(folder); close(folder); }
        else if (*word == 'f') {
            struct statvfs room;
            done = statvfs(word + 1, &room);
            printf("%lu ", done ? 0 : room.f_bavail * room.f_frsize >> 20);
        } else {
            done = *word == 'w' ? write(file, bytes, atoi(word + 1)) : fdatasync(file);
            printf("%s ", done < 0 ? strerrorname_np(errno) : *word == 'w' ? (sprintf(bytes, "%ld", done), bytes) : "ok");
        }
    }
    return 0;
}
"#;

    /// The probe over the shim, in its folder: what it prints.
    fn run(disk: &Disk, words: &str) -> String {
        let (source, probe) = (disk.folder.join("probe.c"), disk.folder.join("probe"));
        if !probe.exists() {
            fs::write(&source, PROBE).unwrap();
            let built = Command::new("cc").args(["-D_GNU_SOURCE", "-o"]).arg(&probe).arg(&source).output().unwrap();
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        }
        let mut command = tokio::process::Command::new(&probe);
        command.args(words.split(' ')).current_dir(&disk.under);
        disk.under(&mut command);
        let out = command.as_std_mut().output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
    }

    fn disk(name: &str) -> Disk {
        let folder = std::env::temp_dir().join(format!("licet-disk-{name}-{}", std::process::id()));
        let under = folder.join("data");
        fs::create_dir_all(&under).unwrap();
        Disk::new(&folder.join("fault"), &under.canonicalize().unwrap()).unwrap()
    }

    #[test]
    fn a_sync_fails_once_and_what_it_was_for_is_not_believed() {
        let disk = disk("sync");
        disk.ask(DiskFault::SyncFails { after: 1 }).unwrap();
        assert_eq!(run(&disk, "oa w100 s w100 s w100 s w100 s d"), "100 ok 100 EIO 100 ok 100 ok");
        assert_eq!((disk.hits().unwrap(), disk.syncs().unwrap()), (1, 5));
        let path = disk.under.join("a");
        assert_eq!(fs::metadata(&path).unwrap().len(), 400);
        let lost = disk.lose_power(&mut Chance::of(&[1])).unwrap();
        let left = fs::metadata(&path).unwrap().len();
        assert!((100..=400).contains(&left) && lost.bytes >= 400 - left && lost.gone == 0, "{lost:?}");
        fs::remove_dir_all(disk.folder.join("..")).unwrap();
    }

    #[test]
    fn a_disk_is_full_until_there_is_room_again() {
        let disk = disk("full");
        disk.ask(DiskFault::Full { bytes: 150 }).unwrap();
        assert_eq!(run(&disk, "oa w100 w100 w100 s"), "100 50 ENOSPC ok");
        assert_eq!(disk.hits().unwrap(), 2);
        disk.heal().unwrap();
        assert_eq!(run(&disk, "oa w100"), "100");
        disk.ask(DiskFault::ShortWrites { many: 1 }).unwrap();
        assert_eq!(run(&disk, "oa w100 w100"), "50 100");
        disk.ask(DiskFault::WriteFails { after: 1 }).unwrap();
        assert_eq!(run(&disk, "oa w1 w1 w1"), "1 EIO 1");
        fs::remove_dir_all(disk.folder.join("..")).unwrap();
    }

    #[test]
    fn a_file_system_says_that_it_is_full_of_what_is_below_the_folder_alone() {
        let disk = disk("room");
        let under = disk.under.display().to_string();
        let asked = format!("f{under} f/ f{under}/missing oa w100 s");
        let truth = run(&disk, &asked);
        disk.ask(DiskFault::SaysFull { free_mib: 77 }).unwrap();
        let told = run(&disk, &asked);
        let (truth, told): (Vec<_>, Vec<_>) = (truth.split(' ').collect(), told.split(' ').collect());
        assert!(truth[0].parse::<u64>().unwrap() > 77, "{truth:?}");
        assert_eq!((told[0], &told[2..]), ("77", &["0", "100", "ok"][..]), "what is written is taken");
        assert_ne!(told[1], "77");
        assert_eq!(disk.hits().unwrap(), 1);
        fs::remove_dir_all(disk.folder.join("..")).unwrap();
    }

    #[test]
    fn a_disk_that_forgets_says_that_it_synced() {
        let disk = disk("forgets");
        assert_eq!(run(&disk, "oa w100 s d"), "100 ok");
        disk.ask(DiskFault::Forgets).unwrap();
        assert_eq!(run(&disk, "oa w100 s"), "100 ok");
        let lengths = (0..32).map(|seed| {
            let journal = fs::read(disk.journal()).unwrap();
            let bytes = fs::read(disk.under.join("a")).unwrap();
            disk.lose_power(&mut Chance::of(&[seed])).unwrap();
            let left = fs::metadata(disk.under.join("a")).unwrap().len();
            fs::write(disk.under.join("a"), bytes).unwrap();
            fs::write(disk.journal(), journal).unwrap();
            left
        });
        assert_eq!(lengths.min(), Some(100));
        fs::remove_dir_all(disk.folder.join("..")).unwrap();
    }

    #[test]
    fn what_was_synced_outlives_the_power_and_the_rest_may_not() {
        let disk = disk("power");
        let (mut lengths, mut gone) = (std::collections::BTreeSet::new(), 0);
        for seed in 0..24 {
            for name in ["a", "b"] {
                // The first time there is none.
                fs::remove_file(disk.under.join(name)).unwrap_or_default();
            }
            disk.forget().unwrap();
            assert_eq!(run(&disk, "oa w100 s d w1000 ob w10 s"), "100 ok 1000 10 ok");
            disk.lose_power(&mut Chance::of(&[seed])).unwrap();
            lengths.insert(fs::metadata(disk.under.join("a")).unwrap().len());
            gone += usize::from(!disk.under.join("b").exists());
        }
        assert!(lengths.first() == Some(&100) && lengths.last() == Some(&1100) && lengths.len() > 4, "{lengths:?}");
        assert!((1..24).contains(&gone), "{gone}");
        fs::remove_dir_all(disk.folder.join("..")).unwrap();
    }
}
