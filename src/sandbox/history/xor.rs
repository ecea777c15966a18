//! Chunks of floats by their differences, as Prometheus stores them (`tsdb/docs/format/chunks.md`).

use super::Sample;

/// Encodes samples in order of time; those after the 65,535th are left out, as a chunk counts its
/// samples in 16 bits.
pub(super) fn encode(samples: &[Sample]) -> Vec<u8> {
    let samples = samples.get(..usize::from(u16::MAX)).unwrap_or(samples);
    let mut bits = Bits::default();
    bits.push(samples.len() as u64, 16);
    let mut state: Option<State> = None;
    for &(time, value) in samples {
        state = Some(match state {
            None => State::first(time, value, &mut bits),
            Some(state) => state.next(time, value, &mut bits),
        });
    }
    bits.bytes
}

/// What the next sample is a difference to.
struct State {
    time: i64,
    value: u64,
    /// To the sample before; none for the first.
    distance: Option<i64>,
    window: Option<Window>,
}

/// Where the bits of a difference of values are that are kept.
#[derive(Clone, Copy)]
struct Window {
    leading: u32,
    trailing: u32,
}

impl State {
    fn first(time: i64, value: f64, bits: &mut Bits) -> Self {
        // Zigzag: the sign last, so that small numbers of both signs are short.
        bits.varint(((time << 1) ^ (time >> 63)) as u64);
        bits.push(value.to_bits(), 64);
        Self {
            time,
            value: value.to_bits(),
            distance: None,
            window: None,
        }
    }

    fn next(self, time: i64, value: f64, bits: &mut Bits) -> Self {
        let distance = time.wrapping_sub(self.time);
        match self.distance {
            None => bits.varint(distance as u64),
            Some(before) => change_of_distance(distance.wrapping_sub(before), bits),
        }
        let value = value.to_bits();
        Self {
            time,
            value,
            distance: Some(distance),
            window: change_of_value(value ^ self.value, self.window, bits),
        }
    }
}

/// A prefix that tells the width, then the number in two's complement.
fn change_of_distance(change: i64, bits: &mut Bits) {
    const WIDTHS: [(u64, u32, u32); 3] = [(0b10, 2, 14), (0b110, 3, 17), (0b1110, 4, 20)];
    if change == 0 {
        return bits.push(0, 1);
    }
    for (prefix, length, width) in WIDTHS {
        let half = 1_i64 << (width - 1);
        // One more above than below, unlike two's complement.
        if (-half + 1..=half).contains(&change) {
            bits.push(prefix, length);
            return bits.push(change as u64, width);
        }
    }
    bits.push(0b1111, 4);
    bits.push(change as u64, 64);
}

/// Writes the bits that changed; gives the window for the next change.
fn change_of_value(change: u64, window: Option<Window>, bits: &mut Bits) -> Option<Window> {
    if change == 0 {
        bits.push(0, 1);
        return window;
    }
    // Five bits hold the number of leading zeros.
    let leading = change.leading_zeros().min(31);
    let trailing = change.trailing_zeros();
    if let Some(it) = window
        && it.leading <= leading
        && it.trailing <= trailing
    {
        bits.push(0b10, 2);
        bits.push(change >> it.trailing, 64 - it.leading - it.trailing);
        return window;
    }
    let width = 64 - leading - trailing;
    bits.push(0b11, 2);
    bits.push(leading.into(), 5);
    // 64 is written as 0, since six bits hold no more than 63.
    bits.push(width.into(), 6);
    bits.push(change >> trailing, width);
    Some(Window { leading, trailing })
}

/// Bytes that are filled from their highest bit.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are free.
    free: u32,
}

impl Bits {
    /// The lowest `width` bits of `number`, the highest of them first.
    fn push(&mut self, number: u64, width: u32) {
        let mut left = width;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let take = left.min(self.free);
            let part = (number >> (left - take)) & ((1 << take) - 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= (part << (self.free - take)) as u8;
            }
            self.free -= take;
            left -= take;
        }
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push((number & 0x7F) | 0x80, 8);
            number >>= 7;
        }
        self.push(number, 8);
    }
}
