//! How a table is seen.

use clap::Args;

use super::OUTPUT;
use crate::output::SortBy;

/// Which columns, in which order, and whether they have headers.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct ViewArgs {
    /// Columns to show, in this order, by their headers: name,min,max
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Column to sort by; -COLUMN for the largest first
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) sort_by: Option<SortBy>,
    /// Leave out the headers
    #[arg(long)]
    pub(crate) no_headers: bool,
}
