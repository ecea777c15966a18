//! `watch` with exactly the rights that `install` gives it, and with each of them taken away.

mod world;

use std::process::Stdio;

use serde_json::{Value, json};

use super::probation::{ACCOUNT, Scene};
use crate::rig::program::Said;
use world::{CLUSTER_ROLE, LEADER, World};

/// A verb on a resource that a role of `install` allows.
#[derive(Clone, Debug)]
struct Right {
    role: &'static str,
    group: String,
    resource: String,
    verb: String,
}

impl Right {
    fn all_of(role: &'static str, object: &Value) -> Vec<Self> {
        let texts = |it: &Value| -> Vec<String> {
            let all = it.as_array().unwrap().iter();
            all.map(|it| it.as_str().unwrap().to_owned()).collect()
        };
        let mut rights = vec![];
        for rule in object["rules"].as_array().unwrap() {
            for resource in texts(&rule["resources"]) {
                rights.extend(texts(&rule["verbs"]).into_iter().map(|verb| Self {
                    role,
                    group: rule["apiGroups"][0].as_str().unwrap().to_owned(),
                    resource: resource.clone(),
                    verb,
                }));
            }
        }
        rights
    }

    /// The rules of a role without this right.
    fn taken_from(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let rules = object["rules"].as_array().unwrap().clone();
        let left = rules
            .into_iter()
            .flat_map(|rule| self.taken_from_rule(rule));
        object["rules"] = left.collect();
        object
    }

    fn taken_from_rule(&self, rule: Value) -> Vec<Value> {
        let has = |key: &str, word: &str| rule[key].as_array().unwrap().contains(&json!(word));
        let is_it = has("apiGroups", &self.group) && has("resources", &self.resource);
        if !is_it || !has("verbs", &self.verb) {
            return vec![rule];
        }
        let without = |key: &str, word: &str| -> Value {
            let all = rule[key].as_array().unwrap().iter();
            all.filter(|it| **it != word).cloned().collect()
        };
        let mut others = rule.clone();
        others["resources"] = without("resources", &self.resource);
        let mut rest = rule.clone();
        rest["resources"] = json!([self.resource]);
        rest["verbs"] = without("verbs", &self.verb);
        let is_some = |it: &Value| it["resources"] != json!([]) && it["verbs"] != json!([]);
        [others, rest].into_iter().filter(is_some).collect()
    }

    /// How messages name it.
    fn name(&self) -> String {
        let Self {
            group, resource, ..
        } = self;
        match (group.as_str(), resource.split_once('/')) {
            ("*", _) => "rollouts.example.com/scale".to_owned(),
            ("", _) => resource.clone(),
            (group, Some((resource, sub))) => format!("{resource}.{group}/{sub}"),
            (group, None) => format!("{resource}.{group}"),
        }
    }

    /// What tells in the log that it is missing, and what to ask for.
    fn told(&self) -> Vec<String> {
        let (verb, name) = (&self.verb, self.name());
        if name == "services/proxy" {
            // In the words of the API server, since nobody behind its proxy was asked.
            return vec![format!("cannot {verb} resource \\\"services/proxy\\\"")];
        }
        vec![format!("may not {verb} {name}")]
    }

    fn is(&self, verb: &str, name: &str) -> bool {
        self.verb == verb && self.name() == name
    }
}

/// What a watch that lacks a right does all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    code: i32,
    proposed: bool,
    applied: bool,
}

const ALL: Rest = Rest {
    code: 0,
    proposed: true,
    applied: true,
};

/// What is left without a right. Each row that is not [`ALL`] is a limit of what can be done.
fn rest(right: &Right) -> Rest {
    let nothing = Rest {
        code: 4,
        proposed: false,
        applied: false,
    };
    let only = |proposed, applied| Rest {
        code: 0,
        proposed,
        applied,
    };
    match (right.verb.as_str(), right.name().as_str()) {
        // Autoscalers of KEDA may be there all the same.
        ("list", "horizontalpodautoscalers.autoscaling") => only(false, true),
        ("get" | "patch", "horizontalpodautoscalers.autoscaling") => only(true, false),
        ("get", "deployments.apps") => only(true, false),
        ("list", "services") => only(false, true),
        // What is left has no history, which is taken for a Prometheus of another cluster.
        ("list", "deployments.apps") => Rest {
            code: 4,
            ..only(false, true)
        },
        ("create" | "get", "services/proxy") => Rest {
            code: 4,
            ..only(false, true)
        },
        ("list", "pods.metrics.k8s.io") => only(false, true),
        ("create", "scalingrecommendations.stepscale.io") => only(false, true),
        ("list", "scalingrecommendations.stepscale.io") => nothing,
        (
            "update",
            "scalingrecommendations.stepscale.io" | "scalingrecommendations.stepscale.io/status",
        ) => only(true, false),
        ("get" | "create", "leases.coordination.k8s.io") => nothing,
        _ => ALL,
    }
}

