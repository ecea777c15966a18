//! What entries say of the entry that follows them, where its header has no room: the long names of
//! GNU tar, and the extended headers of pax, which Python, macOS and Go write.

use std::io;

use super::read::broken;

/// Of the next file; a header that says nothing leaves it as its own header has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ahead {
    pub(super) path: Option<String>,
    /// In bytes.
    pub(super) size: Option<u64>,
    /// Its content is a map of what is not zero, and that.
    pub(super) is_sparse: bool,
}

impl Ahead {
    /// Takes the path of a GNU long name, which may end in a zero.
    pub(super) fn long_name(&mut self, text: &[u8]) {
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        self.path = Some(String::from_utf8_lossy(text).into_owned());
    }

    /// Takes the records of a pax header: each its own length in bytes as a decimal number, a blank, a
    /// key, `=`, a value of any bytes, and a newline.
    ///
    /// # Errors
    /// Where they are not so.
    pub(super) fn pax(&mut self, mut records: &[u8]) -> io::Result<()> {
        while !records.is_empty() {
            let (record, rest) = split(records).ok_or_else(|| broken(MALFORMED))?;
            self.record(record)?;
            records = rest;
        }
        Ok(())
    }

    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        let equals = record.iter().position(|it| *it == b'=');
        let (key, value) = record.split_at(equals.ok_or_else(|| broken(MALFORMED))?);
        let value = &value[1..];
        match key {
            // An empty value takes back what an earlier record said.
            b"path" if value.is_empty() => self.path = None,
            b"path" => self.path = Some(String::from_utf8_lossy(value).into_owned()),
            b"size" => {
                let text = std::str::from_utf8(value).ok();
                let size = text.and_then(|it| it.parse().ok());
                self.size = Some(size.ok_or_else(|| broken(MALFORMED))?);
            }
            _ if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
            _ => {}
        }
        Ok(())
    }
}

const MALFORMED: &str = "an extended header of the archive is malformed";

/// The first record without its length and newline, and what comes after it.
fn split(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = records.iter().position(|it| *it == b' ')?;
    let length: usize = std::str::from_utf8(&records[..blank]).ok()?.parse().ok()?;
    let record = records.get(blank + 1..length)?;
    Some((record.strip_suffix(b"\n")?, &records[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &[u8]) -> io::Result<Ahead> {
        let mut ahead = Ahead::default();
        ahead.pax(records).map(|()| ahead)
    }

    #[test]
    fn records_go_by_their_length_and_not_by_their_lines() {
        let records = b"27 SCHILY.xattr.a=12 path=x\n16 path=a/b=\n/c\n13 size=1234\n";
        let expected = Ahead {
            path: Some("a/b=\n/c".to_owned()),
            size: Some(1234),
            is_sparse: false,
        };
        assert_eq!(read(&records[..]).unwrap_err().to_string(), MALFORMED);
        let records = b"28 SCHILY.xattr.a=12 path=x\n16 path=a/b=\n/c\n13 size=1234\n";
        assert_eq!(read(&records[..]).unwrap(), expected);
        assert!(read(b"22 GNU.sparse.major=1\n").unwrap().is_sparse);
        assert_eq!(read(b"").unwrap(), Ahead::default());
    }

    #[test]
    fn an_empty_path_takes_back_an_earlier_one() {
        assert_eq!(read(b"9 path=a\n8 path=\n").unwrap(), Ahead::default());
    }

    #[test]
    fn broken_records_are_refused() {
        for records in [
            &b"path=a\n"[..],
            b"9 path=a",
            b"99 path=a\n",
            b"0 path=a\n",
            b"9 path:a\n",
            b"9 size=x\n",
            b"-9 path=a\n",
            b"99999999999999999999999 path=a\n",
        ] {
            assert_eq!(read(records).unwrap_err().to_string(), MALFORMED);
        }
    }
}
