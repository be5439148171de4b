//! One revision of a PDF as a document: its trailer and its objects.

use std::collections::{BTreeMap, BTreeSet};

use super::PdfError;
use super::object::{self, Dict, Id, Object, Value};
use super::stream;
use super::syntax::Cursor;
use super::xref::{self, Entry, Section};
use crate::budget::Budget;

/// References to references; each is legal, a chain is not worth following.
const HOPS_MAX: usize = 4;

/// An object of an object stream: its number, and where it begins in the decoded data.
type Place = (u32, usize);

/// A PDF as its last revision shows it. To read an earlier revision, give the bytes up to its end.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) bytes: &'a [u8],
    /// The newest first.
    pub(super) sections: Vec<Section>,
    entries: BTreeMap<u32, Entry>,
    objects: BTreeMap<u32, Object>,
    /// Objects that are in use and cannot be read.
    broken: BTreeSet<u32>,
}

impl<'a> Document<'a> {
    /// Reads the last revision in these bytes.
    pub(super) fn open(bytes: &'a [u8], budget: &mut Budget) -> Result<Self, PdfError> {
        if bytes.len() > super::BYTES_MAX {
            return Err(PdfError::TooMuch);
        }
        if !bytes.starts_with(b"%PDF-") {
            return Err(PdfError::Header);
        }
        let sections = xref::sections(bytes, budget)?;
        let mut entries = BTreeMap::new();
        for section in &sections {
            if section.trailer.contains_key(b"Encrypt".as_slice()) {
                return Err(PdfError::Encrypted);
            }
            for (number, entry) in &section.entries {
                entries.entry(*number).or_insert(*entry);
            }
        }
        let mut document = Self { bytes, sections, entries, objects: BTreeMap::new(), broken: BTreeSet::new() };
        document.read_plain(budget)?;
        document.read_packed(budget)?;
        Ok(document)
    }

    fn read_plain(&mut self, budget: &mut Budget) -> Result<(), PdfError> {
        for (number, entry) in &self.entries {
            let Entry::At { offset, generation } = *entry else { continue };
            let id = Id { number: *number, generation };
            match self.at(offset, id, budget)? {
                Some(object) => drop(self.objects.insert(*number, object)),
                // It matters only if something refers to it.
                None => drop(self.broken.insert(*number)),
            }
        }
        Ok(())
    }

    fn read_packed(&mut self, budget: &mut Budget) -> Result<(), PdfError> {
        let mut streams: BTreeMap<u32, Vec<(u32, usize)>> = BTreeMap::new();
        for (number, entry) in &self.entries {
            if let Entry::In { stream, index } = *entry {
                streams.entry(stream).or_default().push((*number, index));
            }
        }
        for (stream, wanted) in streams {
            let packed = self.unpack(stream, budget);
            if let Err(error @ (PdfError::Exhausted(_) | PdfError::TooMuch)) = packed {
                return Err(error);
            }
            let (places, data) = packed.unwrap_or_default();
            for (number, index) in wanted {
                // The stream must name the object where the cross-reference says that it does.
                let at = places.get(index).filter(|(found, _)| *found == number).map(|(_, at)| *at);
                match at.map(|at| object::value(&data, at, budget)) {
                    Some(Ok((value, _))) => drop(self.objects.insert(number, Object { value, data: None, span: None })),
                    Some(Err(error @ (PdfError::Exhausted(_) | PdfError::TooMuch))) => return Err(error),
                    _ => drop(self.broken.insert(number)),
                }
            }
        }
        Ok(())
    }

    /// The objects in an object stream (7.5.7): number and place of each, and the decoded data.
    fn unpack(&self, number: u32, budget: &mut Budget) -> Result<(Vec<Place>, Vec<u8>), PdfError> {
        if !matches!(self.entries.get(&number), Some(Entry::At { .. })) {
            return Err(PdfError::Malformed);
        }
        let object = self.objects.get(&number).ok_or(PdfError::Malformed)?;
        let dict = object.value.dict().ok_or(PdfError::Malformed)?;
        if dict.get(b"Type".as_slice()).and_then(Value::name) != Some(b"ObjStm") {
            return Err(PdfError::Malformed);
        }
        let size = |key: &str| dict.get(key.as_bytes()).and_then(Value::size).ok_or(PdfError::Malformed);
        let (count, first) = (size("N")?, size("First")?);
        let data = self.data(object, budget)?;
        budget.spend_values(count)?;
        let mut cursor = Cursor::new(&data, 0);
        let mut places = Vec::new();
        for _ in 0..count {
            let number = u32::try_from(cursor.unsigned()?).or(Err(PdfError::Malformed))?;
            let at = usize::try_from(cursor.unsigned()?).or(Err(PdfError::Malformed))?;
            places.push((number, first.checked_add(at).ok_or(PdfError::Malformed)?));
        }
        Ok((places, data))
    }

    /// The newest trailer.
    pub(super) fn trailer(&self) -> Result<&Dict, PdfError> {
        self.sections.first().map(|section| &section.trailer).ok_or(PdfError::CrossReference)
    }

    /// The catalog, and which object it is.
    pub(super) fn catalog(&self) -> Result<(Id, &Dict), PdfError> {
        let root = self.trailer()?.get(b"Root".as_slice()).and_then(Value::id).ok_or(PdfError::CrossReference)?;
        let catalog = self.object(root)?.and_then(|object| object.value.dict()).ok_or(PdfError::Malformed)?;
        Ok((root, catalog))
    }

