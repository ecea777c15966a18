//! Links lead to files that are there, and to headings that they have.

use std::path::{Component, Path, PathBuf};

use super::page::{Page, pages, root};

#[test]
fn every_link_leads_to_something() {
    let mut dead = Vec::new();
    for page in pages() {
        for (line, target) in targets(&page) {
            if let Err(why) = follow(&page, &target) {
                dead.push(format!("{}: {target}: {why}", page.place(line)));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn the_index_names_every_page() {
    let index = Page::read("docs/README.md");
    let linked: Vec<String> = targets(&index).into_iter().map(|it| it.1).collect();
    for page in pages().iter().filter(|it| it.path != index.path) {
        let name = page.path.strip_prefix("docs/").unwrap_or("../README.md");
        assert!(linked.iter().any(|it| it == name), "{name}");
    }
}

/// What is linked or shown, with its line.
fn targets(page: &Page) -> Vec<(usize, String)> {
    let inner = |text: &str| -> Vec<String> {
        let after = text.split("](").skip(1);
        let ends = after.filter_map(|it| it.split_once(')'));
        ends.map(|it| it.0.to_owned()).collect()
    };
    let lines = page.prose.iter();
    lines
        .flat_map(|(line, text)| inner(text).into_iter().map(|it| (*line, it)))
        .collect()
}

fn follow(page: &Page, target: &str) -> Result<(), String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return Ok(());
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => page.path.clone(),
        file => resolved(&page.path, file),
    };
    if !root().join(&path).exists() {
        return Err(format!("{path} does not exist"));
    }
    if fragment.is_empty() {
        return Ok(());
    }
    let anchors = Page::read(path).anchors();
    match anchors.iter().any(|it| it == fragment) {
        true => Ok(()),
        false => Err(format!("the headings are {anchors:?}")),
    }
}

/// `target` as seen from `page`, as a path from the root.
fn resolved(page: &str, target: &str) -> String {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path.display().to_string()
}

#[test]
fn a_dead_link_is_found() {
    let page = Page::read("docs/watch.md");
    assert!(follow(&page, "keda.md#pausing").is_ok());
    assert!(follow(&page, "../README.md").is_ok());
    assert!(follow(&page, "keda.md#nothing").is_err());
    assert!(follow(&page, "nothing.md").is_err());
    assert!(follow(&page, "https://example.com/nothing").is_ok());
}
