//! Objects that were named, of the kinds that a command knows.

/// An object that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<K> {
    /// `None` where a name stands alone.
    pub kind: Option<K>,
    pub name: String,
}
