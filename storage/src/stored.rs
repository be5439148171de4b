//! What came of storing something that may be there already.

/// The thing as it is on record, and whether this call put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored<T> {
    /// It was new, and is on record now.
    Created(T),
    /// The same had been on record before; this is what was there.
    Unchanged(T),
}

impl<T> Stored<T> {
    /// The thing as it is on record.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Self::Created(thing) | Self::Unchanged(thing) => thing,
        }
    }

    /// Whether this call put it there.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}
