//! The first page of help, with subcommands in groups, which clap cannot do.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::StyledStr;
use clap::error::ErrorKind;

use super::args::examples::GROUPS;

/// The first page of help, if that is what `err` is about.
///
/// Which page was asked for is known by the page itself: it says no more of where it is from.
pub(super) fn first_page(command: &mut Command, err: &clap::Error) -> Option<StyledStr> {
    let is_help = matches!(
        err.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if !is_help {
        return None;
    }
    let page = err.render().to_string();
    let is_long = page == command.render_long_help().to_string();
    let is_short = page == command.render_help().to_string();
    let mut grouped = grouped(command.clone());
    match (is_long, is_short) {
        (true, _) => Some(grouped.render_long_help()),
        (false, true) => Some(grouped.render_help()),
        (false, false) => None,
    }
}

/// Subcommands are told by the groups and not once more.
fn grouped(mut command: Command) -> Command {
    let groups = groups(&command);
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    command
        .mut_subcommands(|it| it.hide(true))
        .override_usage(usage)
        .help_template(format!(
            "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{{all-args}}{{after-help}}\n"
        ))
}

fn groups(command: &Command) -> String {
    let shown = || command.get_subcommands().filter(|it| !it.is_hide_set());
    let width = shown().map(|it| it.get_name().len()).max();
    let width = width.unwrap_or_default();
    let last = GROUPS.len() - 1;
    let mut text = String::new();
    for (index, (heading, names)) in GROUPS.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{heading}:");
        let named = names.iter().filter_map(|it| command.find_subcommand(it));
        let others = shown().filter(|it| {
            index == last && GROUPS.iter().all(|group| !group.1.contains(&it.get_name()))
        });
        for it in named.chain(others) {
            let about = it.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:width$}  {about}", it.get_name());
        }
        text.push('\n');
    }
    text
}
