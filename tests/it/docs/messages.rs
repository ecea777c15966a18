//! What the page on troubleshooting quotes is what the program says.

use std::fs;
use std::path::Path;

use super::page::{Page, root};

/// Shorter pieces of a message are found anywhere.
const TELLING: usize = 8;

#[test]
fn messages_that_are_quoted_are_those_of_the_program() {
    let mut sources = String::new();
    collect(&root().join("src"), &mut sources);
    let page = Page::read("docs/troubleshooting.md");
    let mut count = 0;
    for (line, cell) in first_cells(&page) {
        for message in cell
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|it| is_message(it))
        {
            for piece in message.split('…').map(|it| it.trim_matches([' ', ':'])) {
                if piece.len() < TELLING {
                    continue;
                }
                count += 1;
                assert!(sources.contains(piece), "{}: `{piece}`", page.place(line));
            }
        }
    }
    assert!(count > 15, "{count} messages were found");
}

/// The first cell of each row of a table.
fn first_cells(page: &Page) -> impl Iterator<Item = (usize, &str)> {
    let rows = page
        .prose
        .iter()
        .filter_map(|(line, it)| Some((*line, it.strip_prefix("| ")?)));
    rows.filter_map(|(line, it)| Some((line, it.split(" |").next()?)))
}

/// Whether it is a sentence, not a flag, a file or a setting.
fn is_message(span: &str) -> bool {
    span.contains(' ') && !span.starts_with('-') && !span.starts_with("kubectl")
}

/// All sources in one text; strings that go on in the next line are joined.
fn collect(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let lines = source.split("\\\n").map(str::trim_start);
            text.extend(lines);
        }
    }
}
