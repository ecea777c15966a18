//! Encoder of XOR chunks for tests and benches, written from `tsdb/docs/format/chunks.md`.
//!
//! Plain rather than fast: bits are pushed one by one. It names nothing of this crate, so that
//! benches can include it.

/// Encodes up to 65,535 samples of Unix milliseconds and value.
pub(crate) fn encode(samples: &[(i64, f64)]) -> Vec<u8> {
    let count = u16::try_from(samples.len()).expect("a chunk counts its samples in 16 bits");
    let mut chunk = Chunk::default();
    chunk.push_number(u64::from(count), 16);
    let mut window = None;
    for index in 0..samples.len() {
        let (at, value) = samples[index];
        let distance = |index: usize| samples[index].0.wrapping_sub(samples[index - 1].0);
        match index {
            0 => {
                chunk.push_uvarint((at.wrapping_shl(1) ^ (at >> 63)) as u64);
                chunk.push_number(value.to_bits(), 64);
                continue;
            }
            1 => chunk.push_uvarint(distance(1) as u64),
            _ => chunk.push_change(distance(index).wrapping_sub(distance(index - 1))),
        }
        let changed = value.to_bits() ^ samples[index - 1].1.to_bits();
        chunk.push_value(changed, &mut window);
    }
    chunk.bytes
}

#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    bits: usize,
}

impl Chunk {
    fn push_number(&mut self, number: u64, width: u32) {
        for bit in (0..width).rev() {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let byte = self.bytes.last_mut().expect("a byte was pushed");
            *byte |= ((number >> bit & 1) as u8) << (7 - self.bits % 8);
            self.bits += 1;
        }
    }

    fn push_uvarint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push_number(number & 0x7f | 0x80, 8);
            number >>= 7;
        }
        self.push_number(number, 8);
    }

    fn push_change(&mut self, change: i64) {
        let fits = |width: u32| {
            let middle = 1_i64 << (width - 1);
            (1 - middle..=middle).contains(&change)
        };
        let (class, class_width, width) = match () {
            () if change == 0 => return self.push_number(0, 1),
            () if fits(14) => (0b10, 2, 14),
            () if fits(17) => (0b110, 3, 17),
            () if fits(20) => (0b1110, 4, 20),
            () => (0b1111, 4, 64),
        };
        self.push_number(class, class_width);
        self.push_number(change as u64, width);
    }

    /// `window` is the leading and trailing zeros of the last one written.
    fn push_value(&mut self, changed: u64, window: &mut Option<(u32, u32)>) {
        if changed == 0 {
            return self.push_number(0, 1);
        }
        let leading = changed.leading_zeros().min(31);
        let trailing = changed.trailing_zeros();
        if let Some((wide_leading, wide_trailing)) = *window
            && leading >= wide_leading
            && trailing >= wide_trailing
        {
            self.push_number(0b10, 2);
            return self.push_number(changed >> wide_trailing, 64 - wide_leading - wide_trailing);
        }
        *window = Some((leading, trailing));
        let significant = 64 - leading - trailing;
        self.push_number(0b11, 2);
        self.push_number(u64::from(leading), 5);
        self.push_number(u64::from(significant % 64), 6);
        self.push_number(changed >> trailing, significant);
    }
}
