//! What `demo` is to do.

use super::{Origin, snapshot};
use crate::cli::args::demo::DemoArgs;
use crate::cli::conflicts::CONNECTION;
use crate::config::DemoConfig;
use crate::error::Error;

pub(in crate::cli) fn demo(args: &DemoArgs, origin: &Origin<'_>) -> Result<DemoConfig, Error> {
    refuse_other_clusters(origin)?;
    Ok(DemoConfig {
        snapshot: args.snapshot.as_deref().map(snapshot),
        speed: args.speed.unwrap_or(1),
        port: args.port.unwrap_or(0),
        faults: args.faults.clone(),
        exec: args.exec.clone(),
    })
}

/// Flags that say which cluster is meant have nothing to say here.
fn refuse_other_clusters(origin: &Origin<'_>) -> Result<(), Error> {
    let mut flags = CONNECTION.into_iter().chain(["namespace"]);
    match flags.find(|it| origin.is_typed(it)) {
        None => Ok(()),
        Some(flag) => Err(Error::Usage {
            message: format!(
                "--{} leads to another cluster than the demo's own",
                flag.replace('_', "-")
            ),
            hint: Some(
                "leave it out; `demo --exec` runs a command with the demo's kubeconfig".to_owned(),
            ),
        }),
    }
}
