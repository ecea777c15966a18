//! `doctor`: look at everything that is needed, side by side, and say what was seen.

mod machine;
mod model;
mod prometheus;
mod reach;
mod rights;

use std::time::Duration;

use tokio::sync::OnceCell;

use super::context::Context;
use super::selected;
use crate::causes;
use crate::cluster::{self, Cluster, Namespaces};
use crate::config::doctor::{DoctorConfig, Form};
use crate::config::form::Choice;
use crate::doctor::{self, Facts, Fault, Told, Trouble};
use crate::error::{Error, Exit};
use crate::output::Page;
use crate::output::doctor::{DoctorReport, write};
use crate::output::progress::Stage;
use prometheus::Source;

pub(super) async fn run(cx: Context, config: DoctorConfig) -> Result<Exit, Error> {
    cx.progress().at(&Stage::Checks);
    let facts = Examination::new(&cx, &config).facts().await;
    let now = cx.now();
    let checks = doctor::examine(&facts, &config.purposes, now);
    let exit = exit(doctor::worst(&checks));
    let report = DoctorReport::new(checks, &config.purposes, now);
    let page = Page {
        width: cx.width(),
        with_namespace: false,
    };
    match &config.form {
        Choice::Selected(selection) => selected::print(&cx, selection, &report, true)?,
        Choice::Form(form @ (Form::Table | Form::Wide)) => {
            cx.print_text(|out| write(out, &report, *form, page))?;
            cx.note(&report.closing());
        }
        Choice::Form(form @ (Form::Json | Form::Yaml)) => {
            cx.print(|out| write(out, &report, *form, page))?;
        }
    }
    Ok(exit)
}

fn exit(worst: Option<Fault>) -> Exit {
    match worst {
        None => Exit::Clean,
        Some(Fault::Unreachable) => Exit::Unreachable,
        Some(Fault::Refused) => Exit::Refused,
        Some(Fault::Unusable) => Exit::Usage,
    }
}

/// What is looked at, and what several checks need of it, which is asked for once.
struct Examination<'a> {
    cx: &'a Context,
    config: &'a DoctorConfig,
    cluster: OnceCell<Told<Cluster>>,
    source: OnceCell<Told<Source>>,
}

impl<'a> Examination<'a> {
    fn new(cx: &'a Context, config: &'a DoctorConfig) -> Self {
        Self {
            cx,
            config,
            cluster: OnceCell::new(),
            source: OnceCell::new(),
        }
    }

    async fn facts(&self) -> Facts {
        // The checks have much to keep between two answers; on the heap it costs nobody's stack.
        let (server, clocks, rights, metrics_api, prometheus, keda, definition, license, model) = tokio::join!(
            Box::pin(self.server()),
            Box::pin(self.clocks()),
            Box::pin(self.rights()),
            Box::pin(self.metrics_api()),
            Box::pin(self.prometheus()),
            Box::pin(self.keda()),
            Box::pin(self.definition()),
            Box::pin(self.license()),
            Box::pin(self.model()),
        );
        Facts {
            kubeconfig: self.kubeconfig(),
            server,
            rights,
            metrics_api,
            prometheus,
            keda,
            definition,
            clocks,
            license,
            model,
            state: machine::state(),
            audit: machine::audit(&self.config.audit),
        }
    }

    /// The connection, made once. Its failure is that of one check, and the others are skipped.
    async fn cluster(&self) -> Result<&Cluster, String> {
        let connect = || async {
            within(self.config.timeout, async {
                Ok(cluster::connect(&self.config.connection).await?)
            })
            .await
        };
        match self.cluster.get_or_init(connect).await {
            Told::Known(cluster) => Ok(cluster),
            Told::Failed(_) | Told::Unasked(_) => Err("the API server was not reached".to_owned()),
        }
    }

    /// The namespace in question; `None` for all.
    fn namespace<'c>(&'c self, cluster: &'c Cluster) -> Option<&'c str> {
        match &self.config.namespaces {
            Namespaces::One(namespace) => Some(namespace),
            Namespaces::Current => Some(cluster.namespace()),
            Namespaces::All | Namespaces::Several(_) => None,
        }
    }

    /// What `ask` says of the cluster, in the time for one check.
    async fn of_cluster<'c, T, F>(&'c self, ask: impl FnOnce(&'c Cluster) -> F) -> Told<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match self.cluster().await {
            Ok(cluster) => within(self.config.timeout, ask(cluster)).await,
            Err(why) => Told::Unasked(why),
        }
    }
}

/// What came of a question in time.
async fn within<T>(limit: Duration, ask: impl Future<Output = Result<T, Error>>) -> Told<T> {
    match tokio::time::timeout(limit, ask).await {
        Ok(Ok(known)) => Told::Known(known),
        Ok(Err(error)) => Told::Failed(trouble(&error)),
        Err(_) => Told::Failed(late(limit)),
    }
}

fn late(limit: Duration) -> Trouble {
    Trouble {
        what: format!("no answer within {limit:.1?}"),
        advice: Some("pass a longer --timeout, or find out what hangs".to_owned()),
        fault: Fault::Unreachable,
    }
}

fn trouble(error: &Error) -> Trouble {
    let is_refused = matches!(error, Error::Cluster(cluster::Error::Forbidden { .. }));
    Trouble {
        what: causes::whole(error),
        advice: error.hint(),
        fault: match error.exit() {
            _ if is_refused => Fault::Refused,
            Exit::Refused => Fault::Refused,
            Exit::Usage => Fault::Unusable,
            _ => Fault::Unreachable,
        },
    }
}

impl<T> Told<T> {
    /// The value, or why it is not known.
    fn known(self) -> Result<T, Trouble> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Failed(trouble) => Err(trouble),
            Self::Unasked(why) => Err(Trouble {
                what: why,
                advice: None,
                fault: Fault::Unreachable,
            }),
        }
    }
}
