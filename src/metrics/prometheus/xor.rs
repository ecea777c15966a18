//! Decoder of float samples in XOR chunks.
//!
//! A chunk is Facebook's Gorilla encoding with other widths: two bytes of sample count, the first
//! time and value in full, the second time as a distance, and from then on the change of the
//! distance and the changed bits of the value. Prometheus: `tsdb/docs/format/chunks.md` and
//! `tsdb/chunkenc/xor.go`, unchanged from v2.42 to v3.x. Writing chunks is not here; tests and
//! benches have an encoder of their own.

mod bits;
#[cfg(test)]
mod encoder;

use bits::Bits;

use super::sample::Sample;

/// Why a chunk could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    #[error("chunk ends before sample {sample} of {count}")]
    Truncated { sample: u16, count: u16 },
    #[error("chunk without a sample count")]
    NoHeader,
    #[error(
        "sample {sample} of the chunk has {bits} significant bits after {leading} leading zeros"
    )]
    ImpossibleWindow { sample: u16, leading: u8, bits: u8 },
}

/// Calls `each` with every sample of an XOR `chunk`, in the order of the chunk, which is that of
/// time in a sound one.
///
/// Bytes after the last sample are ignored.
///
/// # Errors
/// If the chunk is cut off or impossible; the samples before the fault were given to `each`.
pub fn decode(chunk: &[u8], mut each: impl FnMut(Sample)) -> Result<(), ChunkError> {
    let (&header, rest) = chunk.split_first_chunk::<2>().ok_or(ChunkError::NoHeader)?;
    let count = u16::from_be_bytes(header);
    if count == 0 {
        return Ok(());
    }
    let truncated = |sample| ChunkError::Truncated { sample, count };
    let (first, rest) = first_sample(rest).ok_or(truncated(0))?;
    each(first);
    if count == 1 {
        return Ok(());
    }
    let (distance, rest) = uvarint(rest).ok_or(truncated(1))?;
    let mut decoder = Decoder::after(first, distance, rest);
    for sample in 1..count {
        if sample > 1 {
            decoder.change_distance();
        }
        let changed = decoder.change_value();
        if decoder.bits.is_overrun() {
            return Err(truncated(sample));
        }
        changed.map_err(|(leading, bits)| ChunkError::ImpossibleWindow {
            sample,
            leading,
            bits,
        })?;
        each(decoder.next());
    }
    Ok(())
}

/// The first sample, in full and on whole bytes, and what follows it.
fn first_sample(bytes: &[u8]) -> Option<(Sample, &[u8])> {
    let (zigzag, rest) = uvarint(bytes)?;
    let at_ms = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
    let (&value, rest) = rest.split_first_chunk::<8>()?;
    let value = f64::from_be_bytes(value);
    Some((Sample { at_ms, value }, rest))
}

/// A number of at most ten bytes, the lowest seven bits first, and what follows it.
fn uvarint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

/// The state that one sample leaves for the next.
struct Decoder<'a> {
    bits: Bits<'a>,
    at_ms: i64,
    distance: u64,
    value: u64,
    significant: u32,
    trailing: u32,
}

impl<'a> Decoder<'a> {
    /// Ready for the second sample's value. The window starts as the whole value: a head chunk
    /// that Prometheus reopened after a restart is continued so.
    fn after(first: Sample, distance: u64, rest: &'a [u8]) -> Self {
        let mut bits = Bits::new(rest);
        bits.refill();
        Self {
            bits,
            at_ms: first.at_ms,
            distance,
            value: first.value.to_bits(),
            significant: 64,
            trailing: 0,
        }
    }

    /// Reads the change of the distance: one to four bits of class, then its two's complement.
    #[inline(always)]
    fn change_distance(&mut self) {
        self.bits.refill();
        let head = self.bits.peek();
        if head >> 63 == 0 {
            return self.bits.skip(1);
        }
        let (class, width) = match head >> 60 {
            0b1000..=0b1011 => (2, 14),
            0b1100..=0b1101 => (3, 17),
            0b1110 => (4, 20),
            _ => (4, 64),
        };
        self.bits.skip(class);
        let change = self.bits.take(width);
        self.distance = self.distance.wrapping_add(signed(change, width));
    }

