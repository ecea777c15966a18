//! The reports for people, as people use them: the page in a browser, opened from disk.

mod fleet;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::json;
use stepscale::config::Report;
use stepscale::config::form::{Document, Form};
use stepscale::output::{self, Page};

use crate::rig::browser::{self, Browser};
use crate::rig::program::{SHOP, Said, User};

/// What `analyze -o html` says of some of the shop, in a file of `user`.
#[track_caller]
fn page(user: &User, names: &[&str]) -> PathBuf {
    let mut arguments = vec!["analyze", "--from", SHOP, "-o", "html"];
    arguments.extend(names);
    let said = Said::by(&mut user.stepscale(&arguments));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let file = user.path("report.html");
    fs::write(&file, said.stdout).unwrap();
    file
}

/// Names of the rows that are to be seen, from the top.
fn names(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#fleet-table tbody tr')]\
                  .filter(row => !row.hidden).map(row => row.querySelector('a').textContent)";
    let names = browser.run(script);
    let names = names.as_array().unwrap().iter();
    names.map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// The titles of what is to be seen besides the head: of the summary or of a page.
fn opened(browser: &Browser) -> String {
    browser.text(
        "return [...document.querySelectorAll('main h2')]\
         .filter(it => it.offsetParent).map(it => it.textContent).join()",
    )
}

fn set_width(browser: &Browser, width: u32) {
    let size =
        json!({"width": width, "height": 844, "deviceScaleFactor": 2, "mobile": width < 600});
    browser.chromium("Emulation.setDeviceMetricsOverride", &size);
}

fn emulate(browser: &Browser, medium: &str, scheme: &str) {
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    let media = json!({"media": medium, "features": features});
    browser.chromium("Emulation.setEmulatedMedia", &media);
}

/// By how many points the page is wider than what shows it.
fn overhang(browser: &Browser) -> i64 {
    let script = "const it = document.scrollingElement; return it.scrollWidth - it.clientWidth";
    browser.run(script).as_i64().unwrap()
}

#[test]
fn one_autoscaler_has_its_page_and_its_chart() {
    if !browser::is_available() {
        return;
    }
    let user = User::new();
    let file = page(&user, &["hpa/catalog", "-n", "shop"]);
    let browser = Browser::start();
    browser.open(&file, "");
    assert_eq!(names(&browser), ["catalog"]);
    assert_eq!(opened(&browser), "");
    browser.picture("one");
    browser.click("#fleet-table tbody a");
    assert_eq!(opened(&browser), "hpa/catalog");
    let focused = browser.text("return document.activeElement.textContent");
    assert_eq!(
        focused, "hpa/catalog",
        "a screen reader begins with the title"
    );
    browser.picture("page");
    reads_the_chart(&browser);
    zooms(&browser);
    browser.click(".page:target .path a");
    assert_eq!(opened(&browser), "");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

fn readout(browser: &Browser) -> String {
    browser.text("return document.querySelector('.page:target .legend').innerText")
}

fn shown(browser: &Browser) -> String {
    browser.text("return document.querySelector('.page:target .shown').textContent")
}

/// Pointing and walking with the keyboard tell the values of the moment.
#[track_caller]
fn reads_the_chart(browser: &Browser) {
    let plot = ".page:target .plot";
    assert!(readout(browser).contains("Point at the chart"));
    browser.point(plot, &[(40, 0)], false);
    let pointed = readout(browser);
    assert!(pointed.contains("UTC"), "{pointed}");
    let value =
        "const it = document.querySelector('.page:target .legend b'); return it.textContent";
    let load: f64 = browser.text(value).parse().unwrap();
    assert!(load > 0.0, "{pointed}");
    browser.point(plot, &[(90, 0)], false);
    assert_ne!(readout(browser), pointed, "another moment");
    browser.picture("hover");
    browser.type_into(plot, "\u{e012}");
    let told = "return document.querySelector('.page:target .unseen[role=status]').textContent";
    let told = browser.text(told);
    assert!(told.contains("UTC: load"), "{told}");
    let hidden = "return String(document.querySelectorAll('.page:target .curve.needed').length)";
    assert_eq!(browser.text(hidden), "2", "in the plot and in the legend");
    browser.run(
        "for (const it of document.querySelectorAll('.page:target .legend button')) \
         if (it.textContent.startsWith('needed')) it.click()",
    );
    assert_eq!(browser.text(hidden), "1", "in the legend alone");
}

/// By dragging, by buttons and by the keyboard.
#[track_caller]
fn zooms(browser: &Browser) {
    let whole = shown(browser);
    browser.point(
        ".page:target .plot",
        &[(-150, 20), (0, 20), (100, 20)],
        true,
    );
    let part = shown(browser);
    assert_ne!(part, whole, "dragged");
    browser.picture("zoomed");
    browser.type_into(".page:target .plot", "\u{e00c}");
    assert_eq!(shown(browser), whole, "Escape shows all");
    let press = |text: &str| {
        browser.run(&format!(
            "for (const it of document.querySelectorAll('.page:target .buttons button')) \
             if (it.textContent === '{text}') it.click()"
        ));
    };
    press("Day");
    let day = shown(browser);
    press("←");
    assert_ne!(shown(browser), day, "the day before");
    press("All");
    assert_eq!(shown(browser), whole);
}

#[test]
fn the_fleet_is_sorted_filtered_and_fits_every_medium() {
    if !browser::is_available() {
        return;
    }
    let user = User::new();
    let file = page(&user, &[]);
    let browser = Browser::start();
    browser.open(&file, "");
    let all = names(&browser);
    assert!(all.len() > 10, "{all:?}");
    browser.picture("fleet");
    sorts(&browser, &all);
    filters(&browser, &all);
    fits(&browser, &file);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

fn sort_of(browser: &Browser, column: usize) -> String {
    browser.text(&format!(
        "return document.querySelectorAll('#fleet-table th')[{column}].getAttribute('aria-sort')"
    ))
}

#[track_caller]
fn sorts(browser: &Browser, all: &[String]) {
    let mut expected = all.to_vec();
    expected.sort();
    browser.click("#fleet-table th:nth-child(1) .sort");
    assert_eq!(names(browser), expected);
    assert_eq!(sort_of(browser, 0), "ascending");
    browser.click("#fleet-table th:nth-child(1) .sort");
    assert_eq!(sort_of(browser, 0), "descending");
    expected.reverse();
    assert_eq!(names(browser), expected);
    browser.click("#fleet-table th:nth-child(6) .sort");
    let figures = browser.run(
        "return [...document.querySelectorAll('#fleet-table td:nth-child(6)')]\
         .map(it => Number(it.dataset.sort))",
    );
    let figures: Vec<f64> = serde_json::from_value(figures).unwrap();
    assert!(figures.is_sorted_by(|a, b| a >= b), "{figures:?}");
}

#[track_caller]
fn filters(browser: &Browser, all: &[String]) {
    browser.type_into("#search", "Check OUT");
    let found = names(browser);
    assert!(!found.is_empty() && found.len() < all.len(), "{found:?}");
    let count = browser.text("return document.getElementById('shown').textContent");
    let expected = format!("{} of {} autoscalers", found.len(), all.len());
    assert_eq!(count, expected);
    browser.type_into("#search", "zzz");
    assert_eq!(names(browser), Vec::<String>::new());
    let empty = "return String(document.getElementById('empty').hidden)";
    assert_eq!(browser.text(empty), "false");
    browser.click("#reset");
    assert_eq!(names(browser).len(), all.len());
    browser.run(
        "const it = document.getElementById('outcome'); it.value = 'recommended'; \
         it.dispatchEvent(new Event('input'))",
    );
    let recommended = names(browser);
    assert!(!recommended.is_empty() && recommended.len() < all.len());
    browser.click("#reset");
}

/// Nothing is pushed aside on a phone, dark is dark, and paper has neither fields nor buttons.
#[track_caller]
fn fits(browser: &Browser, file: &Path) {
    browser.open(file, "#hpa/shop/catalog");
    for width in [1280, 390, 320] {
        set_width(browser, width);
        for place in ["#hpa/shop/catalog", "#fleet"] {
            browser.run(&format!("location.hash = '{place}'"));
            assert_eq!(overhang(browser), 0, "{place} at {width}");
            let name = place.trim_start_matches('#').replace('/', "-");
            browser.picture(&format!("{width}-{name}"));
        }
    }
    set_width(browser, 1280);
    browser.run("scrollTo(0, 0)");
    let paper = "return getComputedStyle(document.body).backgroundColor";
    emulate(browser, "screen", "dark");
    assert_eq!(browser.text(paper), "rgb(14, 19, 27)");
    browser.picture("dark");
    browser.run("location.hash = '#hpa/shop/catalog'");
    browser.picture("dark-page");
    emulate(browser, "print", "dark");
    assert_eq!(browser.text(paper), "rgb(255, 255, 255)");
    let buttons = "return String([...document.querySelectorAll('.buttons, .copy, .path, .tools')]\
                   .filter(it => it.offsetParent).length)";
    assert_eq!(browser.text(buttons), "0");
    browser.picture("print-page");
    browser.run("location.hash = '#fleet'");
    assert_eq!(browser.text(buttons), "0");
    assert_eq!(opened(browser), "");
    emulate(browser, "screen", "light");
}

/// How long that takes is measured by `cargo bench --bench page`.
#[test]
fn a_thousand_autoscalers_open_at_once() {
    if !browser::is_available() {
        return;
    }
    let user = User::new();
    let file = user.path("thousand.html");
    let asked = Report {
        form: Form::Document(Document::Html),
        ..Report::default()
    };
    let page = Page {
        width: 80,
        with_namespace: true,
    };
    let mut out = File::create(&file).unwrap();
    output::answer(&mut out, &fleet::report(1000), &asked, page).unwrap();
    let size = fs::metadata(&file).unwrap().len();
    let browser = Browser::start();
    browser.open(&file, "");
    assert!(size < 15_000_000, "{size} bytes");
    // What would take long is not done before somebody looks.
    let drawn = "return String(document.querySelectorAll('.plot svg').length)";
    assert_eq!(browser.text(drawn), "0");
    assert_eq!(names(&browser).len(), 1000);
    browser.picture("thousand");
    browser.click("#fleet-table th:nth-child(8) .sort");
    assert_eq!(names(&browser)[0], "service-0000", "it saves most");
    browser.type_into("#search", "service-0999");
    assert_eq!(names(&browser), ["service-0999"]);
    browser.click("#fleet-table a[href$='service-0999']");
    assert_eq!(opened(&browser), "hpa/service-0999");
    assert_eq!(browser.text(drawn), "1");
    browser.point(".page:target .plot", &[(0, 0)], false);
    assert!(readout(&browser).contains("UTC"));
    browser.picture("thousand-page");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_comment_in_markdown_is_as_long_as_a_comment_may_be() {
    let arguments = ["analyze", "--from", SHOP, "-o", "markdown"];
    let said = Said::by(&mut User::new().stepscale(&arguments));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stdout.starts_with("## Autoscalers of "),
        "{}",
        said.stdout
    );
    assert!(said.stdout.contains("| **hpa/catalog**<br>shop |"));
    assert!(said.stdout.chars().count() < 65_536);
    assert!(said.stdout.ends_with("</sub>\n"));
}
