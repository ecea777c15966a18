//! Files that were rotated: `audit-2026-11-22T05-00-00.000.log.gz` beside `audit.log`.
//!
//! Names are those of the library that the API server rotates its log with, so that what collects
//! those finds ours. The caller holds the lock of the log.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use crate::audit::settings::Lifetime;
use crate::state::{self, Draft};

/// A rotated file, by the time in its name. For a while it may be there both plain and packed: then
/// the packed one is complete and the plain one is about to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Rotated {
    pub(in super::super) plain: Option<PathBuf>,
    pub(in super::super) packed: Option<PathBuf>,
}

/// The rotated files of a log, oldest first; none where its folder is missing.
pub(in super::super) fn list(log: &Path) -> io::Result<BTreeMap<Timestamp, Rotated>> {
    let names = Names::of(log);
    let mut found = BTreeMap::<Timestamp, Rotated>::new();
    for path in siblings(log)? {
        let Some((at, is_packed)) = name_of(&path).and_then(|it| names.parse(it)) else {
            continue;
        };
        let entry = found.entry(at).or_default();
        match is_packed {
            true => entry.packed = Some(path),
            false => entry.plain = Some(path),
        }
    }
    Ok(found)
}

/// Gives the log the name of a time not before `at` that is later than all others, so that names
/// sort as the records were written.
pub(super) fn rotate(log: &Path, at: Timestamp) -> io::Result<()> {
    let newest = list(log)?.into_keys().next_back();
    let after = newest.and_then(|it| it.checked_add(SignedDuration::from_millis(1)).ok());
    let at = after.map_or(at, |it| it.max(at));
    fs::rename(log, log.with_file_name(Names::of(log).plain(at)))?;
    state::sync_directory(state::directory_of(log))
}

/// Removes what is too old or too much, and packs the rest. Finishes what a crash has left.
pub(super) fn tidy(log: &Path, lifetime: Lifetime, now: Timestamp) -> io::Result<()> {
    remove_drafts(log)?;
    let files = list(log)?;
    let surplus = match lifetime.max_backup {
        0 => 0,
        most => files.len().saturating_sub(most as usize),
    };
    for (index, (at, file)) in files.into_iter().enumerate() {
        if index < surplus || is_too_old(at, lifetime, now) {
            file.remove()?;
        } else {
            file.pack()?;
        }
    }
    Ok(())
}

fn is_too_old(at: Timestamp, lifetime: Lifetime, now: Timestamp) -> bool {
    let kept = SignedDuration::from_hours(24 * i64::from(lifetime.max_age));
    lifetime.max_age > 0 && now.duration_since(at) > kept
}

impl Rotated {
    fn remove(self) -> io::Result<()> {
        self.plain
            .into_iter()
            .chain(self.packed)
            .try_for_each(fs::remove_file)
    }

    fn pack(self) -> io::Result<()> {
        let Some(plain) = self.plain else {
            return Ok(());
        };
        if self.packed.is_none() {
            let mut target = plain.clone().into_os_string();
            target.push(".gz");
            pack(&plain, Path::new(&target))?;
        }
        fs::remove_file(plain)
    }
}

fn pack(from: &Path, to: &Path) -> io::Result<()> {
    let mut draft = Draft::of(to)?;
    let mut packed = GzEncoder::new(draft.file(), Compression::default());
    io::copy(&mut File::open(from)?, &mut packed)?;
    packed.finish()?;
    draft.publish()
}

/// Of processes that were killed while they packed a file: nobody else does while we hold the lock.
fn remove_drafts(log: &Path) -> io::Result<()> {
    let prefix = format!(".{}", Names::of(log).prefix);
    for path in siblings(log)? {
        let is_draft = |it: &str| it.starts_with(&prefix) && it.ends_with(".tmp");
        if name_of(&path).is_some_and(is_draft) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// All that is in the log's folder.
fn siblings(log: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(state::directory_of(log)) {
        Ok(entries) => entries.map(|it| Ok(it?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// How rotated files of a log are named: `audit-`, a time, `.log`.
struct Names {
    prefix: String,
    suffix: String,
}

impl Names {
    fn of(log: &Path) -> Self {
        let part =
            |it: Option<&std::ffi::OsStr>| it.unwrap_or_default().to_string_lossy().into_owned();
        let suffix = match log.extension() {
            None => String::new(),
            extension => format!(".{}", part(extension)),
        };
        Self {
            prefix: format!("{}-", part(log.file_stem())),
            suffix,
        }
    }

    fn plain(&self, at: Timestamp) -> String {
        format!("{}{}{}", self.prefix, stamp(at), self.suffix)
    }

    /// The time, and whether the file is packed.
    fn parse(&self, name: &str) -> Option<(Timestamp, bool)> {
        let rest = name.strip_prefix(&self.prefix)?;
        let (rest, is_packed) = match rest.strip_suffix(".gz") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let stamp = rest.strip_suffix(&self.suffix)?;
        Some((parse_stamp(stamp)?, is_packed))
    }
}

/// `2026-11-22T05-00-00.000`, in UTC.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H-%M-%S%.3f").to_string()
}

fn parse_stamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let at: Timestamp = format!("{date}T{}Z", time.replace('-', ":")).parse().ok()?;
    (stamp(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_api_server_has_them() {
        let at: Timestamp = "2026-11-22T05:00:00.0129Z".parse().unwrap();
        let cases = [
            ("/state/audit.log", "audit-2026-11-22T05-00-00.012.log"),
            ("audit", "audit-2026-11-22T05-00-00.012"),
            ("a.b.log", "a.b-2026-11-22T05-00-00.012.log"),
        ];
        for (log, expected) in cases {
            let names = Names::of(Path::new(log));
            assert_eq!(names.plain(at), expected);
            let parsed = Some("2026-11-22T05:00:00.012Z".parse().unwrap());
            assert_eq!(names.parse(expected), parsed.map(|it| (it, false)));
            let packed = format!("{expected}.gz");
            assert_eq!(names.parse(&packed), parsed.map(|it| (it, true)));
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        let names = Names::of(Path::new("audit.log"));
        let others = [
            "audit.log",
            "audit.log.lock",
            "audit-.log",
            "audit-2026-11-22T05-00-00.log",
            "audit-2026-11-22T05-00-00.0123.log",
            "audit-2026-13-22T05-00-00.012.log",
            "audit-2026-11-22T05:00:00.012.log",
            "audit-2026-11-22T05-00-00.012.log.zst",
            "audit-mine.log.gz",
            "other-2026-11-22T05-00-00.012.log",
        ];
        for name in others {
            assert_eq!(names.parse(name), None, "{name}");
        }
    }
}
