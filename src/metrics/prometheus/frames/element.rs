//! Finds where an element of an array ends.

/// How far an element has been read.
#[derive(Debug, Default)]
pub(super) struct Element {
    open: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Element {
    /// Whether an element has begun and not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Starts at the next byte, which is neither a space nor a comma.
    pub(super) fn begin(&mut self) {
        self.open = true;
    }

    /// The length of what `bytes` holds of this element, or `None` if it does not end in them.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                at = self.skip_string(bytes, at)?;
                if self.depth == 0 {
                    return Some(self.closed(at));
                }
                continue;
            }
            match CLASSES[usize::from(bytes[at])] {
                Class::Plain => {}
                Class::Quote => self.in_string = true,
                Class::Open => self.depth += 1,
                Class::Close if self.depth > 1 => self.depth -= 1,
                Class::Close if self.depth == 1 => return Some(self.closed(at + 1)),
                // A number or a word ends before what comes after it.
                Class::Close => return Some(self.closed(at)),
                Class::Separator if self.depth == 0 => return Some(self.closed(at)),
                Class::Separator => {}
            }
            at += 1;
        }
        None
    }

    /// Where the string that is open at `at` ends: behind its quote.
    fn skip_string(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            if self.escaped {
                bytes.get(at)?;
                self.escaped = false;
                at += 1;
            }
            let rest = &bytes[at..];
            at += rest.iter().position(|it| matches!(it, b'"' | b'\\'))? + 1;
            if bytes[at - 1] == b'"' {
                self.in_string = false;
                return Some(at);
            }
            self.escaped = true;
        }
    }

    fn closed(&mut self, length: usize) -> usize {
        *self = Self::default();
        length
    }
}

#[derive(Clone, Copy)]
enum Class {
    Plain,
    Quote,
    Open,
    Close,
    Separator,
}

/// What a byte outside of strings means for where an element ends.
static CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    classes[b'"' as usize] = Class::Quote;
    classes[b'{' as usize] = Class::Open;
    classes[b'[' as usize] = Class::Open;
    classes[b'}' as usize] = Class::Close;
    classes[b']' as usize] = Class::Close;
    classes[b',' as usize] = Class::Separator;
    classes[b' ' as usize] = Class::Separator;
    classes[b'\t' as usize] = Class::Separator;
    classes[b'\r' as usize] = Class::Separator;
    classes[b'\n' as usize] = Class::Separator;
    classes
};
