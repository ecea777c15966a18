use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::analysis::portrait::Detail;
use crate::output::report::made_up;

/// Names that a parser of HTML, of addresses or of scripts might take for its own.
const HOSTILE: [&str; 5] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></title><svg/onload=alert(1)>",
    "a b#c%20?d&amp;<!--",
];

fn document(report: &AnalysisReport) -> String {
    let mut out = Vec::new();
    write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn with_charts() -> AnalysisReport {
    let mut report = made_up::report();
    for item in &mut report.items {
        let portrait = made_up::portrait(4032).reduced(Detail::AtMost(MOST_POINTS));
        item.portrait = Some(Box::new(portrait));
    }
    report
}

/// Everything that stands between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let parts = text.split(before).skip(1);
    parts
        .filter_map(|it| Some(it.split_once(after)?.0))
        .collect()
}

/// Everything that might come from a cluster, made hostile.
fn hostile(text: &str) -> AnalysisReport {
    let mut report = with_charts();
    let text = || text.to_owned();
    report.cluster.name = text();
    report.cluster.version = Some(text());
    report.source.name = text();
    report.source.warnings = vec![text().into()];
    for unread in &mut report.unread {
        (unread.what, unread.why) = (text(), text());
    }
    for item in &mut report.items {
        (item.name, item.namespace) = (text(), text());
        (item.target.kind, item.target.name) = (text(), text());
        item.reason = item.reason.as_ref().map(|_| text());
        item.because = vec![text()];
        item.evidence.missing = vec![text()];
        item.evidence.risk_reasons = vec![text()];
        for finding in &mut item.findings {
            (finding.message, finding.fix) = (text(), Some(text()));
        }
        let portrait = item.portrait.as_mut().unwrap();
        portrait.loads[0].metric = text();
    }
    report
}

/// The elements and attributes of a document, without what stands in them: `<img` `onerror=`.
fn markup(document: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for script in SCRIPTS {
        assert!(document.contains(script), "scripts stand as they are");
    }
    let text = SCRIPTS
        .iter()
        .fold(document.replace(STYLE, ""), |text, it| text.replace(it, ""));
    for tag in between(&text, "<", ">") {
        let mut quoted = false;
        let plain: String = tag
            .chars()
            .filter(|it| {
                quoted ^= *it == '"';
                !quoted
            })
            .collect();
        // An attribute keeps its `=`, as an element may have the same name.
        found.extend(
            plain
                .split_whitespace()
                .map(|it| it.trim_matches('"').to_owned()),
        );
    }
    found
}

#[test]
fn whatever_a_cluster_says_there_is_no_other_markup() {
    let expected = markup(&document(&hostile("plain")));
    for text in HOSTILE {
        let document = document(&hostile(text));
        assert_eq!(markup(&document), expected, "{text}");
        let scripts = between(&document, "<script>", "</script>");
        assert_eq!(scripts, SCRIPTS, "{text}");
        for data in between(&document, "<script type=\"application/json\">", "</script>") {
            let read: serde_json::Value = serde_json::from_str(data).unwrap();
            assert_eq!(read["loads"][0]["name"], text);
        }
    }
}

#[test]
fn the_policy_allows_exactly_what_stands_there() {
    let document = document(&with_charts());
    let policy = between(&document, "Content-Security-Policy\" content=\"", "\">")[0];
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for script in between(&document, "<script>", "</script>") {
        assert!(policy.contains(&hash(script)), "{policy}");
    }
    for style in between(&document, "<style>", "</style>") {
        assert!(policy.contains(&hash(style)), "{policy}");
    }
    // Attributes of style and of events would be refused, and seen as errors of the console.
    let markup = markup(&document);
    assert!(!markup.contains("style="), "{markup:?}");
    assert!(markup.iter().all(|it| !it.starts_with("on")), "{markup:?}");
}

#[test]
fn our_files_can_stand_within_their_elements() {
    for script in SCRIPTS {
        assert!(!script.contains("</script") && !script.contains("<!--"));
        assert!(
            !script.contains('\r'),
            "a parser would make it another text"
        );
    }
    assert!(!STYLE.contains("</style") && !STYLE.contains('\r'));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn every_link_leads_somewhere_within_the_document() {
    for report in [with_charts(), hostile(HOSTILE[4])] {
        let document = document(&report);
        let ids = between(&document, " id=\"", "\"")
            .into_iter()
            .map(unescaped);
        let ids: BTreeSet<String> = ids.collect();
        let links = between(&document, " href=\"", "\"");
        assert!(links.len() > report.items.len());
        for link in links.into_iter().filter(|it| *it != "data:,") {
            let name = link.strip_prefix('#').expect("a link within the document");
            assert!(ids.contains(&decoded(name)), "{link}: {ids:?}");
        }
    }
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn decoded(link: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = link.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8(digits).unwrap();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_report_without_charts_or_autoscalers_is_whole() {
    let mut report = made_up::report();
    let without = document(&report);
    assert!(!without.contains("application/json"));
    assert!(without.ends_with("</html>\n"));
    report.items.clear();
    report.summary = crate::output::report::Summary::default();
    let empty = document(&report);
    assert!(empty.contains("No autoscaler was found."));
    assert!(!empty.contains("<article"));
}

#[test]
fn a_thousand_autoscalers_stay_below_fifteen_megabytes() {
    let mut report = with_charts();
    let kinds = report.items.clone();
    report.items = (0..1000)
        .map(|at| {
            let mut item = kinds[at % kinds.len()].clone();
            item.name = format!("service-{at}");
            item
        })
        .collect();
    let size = document(&report).len();
    assert!(size < 15_000_000, "{size} bytes");
}

/// The colors of a scheme by their names: the first block of the style is light, the second dark.
fn scheme(index: usize) -> BTreeMap<&'static str, [f64; 3]> {
    let block = between(STYLE, ":root {", "}")[index];
    let colors = between(block, "--", ";").into_iter();
    colors
        .filter_map(|it| {
            let (name, value) = it.split_once(": #")?;
            let part = |at: usize| u8::from_str_radix(value.get(at..at + 2)?, 16).ok();
            Some((name, [part(0)?.into(), part(2)?.into(), part(4)?.into()]))
        })
        .collect()
}

/// As WCAG 2.2 has it.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |color: [f64; 3]| {
        let linear = color.map(|it| match it / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05
    };
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

#[test]
fn every_text_can_be_read_in_both_schemes() {
    let pairs = "ink paper, ink card, ink wash, soft paper, soft card, soft sunken, soft wash, \
                 accent card, accent wash, on-accent accent, good good-wash, good card, careful \
                 careful-wash, careful card, bad bad-wash, today card, proposed card, load card";
    let lines = "needed card, ready card";
    for index in [0, 1] {
        let scheme = scheme(index);
        for (pairs, least) in [(pairs, 4.5), (lines, 3.0)] {
            for pair in pairs.split(", ") {
                let (one, other) = pair.split_once(' ').unwrap();
                let contrast = contrast(scheme[one.trim()], scheme[other.trim()]);
                assert!(contrast >= least, "{pair} in scheme {index}: {contrast:.2}");
            }
        }
    }
}
