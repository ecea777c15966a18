//! What is read of a cluster, on the control plane that the environment chooses.
//!
//! The objects come there through the API, so that all of this holds for a real API server too.
//! What is about histories, credentials, broken connections and expired lists is sandbox-only, in
//! the themes beside this one: a real server has no pods that a Prometheus has the history of, and
//! nobody can make its lists expire.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::rig::cluster::{Denied, Reach};
use crate::rig::control_plane::{ANALYST, ControlPlane, Planted};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User, has_kubectl};
use crate::rig::prometheus::{self, Prometheus};

const JSON: &str = "-o=json";

/// A query that has an answer for whatever is asked about.
const ANYTHING: &str = r#"label_replace(vector(1), "of", "{ns}/{deploy}", "", "")"#;

/// Where histories come from: the metrics API, which a plain control plane does not serve, or else
/// a Prometheus, which says the same of everything: there are no pods that it could know.
struct Source(Option<Prometheus>);

impl Source {
    /// `None`, said loudly, where there is neither.
    fn of(plane: &ControlPlane, fleet: &Fleet) -> Option<Self> {
        if plane.is_sandbox() {
            return Some(Self(None));
        }
        let is_there = prometheus::is_available();
        is_there.then(|| Self(Some(Prometheus::start(fleet, &[]))))
    }

    fn arguments(&self) -> Vec<&str> {
        match &self.0 {
            None => vec!["--no-prometheus"],
            Some(it) => vec!["--prometheus-url", &it.url, "--promql-cpu", ANYTHING],
        }
    }
}

fn fleet() -> Fleet {
    Fleet::generate(&Parameters::small())
}

/// The items of the fleet, whoever else has something in the cluster.
fn items<'a>(planted: &Planted<'_>, report: &'a Value) -> Vec<&'a Value> {
    let all = report["items"].as_array().unwrap().iter();
    let is_ours = |it: &&Value| planted.has(it["namespace"].as_str().unwrap());
    all.filter(is_ours).collect()
}

/// `namespace/name` of each.
fn names(items: &[&Value]) -> Vec<String> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let name = |it: &&Value| format!("{}/{}", text(&it["namespace"]), text(&it["name"]));
    items.iter().map(name).collect()
}

#[test]
fn every_autoscaler_is_read_with_its_target() {
    let plane = ControlPlane::start();
    let fleet = fleet();
    let Some(source) = Source::of(&plane, &fleet) else {
        return;
    };
    let planted = Planted::new(&plane, &fleet);
    let arguments = [&["analyze", "-A", JSON], &source.arguments()[..]].concat();
    let report = User::new().run(&plane.kubeconfig(), &arguments).report(0);
    let found = items(&planted, &report);
    assert_eq!(found.len(), 12);
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let found: BTreeSet<[String; 4]> = found
        .into_iter()
        .inspect(|it| assert_ne!(it["outcome"], "unreadable", "{it}"))
        .map(|it| {
            let target = &it["target"];
            [
                &it["namespace"],
                &it["name"],
                &target["kind"],
                &target["name"],
            ]
            .map(text)
        })
        .collect();
    let expected = fleet.scaled().map(|it| {
        let autoscaler = it.autoscaler.clone().unwrap();
        let kind = it.kind.name().to_owned();
        [
            planted.namespace(&it.namespace),
            autoscaler,
            kind,
            it.name.clone(),
        ]
    });
    assert_eq!(found, expected.collect());
}

#[test]
fn the_scope_is_chosen_as_in_kubectl() {
    if !has_kubectl() {
        return;
    }
    let plane = ControlPlane::start();
    let fleet = fleet();
    let Some(source) = Source::of(&plane, &fleet) else {
        return;
    };
    let planted = Planted::new(&plane, &fleet);
    let user = User::new();
    let config = planted.kubeconfig_in(None, "shop", &user.path("kubeconfig"));
    let listed = |arguments: &[&str]| {
        let all = [&["analyze", JSON], arguments, &source.arguments()].concat();
        let mut command = user.kubectl(&all);
        let report = Said::by(command.env("KUBECONFIG", &config)).report(0);
        names(&items(&planted, &report))
    };
    let everything = listed(&["-A"]);
    assert_eq!(everything.len(), 12, "{everything:?}");
    let of = |namespace: &str| -> Vec<String> {
        let prefix = format!("{}/", planted.namespace(namespace));
        let all = everything.iter().filter(|it| it.starts_with(&prefix));
        all.cloned().collect()
    };
    let web = "app.kubernetes.io/name=web";
    let (shop, media) = (of("shop"), of("media"));
    let one = |namespace: &str, name: &str| format!("{}/{name}", planted.namespace(namespace));
    let (in_media, in_staging) = (
        planted.namespace("media"),
        planted.namespace("shop-staging"),
    );
    let joined = format!("--namespace={in_media}");
    let both = vec![one("shop", "cart"), one("shop", "web")];
    let mut webs = vec![one("shop", "web"), one("shop-staging", "web")];
    webs.sort();
    let others = of("shop-staging").into_iter();
    let others = others.filter(|it| *it != one("shop-staging", "web"));
    let cases: [(&[&str], Vec<String>); 9] = [
        (&[], shop.clone()),
        (&["-n", &in_media], media.clone()),
        (&[&joined], media),
        (&["hpa"], shop),
        (&["web"], vec![one("shop", "web")]),
        (&["hpa/web", "hpa/cart"], both.clone()),
        (&["hpa", "web", "cart"], both),
        (&["-A", "-l", web], webs),
        (
            &[
                "-l",
                "app.kubernetes.io/name notin (web)",
                "-n",
                &in_staging,
            ],
            others.collect(),
        ),
    ];
    for (arguments, expected) in cases {
        assert_eq!(listed(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn what_rbac_refuses_is_a_row() {
    if !has_kubectl() {
        return;
    }
    let plane = ControlPlane::start();
    let fleet = fleet();
    let Some(source) = Source::of(&plane, &fleet) else {
        return;
    };
    let mut planted = Planted::new(&plane, &fleet);
    let denied = ["get", "list"].map(|verb| Denied {
        verb,
        resource: "deployments.apps",
        reach: Reach::Everywhere,
    });
    planted.grant_all_but(ANALYST, &denied);
    let user = User::new();
    let config = planted.kubeconfig_in(Some(ANALYST), "shop", &user.path("kubeconfig"));
    let run = |more: &[&str]| {
        let all = [&["analyze", "-A"], more, &source.arguments()].concat();
        let mut command = user.kubectl(&all);
        Said::by(command.env("KUBECONFIG", &config))
    };
    let report = run(&[JSON]).report(0);
    let items = items(&planted, &report);
    assert_eq!(items.len(), 12);
    for item in items {
        let is_hidden = item["target"]["kind"] == "Deployment";
        assert_eq!(item["outcome"] == "unreadable", is_hidden, "{item}");
        if is_hidden {
            let reason = item["reason"].as_str().unwrap();
            assert!(reason.contains("list deployments.apps"), "{reason}");
        }
    }
    run(&[JSON, "--fail-on=recommendation"]).report(4);
    let table = run(&[]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    // Cells may be broken into lines.
    assert!(table.stdout.contains("may not list"), "{}", table.stdout);
}