    /// Reads the changed bits of the value. The error is an impossible window: leading zeros
    /// and significant bits.
    ///
    /// The 13 bits of control and window are available without refilling: of the 56 after the
    /// last refill at most 32 were taken since.
    #[inline(always)]
    fn change_value(&mut self) -> Result<(), (u8, u8)> {
        let head = self.bits.peek();
        if head >> 63 == 0 {
            self.bits.skip(1);
            return Ok(());
        }
        self.bits.skip(2);
        if head >> 62 == 0b11 {
            self.change_window()?;
        }
        self.value ^= self.bits.take(self.significant) << self.trailing;
        Ok(())
    }

    fn change_window(&mut self) -> Result<(), (u8, u8)> {
        let window = self.bits.take(11) as u32;
        let (leading, significant) = (window >> 6, window & 0x3f);
        // All 64 bits do not fit in six, and none is never written.
        let significant = if significant == 0 { 64 } else { significant };
        let trailing = 64_u32.checked_sub(leading + significant);
        self.trailing = trailing.ok_or((leading as u8, significant as u8))?;
        self.significant = significant;
        Ok(())
    }

    #[inline(always)]
    fn next(&mut self) -> Sample {
        self.at_ms = self.at_ms.wrapping_add_unsigned(self.distance);
        Sample {
            at_ms: self.at_ms,
            value: f64::from_bits(self.value),
        }
    }
}

