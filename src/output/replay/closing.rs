//! The closing lines on standard error: what it comes to, where the load came from, and how far
//! the replay can be trusted.

use std::time::Duration;

use super::Replay;
use super::words;
use crate::analysis::fidelity::{Fidelity, Fit};
use crate::analysis::simulation::ShapeFrom;
use crate::config::Format;
use crate::config::form::Choice;
use crate::output::{summary, wide};
use crate::sim::demand::Shape;

/// The closing lines of `replay`, which took `elapsed` to make.
pub fn lines(replay: &Replay, form: &Choice<Format>, elapsed: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(verdict(replay));
    lines.push(summary::history(
        &replay.source,
        Some(replay.coverage),
        elapsed,
    ));
    lines.push(shape(replay));
    let whose = words::whose(replay.base());
    lines.extend(replay.fidelity.map(|it| wide::fidelity(it, whose)));
    lines.extend(
        warnings(replay)
            .into_iter()
            .map(|it| format!("warning: {it}")),
    );
    if *form == Choice::Form(Format::Table) {
        lines.push("hint: -o wide tells what decided and every day, -o json every step".to_owned());
    }
    lines
}

/// `simulated: 40.2% fewer replica-hours and 12.0 minutes more shortfall than by today's settings`
fn verdict(replay: &Replay) -> Option<String> {
    let column = replay.other()?;
    let (base, other) = (&replay.totals[&replay.base()], &replay.totals[&column]);
    let (before, after) = (base.replica_hours.hours(), other.replica_hours.hours());
    let hours = match before {
        0.0 => "replica-hours where there were none".to_owned(),
        _ => {
            let percent = (after / before - 1.0) * 100.0;
            let word = if percent > 0.0 { "more" } else { "fewer" };
            match percent.abs() {
                0.05.. => format!("{:.1}% {word} replica-hours", percent.abs()),
                _ => "as many replica-hours".to_owned(),
            }
        }
    };
    // Below a limit above the request there is no shortfall, but what nodes may take back.
    let over = other.borrowed_minutes - base.borrowed_minutes;
    let over = if over >= 0.05 {
        format!(", {over:.1} minutes more over request")
    } else {
        String::new()
    };
    Some(format!(
        "{}: {hours} and {}{over}, compared with {} settings",
        words::column(column),
        shortfall(base.shortfall_minutes, other.shortfall_minutes),
        words::whose(replay.base())
    ))
}

fn shortfall(before: f64, after: f64) -> String {
    let minutes = after - before;
    let word = if minutes > 0.0 { "more" } else { "less" };
    match minutes.abs() {
        0.05.. => format!("{:.1} minutes {word} shortfall", minutes.abs()),
        _ if after > 0.0 => "as much shortfall".to_owned(),
        _ => "no shortfall either way".to_owned(),
    }
}

fn shape(replay: &Replay) -> String {
    let shape = match replay.shape {
        Shape::Held => "held at the mean of each step",
        Shape::Linear => "linear through the steps",
        Shape::Burst => "linear through the steps, with bursts",
    };
    let why = match replay.shape_from {
        ShapeFrom::BestFit => "which fits the observation best",
        ShapeFrom::Asked => "as asked for",
        ShapeFrom::Default => "nothing observed tells otherwise",
    };
    format!("load: {shape}, {why}")
}

fn warnings(replay: &Replay) -> Vec<String> {
    let told = replay.source.warnings.iter();
    let mut warnings: Vec<String> = told.map(ToString::to_string).collect();
    if !replay.rivals.is_empty() {
        warnings.push(format!(
            "the same target is scaled by {} too, which no replay knows",
            replay.rivals.join(", ")
        ));
    }
    if !replay.left_out.is_empty() {
        warnings.push(format!(
            "left out of every replay, since nothing is known of it: {}",
            replay.left_out.join(", ")
        ));
    }
    warnings.extend(replay.fidelity.and_then(distrust));
    warnings
}

fn distrust(fidelity: Fidelity) -> Option<String> {
    let text = match fidelity.fit() {
        Fit::Good => return None,
        Fit::Fair => "the replay repeats what was observed only roughly; so are its figures",
        Fit::Poor => {
            "the replay does not repeat what was observed: something else than these settings and \
             this load decided, and the figures say little"
        }
    };
    Some(text.to_owned())
}
