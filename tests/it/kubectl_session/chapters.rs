//! What is typed, in chapters that can be read and run apart.

mod changing;
mod looking;
mod making;

use super::step::Step;

/// Every chapter with its name.
pub(super) fn all() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        ("create", making::creating()),
        ("apply", making::applying()),
        ("server-side apply", making::applying_on_the_server()),
        ("get", looking::getting()),
        ("describe and explain", looking::describing()),
        ("access", looking::asking_for_access()),
        ("change", changing::changing()),
        ("roll out", changing::rolling_out()),
        ("delete", changing::deleting()),
        ("custom resources", changing::customizing()),
    ]
}
