//! Answers that a template of the user's makes.

use serde::Serialize;

use super::context::Context;
use crate::error::Error;
use crate::output::select::Selection;

/// Prints what `selection` makes of `answer`; columns without their headers unless it `has_headers`.
///
/// # Errors
/// Where a template fails on this answer, of which nothing is printed then, and where nothing can be
/// written.
pub(super) fn print(
    cx: &Context,
    selection: &Selection,
    answer: &impl Serialize,
    has_headers: bool,
) -> Result<(), Error> {
    let made = selection.made_of(answer, has_headers);
    let text = made.map_err(|why| Error::Usage {
        message: format!("the template fails on this answer: {why}"),
        hint: Some("`-o json` shows what there is to pick from".to_owned()),
    })?;
    cx.print(|out| out.write_all(text.as_bytes()))
}
