//! Unpacks a body while it arrives.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// How much packed input is unpacked at once. Deflate packs at most 1032 : 1, so that one piece
/// never grows beyond 17 MB, whatever a server sends.
const PIECE: usize = 16 * 1024;

/// The unpacked pieces of a body; give it every packed one, and [`finish`](Self::finish) it.
pub(super) struct Inflate {
    packing: Packing,
    waiting: Bytes,
}

enum Packing {
    None,
    Gzip(MultiGzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
}

impl Inflate {
    /// For a body with these headers.
    ///
    /// # Errors
    /// The encoding, if it is one that was not asked for.
    pub(super) fn new(headers: &HeaderMap) -> Result<Self, String> {
        let encoding = headers
            .get(CONTENT_ENCODING)
            .map_or(&b""[..], |it| it.as_bytes());
        let packing = match encoding {
            b"" | b"identity" => Packing::None,
            b"gzip" | b"x-gzip" => Packing::Gzip(MultiGzDecoder::new(Vec::new())),
            b"deflate" => Packing::Deflate(ZlibDecoder::new(Vec::new())),
            other => return Err(String::from_utf8_lossy(other).into_owned()),
        };
        let waiting = Bytes::new();
        Ok(Self { packing, waiting })
    }

    /// Takes the next packed piece, once [`next`](Self::next) has given all of the one before.
    pub(super) fn feed(&mut self, packed: Bytes) {
        self.waiting = packed;
    }

    /// The next unpacked piece, or `None` if more is to be fed.
    ///
    /// # Errors
    /// If the body is damaged.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.waiting.is_empty() {
            let piece = match self.packing {
                Packing::None => std::mem::take(&mut self.waiting),
                Packing::Gzip(_) | Packing::Deflate(_) => {
                    let length = PIECE.min(self.waiting.len());
                    let packed = self.waiting.split_to(length);
                    self.unpack(&packed)?
                }
            };
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// What is left when the body has ended.
    ///
    /// # Errors
    /// If the body ended too early or its checksum is wrong.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        let rest = match self.packing {
            Packing::None => Vec::new(),
            Packing::Gzip(gzip) => gzip.finish()?,
            Packing::Deflate(deflate) => deflate.finish()?,
        };
        Ok(rest.into())
    }

    fn unpack(&mut self, packed: &[u8]) -> io::Result<Bytes> {
        let out = match &mut self.packing {
            Packing::None => return Ok(Bytes::copy_from_slice(packed)),
            Packing::Gzip(gzip) => {
                gzip.write_all(packed)?;
                gzip.flush()?;
                gzip.get_mut()
            }
            Packing::Deflate(deflate) => {
                deflate.write_all(packed)?;
                deflate.flush()?;
                deflate.get_mut()
            }
        };
        Ok(std::mem::take(out).into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    fn inflate(encoding: &'static str, pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        let mut inflate = Inflate::new(&headers).unwrap();
        let mut out = Vec::new();
        for piece in pieces {
            inflate.feed(Bytes::copy_from_slice(piece));
            while let Some(bytes) = inflate.next()? {
                out.extend_from_slice(&bytes);
            }
        }
        out.extend_from_slice(&inflate.finish()?);
        Ok(out)
    }

    fn packed(encoding: &str, plain: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match encoding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            _ => plain.to_vec(),
        }
    }

    #[test]
    fn bodies_unpack_in_any_pieces() {
        let plain: Vec<u8> = (0..20_000_u32).flat_map(|it| it.to_le_bytes()).collect();
        for encoding in ["identity", "gzip", "deflate"] {
            let packed = packed(encoding, &plain);
            for size in [1, 1000, packed.len()] {
                let pieces: Vec<_> = packed.chunks(size).collect();
                assert!(inflate(encoding, &pieces).unwrap() == plain, "{encoding}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_early_or_is_damaged_is_an_error() {
        let plain = b"history ".repeat(1000);
        for encoding in ["gzip", "deflate"] {
            let packed = packed(encoding, &plain);
            for end in [packed.len() - 1, packed.len() / 2] {
                assert!(inflate(encoding, &[&packed[..end]]).is_err(), "{encoding}");
            }
            assert!(inflate(encoding, &[b"<html>"]).is_err(), "{encoding}");
        }
    }

    #[test]
    fn an_encoding_that_was_not_asked_for_is_named() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
        assert_eq!(Inflate::new(&headers).err().as_deref(), Some("zstd"));
    }
}
