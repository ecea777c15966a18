//! `status`: what there is and what has become of it.

use serde_json::{Value, json};

use super::{Session, history};
use crate::cli::context::Context;
use crate::cli::selected;
use crate::config::act::{ListForm, StatusConfig};
use crate::config::form::Choice;
use crate::error::{Error, Exit};
use crate::lifecycle::form;
use crate::output::{Page, records};
use crate::store::Stored;
use crate::yaml;

pub(in crate::cli) async fn run(cx: Context, config: StatusConfig) -> Result<Exit, Error> {
    let session = Session::open(&cx, &config.records.connection, &config.records.audit).await?;
    if config.history && config.form == Choice::Form(ListForm::Table) {
        return history::run(&cx, &session, &config).await;
    }
    let chosen = session.chosen(&cx, &config.records).await?;
    let now = session.decider().now().await?;
    match &config.form {
        Choice::Selected(selection) => {
            selected::print(&cx, selection, &list(&chosen), !config.view.no_headers)?;
        }
        Choice::Form(form @ (ListForm::Json | ListForm::Yaml | ListForm::Name)) => {
            write_list(&cx, &chosen, *form)?;
        }
        Choice::Form(ListForm::Table) => {
            let page = Page {
                width: cx.width(),
                with_namespace: session.namespace(&config.records.namespaces).is_none(),
            };
            let all: Vec<_> = chosen.iter().map(|it| &it.record).collect();
            cx.print_text(|out| records::write_table(out, &all, now, page, &config.view))?;
        }
    }
    if chosen.is_empty() {
        let place = session.store.place();
        cx.note(&match session.namespace(&config.records.namespaces) {
            Some(namespace) => format!(
                "no recommendations for namespace {namespace} among the {place}: -A looks in all, \
                 `kubectl stepscale analyze` makes them"
            ),
            None => format!(
                "no recommendations among the {place}: `kubectl stepscale analyze -A` makes them"
            ),
        });
    }
    Ok(Exit::Clean)
}

/// As objects or names; nothing as a table.
pub(super) fn write_list(cx: &Context, chosen: &[Stored], form: ListForm) -> Result<(), Error> {
    match form {
        ListForm::Json => {
            let text = serde_json::to_string_pretty(&list(chosen)).unwrap_or_default();
            cx.print(|out| writeln!(out, "{text}"))
        }
        ListForm::Yaml => {
            let text = yaml::write(&list(chosen))
                .map_err(|it| Error::Output(std::io::Error::other(it)))?;
            cx.print(|out| out.write_all(text.as_bytes()))
        }
        ListForm::Name => cx.print(|out| {
            let mut names = chosen.iter().map(|it| &it.record.name);
            names.try_for_each(|it| writeln!(out, "scalingrecommendation.stepscale.io/{it}"))
        }),
        ListForm::Table => Ok(()),
    }
}

fn list(chosen: &[Stored]) -> Value {
    let items = chosen.iter().map(|it| form::to_object(&it.record, None));
    json!({ "apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>() })
}
