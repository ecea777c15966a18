//! Cuts a JSON answer of the Prometheus API into the elements of its one long array while it
//! arrives.
//!
//! An answer is a small envelope around an array that may be gigabytes long. [`Frames`] is fed
//! the bytes in any pieces, hands out each element of the array as one slice, and keeps the
//! envelope with the array emptied, so that both can be parsed by ordinary means. It looks at
//! brackets and strings only: whether an element is sound is for its parser to say.

mod element;
mod envelope;

use element::Element;
use envelope::Envelope;

/// Which array is to be cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    /// `data.result`, of queries.
    Result,
    /// `data`, of lists of series.
    Data,
    /// None: the whole answer is an envelope.
    None,
}

/// Why the bytes cannot be an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the answer ended early")]
    Truncated,
    #[error("it does not begin like a JSON object")]
    NotAnObject,
    #[error("it has more than {ENVELOPE_LIMIT} bytes beside its elements")]
    Envelope,
    #[error("one of its elements is longer than {ELEMENT_LIMIT} bytes")]
    Element,
    #[error("it has a stray bracket or colon between its elements")]
    Stray,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Errors and warnings are sentences: whatever is longer is not what was asked for.
const ENVELOPE_LIMIT: usize = 64 * 1024;

/// A series has at most 11,000 samples of some 40 bytes; native histograms take a multiple.
const ELEMENT_LIMIT: usize = 64 * 1024 * 1024;

/// The state between two pieces of an answer.
#[derive(Debug)]
pub(super) struct Frames {
    envelope: Envelope,
    element: Element,
    /// Whether the array is being read.
    inside: bool,
    /// The beginning of an element whose end has not arrived.
    carry: Vec<u8>,
}

impl Frames {
    pub(super) fn new(elements: Elements) -> Self {
        Self {
            envelope: Envelope::new(elements),
            element: Element::default(),
            inside: false,
            carry: Vec::new(),
        }
    }

