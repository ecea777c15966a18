//! Archives of files, `tar` within gzip: the same files give the same bytes, and one of them is read
//! without unpacking the others to a disk.
//!
//! Read is also what others have packed: the formats of POSIX (ustar, pax), of GNU tar and of V7, whoever
//! packed them and however their gzip is cut into members, and archives that are not packed.
//!
//! What is read may come from anybody. Names decide nothing but which entry is meant, sizes are those
//! that the headers claim and the stream has, and a stream that goes on and on is given up.

mod extended;
mod read;
mod write;

pub(crate) use read::{Entries, entry, is_archive};
pub(crate) use write::Writer;

#[cfg(test)]
mod tests;
