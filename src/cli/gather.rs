//! `gather`: write a snapshot of autoscalers and their history.

use super::context::Context;
use super::sources::{self, Written};
use crate::config::{Destination, GatherConfig};
use crate::error::{Error, Exit};

pub(super) async fn run(cx: Context, config: GatherConfig) -> Result<Exit, Error> {
    let written = sources::write_snapshot(&config, cx.progress(), cx.now()).await?;
    let out = match &config.out {
        Destination::File(path) => path.display().to_string(),
        Destination::Stdout => "standard output".to_owned(),
    };
    let source = written.reading.as_ref().map_or_else(
        || "no history".to_owned(),
        |it| format!("history: {}, {}", it.source, it.way),
    );
    let seconds = cx.elapsed().as_secs_f64();
    cx.note(&format!(
        "{} autoscalers written to {out}, {source}, {seconds:.1} s",
        written.autoscalers
    ));
    for warning in warnings(&written) {
        cx.note(&format!("warning: {warning}"));
    }
    Ok(exit(&written))
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
