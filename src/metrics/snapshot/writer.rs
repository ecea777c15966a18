//! Writes snapshots: the same values give the same bytes.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde::Serialize;

use super::{API_VERSION, Error, Header, OF_ONE, Packing, name_of};
use crate::autoscaler::target::TargetRef;
use crate::history::Metric;
use crate::metrics::zstd;
use crate::series::Series;
use crate::state::Draft;

/// Writes a snapshot line by line.
///
/// A file appears under its name, readable by its owner only, when [`finish`](Self::finish)
/// succeeds; dropped before that, nothing is left. Write the series of a target together, so
/// that it can be read back in little memory.
pub struct Writer {
    name: String,
    out: Encoder,
    line: Vec<u8>,
}

impl Writer {
    /// Begins a snapshot at `path`, packed as its extension says (`.gz`, `.zst`, else plain);
    /// `-` for stdout, plain.
    pub fn create(path: &Path, header: &Header) -> Result<Self, Error> {
        let name = name_of(path);
        let out = Sink::open(path)
            .map(|sink| Encoder::of(packing_of(path), BufWriter::new(sink)))
            .map_err(|source| Error::Write {
                snapshot: name.clone(),
                source,
            })?;
        let mut writer = Self {
            name,
            out,
            line: Vec::new(),
        };
        writer.header(header)?;
        Ok(writer)
    }

    fn header(&mut self, header: &Header) -> Result<(), Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Line<'a> {
            kind: &'a str,
            api_version: &'a str,
            cluster: Cluster<'a>,
            taken_at: String,
        }
        #[derive(Serialize)]
        struct Cluster<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            version: Option<&'a str>,
        }
        self.write(|line| {
            serde_json::to_writer(
                line,
                &Line {
                    kind: "Snapshot",
                    api_version: API_VERSION,
                    cluster: Cluster {
                        name: &header.cluster.name,
                        version: header.cluster.version.as_deref(),
                    },
                    taken_at: header.taken_at.to_string(),
                },
            )
        })
    }

    /// Adds a Kubernetes object as it is.
    pub fn object(&mut self, object: &serde_json::Value) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            kind: &'a str,
            object: &'a serde_json::Value,
        }
        let kind = "Object";
        self.write(|line| serde_json::to_writer(line, &Line { kind, object }))
    }

    /// Adds a series; several of one target and metric are read back as one.
    pub fn series(
        &mut self,
        target: &TargetRef,
        metric: &Metric,
        series: &Series,
    ) -> Result<(), Error> {
        self.named(target, &metric.to_string(), series)
    }

    /// Adds what one of several autoscalers on the target desired.
    pub fn desired_by(
        &mut self,
        target: &TargetRef,
        autoscaler: &str,
        series: &Series,
    ) -> Result<(), Error> {
        self.named(target, &format!("{OF_ONE}{autoscaler}"), series)
    }

    /// Says why there is no series of a metric; before the last one of the target.
    pub fn missing(&mut self, target: &TargetRef, metric: &Metric, why: &str) -> Result<(), Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            kind: &'a str,
            target: &'a TargetRef,
            metric: String,
            why: &'a str,
        }
        let line = Line {
            kind: "Missing",
            target,
            metric: metric.to_string(),
            why,
        };
        self.write(|to| serde_json::to_writer(to, &line))
    }

    fn named(&mut self, target: &TargetRef, metric: &str, series: &Series) -> Result<(), Error> {
        let grid = series.grid();
        self.write(|line| {
            line.extend_from_slice(br#"{"kind":"Series","target":"#);
            serde_json::to_writer(&mut *line, target)?;
            line.extend_from_slice(br#","metric":"#);
            serde_json::to_writer(&mut *line, metric)?;
            let (start, step) = (grid.start().as_second(), grid.step().seconds());
            let times = format!(r#","start":{start},"stepSeconds":{step},"values":["#);
            line.extend_from_slice(times.as_bytes());
            write_values(line, series);
            line.extend_from_slice(b"]}");
            Ok(())
        })
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<(), Error> {
        let Self { name, out, .. } = self;
        out.finish().map_err(|source| Error::Write {
            snapshot: name,
            source,
        })
    }

    fn write(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), Error> {
        self.line.clear();
        fill(&mut self.line)
            .map_err(io::Error::from)
            .and_then(|()| {
                self.line.push(b'\n');
                self.out.write_all(&self.line)
            })
            .map_err(|source| Error::Write {
                snapshot: self.name.clone(),
                source,
            })
    }
}

/// The shortest decimals that read back as the same sample.
fn write_values(line: &mut Vec<u8>, series: &Series) {
    for (index, value) in series.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        let written = match value {
            // Samples are single precision; printed as doubles they would be twice as long.
            Some(value) => write!(line, "{}", value as f32),
            None => line.write_all(b"null"),
        };
        written.expect("writing to memory does not fail");
    }
}

fn packing_of(path: &Path) -> Packing {
    match path.extension().and_then(|it| it.to_str()) {
        Some("gz") => Packing::Gzip,
        Some("zst") => Packing::Zstd,
        _ => Packing::Plain,
    }
}

/// Where the packed bytes go.
enum Sink {
    Draft(Draft),
    /// A device or pipe, which must not be replaced by a file.
    Device(File),
    Stdout(io::Stdout),
}

impl Sink {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(io::stdout()));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                File::options().write(true).open(path).map(Self::Device)
            }
            _ => Draft::of(path).map(Self::Draft),
        }
    }

    fn publish(self) -> io::Result<()> {
        match self {
            Self::Draft(draft) => draft.publish(),
            Self::Device(mut device) => device.flush(),
            Self::Stdout(mut stdout) => stdout.flush(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Draft(draft) => draft.file().write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Draft(draft) => draft.file().flush(),
            Self::Device(device) => device.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// Packs what is written.
enum Encoder {
    Plain(BufWriter<Sink>),
    Gzip(GzEncoder<BufWriter<Sink>>),
    Zstd(zstd::Encoder<BufWriter<Sink>>),
}

impl Encoder {
    fn of(packing: Packing, sink: BufWriter<Sink>) -> Self {
        match packing {
            Packing::Plain => Self::Plain(sink),
            // No time and no name in the header, so that the same content gives the same bytes.
            Packing::Gzip | Packing::Bundle => {
                Self::Gzip(GzBuilder::new().mtime(0).write(sink, Compression::best()))
            }
            Packing::Zstd => Self::Zstd(zstd::Encoder::new(sink)),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Gzip(out) => out.write_all(bytes),
            Self::Zstd(out) => out.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        let out = match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out.finish()?,
            Self::Zstd(out) => out.finish()?,
        };
        out.into_inner().map_err(io::Error::from)?.publish()
    }
}
