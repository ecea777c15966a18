//! Writing an archive, entry by entry.

use std::io::{self, Read, Write};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use tar::{EntryType, Header};

/// Writes files, all of one time and for their owner only.
pub(crate) struct Writer<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    at: u64,
}

impl<W: Write> Writer<W> {
    /// An archive whose files are all dated `at`.
    pub(crate) fn new(to: W, at: Timestamp) -> Self {
        // No name and no time of its own: nothing but the files decides on the bytes.
        let packed = GzBuilder::new().mtime(0).write(to, Compression::default());
        Self {
            tar: tar::Builder::new(packed),
            at: u64::try_from(at.as_second()).unwrap_or(0),
        }
    }

    /// Adds a file of `size` bytes.
    ///
    /// # Errors
    /// Where it cannot be written, or `content` has fewer bytes.
    pub(crate) fn file(&mut self, path: &str, size: u64, content: impl Read) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(size);
        let mut content = Counted {
            from: content.take(size),
            read: 0,
        };
        self.tar.append_data(&mut header, path, &mut content)?;
        match content.read == size {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Ends the archive and gives back what it was written to.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(crate) fn finish(self) -> io::Result<W> {
        self.tar.into_inner()?.finish()
    }
}

/// Counts what is read.
struct Counted<R> {
    from: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}
