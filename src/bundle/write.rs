//! Writing a bundle: file by file, each without its secrets, none half.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::layout;
use super::manifest::{FileOf, Manifest, Missing};
use crate::archive;
use crate::redact::{self, Tally};
use crate::state;
use crate::yaml;

/// Bytes that one log may have.
const MOST_OF_A_LOG: usize = 2 << 20;
/// Bytes that all logs may have together.
const MOST_OF_LOGS: usize = 64 << 20;

/// A bundle that is being written. It appears under its name, readable by its owner only, when
/// [`finish`](Self::finish) succeeds; dropped before that, nothing is left.
pub struct Draft {
    archive: archive::Writer<BufWriter<state::Draft>>,
    folder: String,
    files: Vec<FileOf>,
    missing: Vec<Missing>,
    tally: Tally,
    room: usize,
}

impl Draft {
    /// Begins a bundle at `path`, all of whose files are dated `at`.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub fn create(path: &Path, at: Timestamp) -> io::Result<Self> {
        let draft = state::Draft::of(path)?;
        let mut bundle = Self {
            archive: archive::Writer::new(BufWriter::new(draft), at),
            folder: layout::folder(at),
            files: Vec::new(),
            missing: Vec::new(),
            tally: Tally::default(),
            room: MOST_OF_LOGS,
        };
        let version = env!("CARGO_PKG_VERSION");
        bundle.plain("timestamp", format!("{at}\n").as_bytes())?;
        bundle.plain(
            "version",
            format!("kubectl-stepscale/gather\n{version}\n").as_bytes(),
        )?;
        Ok(bundle)
    }

    /// Adds the snapshot, whose objects were written without secrets.
    ///
    /// # Errors
    /// Where it cannot be read, or the bundle not be written.
    pub fn snapshot(&mut self, snapshot: &Path) -> io::Result<()> {
        let mut file = File::open(snapshot)?;
        let size = file.metadata()?.len();
        let path = format!("{}/{}", self.folder, layout::SNAPSHOT);
        let mut content = Hashed {
            from: &mut file,
            digest: Sha256::new(),
        };
        self.archive.file(&path, size, &mut content)?;
        let sha256 = hexadecimal(&content.digest.finalize());
        self.files.push(FileOf {
            path: layout::SNAPSHOT.to_owned(),
            size,
            sha256,
            cut: None,
        });
        Ok(())
    }

    /// Counts what was left out of what comes with the snapshot.
    pub fn left_out(&mut self, tally: &Tally) {
        self.tally.add(tally);
    }

    /// Adds objects of one kind as lists by namespace.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn objects(
        &mut self,
        (group, plural): (&str, &str),
        (api_version, kind): (&str, &str),
        objects: Vec<Value>,
    ) -> io::Result<()> {
        let mut by_namespace: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for it in objects {
            let namespace = it["metadata"]["namespace"].as_str().unwrap_or_default();
            by_namespace
                .entry(namespace.to_owned())
                .or_default()
                .push(it);
        }
        for (namespace, items) in by_namespace {
            if namespace.is_empty() {
                for it in items {
                    self.of_cluster(group, plural, it)?;
                }
                continue;
            }
            let path = layout::of_namespace(&namespace, group, plural);
            let list =
                json!({"apiVersion": api_version, "kind": format!("{kind}List"), "items": items});
            self.object(&path, list)?;
        }
        Ok(())
    }

    /// Adds an object of no namespace.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn of_cluster(&mut self, group: &str, plural: &str, object: Value) -> io::Result<()> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        self.object(&layout::of_cluster(group, plural, name), object)
    }

    /// Adds a pod.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn pod(&mut self, namespace: &str, name: &str, pod: Value) -> io::Result<()> {
        self.object(&layout::pod(namespace, name), pod)
    }

    fn object(&mut self, path: &str, mut object: Value) -> io::Result<()> {
        redact::manifest(&mut object, &mut self.tally);
        let text = yaml::write(&object).map_err(io::Error::other)?;
        self.plain(path, text.as_bytes())
    }

    /// Adds the end of a log of a container.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn log(
        &mut self,
        (namespace, pod, container): (&str, &str, &str),
        is_previous: bool,
        log: &[u8],
    ) -> io::Result<()> {
        let path = layout::log(namespace, pod, container, is_previous);
        self.lines(&path, log)
    }

    /// Adds the end of a text of lines.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn lines(&mut self, path: &str, lines: &[u8]) -> io::Result<()> {
        let kept = end_of(lines, MOST_OF_A_LOG.min(self.room));
        self.room -= kept.len();
        let text = redact::lines(&String::from_utf8_lossy(kept), &mut self.tally);
        let cut = lines.len() - kept.len();
        let cut = (cut > 0).then_some(cut as u64);
        self.add(path, text.as_bytes(), cut)
    }

    /// Adds a text for people.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn text(&mut self, path: &str, text: &str) -> io::Result<()> {
        let text = redact::lines(text, &mut self.tally);
        self.plain(path, text.as_bytes())
    }

    /// Adds a value as JSON.
    ///
    /// # Errors
    /// Where the bundle cannot be written.
    pub fn json(&mut self, path: &str, value: &impl Serialize) -> io::Result<()> {
        let mut value = serde_json::to_value(value)?;
        redact::manifest(&mut value, &mut self.tally);
        let mut text = serde_json::to_vec_pretty(&value)?;
        text.push(b'\n');
        self.plain(path, &text)
    }

    /// Says that something could not be read, and why.
    pub fn missing(&mut self, what: impl Into<String>, why: &str, kind: Option<&str>) {
        let why = redact::counted(why, &mut self.tally).into_owned();
        self.missing.push(Missing {
            what: what.into(),
            why,
            kind: kind.map(str::to_owned),
        });
    }

    fn plain(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        self.add(path, content, None)
    }

    fn add(&mut self, path: &str, content: &[u8], cut: Option<u64>) -> io::Result<()> {
        let size = content.len() as u64;
        let whole = format!("{}/{path}", self.folder);
        self.archive.file(&whole, size, content)?;
        self.files.push(FileOf {
            path: path.to_owned(),
            size,
            sha256: hexadecimal(&Sha256::digest(content)),
            cut,
        });
        Ok(())
    }

    /// Adds the manifest, which says `more` of the bundle, and gives the file its name.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self, more: Manifest) -> io::Result<Manifest> {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let redactions = self.tally.iter();
        let manifest = Manifest {
            files: self.files,
            missing: self.missing,
            redactions: redactions
                .map(|(rule, count)| (rule.to_owned(), count))
                .collect(),
            ..more
        };
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        let path = format!("{}/{}", self.folder, layout::MANIFEST);
        self.archive
            .file(&path, text.len() as u64, text.as_slice())?;
        let draft = self.archive.finish()?.into_inner();
        draft.map_err(io::IntoInnerError::into_error)?.publish()?;
        Ok(manifest)
    }
}

/// The last lines that have no more bytes than `most`, from the beginning of a line on.
fn end_of(lines: &[u8], most: usize) -> &[u8] {
    if lines.len() <= most {
        return lines;
    }
    let end = &lines[lines.len() - most..];
    match end.iter().position(|it| *it == b'\n') {
        Some(at) => &end[at + 1..],
        None => &[],
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

/// Takes the checksum of what is read.
struct Hashed<R> {
    from: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

impl Write for state::Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}
