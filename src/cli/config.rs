//! `config`: the settings that count, and where each comes from.

use super::context::Context;
use crate::config::file::Text;
use crate::config::view::ViewConfig;
use crate::error::{Error, Exit};
use crate::output::settings::write;

pub(super) fn view(cx: &Context, config: &ViewConfig) -> Result<Exit, Error> {
    let width = cx.width();
    cx.print(|out| write(out, config, width))?;
    Ok(Exit::Clean)
}

/// # Errors
/// Where the user has no home, and names no file.
pub(super) fn path(cx: &Context, text: &Text) -> Result<Exit, Error> {
    let path = text.path();
    if path.as_os_str().is_empty() {
        return Err(Error::Usage {
            message: "no home directory for the configuration file".to_owned(),
            hint: Some("set HOME or XDG_CONFIG_HOME, or pass --config FILE".to_owned()),
        });
    }
    cx.print(|out| writeln!(out, "{}", path.display()))?;
    Ok(Exit::Clean)
}
