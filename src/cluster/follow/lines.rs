//! What a watch tells, line by line.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest line. An object has 3 MiB at most, of which each byte may be escaped.
const LONGEST: usize = 32 << 20;

/// The lines of a body that never ends by itself.
pub(super) struct Lines {
    body: Body,
    held: BytesMut,
    /// How much of `held` is known to have no end of a line.
    searched: usize,
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body,
            held: BytesMut::new(),
            searched: 0,
        }
    }

    /// The next line; `None` where the body ends, or the connection is cut: whoever watches goes
    /// on in the same way.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.take() {
                return Some(line);
            }
            // No event is that long, as whoever reads it will find.
            if self.held.len() > LONGEST {
                self.searched = 0;
                return Some(self.held.split().freeze());
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(more) = frame.into_data() {
                self.push(&more);
            }
        }
    }

    fn push(&mut self, more: &[u8]) {
        self.held.extend_from_slice(more);
    }

    fn take(&mut self) -> Option<Bytes> {
        let rest = self.held.get(self.searched..).unwrap_or_default();
        let Some(end) = rest.iter().position(|it| *it == b'\n') else {
            self.searched = self.held.len();
            return None;
        };
        let line = self.held.split_to(self.searched + end + 1);
        self.searched = 0;
        Some(line.freeze())
    }
}

/// One event.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) object: &'a RawValue,
}

/// What all objects have.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Head<'a> {
    #[serde(borrow)]
    pub(super) metadata: HeadMeta<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct HeadMeta<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) resource_version: Cow<'a, str>,
}

impl<'a> Head<'a> {
    pub(super) fn of(object: &'a RawValue) -> serde_json::Result<Self> {
        serde_json::from_str(object.get())
    }
}

/// A page of a list, whose items are parts of its text.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(default)]
    pub(super) metadata: PageMeta,
    #[serde(borrow)]
    pub(super) items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PageMeta {
    #[serde(rename = "continue")]
    pub(super) token: Option<String>,
    pub(super) resource_version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = "one\ntwo and more\n\nthree\nrest";
        for size in 1..text.len() {
            let mut lines = Lines::of(Body::empty());
            let mut told = vec![];
            for part in text.as_bytes().chunks(size) {
                lines.push(part);
                while let Some(line) = lines.take() {
                    told.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            assert_eq!(told, ["one\n", "two and more\n", "\n", "three\n"]);
        }
    }

    #[test]
    fn events_are_read_without_a_copy_and_oddities_do_no_harm() {
        let text =
            r#"{"type":"ADDED","object":{"metadata":{"name":"a\"b","resourceVersion":"7"}}}"#;
        let line: Line<'_> = serde_json::from_str(text).unwrap();
        let head = Head::of(line.object).unwrap();
        assert_eq!((&*line.kind, &*head.metadata.name), ("ADDED", "a\"b"));
        assert_eq!(&*head.metadata.resource_version, "7");
        for odd in [
            "",
            "{}",
            "[]",
            r#"{"type":"ADDED"}"#,
            r#"{"type":1,"object":{}}"#,
        ] {
            assert!(serde_json::from_str::<Line<'_>>(odd).is_err(), "{odd}");
        }
        let page: Page<'_> = serde_json::from_str(r#"{"items":null}"#).unwrap();
        assert!(page.items.is_none());
    }
}
