//! `gather`: write a snapshot of autoscalers and their history, or a support bundle with it.

mod bundle;
mod contents;

use std::path::Path;

use super::context::Context;
use super::sources::{Gathering, Written};
use crate::config::{Destination, GatherConfig, Output};
use crate::error::{Error, Exit};

pub(super) async fn run(cx: Context, config: GatherConfig) -> Result<Exit, Error> {
    match &config.out {
        Output::Snapshot(to) => snapshot(&cx, &config, to).await,
        Output::Bundle(wanted) => bundle::run(&cx, &config, wanted).await,
    }
}

async fn snapshot(cx: &Context, config: &GatherConfig, to: &Destination) -> Result<Exit, Error> {
    let (path, out) = match to {
        Destination::File(path) => (path.as_path(), path.display().to_string()),
        Destination::Stdout => (Path::new("-"), "standard output".to_owned()),
    };
    let gathering = Gathering::begin(config, cx.progress(), cx.now()).await?;
    let written = gathering.draw(path, None).await?.whole()?;
    cx.note(&closing(cx, &written, &out));
    for warning in warnings(&written) {
        cx.note(&format!("warning: {warning}"));
    }
    Ok(exit(&written))
}

/// What was written where, from what, in which time.
fn closing(cx: &Context, written: &Written, out: &str) -> String {
    let source = written.reading.as_ref().map_or_else(
        || "no history".to_owned(),
        |it| match it.way.as_str() {
            "" => format!("history: {}", it.source),
            way => format!("history: {}, {way}", it.source),
        },
    );
    let seconds = cx.elapsed().as_secs_f64();
    let count = written.autoscalers;
    format!("{count} autoscalers written to {out}, {source}, {seconds:.1} s")
}

fn warnings(written: &Written) -> Vec<String> {
    let unread = written.unread.iter().map(|(why, count)| {
        let targets = if *count == 1 { "target" } else { "targets" };
        format!("history of {count} scale {targets} could not be read: {why}")
    });
    let reading = written.reading.iter().flat_map(|it| it.warnings.clone());
    unread.chain(reading).collect()
}

/// The file is there either way: what it has is of use, but who reads it later cannot see what it
/// lacks.
fn exit(written: &Written) -> Exit {
    if written.unread.is_empty() {
        Exit::Clean
    } else {
        Exit::Unreachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Reading;

    #[test]
    fn a_history_that_is_not_whole_is_told_by_warnings_and_exit_code() {
        let mut written = Written {
            autoscalers: 3,
            reading: Some(Reading {
                warnings: vec!["2 series had samples out of order".to_owned()],
                ..Reading::default()
            }),
            unread: [].into(),
        };
        assert_eq!(exit(&written), Exit::Clean);
        assert_eq!(warnings(&written), ["2 series had samples out of order"]);
        written.unread = [("no answer".to_owned(), 2), ("too large".to_owned(), 1)].into();
        assert_eq!(exit(&written), Exit::Unreachable);
        let expected = [
            "history of 2 scale targets could not be read: no answer",
            "history of 1 scale target could not be read: too large",
            "2 series had samples out of order",
        ];
        assert_eq!(warnings(&written), expected);
    }
}
