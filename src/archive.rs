//! Archives of files, `tar` within gzip: the same files give the same bytes, and one of them is read
//! without unpacking the others to a disk.
//!
//! What is read may come from anybody. Names decide nothing but which entry is meant, sizes are those
//! that the headers claim and the stream has, and a stream that goes on and on is given up.

mod read;
mod write;

pub(crate) use read::{Entries, entry, is_archive};
pub(crate) use write::Writer;

#[cfg(test)]
mod tests;
