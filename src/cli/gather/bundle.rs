//! A support bundle: what is asked for, in which order, and what becomes of what does not come.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::super::context::Context;
use super::super::sources::{Gathering, Limit};
use super::contents::Contents;
use crate::bundle::Draft;
use crate::bundle::manifest::{API_VERSION, ClusterOf, KIND, Manifest, Scope};
use crate::cluster::{self, Cluster, Namespaces};
use crate::config::{Bundle, GatherConfig};
use crate::error::{Error, Exit};

pub(super) async fn run(
    cx: &Context,
    config: &GatherConfig,
    wanted: &Bundle,
) -> Result<Exit, Error> {
    let limit = wanted.timeout.map(Limit::of);
    let gathering = Gathering::begin(config, cx.progress(), cx.now()).await?;
    let failed = |source| unwritable(wanted, source);
    let mut contents = Contents {
        draft: Draft::create(&wanted.path, gathering.now()).map_err(failed)?,
        cluster: gathering.cluster.clone(),
        limit,
        versions: BTreeMap::new(),
    };
    let written = contents.snapshot(cx, &gathering, config, wanted).await?;
    contents
        .objects(&config.scope.namespaces)
        .await
        .map_err(failed)?;
    contents.pods(wanted).await.map_err(failed)?;
    contents
        .recommendations(&config.scope.namespaces)
        .await
        .map_err(failed)?;
    contents.own(wanted).map_err(failed)?;
    contents.versions(&gathering).await.map_err(failed)?;
    let manifest = manifest(&gathering, config, wanted);
    let manifest = contents.draft.finish(manifest).map_err(failed)?;
    tell(cx, &written, &manifest, wanted);
    Ok(match manifest.missing.is_empty() {
        true => Exit::Clean,
        false => Exit::Unreachable,
    })
}

fn unwritable(wanted: &Bundle, source: io::Error) -> Error {
    Error::Write {
        flag: "-o",
        path: wanted.path.clone(),
        source,
    }
}

fn tell(cx: &Context, written: &str, manifest: &Manifest, wanted: &Bundle) {
    cx.note(written);
    let left_out: u64 = manifest.redactions.values().sum();
    cx.note(&format!(
        "{} files, {left_out} values left out as secrets: look through {} before you pass it on",
        manifest.files.len() + 1,
        wanted.path.display()
    ));
    for it in &manifest.missing {
        cx.note(&format!("warning: not in it: {}: {}", it.what, it.why));
    }
}

fn manifest(gathering: &Gathering<'_>, config: &GatherConfig, wanted: &Bundle) -> Manifest {
    let cluster = &gathering.cluster;
    let name = cluster.name();
    Manifest {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        taken_at: gathering.now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cluster: ClusterOf {
            name: name.name.clone(),
            version: name.version.clone(),
            namespace: cluster.namespace().to_owned(),
        },
        scope: scope(cluster, &config.scope),
        log_seconds: wanted.since.as_secs(),
        files: Vec::new(),
        missing: Vec::new(),
        redactions: BTreeMap::new(),
    }
}

fn scope(cluster: &Cluster, scope: &cluster::Scope) -> Scope {
    let namespaces = match &scope.namespaces {
        Namespaces::All => BTreeSet::new(),
        Namespaces::Current => [cluster.namespace().to_owned()].into(),
        Namespaces::One(it) => [it.clone()].into(),
        Namespaces::Several(all) => all.clone(),
    };
    let names = scope.names.iter().map(|it| match it.kind {
        Some(kind) => format!("{}/{}", kind.short(), it.name),
        None => it.name.clone(),
    });
    Scope {
        all_namespaces: scope.namespaces == Namespaces::All,
        namespaces,
        selector: scope.selector.clone(),
        names: names.collect(),
    }
}
