//! A ZIP writer, for packages and for archives that a reader must refuse.

use miniz_oxide::deflate::compress_to_vec;

const UTF8_NAMES: u16 = 1 << 11;
/// 1980-01-01 as MS-DOS writes it: the time of writing is nobody's business.
const DOS_DATE: u16 = 0x21;

/// One file of an archive.
#[derive(Clone, Debug)]
pub struct ZipEntry {
    name: Vec<u8>,
    local_name: Vec<u8>,
    data: Vec<u8>,
    is_stored: bool,
    flags: u16,
    claimed_size: Option<u32>,
    mode: u32,
}

impl ZipEntry {
    /// A deflated file.
    #[must_use]
    pub fn new(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: name.as_bytes().to_vec(),
            data: data.to_vec(),
            is_stored: false,
            flags: UTF8_NAMES,
            claimed_size: None,
            mode: 0,
        }
    }

    /// Stores the bytes as they are.
    #[must_use]
    pub const fn stored(mut self) -> Self {
        self.is_stored = true;
        self
    }

    /// Hostile: a name in the local header that is not that of the directory.
    #[must_use]
    pub fn local_name(mut self, name: &[u8]) -> Self {
        self.local_name = name.to_vec();
        self
    }

    /// A name of any bytes, without the flag that says UTF-8.
    #[must_use]
    pub fn raw_name(mut self, name: &[u8]) -> Self {
        (self.name, self.local_name, self.flags) = (name.to_vec(), name.to_vec(), 0);
        self
    }

    /// Hostile: more general purpose flags, such as 1 for encryption.
    #[must_use]
    pub const fn flags(mut self, flags: u16) -> Self {
        self.flags |= flags;
        self
    }

    /// Hostile: another uncompressed size than the true one.
    #[must_use]
    pub const fn claimed_size(mut self, size: u32) -> Self {
        self.claimed_size = Some(size);
        self
    }

    /// Hostile: a symbolic link whose target is the data.
    #[must_use]
    pub const fn symlink(mut self) -> Self {
        self.mode = 0o120_777;
        self
    }
}

/// A package of these files, deflated, in this order. Nothing keeps a name from occurring twice.
#[must_use]
pub fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<ZipEntry> = files.iter().map(|(name, data)| ZipEntry::new(name, data)).collect();
    write(&entries)
}

/// An archive of these entries.
#[must_use]
pub fn write(entries: &[ZipEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let packed = if entry.is_stored { entry.data.clone() } else { compress_to_vec(&entry.data, 6) };
        let common = common_fields(entry, packed.len());
        let offset = u32_of(out.len()).to_le_bytes();
        out.extend_from_slice(b"PK\x03\x04\x14\x00");
        out.extend_from_slice(&common);
        out.extend_from_slice(&u16_of(entry.local_name.len()).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&entry.local_name);
        out.extend_from_slice(&packed);
        // Made by Unix, so that the mode means something; needs version 2.0.
        directory.extend_from_slice(b"PK\x01\x02\x14\x03\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&u16_of(entry.name.len()).to_le_bytes());
        directory.extend_from_slice(&[0; 8]);
        directory.extend_from_slice(&(entry.mode << 16).to_le_bytes());
        directory.extend_from_slice(&offset);
        directory.extend_from_slice(&entry.name);
    }
    let (start, count) = (u32_of(out.len()), u16_of(entries.len()).to_le_bytes());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend_from_slice(&count);
    out.extend_from_slice(&count);
    out.extend_from_slice(&u32_of(directory.len()).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

/// From the flags to the uncompressed size, which both headers have alike.
fn common_fields(entry: &ZipEntry, packed: usize) -> Vec<u8> {
    let method = if entry.is_stored { 0u16 } else { 8 };
    let size = entry.claimed_size.unwrap_or_else(|| u32_of(entry.data.len()));
    let mut out = Vec::with_capacity(20);
    for short in [entry.flags, method, 0, DOS_DATE] {
        out.extend_from_slice(&short.to_le_bytes());
    }
    for long in [crc32fast::hash(&entry.data), u32_of(packed), size] {
        out.extend_from_slice(&long.to_le_bytes());
    }
    out
}

/// Archives here are far below 4 GiB; a longer one comes out wrong, as ZIP64 is not written.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn u16_of(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_where_the_directory_says() {
        let entries = [ZipEntry::new("a.txt", &[b'a'; 100]), ZipEntry::new("乙", b"data").stored()];
        let archive = write(&entries);
        let number = |at: usize| usize::try_from(u32::from_le_bytes(archive[at..at + 4].try_into().unwrap())).unwrap();
        let start = number(archive.len() - 22 + 16);
        let second = start + 46 + 5;
        let offset = number(second + 42);
        assert_eq!(&archive[offset..offset + 4], b"PK\x03\x04");
        assert_eq!(&archive[offset + 30..offset + 33], "乙".as_bytes());
        assert_eq!(&archive[offset + 33..start], b"data");
        let packed = &archive[35..35 + number(18)];
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(packed).unwrap(), [b'a'; 100]);
    }
}
