use std::collections::BTreeSet;

use super::permissions::ALL;
use super::*;

fn plan() -> Plan {
    Plan {
        namespace: NAMESPACE.to_owned(),
        reach: Reach::Cluster,
        mode: Mode::AnalysisOnly,
        shape: Shape::Replicas(2),
        image: "registry.example/stepscale:1".to_owned(),
        interval_seconds: 300,
        prometheus_url: None,
        service_monitor: false,
    }
}

/// Plans with every combination of what changes the objects.
fn plans() -> Vec<Plan> {
    let mut plans = vec![];
    for namespace in [NAMESPACE, "shop"] {
        for reach in [Reach::Cluster, Reach::Namespace] {
            for mode in [Mode::AnalysisOnly, Mode::Apply, Mode::RulesOnly] {
                for shape in [
                    Shape::Replicas(1),
                    Shape::Replicas(2),
                    Shape::Shards(3),
                    Shape::Job(3),
                ] {
                    for prometheus_url in [None, Some("http://prometheus:9090".to_owned())] {
                        plans.push(Plan {
                            namespace: namespace.to_owned(),
                            reach,
                            mode,
                            shape,
                            prometheus_url,
                            service_monitor: shape == Shape::Replicas(1),
                            ..plan()
                        });
                    }
                }
            }
        }
    }
    plans
}

fn of_kind<'a>(items: &'a [Item], kind: &str) -> Vec<&'a Value> {
    let objects = items.iter().map(|it| &it.object);
    objects.filter(|it| it["kind"] == kind).collect()
}

/// Groups, resources and verbs of all rules of all roles.
fn rules(plan: &Plan) -> BTreeSet<String> {
    let items = items(plan);
    let roles = items.iter().filter(|it| !it.reasons.is_empty());
    let all = roles.flat_map(|it| it.object["rules"].as_array().unwrap().clone());
    all.flat_map(|rule| {
        let words = |key: &str| -> Vec<String> {
            let all = rule[key].as_array().unwrap().iter();
            all.map(|it| it.as_str().unwrap().to_owned()).collect()
        };
        let group = words("apiGroups").remove(0);
        let mut all = vec![];
        for resource in words("resources") {
            for verb in words("verbs") {
                all.push(format!("{verb} {group}/{resource}"));
            }
        }
        all
    })
    .collect()
}

#[test]
fn every_object_is_one_that_uninstall_knows_and_in_its_order() {
    for plan in plans() {
        let all = everything(&plan.namespace);
        let place = |item: &Item| {
            let name = item.name();
            let place = all.iter().position(|it| *it == name);
            place.unwrap_or_else(|| panic!("{name:?} is not in the list of everything"))
        };
        let places: Vec<usize> = items(&plan).iter().map(place).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "{plan:?}: {places:?}");
    }
}

#[test]
fn every_object_says_what_it_is_for_and_who_made_it() {
    for item in plans().iter().flat_map(items) {
        assert!(item.about.ends_with('.'), "{}", item.about);
        assert!(is_ours(&item.object), "{}", item.object);
    }
}

#[test]
fn every_rule_has_a_reason_that_names_who_needs_it() {
    for item in plans().iter().flat_map(items) {
        let rules = item.object["rules"].as_array().map_or(0, Vec::len);
        assert_eq!(rules, item.reasons.len(), "{}", item.object);
    }
    for permission in ALL {
        let (who, what) = permission.reason.split_once(": ").unwrap();
        assert!(!who.is_empty() && !what.is_empty(), "{permission:?}");
    }
}

#[test]
fn without_mode_apply_nothing_but_our_own_objects_can_be_changed() {
    let is_read = |it: &str| {
        ["get ", "list ", "watch "]
            .iter()
            .any(|verb| it.starts_with(verb))
    };
    for plan in plans() {
        let is_ours = |it: &str| {
            it.contains("stepscale.io/") || it.contains("/leases") || it.ends_with(" /events")
        };
        // A query by POST changes nothing.
        let is_query = |it: &str| it == "create /services/proxy";
        let all = rules(&plan);
        let writes: Vec<&String> = all
            .iter()
            .filter(|it| !is_read(it) && !is_ours(it) && !is_query(it))
            .collect();
        match plan.mode {
            Mode::Apply => assert_eq!(
                writes,
                [
                    "patch autoscaling/horizontalpodautoscalers",
                    "patch keda.sh/scaledjobs",
                    "patch keda.sh/scaledobjects"
                ]
            ),
            Mode::AnalysisOnly | Mode::RulesOnly => assert!(writes.is_empty(), "{writes:?}"),
        }
        assert!(all.iter().all(|it| !it.contains("secrets")), "{all:?}");
    }
}

