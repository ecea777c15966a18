//! What is wrong with a text that is no JSON, in the words of Go.

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Value,
    /// A value, or the end of an empty list.
    FirstItem,
    AfterItem,
    /// A key, or the end of an empty object.
    FirstKey,
    Key,
    Colon,
    AfterPair,
    End,
}

/// Why a text is no JSON, as Go's `encoding/json` says it; `None` if it is.
///
/// Only the form is looked at: neither the depth nor the encoding of texts.
pub(super) fn fault(text: &[u8]) -> Option<String> {
    let mut reader = Reader {
        rest: text,
        open: vec![],
        next: Next::Value,
    };
    reader.read().err()
}

struct Reader<'a> {
    rest: &'a [u8],
    /// What is open: `{` or `[`.
    open: Vec<u8>,
    next: Next,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        loop {
            let blank = self.rest.iter().take_while(|it| b" \t\r\n".contains(it));
            let blank = blank.count();
            self.rest = self.rest.get(blank..).unwrap_or_default();
            match self.rest.first() {
                None if self.next == Next::End => return Ok(()),
                None => return Err(ended()),
                Some(_) => self.step()?,
            }
        }
    }

    /// Reads one token.
    fn step(&mut self) -> Result<(), String> {
        let first = self.take()?;
        match (self.next, first) {
            (Next::FirstItem | Next::AfterItem, b']')
            | (Next::FirstKey | Next::AfterPair, b'}') => {
                self.open.pop();
                self.next = self.after_value();
            }
            (Next::AfterItem, b',') => self.next = Next::Value,
            (Next::AfterPair, b',') => self.next = Next::Key,
            (Next::Colon, b':') => self.next = Next::Value,
            (Next::FirstKey | Next::Key, b'"') => {
                self.text()?;
                self.next = Next::Colon;
            }
            (Next::Value | Next::FirstItem, first) => self.value(first)?,
            (next, found) => return Err(unexpected(found, next.place())),
        }
        Ok(())
    }

    fn value(&mut self, first: u8) -> Result<(), String> {
        match first {
            b'{' | b'[' => {
                self.open.push(first);
                let is_object = first == b'{';
                self.next = if is_object {
                    Next::FirstKey
                } else {
                    Next::FirstItem
                };
                return Ok(());
            }
            b'"' => self.text()?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            b'-' | b'0'..=b'9' => self.number(first)?,
            other => return Err(unexpected(other, Next::Value.place())),
        }
        self.next = self.after_value();
        Ok(())
    }

    fn after_value(&self) -> Next {
        match self.open.last() {
            Some(b'{') => Next::AfterPair,
            Some(_) => Next::AfterItem,
            None => Next::End,
        }
    }

    /// The rest of a text whose quote was read.
    fn text(&mut self) -> Result<(), String> {
        loop {
            match self.take()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                found @ 0..0x20 => return Err(unexpected(found, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Result<(), String> {
        match self.take()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => (0..4).try_for_each(|_| match self.take()? {
                found if found.is_ascii_hexdigit() => Ok(()),
                found => Err(unexpected(found, "in \\u hexadecimal character escape")),
            }),
            found => Err(unexpected(found, "in string escape code")),
        }
    }

    /// The rest of a word whose first letter was read.
    fn literal(&mut self, word: &str) -> Result<(), String> {
        word.bytes().skip(1).try_for_each(|wanted| {
            let found = self.take()?;
            if found == wanted {
                return Ok(());
            }
            let wanted = char::from(wanted);
            Err(unexpected(
                found,
                &format!("in literal {word} (expecting '{wanted}')"),
            ))
        })
    }

    /// The rest of a number whose first character was read.
    fn number(&mut self, first: u8) -> Result<(), String> {
        let first = match first {
            b'-' => self.digit("in numeric literal")?,
            first => first,
        };
        if first != b'0' {
            self.digits();
        }
        if self.rest.first() == Some(&b'.') {
            self.take()?;
            self.digit("after decimal point in numeric literal")?;
            self.digits();
        }
        if let Some(b'e' | b'E') = self.rest.first() {
            self.take()?;
            if let Some(b'+' | b'-') = self.rest.first() {
                self.take()?;
            }
            self.digit("in exponent of numeric literal")?;
            self.digits();
        }
        Ok(())
    }

    fn digit(&mut self, place: &str) -> Result<u8, String> {
        match self.take()? {
            found if found.is_ascii_digit() => Ok(found),
            found => Err(unexpected(found, place)),
        }
    }

    fn digits(&mut self) {
        let digits = self
            .rest
            .iter()
            .take_while(|it| it.is_ascii_digit())
            .count();
        self.rest = self.rest.get(digits..).unwrap_or_default();
    }

    fn take(&mut self) -> Result<u8, String> {
        let (first, rest) = self.rest.split_first().ok_or_else(ended)?;
        self.rest = rest;
        Ok(*first)
    }
}

impl Next {
    fn place(self) -> &'static str {
        match self {
            Self::Value | Self::FirstItem => "looking for beginning of value",
            Self::AfterItem => "after array element",
            Self::FirstKey | Self::Key => "looking for beginning of object key string",
            Self::Colon => "after object key",
            Self::AfterPair => "after object key:value pair",
            Self::End => "after top-level value",
        }
    }
}

fn ended() -> String {
    "unexpected end of JSON input".to_owned()
}

fn unexpected(found: u8, place: &str) -> String {
    format!("invalid character {} {place}", quoted(found))
}

/// A byte in single quotes. Go takes it for the character of that number, whatever it is part of.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        0x07 => "'\\a'".to_owned(),
        0x08 => "'\\b'".to_owned(),
        0x0b => "'\\v'".to_owned(),
        0x0c => "'\\f'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        // Go prints neither control characters nor the spaces and hyphens that nobody sees.
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn faults_read_as_those_of_go() {
        let cases: [(&[u8], &str); 22] = [
            (
                b"{not json",
                "invalid character 'n' looking for beginning of object key string",
            ),
            (
                b"{\"a\":}",
                "invalid character '}' looking for beginning of value",
            ),
            (b"{\"a\":1", "unexpected end of JSON input"),
            (b"[1", "unexpected end of JSON input"),
            (b"", "unexpected end of JSON input"),
            (b"x", "invalid character 'x' looking for beginning of value"),
            (b"{\"a\":1}x", "invalid character 'x' after top-level value"),
            (
                b"{'a':1}",
                "invalid character '\\'' looking for beginning of object key string",
            ),
            (
                b"{\"a\":1,}",
                "invalid character '}' looking for beginning of object key string",
            ),
            (
                b"{\"a\":1 \"b\":1}",
                "invalid character '\"' after object key:value pair",
            ),
            (
                b"{\"a\":tru}",
                "invalid character '}' in literal true (expecting 'e')",
            ),
            (
                b"{\"a\":\"\\x\"}",
                "invalid character 'x' in string escape code",
            ),
            (b"{\"a\" 1}", "invalid character '1' after object key"),
            (
                b"{\"a\":01}",
                "invalid character '1' after object key:value pair",
            ),
            (b"{\"a\":-}", "invalid character '}' in numeric literal"),
            (
                b"{\"a\":1.}",
                "invalid character '}' after decimal point in numeric literal",
            ),
            (
                b"{\"a\":[1 2]}",
                "invalid character '2' after array element",
            ),
            (
                b"1e+x",
                "invalid character 'x' in exponent of numeric literal",
            ),
            (
                b"\"\\u12g4\"",
                "invalid character 'g' in \\u hexadecimal character escape",
            ),
            (b"\"\n\"", "invalid character '\\n' in string literal"),
            (
                b"\x9e",
                "invalid character '\\u009e' looking for beginning of value",
            ),
            (
                b"\x01",
                "invalid character '\\x01' looking for beginning of value",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_serde_reads_has_no_fault(text in "[\\[\\]{}\":,a0.\\-e+tru\\\\ ]{0,30}") {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(fault(text.as_bytes()).is_none(), is_json, "{}", text);
        }

        #[test]
        fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(!is_json || fault(&bytes).is_none());
        }
    }
}
