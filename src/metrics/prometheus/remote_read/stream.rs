//! The answer: frames of a length, a checksum and a message, in pieces of any size.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;

use super::wire::{ChunkedReadResponse, ChunkedSeries};

/// The longest message that is accepted. Prometheus cuts at `--storage.remote.read-max-bytes-in-
/// frame`, 1 MiB unless set, and never inside a chunk, so this leaves room for bold settings.
const LONGEST_FRAME: u64 = 64 << 20;

/// Taken at most at once for a message that has not arrived yet.
const FIRST_RESERVE: usize = 1 << 20;

/// Series of one query, in the order of the server: all of the first query, then the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The place of the query in the request.
    pub query: usize,
    pub series: Vec<ChunkedSeries>,
}

/// Why an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("remote read answer ends inside a frame")]
    Truncated,
    /// Also what a server leaves that failed half-way: its message in plain text.
    #[error("frame of a remote read answer has checksum {found:08x}, expected {expected:08x}")]
    Checksum { expected: u32, found: u32 },
    #[error("frame of a remote read answer has {0} bytes, more than {LONGEST_FRAME}")]
    TooLong(u64),
    #[error("frame of a remote read answer has a malformed length")]
    MalformedLength,
    #[error("frame of a remote read answer belongs to query {0}, which was not asked")]
    UnknownQuery(i64),
    #[error("frame of a remote read answer could not be decoded")]
    Message(#[from] prost::DecodeError),
}

/// Takes a streamed answer apart as its bytes arrive.
///
/// After an error the rest of the answer cannot be read.
#[derive(Debug)]
pub struct ChunkStream {
    queries: usize,
    header: Header,
    /// The part of a message that has arrived.
    pending: BytesMut,
}

impl ChunkStream {
    /// For the answer to a request of so many `queries`.
    pub fn new(queries: usize) -> Self {
        Self {
            queries,
            header: Header::default(),
            pending: BytesMut::new(),
        }
    }

    /// Takes the next `bytes` of the answer and calls `each` with every frame that they complete.
    ///
    /// A frame that lies whole in `bytes` is not copied.
    ///
    /// # Errors
    /// If the bytes are not such a stream; the frames before were given to `each`.
    pub fn feed(
        &mut self,
        mut bytes: Bytes,
        mut each: impl FnMut(Frame),
    ) -> Result<(), StreamError> {
        while let Some(message) = self.next_message(&mut bytes)? {
            each(self.frame(message)?);
        }
        Ok(())
    }

    /// To be called at the end of the answer.
    ///
    /// # Errors
    /// If it ended inside a frame.
    pub fn finish(self) -> Result<(), StreamError> {
        if self.header.taken == 0 {
            Ok(())
        } else {
            Err(StreamError::Truncated)
        }
    }

    /// The next whole message, its checksum verified; `None` if more bytes are needed.
    fn next_message(&mut self, bytes: &mut Bytes) -> Result<Option<Bytes>, StreamError> {
        if !self.header.take_from(bytes)? {
            return Ok(None);
        }
        let length = self.header.length as usize;
        let Some(message) = self.take_message(length, bytes) else {
            return Ok(None);
        };
        let expected = std::mem::take(&mut self.header).checksum;
        let found = crc32c::crc32c(&message);
        if found == expected {
            Ok(Some(message))
        } else {
            Err(StreamError::Checksum { expected, found })
        }
    }

    fn take_message(&mut self, length: usize, bytes: &mut Bytes) -> Option<Bytes> {
        if self.pending.is_empty() && bytes.len() >= length {
            return Some(bytes.split_to(length));
        }
        let missing = length - self.pending.len();
        let arrived = bytes.split_to(missing.min(bytes.len()));
        // What is claimed is not taken on trust: a damaged length must not cost memory.
        if self.pending.is_empty() {
            self.pending.reserve(length.min(FIRST_RESERVE));
        }
        self.pending.extend_from_slice(&arrived);
        (self.pending.len() == length).then(|| self.pending.split().freeze())
    }

    fn frame(&self, message: Bytes) -> Result<Frame, StreamError> {
        let response = ChunkedReadResponse::decode(message)?;
        let query = usize::try_from(response.query_index).ok();
        let query = query.filter(|it| *it < self.queries);
        Ok(Frame {
            query: query.ok_or(StreamError::UnknownQuery(response.query_index))?,
            series: response.chunked_series,
        })
    }
}

/// The length, lowest seven bits first, and the CRC-32C, highest byte first, as far as they have
/// arrived.
#[derive(Debug, Default)]
struct Header {
    length: u64,
    length_known: bool,
    checksum: u32,
    checksum_bytes: u8,
    /// Bytes of the header so far.
    taken: u8,
}

impl Header {
    /// Takes what is missing; whether nothing is missing any more.
    fn take_from(&mut self, bytes: &mut Bytes) -> Result<bool, StreamError> {
        while self.checksum_bytes < 4 {
            if !bytes.has_remaining() {
                return Ok(false);
            }
            self.push(bytes.get_u8())?;
        }
        Ok(true)
    }

