//! A file's bytes, from a file, a pipe or stdin, plain or compressed, readable twice.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::zstd;
use crate::{archive, state};

/// The snapshot within a support bundle, below its folder if there is one.
const WITHIN_BUNDLE: &str = "stepscale/snapshot.jsonl.gz";

/// How the bytes are packed, as their first ones say; the name of the file is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// Gzip within a support bundle, which is mostly packed as well.
    Bundle,
}

impl std::fmt::Display for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bundle => "bundled",
        })
    }
}

/// An open file that can be read from its beginning again and again.
///
/// It is opened once: a file that is replaced meanwhile does not mix with the old one.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    pub(super) packing: Packing,
    /// As stored, packed.
    pub(super) bytes: u64,
}

impl Input {
    /// Opens `path`, `-` for stdin. What cannot be read twice is copied to a temporary file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Self::of(spool(io::stdin().lock())?);
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Self::of(if metadata.is_file() {
            file
        } else {
            spool(file)?
        })
    }

    /// As if the bytes were those of a file.
    pub(super) fn copy_of(bytes: &[u8]) -> io::Result<Self> {
        Self::of(spool(bytes)?)
    }

    fn of(mut file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let packing = sniff(&mut file)?;
        Ok(Self {
            file,
            packing,
            bytes,
        })
    }

    /// The unpacked bytes from the beginning.
    pub(super) fn rewind(&mut self) -> io::Result<Box<dyn BufRead + '_>> {
        /// Fewer, larger reads than the 8 KiB of the standard library.
        const BUFFER: usize = 256 << 10;
        self.file.rewind()?;
        let packed = BufReader::with_capacity(BUFFER, &self.file);
        Ok(match self.packing {
            Packing::Plain => Box::new(packed),
            Packing::Gzip => Box::new(BufReader::with_capacity(
                BUFFER,
                MultiGzDecoder::new(packed),
            )),
            Packing::Zstd => Box::new(BufReader::with_capacity(BUFFER, zstd::Decoder::new(packed))),
            Packing::Bundle => {
                let found = archive::entry(packed, is_snapshot)?;
                let snapshot = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
                Box::new(BufReader::with_capacity(
                    BUFFER,
                    MultiGzDecoder::new(snapshot),
                ))
            }
        })
    }
}

fn sniff(file: &mut File) -> io::Result<Packing> {
    let mut first = Vec::new();
    file.rewind()?;
    Read::by_ref(file).take(4).read_to_end(&mut first)?;
    Ok(match first.as_slice() {
        [0x1f, 0x8b, ..] if is_bundle(file)? => Packing::Bundle,
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd,
        // The skippable frame that pzstd begins with.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Packing::Zstd,
        _ if is_bundle(file)? => Packing::Bundle,
        _ => Packing::Plain,
    })
}

/// Whether bytes are those of an archive and not of lines.
fn is_bundle(file: &mut File) -> io::Result<bool> {
    file.rewind()?;
    archive::is_archive(BufReader::new(file))
}

fn is_snapshot(path: &str) -> bool {
    let above = path.strip_suffix(WITHIN_BUNDLE);
    above.is_some_and(|it| it.is_empty() || it.ends_with('/'))
}

/// Copies a stream to a file that vanishes with its handle.
fn spool(mut from: impl Read) -> io::Result<File> {
    let (mut file, path) = state::create_private(&std::env::temp_dir(), "stepscale-input")?;
    // An open file without a name is removed by the system even when this process is killed.
    // Where the system does not allow it, the file stays in the temporary directory.
    let _ = fs::remove_file(&path);
    io::copy(&mut from, &mut file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_spooled_and_can_be_read_twice() {
        let mut input = Input::of(spool(&b"once only"[..]).unwrap()).unwrap();
        for _ in 0..2 {
            let mut text = String::new();
            input.rewind().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "once only");
        }
        assert_eq!((input.packing, input.bytes), (Packing::Plain, 9));
    }
}