/// What the run takes that the right is needed for.
fn circumstances(world: &World, right: &Right) -> Vec<&'static str> {
    if right.is("get", "scalingrecommendations.stepscale.io") {
        // Somebody else writes the autoscaler at the same time, once: all is read again.
        world.trouble(&json!({ "rules": [{ "nth": 1, "answer": "conflict", "when":
            { "verbs": ["patch"], "resources": ["horizontalpodautoscalers"] } }] }));
    }
    match right.name().as_str() {
        "pods.metrics.k8s.io" => vec!["--no-prometheus"],
        _ => vec![],
    }
}

fn found(world: &World, said: &Said) -> Rest {
    Rest {
        code: said.code.unwrap(),
        proposed: world.has_record("fresh"),
        applied: world.min_replicas("web") == 2,
    }
}

/// A right to watch shows at the second tick, and is looked at with the others of its verb.
#[test]
fn each_right_that_is_missing_is_told_by_its_name_and_the_rest_goes_on() {
    let world = World::start(&["--mode=apply"]);
    let roles = [CLUSTER_ROLE, LEADER].map(|path| (path, world.scene.object(path)));
    let rights = roles.iter().flat_map(|(path, it)| Right::all_of(path, it));
    // What is written to KEDA's objects, and an Event that repeats, needs more than two ticks.
    let is_keda =
        |it: &Right| it.group == "keda.sh" && it.verb != "list" || it.is("patch", "events");
    let rights = rights.filter(|it| it.verb != "watch" && !is_keda(it));
    let rights: Vec<Right> = rights.collect();
    assert!(rights.len() > 20, "{rights:?}");
    let mut wrong = vec![];
    for right in rights {
        world.reset();
        let (path, role) = roles.iter().find(|it| it.0 == right.role).unwrap();
        world.put(path, &right.taken_from(role));
        let said = world.once(&circumstances(&world, &right));
        world.trouble(&json!({}));
        world.put(path, role);
        let untold = right
            .told()
            .into_iter()
            .filter(|it| !said.stderr.contains(it.as_str()));
        let untold: Vec<String> = untold.collect();
        let (found, mut expected) = (found(&world, &said), rest(&right));
        if right.is("get", "scalingrecommendations.stepscale.io") {
            // What was written is read by its name until the watch tells of it, which may be at once.
            expected.applied = found.applied;
        }
        if !untold.is_empty() || found != expected {
            wrong.push(format!(
                "{right:?}: {found:?}, untold {untold:?}\n{}",
                said.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn who_may_not_watch_is_told_so_and_asks_again_and_again() {
    let world = World::start(&["--mode=apply"]);
    world.reset();
    let role = world.scene.object(CLUSTER_ROLE);
    let rights = Right::all_of(CLUSTER_ROLE, &role).into_iter();
    // Recommendations are told by the store that they come from.
    let rights = rights.filter(|it| it.verb == "watch" && it.group != "stepscale.io");
    let rights: Vec<Right> = rights.collect();
    assert!(rights.len() > 4, "{rights:?}");
    let less = rights.iter().fold(role, |role, it| it.taken_from(&role));
    world.put(CLUSTER_ROLE, &less);
    let mut command = world.command(&["--interval=10", "--max-ticks=2"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = Said::from(running.output().unwrap());
    for right in rights {
        for told in right.told() {
            assert!(
                said.stderr.contains(&told),
                "{told} is not in {}",
                said.stderr
            );
        }
    }
    assert_eq!(found(&world, &said), ALL, "{}", said.stderr);
}

#[test]
fn with_the_rights_of_its_plan_each_watch_does_its_work_without_a_complaint() {
    let nothing_applied = Rest {
        applied: false,
        ..ALL
    };
    let plans: [(&[&str], Rest); 4] = [
        (&[], nothing_applied),
        (&["--mode=rules-only"], nothing_applied),
        (&["--mode=apply"], ALL),
        (
            &["--mode=apply", "--namespace-scoped"],
            Rest {
                proposed: false,
                ..ALL
            },
        ),
    ];
    let mut world = World::start(&[]);
    for (plan, expected) in plans {
        world.install(plan);
        world.reset();
        let said = world.once(match plan.contains(&"--namespace-scoped") {
            // None is looked for in one namespace, and that is told too.
            true => &["--no-prometheus"],
            false => &[],
        });
        assert_eq!(found(&world, &said), expected, "{plan:?}: {}", said.stderr);
        for complaint in ["may not", "forbidden", "cannot "] {
            let is_told = said.stderr.contains(complaint);
            assert!(!is_told, "{plan:?} has {complaint}: {}", said.stderr);
        }
        assert_eq!(world.events() > 0, expected.applied, "{plan:?}");
    }
}