    /// Takes the next piece and calls `each` with every element that it completes.
    ///
    /// # Errors
    /// What `each` returned, or a [`Flaw`] of the answer.
    pub(super) fn push<E: From<Flaw>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            let used = if self.inside {
                self.take_elements(bytes, &mut each)?
            } else {
                let (used, opened) = self.envelope.take(bytes)?;
                self.inside = opened;
                used
            };
            bytes = &bytes[used..];
        }
        Ok(())
    }

    /// The envelope, with nothing between the brackets of the array.
    ///
    /// # Errors
    /// [`Flaw::Truncated`] if its closing brace has not arrived.
    pub(super) fn finish(self) -> Result<Vec<u8>, Flaw> {
        if self.inside {
            return Err(Flaw::Truncated);
        }
        self.envelope.finish().ok_or(Flaw::Truncated)
    }

    /// Reads on in the array; returns how many bytes were used, all unless it ended.
    fn take_elements<E: From<Flaw>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut at = 0;
        while at < bytes.len() {
            if !self.element.is_open() {
                match bytes[at] {
                    b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
                    b']' => {
                        self.envelope.close_array();
                        self.inside = false;
                        return Ok(at + 1);
                    }
                    b'}' | b':' => return Err(Flaw::Stray.into()),
                    _ => self.element.begin(),
                }
                continue;
            }
            let Some(length) = self.element.end(&bytes[at..]) else {
                self.keep(&bytes[at..])?;
                return Ok(bytes.len());
            };
            self.complete(&bytes[at..at + length], each)?;
            at += length;
        }
        Ok(at)
    }

    fn keep(&mut self, piece: &[u8]) -> Result<(), Flaw> {
        self.carry.extend_from_slice(piece);
        if self.carry.len() > ELEMENT_LIMIT {
            return Err(Flaw::Element);
        }
        Ok(())
    }

    fn complete<E>(
        &mut self,
        last: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.carry.is_empty() {
            return each(last);
        }
        self.carry.extend_from_slice(last);
        let done = each(&self.carry);
        self.carry.clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The elements and the envelope of an answer that arrives in `pieces`.
    fn cut(elements: Elements, pieces: &[&[u8]]) -> Result<(Vec<String>, String), Flaw> {
        let mut found = Vec::new();
        let mut frames = Frames::new(elements);
        for piece in pieces {
            frames.push(piece, |element| {
                found.push(String::from_utf8_lossy(element).into_owned());
                Ok::<(), Flaw>(())
            })?;
        }
        let envelope = frames.finish()?;
        Ok((found, String::from_utf8_lossy(&envelope).into_owned()))
    }

    #[test]
    fn elements_and_envelope_of_answers() {
        let cases: [(&str, Elements, &[&str], &str); 9] = [
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"a":[1,2]},{"b":"]}"}]},"warnings":["w"]}"#,
                Elements::Result,
                &[r#"{"a":[1,2]}"#, r#"{"b":"]}"}"#],
                r#"{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["w"]}"#,
            ),
            (
                r#"{"data":{"result":[],"resultType":"vector"},"status":"success"}"#,
                Elements::Result,
                &[],
                r#"{"data":{"result":[],"resultType":"vector"},"status":"success"}"#,
            ),
            (
                " { \"data\" : { \"result\" : [ {\"a\" : 1} ,\n\t{ } ] } } \n",
                Elements::Result,
                &[r#"{"a" : 1}"#, "{ }"],
                " { \"data\" : { \"result\" : [] } } \n",
            ),
            (
                r#"{"data":{"resultType":"scalar","result":[1435781451.781,"1"]}}"#,
                Elements::Result,
                &["1435781451.781", r#""1""#],
                r#"{"data":{"resultType":"scalar","result":[]}}"#,
            ),
            (
                r#"{"status":"success","data":[{"__name__":"up","x":"\\\"}{"},{}]}"#,
                Elements::Data,
                &[r#"{"__name__":"up","x":"\\\"}{"}"#, "{}"],
                r#"{"status":"success","data":[]}"#,
            ),
            (
                r#"{"error":"no \"data\":[ or {","result":[1],"x":{"result":[2]}}"#,
                Elements::Result,
                &[],
                r#"{"error":"no \"data\":[ or {","result":[1],"x":{"result":[2]}}"#,
            ),
            (
                r#"{"data":{"stats":{"result":[1]},"r\u0065sult":[3,4]}}"#,
                Elements::Result,
                &["3", "4"],
                r#"{"data":{"stats":{"result":[1]},"r\u0065sult":[]}}"#,
            ),
            (
                r#"{"data":{"result":null}}"#,
                Elements::Result,
                &[],
                r#"{"data":{"result":null}}"#,
            ),
            (
                r#"{"data":{"result":[1]}}"#,
                Elements::None,
                &[],
                r#"{"data":{"result":[1]}}"#,
            ),
        ];
        for (answer, elements, expected, envelope) in cases {
            let (found, left) = cut(elements, &[answer.as_bytes()]).unwrap();
            assert_eq!(found, expected, "{answer}");
            assert_eq!(left, envelope, "{answer}");
        }
    }

    #[test]
    fn an_answer_cut_anywhere_is_truncated() {
        let answer = br#"{"status":"success","data":{"result":[{"a":"\"]"},[1]]}}"#;
        for end in 0..answer.len() {
            let flaw = cut(Elements::Result, &[&answer[..end]]).unwrap_err();
            assert!(matches!(flaw, Flaw::Truncated), "{end}: {flaw}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told_at_once() {
        let long = format!(r#"{{"error":"{}"}}"#, "x".repeat(ENVELOPE_LIMIT));
        let flaw = |text: &str| cut(Elements::Result, &[text.as_bytes()]).unwrap_err();
        assert!(matches!(flaw("<html>"), Flaw::NotAnObject));
        assert!(matches!(flaw("[]"), Flaw::NotAnObject));
        assert!(matches!(flaw(&long), Flaw::Envelope));
        assert!(matches!(flaw(r#"{"data":{"result":[{}}]"#), Flaw::Stray));
    }

    #[test]
    fn an_error_of_the_reader_ends_the_cutting() {
        let mut seen = 0;
        let outcome = Frames::new(Elements::Data).push(br#"{"data":[1,2,3]}"#, |_| {
            seen += 1;
            if seen == 2 { Err(Flaw::Stray) } else { Ok(()) }
        });
        assert!(outcome.is_err());
        assert_eq!(seen, 2);
    }

    /// JSON of any shape, written with odd spaces.
    fn json() -> impl Strategy<Value = String> {
        let text = prop_oneof![
            r#"[a-z\[\]{}:, ]{0,6}"#,
            Just(r#"\"\\"#.to_owned()),
            Just("ü\\u00e9".to_owned()),
        ]
        .prop_map(|it| format!("\"{it}\""));
        let leaf = prop_oneof![
            text.clone(),
            any::<i32>().prop_map(|it| it.to_string()),
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
        ];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            let pairs = prop::collection::vec((text.clone(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|it| format!("[{}]", it.join(" ,\n"))),
                pairs.prop_map(|it| {
                    let pairs: Vec<_> = it.iter().map(|(k, v)| format!("{k} : {v}")).collect();
                    format!("{{{}}}", pairs.join(", "))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_split_gives_the_same_elements(
            elements in prop::collection::vec(json(), 0..5),
            other in json(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let answer = format!(
                r#"{{"other": {other} ,"data":{{"x":{other},"result":[{}]}},"status":"success"}}"#,
                elements.join(" , ")
            );
            let envelope = format!(
                r#"{{"other": {other} ,"data":{{"x":{other},"result":[]}},"status":"success"}}"#
            );
            let bytes = answer.as_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|it| it.index(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|it| &bytes[it[0]..it[1]]).collect();
            let (found, left) = cut(Elements::Result, &pieces).unwrap();
            prop_assert_eq!(&found, &elements);
            prop_assert_eq!(left, envelope);
        }
    }

    #[test]
    fn every_byte_alone_gives_the_same_elements() {
        let answer = r#"{"data":{"result":[ {"a":"\\\"é"}, 12 ,"x", [[]] ]}}"#;
        let pieces: Vec<_> = answer.as_bytes().chunks(1).collect();
        let whole = cut(Elements::Result, &[answer.as_bytes()]).unwrap();
        assert_eq!(cut(Elements::Result, &pieces).unwrap(), whole);
        assert_eq!(whole.0.len(), 4);
    }
}
