//! Follows the envelope of an answer up to the array that is wanted.

use super::{ENVELOPE_LIMIT, Elements, Flaw};

/// What surrounds the array, and where in it the reader is.
#[derive(Debug)]
pub(super) struct Envelope {
    elements: Elements,
    bytes: Vec<u8>,
    begun: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Where in `bytes` the last string begins, its quote included.
    string_start: usize,
    /// Whether the outermost key is `data`.
    in_data: bool,
    /// Whether a bracket that comes next opens the array.
    armed: bool,
}

impl Envelope {
    pub(super) fn new(elements: Elements) -> Self {
        Self {
            elements,
            bytes: Vec::new(),
            begun: false,
            depth: 0,
            in_string: false,
            escaped: false,
            string_start: 0,
            in_data: false,
            armed: false,
        }
    }

    /// Reads up to the end of `bytes` or into the array; says how far and whether it is the latter.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(usize, bool), Flaw> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.bytes.len() >= ENVELOPE_LIMIT {
                return Err(Flaw::Envelope);
            }
            self.bytes.push(*byte);
            if self.in_string {
                self.step_in_string(*byte);
            } else if self.step(*byte)? {
                return Ok((at + 1, true));
            }
        }
        Ok((bytes.len(), false))
    }

    /// What was read, if it is whole.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (self.begun && self.depth == 0).then_some(self.bytes)
    }

    fn step_in_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    /// Takes a byte outside of strings; says whether it opened the array.
    fn step(&mut self, byte: u8) -> Result<bool, Flaw> {
        if byte.is_ascii_whitespace() {
            return Ok(false);
        }
        if !self.begun && byte != b'{' {
            return Err(Flaw::NotAnObject);
        }
        self.begun = true;
        let armed = std::mem::take(&mut self.armed);
        match byte {
            b'"' => {
                self.in_string = true;
                self.string_start = self.bytes.len() - 1;
            }
            b':' => self.armed = self.is_before_array(),
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(armed && byte == b'[')
    }

    /// At a colon: whether the key before it is that of the array.
    fn is_before_array(&mut self) -> bool {
        if self.depth == 1 {
            self.in_data = self.key_is("data");
        }
        match self.elements {
            Elements::Result => self.depth == 2 && self.in_data && self.key_is("result"),
            Elements::Data => self.depth == 1 && self.in_data,
            Elements::None => false,
        }
    }

    /// Whether the last string is `name`, however it is escaped.
    fn key_is(&self, name: &str) -> bool {
        let written = &self.bytes[self.string_start..self.bytes.len() - 1];
        serde_json::from_slice::<String>(written).is_ok_and(|it| it == name)
    }

    pub(super) fn close_array(&mut self) {
        self.bytes.push(b']');
        self.depth = self.depth.saturating_sub(1);
    }
}
