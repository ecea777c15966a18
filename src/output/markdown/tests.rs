use super::*;
use crate::output::report::made_up;

#[test]
fn a_comment_tells_first_what_counts() {
    insta::assert_snapshot!(document(&made_up::report()));
}

#[test]
fn nothing_to_say_is_short() {
    let mut report = made_up::report();
    report.items.retain(|it| it.name == "web");
    report.unread.clear();
    report.summary.recommended = 0;
    report.summary.autoscalers = 1;
    report.summary.saving = None;
    report.summary.findings = Default::default();
    let document = document(&report);
    assert!(
        document.contains("Its settings need no change."),
        "{document}"
    );
    assert!(
        document.contains("1 autoscaler needs nothing."),
        "{document}"
    );
    assert!(!document.contains("<details>"), "{document}");
}

fn fleet(count: usize, name: impl Fn(usize) -> String) -> AnalysisReport {
    let mut report = made_up::report();
    let kinds: Vec<Item> = report.items.clone();
    report.items = (0..count)
        .map(|at| {
            let mut item = kinds[at % kinds.len()].clone();
            item.name = name(at);
            item
        })
        .collect();
    report
}

#[test]
fn no_fleet_makes_a_comment_that_is_too_long() {
    let names: [fn(usize) -> String; 3] = [
        |at| format!("web-{at}"),
        |at| format!("{at}-{}", "x".repeat(240)),
        |at| format!("{at}{}", "<|`".repeat(80)),
    ];
    for name in names {
        for count in [50, 200, 1000] {
            let document = document(&fleet(count, name));
            let length = document.chars().count();
            assert!(length <= MOST, "{count}: {length}");
            let (opened, closed) = ("<details>", "</details>");
            assert_eq!(
                document.matches(opened).count(),
                document.matches(closed).count()
            );
            assert!(document.ends_with("</sub>\n"), "the last line is there");
        }
    }
    let cut = document(&fleet(1000, |at| format!("web-{at}")));
    assert!(cut.contains("more autoscalers are left out of this table"));
    assert!(cut.contains("are left out: a comment on GitHub may not be longer"));
}

#[test]
fn a_row_stays_one_row_whatever_the_names() {
    let report = fleet(8, |at| format!("a|b\n|{at}|\r\n# head"));
    let document = document(&report);
    let rows: Vec<&str> = document
        .lines()
        .filter(|it| it.starts_with("| **"))
        .collect();
    assert_eq!(rows.len(), 7, "one of eight has nothing to say");
    for row in rows {
        let bars = row.replace(r"\|", "").matches('|').count();
        assert_eq!(bars, 6, "{row}");
    }
    assert!(!document.contains("\n# "), "{document}");
}
