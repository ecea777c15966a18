//! Reading an archive as the stream that it is.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, Header};

use super::extended::Ahead;

/// Headers and contents come in blocks of this size.
const BLOCK: u64 = 512;

/// Unpacked bytes after which an archive is given up: many times what a bundle of ours may hold.
const MOST_BYTES: u64 = 16 << 30;

/// Bytes of the longest path that is read.
const LONGEST_PATH: u64 = 4096;

/// Bytes of the longest extended header, which may hold attributes of a file too.
const LONGEST_EXTENDED: u64 = 1 << 20;

/// Entries after which an archive is given up.
const MOST_ENTRIES: u32 = 1_000_000;

/// The entries of an archive, one after the other.
pub(crate) struct Entries<R> {
    from: R,
    /// The first block, which told that it is an archive.
    first: Option<Block>,
    /// Bytes of the last entry, with those that fill its last block, that were not read.
    left: u64,
    read: u64,
    count: u32,
    most: u64,
}

type Block = [u8; BLOCK as usize];

/// What a header says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Without empty parts and `.`, such as a `./` that it began with.
    pub(crate) path: String,
    /// In bytes.
    pub(crate) size: u64,
}

/// The bytes of an archive, packed by gzip or not at all, as browsers leave them.
pub(crate) enum Unpacked<R> {
    Gzip(MultiGzDecoder<R>),
    Plain(R),
}

impl<R: BufRead> Unpacked<R> {
    fn of(mut packed: R) -> io::Result<Self> {
        Ok(match packed.fill_buf()?.first() {
            // The second byte may not be there yet; no path begins with this one.
            Some(0x1f) => Self::Gzip(MultiGzDecoder::new(packed)),
            Some(_) | None => Self::Plain(packed),
        })
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(it) => it.read(buffer),
            Self::Plain(it) => it.read(buffer),
        }
    }
}

impl<R: BufRead> Entries<Unpacked<R>> {
    /// The entries of packed bytes; `None` where their first block is no header.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub(crate) fn of(packed: R) -> io::Result<Option<Self>> {
        let mut from = Unpacked::of(packed)?;
        let mut first = [0; BLOCK as usize];
        match from.read_exact(&mut first) {
            Ok(()) if is_whole(&first) => Ok(Some(Self {
                first: Some(first),
                ..Self::plain(from, MOST_BYTES)
            })),
            Ok(()) => Ok(None),
            Err(err) if is_of_content(&err) => Ok(None),
            Err(err) => Err(err),
        }
    }
}

/// Whether bytes are to blame, and not who was to give them.
fn is_of_content(err: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(err.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

impl<R: Read> Entries<R> {
    pub(super) fn plain(from: R, most: u64) -> Self {
        Self {
            from,
            first: None,
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
        let mut ahead = Ahead::default();
        loop {
            let left = std::mem::take(&mut self.left);
            self.skip(left)?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = header.entry_size()?;
            self.expect(size)?;
            match header.entry_type() {
                EntryType::GNULongName => ahead.long_name(&self.extension(size, LONGEST_PATH)?),
                EntryType::XHeader => ahead.pax(&self.extension(size, LONGEST_EXTENDED)?)?,
                // What is said of all files is no path; a long link is of a link.
                EntryType::XGlobalHeader | EntryType::GNULongLink => {}
                kind => {
                    let ahead = std::mem::take(&mut ahead);
                    let size = ahead.size.unwrap_or(size);
                    self.expect(size)?;
                    if let Some(path) = file(kind, &header, ahead)? {
                        return Ok(Some(Found { path, size }));
                    }
                }
            }
        }
    }

    /// Counts on an entry of `size` bytes.
    fn expect(&mut self, size: u64) -> io::Result<()> {
        let blocks = size.checked_next_multiple_of(BLOCK);
        self.left = blocks.ok_or_else(|| broken("an entry is too large"))?;
        Ok(())
    }

    /// What an entry of `size` bytes says of the next one.
    fn extension(&mut self, size: u64, most: u64) -> io::Result<Vec<u8>> {
        let path = "an extended header".to_owned();
        self.content(&Found { path, size }, most)
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
        let Some(block) = self.block()? else {
            return Ok(None);
        };
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

    /// The next block; `None` where there is nothing more after an entry.
    fn block(&mut self) -> io::Result<Option<Block>> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let mut block = [0; BLOCK as usize];
        match self.from.read(&mut block[..1])? {
            0 if self.count > 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => self.from.read_exact(&mut block[1..])?,
        }
        Ok(Some(block))
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

/// The path of a regular file; `None` for folders, links and whatever else is no file.
fn file(kind: EntryType, header: &Header, ahead: Ahead) -> io::Result<Option<String>> {
    let own = || String::from_utf8_lossy(&header.path_bytes()).into_owned();
    let path = ahead.path.unwrap_or_else(own);
    match kind {
        // Before POSIX a folder was a file whose path ends so.
        EntryType::Regular | EntryType::Continuous if path.ends_with('/') => Ok(None),
        EntryType::GNUSparse => Err(sparse(&path)),
        EntryType::Regular | EntryType::Continuous if ahead.is_sparse => Err(sparse(&path)),
        EntryType::Regular | EntryType::Continuous => Ok(Some(plain(&path))),
        _ => Ok(None),
    }
}

fn sparse(path: &str) -> io::Error {
    let why = format!("{path} is packed as a sparse file; pack it without `--sparse`");
    broken(&why)
}

/// A path without the parts that lead nowhere.
fn plain(path: &str) -> String {
    let parts = path.split('/').filter(|it| !matches!(*it, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// The content of the first entry that is meant, as a stream; `None` where there is none.
///
/// # Errors
/// As [`Entries::next`], and where it is no archive.
pub(crate) fn entry<R: BufRead>(
    packed: R,
    is_meant: impl Fn(&str) -> bool,
) -> io::Result<Option<impl BufRead>> {
    let entries = Entries::of(packed)?;
    let mut entries = entries.ok_or_else(|| broken("it is no archive"))?;
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

/// Whether bytes, packed or not, are those of an archive, as its first header says.
///
/// # Errors
/// Where they cannot be read.
pub(crate) fn is_archive(packed: impl BufRead) -> io::Result<bool> {
    Ok(Entries::of(packed)?.is_some())
}

/// Whether a block is a header: it holds the sum of its own bytes, with blanks in place of the sum.
fn is_whole(block: &Block) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let stated = Header::from_byte_slice(block).cksum();
    let bytes = block.iter().enumerate();
    let sum = bytes.map(|(at, byte)| u32::from(if SUM.contains(&at) { b' ' } else { *byte }));
    stated.is_ok_and(|it| it == sum.sum::<u32>())
}

pub(super) fn broken(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}
