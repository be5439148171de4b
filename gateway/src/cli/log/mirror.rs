//! A folder with a log's checkpoint and tiles, under the names that C2SP tlog-tiles gives them.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crypto::record::LogName;
use crypto::tlog::tile::{TILE_WIDTH, decode_hashes};
use crypto::tlog::{Hash, HashTiles, TileKind, TilePath};

use crate::cli::input::InputError;

/// The longest file that is read, in bytes: a bundle of the longest entries.
const FILE_BYTES_MAX: u64 = 17 << 20;

/// A mirror: `LOG/PERIOD/checkpoint`, `LOG/PERIOD/tile/…`.
#[derive(Clone, Debug)]
pub(super) struct Mirror(pub(super) PathBuf);

/// One shard of a mirror.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Mirror {
    pub(super) fn shard(&self, log: LogName, period: &str) -> Folder {
        Folder(self.0.join(log.name()).join(period))
    }

    /// The periods of a log that are there, in order.
    pub(super) fn periods(&self, log: LogName) -> Result<Vec<String>, InputError> {
        let folder = self.0.join(log.name());
        let mut periods = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(periods),
            Err(error) => return Err(InputError::Unreadable { path: folder, error }),
        };
        for entry in entries {
            let entry = entry.map_err(|error| InputError::Unreadable { path: folder.clone(), error })?;
            if entry.path().join("checkpoint").is_file() {
                periods.extend(entry.file_name().into_string().ok());
            }
        }
        periods.sort();
        Ok(periods)
    }
}

impl Folder {
    /// The signed checkpoint, if there is one.
    pub(super) fn checkpoint(&self) -> Result<Option<Vec<u8>>, InputError> {
        read(&self.0.join("checkpoint"))
    }

    /// Puts the checkpoint there, whole or not at all.
    pub(super) fn put_checkpoint(&self, note: &[u8]) -> Result<(), InputError> {
        write(&self.0.join("checkpoint"), note)
    }

    /// A tile. One that has grown since has the beginning of it.
    pub(super) fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, InputError> {
        if let Some(bytes) = read(&self.place(path))? {
            return Ok(Some(bytes));
        }
        for width in path.width()..=TILE_WIDTH {
            let wider = TilePath::new(path.kind(), path.index(), width);
            if let Some(bytes) = wider.map(|wider| read(&self.place(wider))).transpose()?.flatten() {
                return Ok(cut(path, &bytes));
            }
        }
        Ok(None)
    }

    /// Puts a tile there, in place of a narrower one.
    pub(super) fn put_tile(&self, path: TilePath, bytes: &[u8]) -> Result<(), InputError> {
        write(&self.place(path), bytes)?;
        let mut narrow = TilePath::new(path.kind(), path.index(), TILE_WIDTH).map(|whole| self.place(whole)).unwrap_or_default();
        narrow.as_mut_os_string().push(".p");
        let others = fs::read_dir(&narrow).into_iter().flatten().flatten().map(|entry| entry.path());
        for other in others.filter(|other| *other != self.place(path)) {
            // One that stays wastes room and nothing else.
            drop(fs::remove_file(other));
        }
        if path.width() == TILE_WIDTH {
            drop(fs::remove_dir(narrow));
        }
        Ok(())
    }

    fn place(&self, path: TilePath) -> PathBuf {
        self.0.join(path.to_string())
    }
}

impl HashTiles for Folder {
    type Error = InputError;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, InputError> {
        let path = TilePath::new(TileKind::Hashes { level }, index, width);
        let bytes = path.map(|path| Self::tile(self, path)).transpose()?.flatten().unwrap_or_default();
        let what = || self.0.join(format!("tile/{level} {index}"));
        decode_hashes(&bytes, width).map_err(|error| InputError::malformed(&what(), "tile", &error))
    }
}

/// The beginning of a tile, as wide as the path says.
pub(super) fn cut(path: TilePath, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut length = 0;
    for _ in 0..path.width() {
        length += match path.kind() {
            TileKind::Hashes { .. } => 32,
            TileKind::Entries => {
                let (head, _) = bytes.get(length..)?.split_first_chunk::<2>()?;
                2 + usize::from(u16::from_be_bytes(*head))
            }
        };
    }
    bytes.get(..length).map(<[u8]>::to_vec)
}

/// The bytes of a file; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, InputError> {
    let unreadable = |error| InputError::Unreadable { path: path.to_owned(), error };
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => Err(unreadable(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => fs::read(path).map(Some).map_err(unreadable),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error)),
    }
}

/// Writes a file so that after a crash there is the old one or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), InputError> {
    let failed = |error| InputError::Unreadable { path: path.to_owned(), error };
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut part = path.to_owned();
    part.as_mut_os_string().push(".part");
    let mut file = fs::File::create(&part).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&part, path).map_err(failed)
}
