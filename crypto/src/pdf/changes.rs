//! What happened to a document after a signature: the signed revision against the last one.
//!
//! Both are followed from the catalog side by side, and everything reachable must be the same but for what is known to be
//! harmless: further signatures that show nothing, time stamps, and what keeps signatures verifiable. Hidden layers that
//! surface, replaced fonts, fields filled anew and redirected pages (the "shadow attacks") all show as differences.

use std::collections::{BTreeMap, BTreeSet};

use super::PdfError;
use super::document::Document;
use super::fields::{self, Allowed, Kind};
use super::object::{Dict, Id, Value};
use crate::budget::Budget;

/// Pages of one document.
const PAGES_MAX: usize = 20_000;
/// What a signature field that is added may say; anything else, such as an action, is no mere signature.
const FIELD_KEYS: [&[u8]; 18] = [
    b"Type", b"Subtype", b"FT", b"Ff", b"T", b"TU", b"TM", b"V", b"F", b"P", b"Rect", b"MK", b"DA", b"Lock", b"SV", b"AP", b"M",
    b"NM",
];
/// What filling in a field touches.
const VALUE_KEYS: [&[u8]; 6] = [b"V", b"AP", b"AS", b"M", b"MK", b"I"];

/// What later revisions did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    /// Nothing that a reader would see.
    Harmless,
    /// Something that may have been allowed and changes what a reader sees.
    Doubtful(&'static str),
    /// Something that nobody allowed.
    Changed(&'static str),
}

enum Stop {
    Changed(&'static str),
    Error(PdfError),
}

impl Stop {
    /// The same in the words of whoever knows more.
    fn because(self, reason: &'static str) -> Self {
        match self {
            Self::Changed(_) => Self::Changed(reason),
            Self::Error(error) => Self::Error(error),
        }
    }
}

impl From<PdfError> for Stop {
    fn from(error: PdfError) -> Self {
        match error {
            PdfError::Exhausted(_) | PdfError::TooMuch => Self::Error(error),
            _ => Self::Changed("an object cannot be read"),
        }
    }
}

/// Compares the signed revision with the last one.
pub(super) fn judge(old: &Document<'_>, new: &Document<'_>, budget: &mut Budget) -> Result<Later, PdfError> {
    let work = |budget: &mut Budget| {
        let mut judge = Judge::new(old, new)?;
        judge.trailer()?;
        judge.follow(budget)?;
        Ok(judge.doubt)
    };
    match work(budget) {
        Ok(None) => Ok(Later::Harmless),
        Ok(Some(reason)) => Ok(Later::Doubtful(reason)),
        Err(Stop::Changed(reason)) => Ok(Later::Changed(reason)),
        Err(Stop::Error(error)) => Err(error),
    }
}

struct Judge<'d> {
    old: &'d Document<'d>,
    new: &'d Document<'d>,
    allowed: Allowed,
    root: Id,
    pages: BTreeSet<Id>,
    /// Fields of the signed revision, and whether each is for signatures.
    fields: BTreeMap<Id, bool>,
    /// Signature fields that were added.
    added: BTreeSet<Id>,
    open: Vec<Id>,
    seen: BTreeSet<Id>,
    doubt: Option<&'static str>,
}

impl<'d> Judge<'d> {
    fn new(old: &'d Document<'d>, new: &'d Document<'d>) -> Result<Self, Stop> {
        let (root, catalog) = old.catalog()?;
        let fields = fields::fields(old)?.into_iter().map(|field| (field.id, field.is_signature)).collect();
        let pages = pages(old, catalog)?;
        let allowed = fields::allowed(old)?;
        let (added, open, seen) = (BTreeSet::new(), vec![root], BTreeSet::new());
        Ok(Self { old, new, allowed, root, pages, fields, added, open, seen, doubt: None })
    }

    fn trailer(&mut self) -> Result<(), Stop> {
        let (old, new) = (self.old.trailer()?, self.new.trailer()?);
        if new.get(b"Root".as_slice()).and_then(Value::id) != Some(self.root) {
            return Err(Stop::Changed("another catalog"));
        }
        let (old, new) = (self.old.entry(old, "Info")?, self.new.entry(new, "Info")?);
        let lasting = |value: &Value| {
            let mut dict = value.dict().cloned().unwrap_or_default();
            dict.retain(|key, _| ![b"ModDate".as_slice(), b"Producer"].contains(&key.as_slice()));
            dict
        };
        if lasting(old) != lasting(new) {
            self.doubt = Some("the description of the document changed");
        }
        Ok(())
    }

    fn follow(&mut self, budget: &mut Budget) -> Result<(), Stop> {
        while let Some(id) = self.open.pop() {
            if self.seen.insert(id) {
                budget.spend_values(1).map_err(PdfError::from)?;
                self.object(id)?;
            }
        }
        Ok(())
    }

    fn object(&mut self, id: Id) -> Result<(), Stop> {
        let (old, new) = match (self.old.object(id)?, self.new.object(id)?) {
            (None, None) => return Ok(()),
            (Some(old), Some(new)) => (old, new),
            _ => return Err(Stop::Changed("an object appeared or disappeared")),
        };
        if self.old.raw(old) != self.new.raw(new) {
            return Err(Stop::Changed("a stream changed"));
        }
        let (Some(before), Some(after)) = (old.value.dict(), new.value.dict()) else {
            return self.same(&old.value, &new.value);
        };
        if id == self.root {
            return self.dicts(before, after, Self::catalog_entry);
        }
        if self.pages.contains(&id) {
            return self.dicts(before, after, Self::page_entry);
        }
        match self.fields.get(&id) {
            Some(is_signature) if before != after => self.field(before, after, *is_signature),
            _ => self.same(&old.value, &new.value),
        }
    }

    /// Compares two values; objects that both refer to are compared later.
    fn same(&mut self, old: &Value, new: &Value) -> Result<(), Stop> {
        match (old, new) {
            (Value::Ref(id), Value::Ref(other)) if id == other => self.open.push(*id),
            (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
                for (old, new) in old.iter().zip(new) {
                    self.same(old, new)?;
                }
            }
            (Value::Dict(old), Value::Dict(new)) => return self.dicts(old, new, Self::plain_entry),
            _ if old == new => {}
            _ => return Err(Stop::Changed("content changed")),
        }
        Ok(())
    }

    fn dicts(
        &mut self,
        old: &Dict,
        new: &Dict,
        entry: fn(&mut Self, &[u8], &Value, &Value) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let added = new.iter().filter(|(key, _)| !old.contains_key(*key)).map(|(key, value)| (key, &Value::Null, value));
        let kept = old.iter().map(|(key, value)| (key, value, new.get(key).unwrap_or(&Value::Null)));
        for (key, before, after) in kept.chain(added) {
            entry(self, key, before, after)?;
        }
        Ok(())
    }

    fn plain_entry(&mut self, _: &[u8], old: &Value, new: &Value) -> Result<(), Stop> {
        self.same(old, new)
    }

    fn catalog_entry(&mut self, key: &[u8], old: &Value, new: &Value) -> Result<(), Stop> {
        match key {
            // Certificates and evidence for the signatures; notes on the version. A reader shows none of them.
            b"DSS" | b"Extensions" => Ok(()),
            b"Version" if new.name().is_some() => Ok(()),
            b"Metadata" if old != new => {
                self.doubt = Some("the description of the document changed");
                Ok(())
            }
            b"AcroForm" => {
                let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
                let (Some(old), Some(new)) = (old.dict(), new.dict()) else { return Err(Stop::Changed("the form changed")) };
                self.dicts(old, new, Self::form_entry)
            }
            _ => self.same(old, new).map_err(|stop| stop.because("the catalog changed")),
        }
    }

    fn form_entry(&mut self, key: &[u8], old: &Value, new: &Value) -> Result<(), Stop> {
        match key {
            b"SigFlags" if new.integer().is_some() => Ok(()),
            b"Fields" => {
                for id in self.appended(old, new)? {
                    self.new_field(id)?;
                    self.added.insert(id);
                }
                Ok(())
            }
            _ => self.same(old, new).map_err(|stop| stop.because("the form changed")),
        }
    }

    fn page_entry(&mut self, key: &[u8], old: &Value, new: &Value) -> Result<(), Stop> {
        if key != b"Annots" {
            return self.same(old, new).map_err(|stop| stop.because("a page changed"));
        }
        for id in self.appended(old, new)? {
            if self.added.contains(&id) {
                continue;
            }
            if self.allowed < Allowed::Annotating {
                return Err(Stop::Changed("an annotation was added"));
            }
            self.doubt = Some("an annotation was added, as the signer allowed");
        }
        Ok(())
    }

    /// The references at the end of an array that the signed revision does not have. Everything before them is compared.
    fn appended(&mut self, old: &Value, new: &Value) -> Result<Vec<Id>, Stop> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let (Some(old), Some(new)) = (list(old), list(new)) else { return Err(Stop::Changed("content changed")) };
        let Some((kept, added)) = new.split_at_checked(old.len()) else {
            return Err(Stop::Changed("a field or annotation is gone"));
        };
        for (old, new) in old.iter().zip(kept) {
            self.same(old, new)?;
        }
        added.iter().map(|value| value.id().ok_or(Stop::Changed("content changed"))).collect()
    }

    /// A field that was added: a signature or time stamp that shows nothing.
    fn new_field(&mut self, id: Id) -> Result<(), Stop> {
        let changed = Err(Stop::Changed("a field was added that is no mere signature"));
        if self.old.object(id)?.is_some() {
            return changed;
        }
        let Some(field) = self.new.object(id)?.and_then(|object| object.value.dict()) else { return changed };
        let is_plain = field.keys().all(|key| FIELD_KEYS.contains(&key.as_slice()));
        if !is_plain || self.new.entry(field, "FT")?.name() != Some(b"Sig") {
            return changed;
        }
        self.may_sign(field)?;
        if is_visible(self.new, field)? {
            self.doubt = Some("a signature was added that shows on a page");
        }
        Ok(())
    }

    /// Whether the signature in a field may be there.
    fn may_sign(&self, field: &Dict) -> Result<(), Stop> {
        let signature = self.new.entry(field, "V")?;
        let is_stamp = signature.dict().is_some_and(|signature| fields::kind(signature) == Kind::TimeStamp);
        if self.allowed == Allowed::Nothing && !is_stamp {
            return Err(Stop::Changed("the signer allowed no further signatures"));
        }
        Ok(())
    }

    /// A field that differs: a signature field that was signed, or one that was filled in.
    fn field(&mut self, old: &Dict, new: &Dict, is_signature: bool) -> Result<(), Stop> {
        let is_value = |key: &[u8]| VALUE_KEYS.contains(&key);
        let rest = |dict: &Dict| -> Dict {
            dict.iter().filter(|(key, _)| !is_value(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        self.dicts(&rest(old), &rest(new), Self::plain_entry).map_err(|stop| stop.because("a field changed"))?;
        if is_signature && !old.contains_key(b"V".as_slice()) {
            self.may_sign(new)?;
            if is_visible(self.new, new)? {
                self.doubt = Some("a signature was added that shows on a page");
            }
            return Ok(());
        }
        if is_signature || self.allowed < Allowed::Filling {
            return Err(Stop::Changed("a field was filled in"));
        }
        self.doubt = Some("a field was filled in, as the signer allowed");
        Ok(())
    }
}

/// The items of an array; none at all is an empty one.
fn list(value: &Value) -> Option<&[Value]> {
    if *value == Value::Null { Some(&[]) } else { value.array() }
}

/// Whether a widget has an area on its page and is not hidden (12.5.3).
fn is_visible(document: &Document<'_>, widget: &Dict) -> Result<bool, PdfError> {
    let is_hidden = document.entry(widget, "F")?.integer().is_some_and(|flags| flags & 2 != 0);
    let is_empty = match document.entry(widget, "Rect")? {
        Value::Null => true,
        Value::Array(corners) => match corners.as_slice() {
            [left, bottom, right, top] => left == right || bottom == top,
            _ => false,
        },
        _ => false,
    };
    Ok(!is_hidden && !is_empty)
}

/// The pages of a document: the leaves of its page tree.
fn pages(document: &Document<'_>, catalog: &Dict) -> Result<BTreeSet<Id>, PdfError> {
    let mut open: Vec<Id> = catalog.get(b"Pages".as_slice()).and_then(Value::id).into_iter().collect();
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if seen.len() > PAGES_MAX || open.len() > PAGES_MAX {
            return Err(PdfError::TooMuch);
        }
        let Some(node) = document.object(id)?.and_then(|object| object.value.dict()) else { continue };
        match document.entry(node, "Kids")?.array() {
            Some(kids) => open.extend(kids.iter().filter_map(Value::id)),
            None => drop(found.insert(id)),
        }
    }
    Ok(found)
}
