//! What `pause` and `resume` are to do.

use std::time::Duration;

use crate::audit;
use crate::cluster::{self, Namespaces};
use crate::conduct::pause::Wish;
use crate::lifecycle::pause::Kind;

/// How long KEDA may take to react, unless told otherwise: it hears of a change at once, and may be
/// at other objects.
pub const REACTION: Duration = Duration::from_secs(60);

/// What `pause` is to do.
#[derive(Clone, Debug)]
pub enum PauseConfig {
    /// List what is paused.
    List(Place),
    Pause {
        place: Place,
        names: Vec<(Kind, String)>,
        wish: Wish,
        /// Empty where none was given.
        reason: String,
        timeout: Duration,
    },
}

/// What `resume` is to do.
#[derive(Clone, Debug)]
pub struct ResumeConfig {
    pub place: Place,
    pub names: Vec<(Kind, String)>,
    /// Empty where none was given.
    pub reason: String,
    pub timeout: Duration,
}

/// Where, and how what is done there is recorded.
#[derive(Clone, Debug)]
pub struct Place {
    pub connection: cluster::Options,
    pub namespaces: Namespaces,
    pub audit: audit::Settings,
}