/// The number in the lowest `width` bits, negative above the middle. The middle itself is
/// positive, other than in two's complement.
fn signed(number: u64, width: u32) -> u64 {
    if width < 64 && number > 1 << (width - 1) {
        number.wrapping_sub(1 << width)
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample::STALE_NAN_BITS;
    use super::encoder::encode;
    use super::*;

    fn decoded(chunk: &[u8]) -> Result<Vec<(i64, f64)>, ChunkError> {
        let mut samples = Vec::new();
        decode(chunk, |it| samples.push((it.at_ms, it.value)))?;
        Ok(samples)
    }

    fn bits(samples: &[(i64, f64)]) -> Vec<(i64, u64)> {
        samples.iter().map(|it| (it.0, it.1.to_bits())).collect()
    }

    // Worked by hand from the format's description.
    #[test]
    fn the_documented_layout_is_read() {
        let chunk = [
            vec![0, 4],                     // four samples
            vec![0xd0, 0x0f],               // 1000, zigzag 2000
            1.0_f64.to_be_bytes().to_vec(), // 1.0 is 0x3ff0…
            vec![0x0a],                     // 10 ms later
            // 2.0 is 0x4000…: xor 0x7ff0…, one leading zero, eleven significant bits of ones:
            // 11 00001 001011 11111111111; then distance unchanged: 0; same window, xor of
            // 2.0 and 4.0 is 0x0010…, one in its last place: 10 00000000001; then distance
            // +5: 10 00000000000101; value unchanged: 0; padding.
            vec![0b1100_0010, 0b0101_1111, 0b1111_1111, 0b0100_0000],
            vec![0b0000_0110, 0b0000_0000, 0b0001_0100],
        ];
        let expected = [(1000, 1.0), (1010, 2.0), (1020, 4.0), (1035, 4.0)];
        assert_eq!(decoded(&chunk.concat()).unwrap(), expected);
    }

    #[test]
    fn every_class_of_distance_and_its_edges_are_read() {
        let edges = [
            0,
            1,
            -1,
            8191,
            8192,
            8193,
            -8191,
            -8192,
            65_535,
            65_536,
            65_537,
            -65_535,
            -65_536,
            524_287,
            524_288,
            524_289,
            -524_287,
            -524_288,
            1 << 40,
            -(1 << 40),
        ];
        let (mut at, mut distance) = (1_700_000_000_000_i64, 1 << 41);
        let mut samples = vec![(at, 0.5), (at + distance, 0.5)];
        at += distance;
        for change in edges {
            distance += change;
            at += distance;
            samples.push((at, change as f64));
        }
        assert_eq!(decoded(&encode(&samples)).unwrap(), samples);
    }

    #[test]
    fn the_staleness_marker_keeps_its_bits() {
        let samples = [(0, 1.0), (1, f64::from_bits(STALE_NAN_BITS)), (2, f64::NAN)];
        let read = decoded(&encode(&samples)).unwrap();
        assert_eq!(bits(&read), bits(&samples));
    }

    // What `xorAppender` writes after `Appender()` has recovered its state from a chunk whose
    // values never changed: 10 and all 64 bits, without a window before.
    #[test]
    fn a_first_change_may_use_the_whole_value_as_its_window() {
        let changed = 1.0_f64.to_bits() ^ 3.0_f64.to_bits();
        let mut chunk = vec![0, 2, 2];
        chunk.extend(1.0_f64.to_be_bytes());
        chunk.push(1);
        chunk.extend((u128::from(changed) << 62 | 0b10 << 126).to_be_bytes());
        assert_eq!(decoded(&chunk).unwrap(), [(1, 1.0), (2, 3.0)]);
    }

    #[test]
    fn what_is_not_a_chunk_is_refused() {
        let truncated = |sample, count| Err(ChunkError::Truncated { sample, count });
        let mut window_past_the_end = encode(&[(0, 0.0)]);
        window_past_the_end[1] = 2;
        window_past_the_end.extend([1, 0b1111_1111, 0b1111_1111, 0xff, 0xff, 0xff, 0xff]);
        let impossible = ChunkError::ImpossibleWindow {
            sample: 1,
            leading: 31,
            bits: 63,
        };
        let cases: [(&[u8], _); 6] = [
            (&[], Err(ChunkError::NoHeader)),
            (&[0], Err(ChunkError::NoHeader)),
            (&[0, 0], Ok(vec![])),
            (&[0, 1], truncated(0, 1)),
            (&[0, 1, 0x80, 0x80], truncated(0, 1)),
            (&window_past_the_end, Err(impossible)),
        ];
        for (chunk, expected) in cases {
            assert_eq!(decoded(chunk), expected, "{chunk:?}");
        }
    }

    #[test]
    fn a_chunk_cut_anywhere_is_truncated() {
        let samples: Vec<_> = (0..120)
            .map(|it| (it * it * 31, (it as f64).sqrt()))
            .collect();
        let chunk = encode(&samples);
        for length in 2..chunk.len() {
            let cut = decoded(&chunk[..length]);
            assert!(matches!(cut, Err(ChunkError::Truncated { .. })), "{length}");
        }
    }

    /// Series as they occur, and values of any bits.
    fn any_samples() -> impl Strategy<Value = Vec<(i64, f64)>> {
        let distance = prop_oneof![
            6 => Just(30_000_i64),
            2 => 29_000..31_000_i64,
            1 => 1..10_000_000_i64,
            1 => any::<i64>(),
        ];
        let value = prop_oneof![
            (0..1000_u32).prop_map(f64::from),
            any::<u64>().prop_map(f64::from_bits),
        ];
        prop::collection::vec((distance, value), 0..300).prop_map(|steps| {
            let mut at = 1_700_000_000_000_i64;
            let next = |(distance, value)| {
                at = at.wrapping_add(distance);
                (at, value)
            };
            steps.into_iter().map(next).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(samples in any_samples()) {
            let read = decoded(&encode(&samples)).unwrap();
            prop_assert_eq!(bits(&read), bits(&samples));
        }

        #[test]
        fn arbitrary_bytes_end_with_at_most_the_promised_samples(
            count in any::<u16>(),
            rest in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let chunk = [count.to_be_bytes().to_vec(), rest].concat();
            let mut samples = 0_usize;
            let end = decode(&chunk, |_| samples += 1);
            prop_assert_eq!(end.is_ok(), samples == usize::from(count));
        }

        #[test]
        fn a_damaged_chunk_never_panics(
            samples in any_samples(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        ) {
            let mut chunk = encode(&samples);
            for (index, byte) in damage {
                let index = index.index(chunk.len());
                chunk[index] = byte;
            }
            let _ = decode(&chunk, |_| ());
        }
    }
}