#[test]
fn the_services_of_the_cluster_are_open_only_to_find_a_prometheus() {
    for plan in plans() {
        let is_open = rules(&plan).iter().any(|it| it.contains("services"));
        let finds = plan.prometheus_url.is_none() && plan.reach == Reach::Cluster;
        assert_eq!(is_open, finds, "{plan:?}");
    }
}

#[test]
fn in_one_namespace_nothing_is_asked_of_the_cluster_but_the_kind() {
    for plan in plans()
        .into_iter()
        .filter(|it| it.reach == Reach::Namespace)
    {
        let items = items(&plan);
        let shared = items
            .iter()
            .filter(|it| it.object["metadata"]["namespace"].is_null());
        let kinds: Vec<&Value> = shared.map(|it| &it.object["kind"]).collect();
        let expected = match plan.namespace.as_str() {
            NAMESPACE => vec!["Namespace", "CustomResourceDefinition"],
            _ => vec!["CustomResourceDefinition"],
        };
        assert_eq!(kinds, expected);
    }
}

#[test]
fn leases_other_than_ours_cannot_be_taken() {
    for plan in plans() {
        let items = items(&plan);
        let roles = of_kind(&items, "Role").into_iter();
        for rule in roles.flat_map(|it| it["rules"].as_array().unwrap()) {
            if rule["resources"][0] == "leases" && rule["verbs"] != json!(["create"]) {
                assert_eq!(rule["resourceNames"], json!(plan.leases()));
                assert!(plan.leases().iter().all(|it| is_lease(it)));
            }
        }
    }
    for other in [
        "stepscale",
        "stepscale-autoscaler-leader-",
        "stepscale-autoscaler-leader-a",
        "x",
    ] {
        assert!(!is_lease(other), "{other}");
    }
}

