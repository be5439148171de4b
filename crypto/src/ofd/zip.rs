//! The ZIP archive around an OFD, read so strictly that no two readers can see different files in it.
//!
//! What the central directory says must be what the local headers say; entries follow one another without gap or overlap;
//! nothing stands before, between or after them. Names are plain relative paths, unique even when case is ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use crate::budget::{Budget, Exhausted};

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END_RECORD: u32 = 0x0605_4b50;
const END_RECORD_BYTES: usize = 22;
const NAME_BYTES_MAX: usize = 512;

const FLAG_ENCRYPTED: u16 = 1;
const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
const FLAG_MASKED_HEADERS: u16 = 1 << 13;

/// Why an archive is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipError {
    /// Central directory and local header of an entry disagree.
    Contradiction,
    /// A checksum does not fit its data.
    Checksum,
    /// Two entries have the same name, or names that differ in case alone.
    DuplicateName,
    /// Entries are encrypted.
    Encrypted,
    /// The archive would cost more than allowed.
    Exhausted(Exhausted),
    /// Bytes stand before, between or after the entries, or entries overlap.
    Layout,
    /// A structure is cut off or not what it should be.
    Malformed,
    /// A name is absolute, climbs out, or is not plain UTF-8.
    Name,
    /// A feature that no licence needs: ZIP64, several disks, other compression methods, links.
    Unsupported,
}

/// The files of an archive, inflated.
#[derive(Debug)]
pub struct Archive {
    files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    /// Reads a whole archive.
    ///
    /// # Errors
    /// [`ZipError`]. Work and memory are bounded by `budget` whatever the archive says of itself.
    pub fn read(bytes: &[u8], budget: &mut Budget) -> Result<Self, ZipError> {
        let end = EndRecord::read(bytes)?;
        let mut entries = end.entries(bytes, budget)?;
        check_names(&entries)?;
        entries.sort_by_key(|entry| entry.offset);
        let mut files = BTreeMap::new();
        let mut position = 0;
        for entry in &entries {
            if entry.offset != position {
                return Err(ZipError::Layout);
            }
            let (data, next) = entry.locate(bytes, end.directory)?;
            position = next;
            if !entry.is_folder() {
                files.insert(entry.name.clone(), entry.inflate(data, budget)?);
            }
        }
        if position != end.directory { Err(ZipError::Layout) } else { Ok(Self { files }) }
    }

    /// The files by name.
    #[must_use]
    pub fn into_files(self) -> BTreeMap<String, Vec<u8>> {
        self.files
    }
}

/// A cursor over little-endian fields.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn at(bytes: &'a [u8], offset: usize) -> Result<Self, ZipError> {
        bytes.get(offset..).map(Self).ok_or(ZipError::Malformed)
    }

    fn u16(&mut self) -> Result<u16, ZipError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ZipError::Malformed)?;
        self.0 = rest;
        Ok(u16::from_le_bytes(*head))
    }

    fn u32(&mut self) -> Result<u32, ZipError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ZipError::Malformed)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*head))
    }

    fn size(&mut self) -> Result<usize, ZipError> {
        match self.u32()? {
            u32::MAX => Err(ZipError::Unsupported), // ZIP64
            value => usize::try_from(value).or(Err(ZipError::Malformed)),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ZipError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(ZipError::Malformed)?;
        self.0 = rest;
        Ok(head)
    }
}

struct EndRecord {
    directory: usize,
    directory_bytes: usize,
    count: u16,
}

impl EndRecord {
    /// The end record must end the file: an archive comment could hide a second archive.
    fn read(bytes: &[u8]) -> Result<Self, ZipError> {
        let start = bytes.len().checked_sub(END_RECORD_BYTES).ok_or(ZipError::Malformed)?;
        let mut fields = Fields::at(bytes, start)?;
        if fields.u32()? != END_RECORD {
            return Err(ZipError::Layout);
        }
        let (disk, directory_disk) = (fields.u16()?, fields.u16()?);
        let (count_here, count) = (fields.u16()?, fields.u16()?);
        let (directory_bytes, directory) = (fields.size()?, fields.size()?);
        if disk != 0 || directory_disk != 0 || count_here != count || count == u16::MAX {
            return Err(ZipError::Unsupported);
        }
        if fields.u16()? != 0 || directory.checked_add(directory_bytes) != Some(start) {
            return Err(ZipError::Layout);
        }
        Ok(Self { directory, directory_bytes, count })
    }

    fn entries(&self, bytes: &[u8], budget: &mut Budget) -> Result<Vec<Entry>, ZipError> {
        budget.spend_entries(self.count.into()).map_err(ZipError::Exhausted)?;
        let mut fields = Fields(Fields::at(bytes, self.directory)?.take(self.directory_bytes)?);
        let entries = (0..self.count).map(|_| Entry::read(&mut fields)).collect::<Result<Vec<_>, _>>()?;
        // More headers than counted would be seen by a reader that goes by the directory's size.
        if fields.0.is_empty() { Ok(entries) } else { Err(ZipError::Contradiction) }
    }
}

/// One entry, as the central directory describes it.
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed: usize,
    unpacked: usize,
    offset: usize,
}

