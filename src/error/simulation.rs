//! What to do where nothing can be replayed.

use super::Exit;
use crate::analysis::scenario::Unreplayable;
use crate::analysis::simulation::Error;
use crate::cluster::manifest::{self, Problem};
use crate::metrics::csv;

pub(super) fn hint(err: &Error) -> Option<String> {
    let text = match err {
        Error::Unreplayable(Unreplayable::NoLoad) => {
            "pass a longer --window-days, or look for the reason with `kubectl stepscale analyze`"
        }
        Error::Unreplayable(Unreplayable::NoCapacity) => {
            "give its containers a CPU request; for a manifest, pass --pod-cpu-request"
        }
        Error::Unreplayable(Unreplayable::NoMetric { .. }) => {
            "a metric is replayed if it has a history, and a utilization if its pods request some; \
             for a manifest, pass --pod-cpu-request"
        }
        Error::Unreplayable(Unreplayable::Formula { .. }) => {
            "`kubectl stepscale lint` says more of formulas"
        }
        Error::ZeroMin => "pass --min of 1 or more",
        Error::NoKeda => "leave these flags out, or name a ScaledObject such as so/orders",
        Error::NoThreshold { .. } => {
            "pass the name of a trigger or its place from 0, as in --threshold 0=50; \
             `kubectl stepscale triggers` lists them"
        }
        Error::FormulaAndSchedule => "leave --schedule out",
        Error::NoEnd { .. } => {
            "pass a start at one minute of some hours, on some days of the week or of a month, and a \
             length that is over before it comes again"
        }
        Error::NoFallback => "pass --fallback-replicas too",
        Error::NoTarget { .. } => "--cpu and --memory change a target that is there; they add none",
        Error::MinAboveMax { .. } => "pass --min and --max together",
        Error::NoBursts => "pass --shape linear or --shape held",
        Error::LimitBelowRequest { .. } => "pass --pod-cpu-request and --pod-cpu-limit together",
    };
    Some(text.to_owned())
}

pub(super) fn exit(err: &Error) -> Exit {
    match err {
        Error::Unreplayable(_) => Exit::Unreachable,
        Error::NoTarget { .. }
        | Error::ZeroMin
        | Error::NoKeda
        | Error::NoThreshold { .. }
        | Error::NoFallback
        | Error::FormulaAndSchedule
        | Error::NoEnd { .. }
        | Error::MinAboveMax { .. }
        | Error::NoBursts
        | Error::LimitBelowRequest { .. } => Exit::Usage,
    }
}

pub(super) fn manifest_hint(err: &manifest::Error) -> Option<String> {
    use manifest::Error;
    let text = match err {
        Error::Read { .. } => "check the path given with -f; `-` is standard input",
        Error::Syntax { .. } => {
            "correct the document; `kubectl apply --dry-run=client -f` reads it"
        }
        Error::Document { problem, .. } => return Some(problem_hint(problem)),
        Error::NoAutoscaler { .. } => {
            "-f expects one HorizontalPodAutoscaler of autoscaling/v2 or autoscaling/v1"
        }
        Error::SeveralAutoscalers { .. } => "pass a file with one of them",
    };
    Some(text.to_owned())
}

fn problem_hint(problem: &Problem) -> String {
    match problem {
        Problem::Unknown {
            meant: Some(meant), ..
        } => format!("did you mean `{meant}`?"),
        Problem::NotAnObject => "an object has apiVersion, kind and metadata".to_owned(),
        Problem::Missing { .. }
        | Problem::Wrong { .. }
        | Problem::Unknown { meant: None, .. }
        | Problem::Convert(_) => {
            "`kubectl explain hpa.spec --recursive` lists the fields".to_owned()
        }
    }
}

pub(super) fn load_hint(err: &csv::Error) -> String {
    match err {
        csv::Error::Open { .. } => "check the path given with --load; `-` is standard input",
        csv::Error::Read { .. } => "copy it again; a compressed file may have been cut off",
        csv::Error::TooShort { .. } | csv::Error::Line { .. } => {
            "--load expects rows such as 1700000100,1.5 or 2026-03-01T12:00:00Z,1.5: a time and \
             the mean cores of the step that ends then"
        }
    }
    .to_owned()
}
