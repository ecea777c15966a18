//! What may be typed after `config`.

use clap::{Args, Subcommand};

use super::settings::SettingArgs;
use super::words;
use crate::config::FailOn;
use crate::config::license::{FORMS, Form};
use crate::config::values::FAIL_ON;

const OUTPUT: &str = "Output";

/// Show the settings that count, and where each comes from
///
/// Flags beat environment variables, these beat the configuration file, and that beats the defaults.
#[derive(Subcommand, Debug)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) enum ConfigCommand {
    View(Box<ConfigViewArgs>),
    Path(ConfigPathArgs),
}

/// Print every setting with its value and its origin
///
/// The origin is a flag, an environment variable, a line of the configuration file, or the default.
/// Takes the flags of all subcommands that are settings, so that the same line can be tried here.
/// Values that may be secret are `(set)`. Asks no cluster.
#[derive(Args, Debug)]
pub(crate) struct ConfigViewArgs {
    /// Form of the list [default: table]
    #[arg(short = 'o', long = "output", id = "settings-form", value_name = "FORM", value_parser = words(&FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Form>,
    /// Exit with 1 for findings of this severity or above [default: never]
    #[arg(long, value_name = "LEVEL", value_parser = words(&FAIL_ON), help_heading = OUTPUT)]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

/// Print the path of the configuration file
///
/// The one that is read, whether it exists or not.
#[derive(Args, Debug)]
pub(crate) struct ConfigPathArgs {}
