//! Which commit the sources are, without git and without a network: a build is the same wherever it is
//! made.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands for a commit that cannot be found out.
pub(crate) const UNKNOWN: &str = "unknown";

/// Characters of a commit that are shown, enough for repositories much larger than ours.
const SHOWN: usize = 12;

/// The commit of the sources in `root`: the one that was `given`, else that of the package that they came
/// in, else that of the repository.
pub(crate) fn commit(root: &Path, given: Option<&str>) -> String {
    let given = given.map(str::to_owned).filter(|it| !it.trim().is_empty());
    let found = given
        .or_else(|| packaged(root))
        .or_else(|| checked_out(&repository(root)?))
        .and_then(|it| short(&it));
    found.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// `None` where it is no commit.
fn short(text: &str) -> Option<String> {
    let text = text.trim();
    let is_commit = text.len() >= 7 && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_commit.then(|| text[..text.len().min(SHOWN)].to_ascii_lowercase())
}

/// What `cargo package` writes beside the sources: `{"git":{"sha1":"…"}}`.
fn packaged(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    Some(rest.split('"').nth(1)?.to_owned())
}

/// The folder `.git`, or the one that a work tree names in its place.
pub(crate) fn repository(root: &Path) -> Option<PathBuf> {
    let place = root.join(".git");
    if place.is_dir() {
        return Some(place);
    }
    let text = fs::read_to_string(place).ok()?;
    Some(root.join(text.trim().strip_prefix("gitdir:")?.trim()))
}

/// What `HEAD` is, or the branch that it names: in a file, or in the list of all.
fn checked_out(folder: &Path) -> Option<String> {
    let head = fs::read_to_string(folder.join("HEAD")).ok()?;
    let Some(name) = head.trim().strip_prefix("ref:") else {
        return Some(head);
    };
    let name = name.trim();
    let shared = fs::read_to_string(folder.join("commondir")).ok();
    let shared = shared.map_or_else(|| folder.to_owned(), |it| folder.join(it.trim()));
    let loose = fs::read_to_string(shared.join(name)).ok();
    loose.or_else(|| {
        let packed = fs::read_to_string(shared.join("packed-refs")).ok()?;
        let mut lines = packed.lines().filter_map(|it| it.split_once(' '));
        lines.find(|it| it.1 == name).map(|it| it.0.to_owned())
    })
}
