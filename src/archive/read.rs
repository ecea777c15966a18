//! Reading an archive as the stream that it is.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, Header};

/// Headers and contents come in blocks of this size.
const BLOCK: u64 = 512;

/// Unpacked bytes after which an archive is given up: many times what a bundle of ours may hold.
const MOST_BYTES: u64 = 16 << 30;

/// Bytes of the longest path that is read.
const LONGEST_PATH: u64 = 4096;

/// Entries after which an archive is given up.
const MOST_ENTRIES: u32 = 1_000_000;

/// The entries of an archive, one after the other.
pub(crate) struct Entries<R> {
    from: R,
    /// Bytes of the last entry, with those that fill its last block, that were not read.
    left: u64,
    read: u64,
    count: u32,
    most: u64,
}

/// What a header says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: String,
    /// In bytes.
    pub(crate) size: u64,
}

impl<R: BufRead> Entries<MultiGzDecoder<R>> {
    /// The entries of packed bytes.
    pub(crate) fn of(packed: R) -> Self {
        Self::plain(MultiGzDecoder::new(packed), MOST_BYTES)
    }
}

impl<R: Read> Entries<R> {
    pub(super) fn plain(from: R, most: u64) -> Self {
        Self {
            from,
            left: 0,
            read: 0,
            count: 0,
            most,
        }
    }

    /// The next regular file; `None` at the end.
    ///
    /// # Errors
    /// Where the stream is broken or cut off, or goes on for too long.
    pub(crate) fn next(&mut self) -> io::Result<Option<Found>> {
        // A path too long for a header is an entry of its own before it.
        let mut long = None;
        loop {
            let left = std::mem::take(&mut self.left);
            self.skip(left)?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = header.entry_size()?;
            self.left = size
                .checked_next_multiple_of(BLOCK)
                .ok_or_else(|| broken("an entry is too large"))?;
            match header.entry_type() {
                EntryType::GNULongName => long = Some(self.long_path(size)?),
                EntryType::Regular | EntryType::Continuous => {
                    let own = || String::from_utf8_lossy(&header.path_bytes()).into_owned();
                    let path = long.unwrap_or_else(own);
                    return Ok(Some(Found { path, size }));
                }
                _ => long = None,
            }
        }
    }

    /// What an entry of `size` bytes says of the path of the next one.
    fn long_path(&mut self, size: u64) -> io::Result<String> {
        let path = "a path".to_owned();
        let text = self.content(&Found { path, size }, LONGEST_PATH)?;
        let text = text.strip_suffix(b"\0").unwrap_or(&text);
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// The content of `found`, which was given last, if it is no larger than `most`.
    ///
    /// # Errors
    /// Where it is larger, or cut off.
    pub(crate) fn content(&mut self, found: &Found, most: u64) -> io::Result<Vec<u8>> {
        if found.size > most {
            let why = format!("{} is larger than {} MiB", found.path, most >> 20);
            return Err(broken(&why));
        }
        let mut content = Vec::new();
        (&mut self.from)
            .take(found.size)
            .read_to_end(&mut content)?;
        let read = content.len() as u64;
        if read < found.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        self.count_bytes(read)?;
        Ok(content)
    }

    /// What comes next; `None` where two empty blocks, or nothing at all, say that it is the end.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut block = [0; BLOCK as usize];
        match self.from.read(&mut block[..1])? {
            0 if self.count > 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => self.from.read_exact(&mut block[1..])?,
        }
        self.count_bytes(BLOCK)?;
        if block.iter().all(|it| *it == 0) {
            return Ok(None);
        }
        self.count += 1;
        if self.count > MOST_ENTRIES {
            return Err(broken("it has too many entries"));
        }
        let header = Header::from_byte_slice(&block).clone();
        match is_whole(&block) {
            true => Ok(Some(header)),
            false => Err(broken("a header of the archive is damaged")),
        }
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.count_bytes(bytes)?;
        let skipped = io::copy(&mut (&mut self.from).take(bytes), &mut io::sink())?;
        match skipped == bytes {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn count_bytes(&mut self, bytes: u64) -> io::Result<()> {
        self.read = self.read.saturating_add(bytes);
        match self.read > self.most {
            true => Err(broken("it unpacks to too much")),
            false => Ok(()),
        }
    }
}

/// The content of the first entry that is meant, as a stream; `None` where there is none.
///
/// # Errors
/// As [`Entries::next`].
pub(crate) fn entry<R: BufRead>(
    packed: R,
    is_meant: impl Fn(&str) -> bool,
) -> io::Result<Option<impl BufRead>> {
    let mut entries = Entries::of(packed);
    while let Some(found) = entries.next()? {
        if is_meant(&found.path) {
            return Ok(Some(BufReader::new(Whole {
                from: entries.from,
                left: found.size,
            })));
        }
    }
    Ok(None)
}

/// As many bytes as there should be: fewer are an error and not an end.
struct Whole<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.from.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Whether packed bytes unpack to an archive, as its first header says.
pub(crate) fn is_archive(packed: impl BufRead) -> bool {
    let mut block = [0; BLOCK as usize];
    let unpacked = MultiGzDecoder::new(packed).read_exact(&mut block);
    unpacked.is_ok() && is_whole(&block)
}

/// Whether a block is a header: it holds the sum of its own bytes, with blanks in place of the sum.
fn is_whole(block: &[u8; BLOCK as usize]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let stated = Header::from_byte_slice(block).cksum();
    let bytes = block.iter().enumerate();
    let sum = bytes.map(|(at, byte)| u32::from(if SUM.contains(&at) { b' ' } else { *byte }));
    stated.is_ok_and(|it| it == sum.sum::<u32>())
}

fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}