impl Entry {
    fn read(fields: &mut Fields<'_>) -> Result<Self, ZipError> {
        if fields.u32()? != CENTRAL_HEADER {
            return Err(ZipError::Malformed);
        }
        let made_by = fields.u16()?;
        fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        let crc = fields.u32()?;
        let (packed, unpacked) = (fields.size()?, fields.size()?);
        let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let disk = fields.u16()?;
        fields.u16()?;
        let attributes = fields.u32()?;
        let offset = fields.size()?;
        let name = fields.take(name.into())?;
        check_extra(fields.take(extra.into())?, name)?;
        fields.take(comment.into())?;
        if flags & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED_HEADERS) != 0 {
            return Err(ZipError::Encrypted);
        }
        let from_unix = made_by >> 8 == 3;
        let is_link = from_unix && attributes >> 28 == 0o12;
        if disk != 0 || is_link || !(method == 0 || method == 8) {
            return Err(ZipError::Unsupported);
        }
        let name = std::str::from_utf8(name).or(Err(ZipError::Name))?.to_owned();
        let entry = Self { name, flags, method, crc, packed, unpacked, offset };
        let plain = entry.method != 0 || entry.packed == entry.unpacked;
        let empty_folder = !entry.is_folder() || entry.unpacked == 0;
        if plain && empty_folder { Ok(entry) } else { Err(ZipError::Contradiction) }
    }

    fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }

    /// The packed data and where the next entry must start.
    fn locate<'a>(&self, bytes: &'a [u8], end: usize) -> Result<(&'a [u8], usize), ZipError> {
        let mut fields = Fields(bytes.get(..end).ok_or(ZipError::Malformed)?);
        fields.take(self.offset)?;
        if fields.u32()? != LOCAL_HEADER {
            return Err(ZipError::Malformed);
        }
        fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        let (crc, packed, unpacked) = (fields.u32()?, fields.size()?, fields.size()?);
        let (name, extra) = (fields.u16()?, fields.u16()?);
        let name = fields.take(name.into())?;
        check_extra(fields.take(extra.into())?, name)?;
        let described_later = flags & FLAG_DESCRIPTOR != 0;
        let local = (crc, packed, unpacked);
        let same_sizes = local == (self.crc, self.packed, self.unpacked) || described_later && local == (0, 0, 0);
        if name != self.name.as_bytes() || method != self.method || flags != self.flags || !same_sizes {
            return Err(ZipError::Contradiction);
        }
        let data = fields.take(self.packed)?;
        if described_later {
            self.descriptor(&mut fields)?;
        }
        Ok((data, end - fields.0.len()))
    }

    /// The data descriptor, with or without its customary signature.
    fn descriptor(&self, fields: &mut Fields<'_>) -> Result<(), ZipError> {
        const SIGNATURE: u32 = 0x0807_4b50;
        let mut first = fields.u32()?;
        if first == SIGNATURE && (self.crc != SIGNATURE || fields.0.len() >= 12) {
            first = fields.u32()?;
        }
        let same = first == self.crc && fields.size()? == self.packed && fields.size()? == self.unpacked;
        if same { Ok(()) } else { Err(ZipError::Contradiction) }
    }

    fn inflate(&self, data: &[u8], budget: &mut Budget) -> Result<Vec<u8>, ZipError> {
        let size = u64::try_from(self.unpacked).or(Err(ZipError::Malformed))?;
        budget.spend_inflated(size).map_err(ZipError::Exhausted)?;
        let unpacked = if self.method == 0 {
            data.to_vec()
        } else {
            let mut out = vec![0; self.unpacked];
            // Never more than announced: a slice of that size is all there is to write to.
            let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let (status, read, written) = decompress(&mut DecompressorOxide::new(), data, &mut out, 0, flags);
            if status != TINFLStatus::Done || read != data.len() || written != self.unpacked {
                return Err(ZipError::Contradiction);
            }
            out
        };
        if crc32fast::hash(&unpacked) == self.crc { Ok(unpacked) } else { Err(ZipError::Checksum) }
    }
}

/// The Info-ZIP Unicode Path field (0x7075) gives an entry a second name, which some readers prefer to the first.
fn check_extra(extra: &[u8], name: &[u8]) -> Result<(), ZipError> {
    const UNICODE_PATH: u16 = 0x7075;
    const BEFORE_NAME: usize = 5; // version, checksum of the first name
    let mut fields = Fields(extra);
    // Fewer octets than a header has are padding.
    while fields.0.len() >= 4 {
        let (id, size) = (fields.u16()?, fields.u16()?);
        let data = fields.take(size.into())?;
        if id == UNICODE_PATH && data.get(BEFORE_NAME..) != Some(name) {
            return Err(ZipError::Contradiction);
        }
    }
    Ok(())
}

fn check_names(entries: &[Entry]) -> Result<(), ZipError> {
    let mut seen = BTreeSet::new();
    for entry in entries {
        let path = entry.name.strip_suffix('/').unwrap_or(&entry.name);
        // Windows drops dots and spaces at the end of a name: two names would become one.
        let plain = path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !part.ends_with(['.', ' ']));
        let clean = !path.contains(['\\', ':', '\0']) && !path.chars().any(char::is_control);
        if !plain || !clean || path.len() > NAME_BYTES_MAX {
            return Err(ZipError::Name);
        }
        if !seen.insert(path.to_lowercase()) {
            return Err(ZipError::DuplicateName);
        }
    }
    Ok(())
}

impl fmt::Display for ZipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contradiction => "the archive contradicts itself",
            Self::Checksum => "a checksum of the archive does not fit",
            Self::DuplicateName => "two files of the archive have the same name",
            Self::Encrypted => "the archive is encrypted",
            Self::Exhausted(what) => return fmt::Display::fmt(what, f),
            Self::Layout => "bytes stand outside the files of the archive, or files overlap",
            Self::Malformed => "the archive is cut off or malformed",
            Self::Name => "a file name of the archive is not a plain relative path",
            Self::Unsupported => "the archive uses a feature that documents do not need",
        })
    }
}

impl std::error::Error for ZipError {}
