//! `gather`: write a snapshot of autoscalers and their history.

use super::context::Context;
use super::sources;
use crate::config::{Destination, GatherConfig};
use crate::error::{Error, Exit};

pub(super) async fn run(cx: Context, config: GatherConfig) -> Result<Exit, Error> {
    let written = sources::write_snapshot(&config, cx.progress(), cx.now()).await?;
    let out = match &config.out {
        Destination::File(path) => path.display().to_string(),
        Destination::Stdout => "standard output".to_owned(),
    };
    let source = written.reading.map_or_else(
        || "no history".to_owned(),
        |it| format!("history: {}, {}", it.source, it.way),
    );
    let seconds = cx.elapsed().as_secs_f64();
    cx.note(&format!(
        "{} autoscalers written to {out}, {source}, {seconds:.1} s",
        written.autoscalers
    ));
    Ok(Exit::Clean)
}
