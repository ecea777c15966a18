//! The folder of load traces: its index and its series.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// The folder with what its index says of each series, by name.
pub(crate) struct Folder {
    root: PathBuf,
    index: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Index {
    series: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Entry {
    id: String,
    file: String,
    pub(crate) kind: String,
    /// Series of one group come from the same machine or service.
    pub(crate) group: String,
    step_seconds: i64,
    days: f64,
}

/// Evenly spaced means, each of the step that starts at its time.
pub(crate) struct Trace {
    /// Unix seconds at which the first step starts.
    pub(crate) first: i64,
    /// Seconds.
    pub(crate) step: i64,
    /// `None` is a gap.
    pub(crate) values: Vec<Option<f64>>,
}

impl Trace {
    /// Unix seconds at which the last step ends.
    pub(crate) fn end(&self) -> i64 {
        self.first + self.step * self.values.len() as i64
    }
}

impl Folder {
    /// That of `STEPSCALE_TRACES_DIR`, else `../shared/traces`; its path if there is none.
    pub(crate) fn open() -> Result<Self, PathBuf> {
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces");
        let root = std::env::var_os("STEPSCALE_TRACES_DIR").map_or(default, PathBuf::from);
        let Ok(index) = File::open(root.join("index.json")) else {
            return Err(root);
        };
        let index: Index = serde_json::from_reader(BufReader::new(index)).unwrap();
        let entries = index.series.into_iter().map(|it| (it.id.clone(), it));
        Ok(Self {
            root,
            index: entries.collect(),
        })
    }

    /// The names of those that are at least so long, in order.
    pub(crate) fn of_days(&self, days: f64) -> impl Iterator<Item = &str> {
        let long = self.index.iter().filter(move |it| it.1.days >= days);
        long.map(|it| it.0.as_str())
    }

    pub(crate) fn entry(&self, id: &str) -> &Entry {
        let entry = self.index.get(id);
        entry.unwrap_or_else(|| panic!("{} has no trace {id}", self.root.display()))
    }

    pub(crate) fn read(&self, id: &str) -> Trace {
        let entry = self.entry(id);
        let path = self.root.join(&entry.file);
        let text = text(&path);
        let rows: Vec<(i64, f64)> = text.lines().skip(1).map(row).collect();
        let (first, last) = (rows[0].0, rows[rows.len() - 1].0);
        let step = entry.step_seconds;
        let mut values = vec![None; ((last - first) / step + 1) as usize];
        for (at, value) in rows {
            values[((at - first) / step) as usize] = Some(value);
        }
        Trace {
            first,
            step,
            values,
        }
    }
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    let file = File::open(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    if path.extension().is_some_and(|it| it == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        BufReader::new(file).read_to_string(&mut text).unwrap();
    }
    text
}

fn row(line: &str) -> (i64, f64) {
    let (at, value) = line.split_once(',').unwrap();
    (at.parse().unwrap(), value.trim().parse().unwrap())
}
