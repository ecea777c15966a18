//! Lines of bounded length, read into one buffer.

use std::io::{self, BufRead, Read};

/// The 100,000 values that a snapshot line may hold fit in many times over; what is longer is not
/// a file of ours, and must not fill the memory.
pub(super) const LONGEST_LINE: usize = 64 << 20;

/// The next line of a file, or why there is none.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// Its number, from 1, and its bytes without the line break.
    Line(u64, &'a [u8]),
    /// It is longer than allowed. Nothing can be read after it.
    TooLong(u64),
    End,
}

/// Reads line by line; blank lines are counted and passed over.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    number: u64,
    longest: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self::of_at_most(reader, LONGEST_LINE)
    }

    pub(super) fn of_at_most(reader: R, longest: usize) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            number: 0,
            longest,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        loop {
            self.buffer.clear();
            let limit = self.longest as u64 + 1;
            let read = self
                .reader
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(Next::End);
            }
            self.number += 1;
            if self.buffer.len() > self.longest && self.buffer.last() != Some(&b'\n') {
                return Ok(Next::TooLong(self.number));
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Next::Line(self.number, self.buffer.trim_ascii()))
    }

    /// Whether the line read last has its line break: one without it may be half written.
    pub(super) fn is_whole(&self) -> bool {
        self.buffer.last() == Some(&b'\n')
    }

    /// The number of the line read last.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, longest: usize) -> Vec<String> {
        let mut lines = Lines::of_at_most(text.as_bytes(), longest);
        let mut all = Vec::new();
        loop {
            match lines.next().unwrap() {
                Next::Line(number, line) => {
                    all.push(format!("{number} {}", String::from_utf8_lossy(line)));
                }
                Next::TooLong(number) => {
                    all.push(format!("{number} too long"));
                    return all;
                }
                Next::End => return all,
            }
        }
    }

    #[test]
    fn blank_lines_count_but_are_not_read() {
        assert_eq!(all("a\n\n \r\nb\r\nc", 9), ["1 a", "4 b", "5 c"]);
        assert_eq!(all("", 9), [""; 0]);
    }

    #[test]
    fn only_a_line_with_its_break_is_whole() {
        let mut lines = Lines::new(&b"a\nb"[..]);
        lines.next().unwrap();
        assert!(lines.is_whole());
        lines.next().unwrap();
        assert!(!lines.is_whole());
    }

    #[test]
    fn a_line_may_be_as_long_as_allowed_and_not_longer() {
        assert_eq!(all("abc\nabc", 3), ["1 abc", "2 abc"]);
        assert_eq!(all("ab\nabcd\n", 3), ["1 ab", "2 too long"]);
        assert_eq!(all("abcd", 3), ["1 too long"]);
    }
}