    /// An object; none when nothing is in use under this number and generation, which counts as null (7.3.10).
    pub(super) fn object(&self, id: Id) -> Result<Option<&Object>, PdfError> {
        if self.broken.contains(&id.number) {
            return Err(PdfError::Malformed);
        }
        let generation = match self.entries.get(&id.number) {
            Some(Entry::At { generation, .. }) => *generation,
            _ => 0,
        };
        Ok(self.objects.get(&id.number).filter(|_| generation == id.generation))
    }

    /// Where an object is.
    pub(super) fn place(&self, number: u32) -> Option<Entry> {
        self.entries.get(&number).copied()
    }

    /// The object at an offset, whether or not it is the newest of its number.
    pub(super) fn at(&self, offset: usize, id: Id, budget: &mut Budget) -> Result<Option<Object>, PdfError> {
        let mut length = |id: Id, budget: &mut Budget| length(self.bytes, &self.entries, id, budget);
        match object::indirect(self.bytes, offset, id, &mut length, budget) {
            Ok(object) => Ok(Some(object)),
            Err(error @ (PdfError::Exhausted(_) | PdfError::TooMuch)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Every object that could be read, by number.
    pub(super) fn objects(&self) -> impl Iterator<Item = (u32, &Object)> {
        self.objects.iter().map(|(number, object)| (*number, object))
    }

    /// What a value stands for, when it is a reference.
    pub(super) fn resolve<'v>(&'v self, mut value: &'v Value) -> Result<&'v Value, PdfError> {
        for _ in 0..HOPS_MAX {
            let Some(id) = value.id() else { return Ok(value) };
            value = self.object(id)?.map_or(&Value::Null, |object| &object.value);
        }
        Err(PdfError::Malformed)
    }

    /// An entry of a dictionary, resolved; null when there is none.
    pub(super) fn entry<'v>(&'v self, dict: &'v Dict, key: &str) -> Result<&'v Value, PdfError> {
        dict.get(key.as_bytes()).map_or(Ok(&Value::Null), |value| self.resolve(value))
    }

    /// The data of a stream as they are in the file.
    pub(super) fn raw(&self, object: &Object) -> Option<&'a [u8]> {
        self.bytes.get(object.data.clone()?)
    }

    /// The decoded data of a stream.
    pub(super) fn data(&self, object: &Object, budget: &mut Budget) -> Result<Vec<u8>, PdfError> {
        let (Some(raw), Some(dict)) = (self.raw(object), object.value.dict()) else { return Err(PdfError::Malformed) };
        stream::decode(dict, raw, budget)
    }
}

/// The length of a stream that stands in an object of its own: a plain number.
fn length(bytes: &[u8], entries: &BTreeMap<u32, Entry>, id: Id, budget: &mut Budget) -> Result<usize, PdfError> {
    match entries.get(&id.number) {
        Some(Entry::At { offset, generation }) if *generation == id.generation => {
            let object = object::indirect(bytes, *offset, id, &mut |_, _| Err(PdfError::Malformed), budget)?;
            object.value.size().ok_or(PdfError::Malformed)
        }
        _ => Err(PdfError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose cross-reference and one object are in streams. `twist` may change the rows of the cross-reference.
    fn packed(twist: impl Fn(&mut Vec<[u8; 4]>)) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n".to_vec();
        let catalog = file.len();
        file.extend_from_slice(b"1 0 obj\n<< /Type /Catalog /AcroForm 3 0 R >>\nendobj\n");
        let stream = file.len();
        let inside = "3 0 7 9 << /Fields [] >> null";
        let head =
            format!("2 0 obj\n<< /Type /ObjStm /N 2 /First 8 /Length {} >>\nstream\n{inside}\nendstream\nendobj\n", inside.len());
        file.extend_from_slice(head.as_bytes());
        let at = file.len();
        let row = |place: usize| {
            let [.., high, low] = place.to_be_bytes();
            [1, high, low, 0]
        };
        let mut rows = vec![[0, 0, 0, 0], row(catalog), row(stream), [2, 0, 2, 0], row(at)];
        twist(&mut rows);
        let head = format!("4 0 obj\n<< /Type /XRef /Root 1 0 R /Size 5 /W [1 2 1] /Length {} >>\nstream\n", rows.len() * 4);
        file.extend_from_slice(head.as_bytes());
        file.extend(rows.into_iter().flatten());
        file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{at}\n%%EOF\n").as_bytes());
        file
    }

    fn fields(file: &[u8]) -> Result<bool, PdfError> {
        let document = Document::open(file, &mut Budget::for_document())?;
        let (_, catalog) = document.catalog()?;
        Ok(document.entry(catalog, "AcroForm")?.dict().is_some_and(|form| form.contains_key(b"Fields".as_slice())))
    }

    #[test]
    fn objects_in_streams_are_read_where_the_cross_reference_says() {
        assert_eq!(fields(&packed(|_| {})), Ok(true));
        let wrong_index = packed(|rows| rows[3] = [2, 0, 2, 1]);
        assert_eq!(fields(&wrong_index), Err(PdfError::Malformed), "the stream names another object there");
        assert_eq!(fields(&packed(|rows| rows[3] = [2, 0, 1, 0])), Err(PdfError::Malformed), "that is no object stream");
        assert_eq!(fields(&packed(|rows| rows[3] = [0, 0, 0, 0])), Ok(false), "free means null");
        assert_eq!(fields(&packed(|rows| rows[3] = [3, 0, 0, 0])), Err(PdfError::CrossReference));
        assert_eq!(fields(&packed(|rows| rows.truncate(4))), Err(PdfError::CrossReference), "fewer rows than the size says");
        assert_eq!(fields(&packed(|rows| rows[1] = [1, 0, 0, 0])), Err(PdfError::Malformed));
    }
}
