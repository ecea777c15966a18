//! What the page of 1,000 autoscalers takes: to be written, and to be opened in a browser.
//!
//! ```text
//! cargo bench --bench page
//! ```
//!
//! Each time is the best of some. Without chromium and chromedriver the page is only written.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for developers that measures time"
)]

use std::fs::{self, File};
use std::path::Path;
use std::time::Instant;

use rig::browser::{self, Browser};
use stepscale::config::Report;
use stepscale::config::form::{Document, Form};
use stepscale::output::{self, Page};

#[path = "../tests/it/reports/fleet.rs"]
#[expect(clippy::unwrap_used, reason = "made for tests")]
mod fleet;
#[path = "../tests/it/rig"]
#[expect(dead_code, reason = "of the tests, a part is used")]
mod rig {
    pub(crate) mod browser;
    pub(crate) mod process;
}

const AUTOSCALERS: usize = 1000;
const TIMES: usize = 5;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("page.html");
    let written = (0..TIMES)
        .map(|_| write(&file))
        .fold(f64::INFINITY, f64::min);
    let size = fs::metadata(&file).expect("the page").len();
    println!(
        "{AUTOSCALERS} autoscalers: {:.1} MB, written in {written:.0} ms",
        size as f64 / 1e6
    );
    if browser::is_available() {
        let browser = Browser::start();
        let loaded = (0..TIMES).map(|_| load(&browser, &file));
        let loaded = loaded.fold(f64::INFINITY, f64::min);
        println!("loaded by Chromium in {loaded:.0} ms");
    }
}

/// Milliseconds to write the page.
fn write(file: &Path) -> f64 {
    let asked = Report {
        form: Form::Document(Document::Html),
        ..Report::default()
    };
    let page = Page {
        width: 80,
        with_namespace: true,
    };
    let report = fleet::report(AUTOSCALERS);
    let mut out = File::create(file).expect("a file");
    let begun = Instant::now();
    output::answer(&mut out, &report, &asked, page).expect("a page");
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Milliseconds until the page is there, by the browser's own clock.
fn load(browser: &Browser, file: &Path) -> f64 {
    browser.open(file, "");
    let loaded = browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd");
    loaded.as_f64().expect("a time")
}