#[test]
fn pods_have_no_privileges() {
    for plan in plans() {
        let items = items(&plan);
        let workload = items
            .iter()
            .map(|it| &it.object["spec"]["template"]["spec"])
            .find(|it| it.is_object())
            .unwrap();
        assert_eq!(workload["securityContext"]["runAsNonRoot"], true);
        let profile = &workload["securityContext"]["seccompProfile"]["type"];
        assert_eq!(profile, "RuntimeDefault");
        let container = &workload["containers"][0];
        let security = json!({ "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] } });
        assert_eq!(container["securityContext"], security);
        for limit in ["cpu", "memory"] {
            for of in ["requests", "limits"] {
                assert!(container["resources"][of][limit].is_string());
            }
        }
    }
}

#[test]
fn every_mount_has_its_volume_and_every_variable_in_an_argument_is_set() {
    for item in plans().iter().flat_map(items) {
        let pod = &item.object["spec"]["template"]["spec"];
        if pod.is_null() {
            continue;
        }
        let names = |list: &Value| -> BTreeSet<String> {
            let all = list.as_array().unwrap().iter();
            all.map(|it| it["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let container = &pod["containers"][0];
        assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
        let set = names(&container["env"]);
        for argument in container["args"].as_array().unwrap() {
            for after in argument.as_str().unwrap().split("$(").skip(1) {
                let (variable, _) = after.split_once(')').unwrap();
                assert!(set.contains(variable), "{argument}");
            }
        }
    }
}

#[test]
fn the_workload_is_chosen_by_its_selector_and_by_no_other() {
    for plan in plans() {
        let items = items(&plan);
        for kind in ["Deployment", "StatefulSet"] {
            for workload in of_kind(&items, kind) {
                let labels = &workload["spec"]["template"]["metadata"]["labels"];
                let chosen = &workload["spec"]["selector"]["matchLabels"];
                assert_eq!(chosen[APP], labels[APP]);
            }
        }
        let workloads: usize = ["Deployment", "StatefulSet", "Job"]
            .map(|it| of_kind(&items, it).len())
            .iter()
            .sum();
        assert_eq!(workloads, 1);
    }
}

#[test]
fn a_budget_never_keeps_a_node_from_being_drained() {
    for plan in plans() {
        let items = items(&plan);
        let budgets = of_kind(&items, "PodDisruptionBudget");
        let spec = budgets.first().map(|it| &it["spec"]);
        match plan.shape {
            Shape::Replicas(1) | Shape::Job(_) => assert_eq!(spec, None),
            Shape::Replicas(_) => assert_eq!(spec.unwrap()["minAvailable"], 1),
            Shape::Shards(_) => assert_eq!(spec.unwrap()["maxUnavailable"], 1),
        }
    }
}

#[test]
fn arguments_say_what_the_plan_says() {
    let arguments = |plan: &Plan| arguments::of(plan).join(" ");
    assert_eq!(
        arguments(&plan()),
        "watch --mode=analysis-only --all-namespaces --interval=300 --health-port=8080 \
         --lease-namespace=$(POD_NAMESPACE) --lease-name=stepscale-autoscaler-leader \
         --config=/etc/stepscale/config/config.yaml --log-format=json"
    );
    let shards = Plan {
        reach: Reach::Namespace,
        mode: Mode::Apply,
        shape: Shape::Shards(3),
        interval_seconds: 60,
        ..plan()
    };
    assert_eq!(
        arguments(&shards),
        "watch --mode=apply --namespace=$(POD_NAMESPACE) --interval=60 --health-port=8080 \
         --lease-namespace=$(POD_NAMESPACE) --lease-name=stepscale-autoscaler-leader-$(SHARD) \
         --shard=$(SHARD)/3 --config=/etc/stepscale/config/config.yaml --log-format=json"
    );
    let job = Plan {
        shape: Shape::Job(20),
        ..plan()
    };
    assert_eq!(
        arguments(&job),
        "watch --mode=analysis-only --all-namespaces --once --shard=$(SHARD)/20 \
         --config=/etc/stepscale/config/config.yaml --log-format=json"
    );
}

#[test]
fn the_configuration_is_one_that_the_program_reads() {
    for plan in plans() {
        let items = items(&plan);
        let text = of_kind(&items, "ConfigMap")[0]["data"]["config.yaml"].clone();
        let text = text.as_str().unwrap();
        let values = crate::yaml::read(text).unwrap();
        let url = values["prometheus"]["url"].as_str();
        assert_eq!(url, plan.prometheus_url.as_deref(), "{text}");
        let licensed = values["license"]["file"].as_str();
        assert_eq!(licensed.is_some(), plan.mode == Mode::Apply, "{text}");
    }
}

#[test]
fn what_another_plan_left_is_stale_and_a_job_is_no_other_plan() {
    let titles = |plan: &Plan| -> Vec<String> { stale(plan).iter().map(Name::title).collect() };
    let shards = Plan {
        shape: Shape::Shards(3),
        reach: Reach::Namespace,
        ..plan()
    };
    let of_shards = titles(&shards);
    let deployment = "deployment.apps/stepscale".to_owned();
    let role = "clusterrole.rbac.authorization.k8s.io/stepscale-watch:stepscale-system".to_owned();
    assert!(
        of_shards.contains(&deployment) && of_shards.contains(&role),
        "{of_shards:?}"
    );
    let is_before =
        |a, b| of_shards.iter().position(|it| it == a) < of_shards.iter().position(|it| it == b);
    assert!(is_before(&deployment, &role), "{of_shards:?}");
    let job = Plan {
        shape: Shape::Job(3),
        ..plan()
    };
    let watch: Vec<String> = items(&plan()).iter().map(|it| it.name().title()).collect();
    for title in titles(&job) {
        assert!(!watch.contains(&title), "{title}");
    }
    for plan in plans() {
        let kinds: Vec<String> = stale(&plan).into_iter().map(|it| it.kind).collect();
        for kept in ["Namespace", "CustomResourceDefinition"] {
            assert!(!kinds.contains(&kept.to_owned()), "{kinds:?}");
        }
    }
}

#[test]
fn names_are_written_as_kubectl_does() {
    let titles: Vec<String> = everything(NAMESPACE).iter().map(Name::title).collect();
    assert_eq!(titles[0], "namespace/stepscale-system");
    assert!(titles.contains(&"deployment.apps/stepscale".to_owned()));
    let shared = "clusterrole.rbac.authorization.k8s.io/stepscale-watch:stepscale-system";
    assert!(titles.contains(&shared.to_owned()));
    assert!(!everything("shop").iter().any(|it| it.kind == "Namespace"));
}
