//! What `--version` tells: the program, the commit, and the versions of what it reads and writes.

/// For `-V`.
pub(super) const SHORT: &str = env!("CARGO_PKG_VERSION");

/// For `--version`, after the name of the program. The commit is `unknown` in builds for development;
/// older and newer servers than those of the types are read too.
pub(super) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("STEPSCALE_COMMIT"),
    "\nreports, recommendations, snapshots: stepscale.io/v1alpha1",
    "\nKubernetes types: ",
    env!("STEPSCALE_KUBERNETES_TYPES"),
    ", HPAs as autoscaling/v2",
    "\nKEDA types: keda.sh/v1alpha1",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::keda::{HPAS, KEDA};
    use crate::lifecycle::form::{GROUP, VERSION};

    #[test]
    fn schemas_are_those_that_are_written() {
        let ours = format!("snapshots: {GROUP}/{VERSION}\n");
        let hpas = format!("HPAs as {}/{}\n", HPAS.group, HPAS.version);
        let keda = format!("KEDA types: {}/{}", KEDA.0, KEDA.1);
        for part in [ours, hpas, keda] {
            assert!(LONG.contains(&part), "{part} is not in {LONG}");
        }
    }
}
