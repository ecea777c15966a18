//! `-o html`: a report for people in one file, which loads nothing from anywhere.
//!
//! A summary, a table of the fleet, and a page for each autoscaler, which its address (`#hpa/shop/web`)
//! brings to sight by style alone. Scripts make the table sort and filter and draw the charts; without
//! them everything else is there. Everything that comes from a cluster is escaped by the
//! [templates](askama), or by [`chart`] within scripts; a policy in the document itself lets no other
//! script or style run than ours, by their hashes.
//!
//! Written page by page, so that no more than one is held at a time.

mod chart;
mod fleet;
mod frontier;
mod overview;
mod page;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::report::{AnalysisReport, Item};
use overview::Overview;
use page::Page;

/// A line of a screen has no more points to show than these, and a fleet has many lines.
pub const MOST_POINTS: usize = 600;

const STYLE: &str = include_str!("html/style.css");
/// Each in an element of its own, in this order.
const SCRIPTS: [&str; 2] = [include_str!("html/fleet.js"), include_str!("html/chart.js")];

/// Writes the whole document.
///
/// # Errors
/// If `out` cannot be written.
pub(super) fn write(out: &mut dyn Write, report: &AnalysisReport) -> io::Result<()> {
    part(out, &Overview::of(report))?;
    let items = &report.items;
    for (index, item) in items.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|it| items.get(it));
        let around = [before, items.get(index + 1)];
        part(out, &Page::of(item, index, around, report))?;
    }
    part(out, &End { scripts: SCRIPTS })?;
    out.write_all(b"\n")
}

#[derive(Template)]
#[template(path = "end.html")]
struct End {
    scripts: [&'static str; 2],
}

fn part(out: &mut dyn Write, template: &impl Template) -> io::Result<()> {
    let text = template.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// What the document may load: nothing. What it may run: our own scripts and styles.
fn policy() -> String {
    let scripts: Vec<String> = SCRIPTS.iter().map(|it| hash(it)).collect();
    format!(
        "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        scripts.join(" ")
    )
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What the page of an autoscaler is called in the document.
fn id(item: &Item) -> String {
    format!("{}/{}/{}", item.kind.short(), item.namespace, item.name)
}

/// A link to it: everything but plain letters escaped, as names may come from anywhere.
fn link(item: &Item) -> String {
    let mut link = "#".to_owned();
    for byte in id(item).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => {
                link.push(char::from(byte));
            }
            _ => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}

/// How a word is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Accent,
    Good,
    Careful,
    Bad,
}

impl Display for Tone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Careful => "careful",
            Self::Bad => "bad",
        })
    }
}

/// A word in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    text: String,
    tone: Tone,
}

impl Tag {
    fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}