    fn push(&mut self, byte: u8) -> Result<(), StreamError> {
        if self.length_known {
            self.checksum = self.checksum << 8 | u32::from(byte);
            self.checksum_bytes += 1;
            self.taken += 1;
            return Ok(());
        }
        // Ten bytes hold 70 bits, of which only 64 may be used.
        if self.taken == 9 && byte > 1 {
            return Err(StreamError::MalformedLength);
        }
        self.length |= u64::from(byte & 0x7f) << (7 * self.taken);
        self.taken += 1;
        self.length_known = byte & 0x80 == 0;
        if self.length > LONGEST_FRAME {
            return Err(StreamError::TooLong(self.length));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::wire::{Encoding, Label};
    use super::*;

    fn message(query_index: i64, job: &str) -> Vec<u8> {
        let label = Label {
            name: "job".into(),
            value: job.into(),
        };
        let series = ChunkedSeries {
            labels: vec![label],
            chunks: Vec::new(),
        };
        let response = ChunkedReadResponse {
            chunked_series: vec![series],
            query_index,
        };
        response.encode_to_vec()
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        prost::encode_length_delimiter(message.len(), &mut frame).unwrap();
        frame.extend(crc32c::crc32c(message).to_be_bytes());
        frame.extend(message);
        frame
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<(usize, String)>, StreamError> {
        let mut stream = ChunkStream::new(2);
        let mut read = Vec::new();
        for piece in pieces {
            stream.feed(Bytes::copy_from_slice(piece), |frame| {
                let jobs = frame.series.iter().map(|it| it.label("job").to_owned());
                read.extend(jobs.map(|job| (frame.query, job)));
            })?;
        }
        stream.finish()?;
        Ok(read)
    }

    fn answer() -> (Vec<u8>, Vec<(usize, String)>) {
        let long = "x".repeat(300);
        let frames = [message(0, "a"), message(0, &long), message(1, "a")];
        let bytes = frames.iter().flat_map(|it| framed(it)).collect();
        (bytes, vec![(0, "a".into()), (0, long), (1, "a".into())])
    }

    #[test]
    fn an_answer_cut_in_two_anywhere_reads_the_same() {
        let (bytes, expected) = answer();
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(read(&[left, right]).unwrap(), expected, "{cut}");
        }
    }

    #[test]
    fn an_answer_that_arrives_byte_by_byte_reads_the_same() {
        let (bytes, expected) = answer();
        let pieces: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(read(&pieces).unwrap(), expected);
    }

    #[test]
    fn an_answer_that_ends_inside_a_frame_is_truncated() {
        let bytes = framed(&message(0, "a"));
        assert!(read(&[]).unwrap().is_empty());
        for length in 1..bytes.len() {
            let end = read(&[&bytes[..length]]);
            assert!(matches!(end, Err(StreamError::Truncated)), "{length}");
        }
    }

    #[test]
    fn every_damaged_bit_of_checksum_or_message_is_found() {
        let bytes = framed(&message(0, "a"));
        for bit in 8..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let end = read(&[&damaged]);
            assert!(matches!(end, Err(StreamError::Checksum { .. })), "{bit}");
        }
    }

    #[test]
    fn what_cannot_be_a_frame_is_refused() {
        type Expected = fn(&StreamError) -> bool;
        let text = b"expanding series: context deadline exceeded, and much more of the kind; \
            see the log of the server for what has happened before that and for its remedy\n";
        let garbage = framed(b"\xff\xff\xff");
        let cases: [(&[u8], Expected); 6] = [
            (&[0x81, 0x80, 0x80, 0x20], |it| {
                matches!(it, StreamError::TooLong(0x400_0001))
            }),
            (&[0xff; 10], |it| matches!(it, StreamError::TooLong(_))),
            (&[0x80; 10], |it| matches!(it, StreamError::MalformedLength)),
            (text, |it| matches!(it, StreamError::Checksum { .. })),
            (&garbage, |it| matches!(it, StreamError::Message(_))),
            (&framed(&message(-1, "a")), |it| {
                matches!(it, StreamError::UnknownQuery(-1))
            }),
        ];
        for (bytes, expected) in cases {
            let error = read(&[bytes]).unwrap_err();
            assert!(expected(&error), "{error} from {bytes:?}");
        }
        let beyond = read(&[&framed(&message(2, "a"))]);
        assert!(matches!(beyond, Err(StreamError::UnknownQuery(2))));
    }

    #[test]
    fn the_longest_frame_is_not_reserved_before_it_arrives() {
        let mut stream = ChunkStream::new(1);
        let head = Bytes::from_static(&[0x80, 0x80, 0x80, 0x20, 1, 2, 3, 4, 5]);
        stream.feed(head, |_| ()).unwrap();
        assert!(stream.pending.capacity() <= FIRST_RESERVE);
    }

    #[test]
    fn a_frame_that_arrives_whole_shares_its_memory() {
        // One series with one chunk: type 1, data "abc".
        let message = b"\x0a\x09\x12\x07\x18\x01\x22\x03abc";
        let bytes = Bytes::from(framed(message));
        let range = bytes.as_ptr_range();
        let mut chunks = Vec::new();
        let take = |frame: Frame| chunks.extend(frame.series.into_iter().flat_map(|it| it.chunks));
        ChunkStream::new(1).feed(bytes.clone(), take).unwrap();
        assert_eq!(chunks[0].encoding(), Encoding::Xor);
        assert_eq!(chunks[0].data.as_ref(), b"abc");
        assert!(range.contains(&chunks[0].data.as_ptr()));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..60), 0..10,
        )) {
            let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
            let _ = read(&pieces);
        }

        #[test]
        fn an_arbitrary_message_never_panics(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&[&framed(&message)]);
        }
    }
}
