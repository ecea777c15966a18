//! `man`: a page for each subcommand, for packages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::args;
use super::context::Context;
use crate::error::{Error, Exit};

/// The name that pages begin with.
const PROGRAM: &str = "kubectl-stepscale";
/// As it is typed.
const TYPED: &str = "kubectl stepscale";
/// User commands.
const SECTION: &str = "1";

pub(super) fn run(cx: &Context, folder: &Path) -> Result<Exit, Error> {
    let unwritable = |path: PathBuf| {
        |source| Error::Write {
            flag: "--out-dir",
            path,
            source,
        }
    };
    fs::create_dir_all(folder).map_err(unwritable(folder.to_owned()))?;
    let pages = pages();
    for (name, text) in &pages {
        let path = folder.join(name);
        fs::write(&path, text).map_err(unwritable(path))?;
    }
    let (count, folder) = (pages.len(), folder.display());
    cx.print(|out| writeln!(out, "{count} pages in {folder}"))?;
    Ok(Exit::Clean)
}

/// The pages by the names of their files.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut command = super::command(PROGRAM.as_ref());
    command.build();
    let mut pages = vec![];
    collect(&command, &[], &mut pages);
    pages
}

/// The page of a command, and those of the subcommands that help lists.
fn collect(command: &Command, path: &[&str], pages: &mut Vec<(String, Vec<u8>)>) {
    let name = [&[PROGRAM], path].concat().join("-");
    let typed = [&[TYPED], path].concat().join(" ");
    let mut text = vec![];
    // Writing to memory cannot fail.
    let _ = write_page(&mut text, command, &name, &typed);
    pages.push((format!("{name}.{SECTION}"), text));
    for below in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        collect(below, &[path, &[below.get_name()]].concat(), pages);
    }
}

fn write_page(
    out: &mut dyn io::Write,
    command: &Command,
    name: &str,
    typed: &str,
) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    // A synopsis of its own would have every flag in one line.
    let usage = command.clone().bin_name(typed).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let named = command.clone().display_name(name).bin_name(typed);
    let man = Man::new(named.override_usage(usage))
        .title(name.to_uppercase())
        .section(SECTION)
        .source(format!("stepscale {version}"))
        .manual(TYPED);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    let path = typed.trim_start_matches(TYPED).trim_start();
    ending(&args::after_help(path, TYPED)).to_writer(out)
}

/// The end of every help page, each part under a heading of its own with its lines as they are.
fn ending(help: &str) -> Roff {
    let mut page = Roff::new();
    for part in help.split("\n\n") {
        let mut lines = part.lines();
        let heading = lines.next().unwrap_or_default().trim_end_matches(':');
        page.control("SH", [heading.to_uppercase().as_str()]);
        page.control("nf", []);
        for line in lines {
            page.text([roman(line)]);
        }
        page.control("fi", []);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_that_help_lists_has_a_page() {
        let names: Vec<String> = pages().into_iter().map(|it| it.0).collect();
        assert!(names.contains(&"kubectl-stepscale.1".to_owned()));
        assert!(names.contains(&"kubectl-stepscale-license-issue.1".to_owned()));
        let command = crate::cli::command(PROGRAM.as_ref());
        for listed in command.get_subcommands().filter(|it| !it.is_hide_set()) {
            let page = format!("kubectl-stepscale-{}.1", listed.get_name());
            assert!(names.contains(&page), "{page}");
        }
    }

    #[test]
    fn a_page_names_the_command_as_it_is_typed() {
        let pages = pages();
        let page = pages.iter().find(|it| it.0 == "kubectl-stepscale-apply.1");
        let text = String::from_utf8(page.unwrap().1.clone()).unwrap();
        for part in [
            ".TH KUBECTL-STEPSCALE-APPLY 1",
            "kubectl\\-stepscale\\-apply \\- Put recommendations in force",
            "\\fBkubectl stepscale apply\\fR [OPTIONS] [NAME]...",
            ".SH \"EXIT CODES\"",
            "  5    refused",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
