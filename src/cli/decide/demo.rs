//! What `demo` is to do.

use crate::cli::args::demo::DemoArgs;
use crate::config::DemoConfig;

use super::snapshot;

pub(in crate::cli) fn demo(args: &DemoArgs) -> DemoConfig {
    DemoConfig {
        snapshot: args.snapshot.as_deref().map(snapshot),
        speed: args.speed.unwrap_or(1),
        port: args.port.unwrap_or(0),
        faults: args.faults.clone(),
        exec: args.exec.clone(),
    }
}
