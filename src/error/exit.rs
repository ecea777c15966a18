//! With what a run ends.

/// The contract of exit codes, as `--help` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Exit {
    #[default]
    Clean,
    /// Findings or recommendations at or above `--fail-on`.
    Found,
    /// Usage, or a file that cannot be used.
    Usage,
    ObjectNotFound,
    /// Cluster or metrics, or what could be read is too little to answer.
    Unreachable,
    Refused,
    Reverted,
    Inconclusive,
    /// A bug of ours.
    Bug,
    Interrupted,
    Terminated,
    /// That of a command which `demo --exec` ran.
    Command(u8),
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::ObjectNotFound => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::Reverted => 6,
            Self::Inconclusive => 7,
            Self::Bug => 70,
            // 128 and the number of the signal, as shells do.
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
