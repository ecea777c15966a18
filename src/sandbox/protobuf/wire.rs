//! The bytes of a message as its fields.

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a fixed length, which no kind uses.
    Fixed,
}

/// The fields of a message with their numbers, in order; an error ends them.
pub(super) struct Fields<'a>(&'a [u8]);

/// What the decoder of Go says of bytes that end too early.
const EOF: &str = "unexpected EOF";

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    fn read(&mut self) -> Result<(u64, Raw<'a>), String> {
        let key = self.number()?;
        let raw = match key & 7 {
            0 => Raw::Number(self.number()?),
            1 => self.take(8).map(|_| Raw::Fixed)?,
            2 => {
                let length = self.number()?;
                Raw::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Raw::Fixed)?,
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        Ok((key >> 3, raw))
    }

    fn number(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(EOF)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("proto: integer overflow".to_owned())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let length = usize::try_from(length).map_err(|_| EOF)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(EOF)?;
        self.0 = rest;
        Ok(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Raw<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.0 = &[];
        }
        Some(read)
    }
}

/// The bytes of the field `number`, the last where it stands there twice; empty where it does not.
pub(super) fn bytes(message: &[u8], number: u64) -> Result<&[u8], String> {
    let mut found: &[u8] = &[];
    for field in Fields::of(message) {
        if let (at, Raw::Bytes(bytes)) = field?
            && at == number
        {
            found = bytes;
        }
    }
    Ok(found)
}

/// The number in the field `number`; 0 where there is none.
pub(super) fn integer(message: &[u8], number: u64) -> Result<i64, String> {
    let mut found = 0;
    for field in Fields::of(message) {
        if let (at, Raw::Number(value)) = field?
            && at == number
        {
            found = value.cast_signed();
        }
    }
    Ok(found)
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
