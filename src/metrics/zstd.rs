//! Zstandard as a stream of frames: what `zstd`, `pzstd` and this program write.

use std::io::{self, BufRead, Read, Write};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// Plain bytes in one frame. Frames are independent, so that writing needs no more memory than
/// this, and large enough that little is lost at their borders.
const FRAME_BYTES: usize = 4 << 20;

/// Decodes one frame after another until the end of `source`, checksums included.
pub(super) struct Decoder<R> {
    source: R,
    frame: FrameDecoder,
    /// Whether `frame` has begun and its end has not been checked yet.
    is_open: bool,
}

impl<R: BufRead> Decoder<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            frame: FrameDecoder::new(),
            is_open: false,
        }
    }

    /// Starts the next frame, passing over skippable ones; false at the end of the source.
    fn open_frame(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.frame.init(&mut self.source) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.skip(u64::from(length))?,
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(false)
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
        if skipped < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Decodes until something can be taken out or the frame ends.
    fn decode(&mut self) -> io::Result<()> {
        while self.frame.can_collect() == 0 && !self.frame.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            if let Err(error) = self.frame.decode_blocks(&mut self.source, one) {
                return Err(self.broken(error));
            }
        }
        Ok(())
    }

    fn close_frame(&mut self) -> io::Result<()> {
        self.is_open = false;
        let stated = self.frame.get_checksum_from_data();
        if stated.is_some() && stated != self.frame.get_calculated_checksum() {
            return Err(damaged("the checksum does not match"));
        }
        Ok(())
    }

    /// An error where the source ended is its being cut off; elsewhere it is damage.
    fn broken(&mut self, error: FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Ok([]) => io::ErrorKind::UnexpectedEof.into(),
            Ok(_) => io::Error::new(io::ErrorKind::InvalidData, error),
            Err(error) => error,
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_open && !self.open_frame()? {
                return Ok(0);
            }
            self.decode()?;
            let read = self.frame.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.close_frame()?;
        }
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Encodes what is written, frame by frame. [`finish`](Self::finish) writes the last one.
pub(super) struct Encoder<W> {
    target: W,
    frame: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(target: W) -> Self {
        Self {
            target,
            frame: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_frame()?;
        Ok(self.target)
    }

    fn write_frame(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let packed = compress_to_vec(self.frame.as_slice(), CompressionLevel::Fastest);
        self.frame.clear();
        self.target.write_all(&packed)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = FRAME_BYTES - self.frame.len();
        let taken = bytes.len().min(room);
        self.frame.extend_from_slice(&bytes[..taken]);
        if self.frame.len() == FRAME_BYTES {
            self.write_frame()?;
        }
        Ok(taken)
    }

    /// Leaves the open frame as it is: small frames would undo the compression.
    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(plain: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Decoder::new(packed).read_to_end(&mut plain)?;
        Ok(plain)
    }

    fn numbers(bytes: usize) -> Vec<u8> {
        (0..)
            .flat_map(|it: u32| it.to_string().into_bytes())
            .take(bytes)
            .collect()
    }

    #[test]
    fn what_is_encoded_reads_back_across_frames() {
        for length in [
            0,
            1,
            1000,
            FRAME_BYTES,
            FRAME_BYTES + 1,
            2 * FRAME_BYTES + 77,
        ] {
            let plain = numbers(length);
            assert!(decoded(&encoded(&plain)).unwrap() == plain, "{length}");
        }
    }

    #[test]
    fn skippable_frames_are_passed_over() {
        let mut packed = encoded(b"before ");
        packed.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
        packed.extend(encoded(b"after"));
        assert_eq!(decoded(&packed).unwrap(), b"before after");
    }

    #[test]
    fn a_cut_anywhere_is_an_unexpected_end() {
        let packed = encoded(&numbers(5000));
        for end in 1..packed.len() {
            let error = decoded(&packed[..end]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{end}");
        }
    }

    #[test]
    fn a_flipped_bit_never_changes_what_is_read_unnoticed() {
        let plain = numbers(5000);
        let packed = encoded(&plain);
        for at in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[at] ^= 1;
            assert!(decoded(&flipped).map_or(true, |it| it == plain), "{at}");
        }
    }
}
