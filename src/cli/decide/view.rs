//! How a table is to be seen.

use crate::cli::args::ViewArgs;
use crate::error::Error;
use crate::near::nearest;
use crate::output::View;

/// Whether anything was.
pub(super) fn is_typed(args: &ViewArgs) -> bool {
    !args.columns.is_empty() || args.sort_by.is_some() || args.no_headers
}

/// What was typed, for a form with these columns; `None` for one that has none, and so no headers
/// unless `has_headers`.
pub(super) fn view(
    args: &ViewArgs,
    columns: Option<Vec<&'static str>>,
    has_headers: bool,
) -> Result<View, Error> {
    let view = View {
        columns: args.columns.clone(),
        sort_by: args.sort_by.clone(),
        no_headers: args.no_headers,
    };
    let Some(columns) = columns else {
        let is_only_headers = has_headers && view.columns.is_empty() && view.sort_by.is_none();
        return match view.is_default() || is_only_headers {
            true => Ok(view),
            false => Err(Error::Usage {
                message: "--columns, --sort-by and --no-headers are for tables and csv".to_owned(),
                hint: Some("leave them out, or pass another form with -o".to_owned()),
            }),
        };
    };
    match view.unknown(&columns) {
        None => Ok(view),
        Some(column) => Err(Error::Usage {
            message: format!("this form has no column `{column}`"),
            hint: Some(way_out(column, &columns)),
        }),
    }
}

/// `` `saving` was meant? The columns are namespace, name, … ``
fn way_out(column: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|it| it.to_ascii_lowercase()).collect();
    let column = column.to_ascii_lowercase();
    let meant = nearest(&column, columns.iter().map(String::as_str));
    let meant = meant.map_or_else(String::new, |it| format!("`{it}` was meant? "));
    format!("{meant}The columns are {}", columns.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(columns: &[&str], sort_by: Option<&str>) -> ViewArgs {
        ViewArgs {
            columns: columns.iter().map(|&it| it.to_owned()).collect(),
            sort_by: sort_by.map(|it| it.parse().unwrap()),
            no_headers: false,
        }
    }

    #[test]
    fn a_column_that_is_not_there_is_told_with_those_that_are() {
        let known = || Some(vec!["NAME", "SAVING"]);
        assert!(view(&args(&["saving", "NAME"], Some("-name")), known(), true).is_ok());
        for (columns, sort_by, expected) in [
            (
                &["savings"][..],
                None,
                "hint: `saving` was meant? The columns are name, saving\n",
            ),
            (&[], Some("-x"), "hint: The columns are name, saving\n"),
        ] {
            let refused = view(&args(columns, sort_by), known(), true)
                .unwrap_err()
                .render();
            assert!(refused.ends_with(expected), "{refused}");
        }
    }

    #[test]
    fn what_has_no_columns_takes_none() {
        assert!(view(&args(&[], None), None, false).is_ok());
        assert!(view(&args(&["name"], None), None, true).is_err());
        let no_headers = ViewArgs {
            no_headers: true,
            ..ViewArgs::default()
        };
        assert!(view(&no_headers, None, false).is_err());
        assert!(view(&no_headers, None, true).is_ok());
    }
}
