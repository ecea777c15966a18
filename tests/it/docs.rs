//! The documentation: what is generated is current, links lead somewhere, every command can be typed,
//! and those in the blocks do what the page says, on a cluster in memory.

mod commands;
mod configuration;
mod generated;
mod links;
mod messages;
mod page;
mod reference;
mod running;

use std::collections::BTreeMap;

use page::{Page, pages};

/// Why a block is not run, and what that means. A block that is not run is still parsed.
const REASONS: [(&str, &str); 6] = [
    ("builds", "builds or installs a program, or an image"),
    ("stays", "stays until it is interrupted, or takes hours"),
    ("prometheus", "needs a Prometheus or promtool"),
    (
        "yours",
        "needs what only a reader has: a cluster, a repository, a registry",
    ),
    ("tool", "needs a tool beside kubectl and coreutils"),
    ("recorded", "shows what another run has said"),
];

#[test]
fn every_block_that_is_not_run_says_why() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let pages = pages();
    for (page, block) in pages.iter().flat_map(Page::scripts) {
        let Some(reason) = block.word("no-run") else {
            *counts.entry("run").or_default() += 1;
            continue;
        };
        let known = REASONS.iter().find(|it| it.0 == reason);
        let place = page.place(block.line);
        let (reason, _) = known.unwrap_or_else(|| panic!("{place}: no-run={reason}: {REASONS:?}"));
        *counts.entry(reason).or_default() += 1;
    }
    crate::rig::say(&format!("blocks of the documentation: {counts:?}"));
    let run = counts.get("run").copied().unwrap_or(0);
    assert!(
        run * 2 > counts.values().sum(),
        "most are not run: {counts:?}"
    );
    let unused = REASONS.iter().find(|it| !counts.contains_key(it.0));
    assert_eq!(unused, None, "no block has this reason any more");
}

#[test]
fn blocks_of_commands_have_no_other_words() {
    for (page, block) in pages().iter().flat_map(Page::scripts) {
        for word in block.words.keys() {
            let known = ["no-run", "exit", "varies"].contains(&word.as_str());
            assert!(known, "{}: `{word}`", page.place(block.line));
        }
        // `varies` is of what is printed, which only a console shows.
        let is_console = block.language == "console";
        assert!(is_console || block.word("varies").is_none(), "{block:?}");
    }
}
