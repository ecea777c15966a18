use super::*;

#[test]
fn every_refusal_says_what_it_is_and_the_way_out() {
    let analyze = "kubectl stepscale analyze hpa/web -n shop";
    let apply = "kubectl stepscale apply rec/web-hpa -n shop";
    let expected = [
        "not approved",
        "the autoscaler is gone",
        "replaced since analyzed: another object has its name, uid u2, was u1",
        "the change of rec/old is in force",
        "changed since analyzed: min_replicas is 4, was 3; scale_up_policies is not set, was \
         {\"selectPolicy\":\"Max\"}",
        "managed by the Argo CD application shop (label x is shop)",
        "rollout in progress: 1 of 4 pods updated",
        "paused: annotation x",
        "stale metrics: the newest sample is 15m old",
        "unlicensed: no license",
        "the limit of 3 on probation is reached",
        "stopped, since others went wrong: shop/api",
        "max_replicas would be 3, below the 4 replicas that run now",
        "PodDisruptionBudget web wants 2 pods available, so that none could be evicted at \
         min_replicas 2",
    ];
    let ways = [
        "review it and run `kubectl stepscale approve rec/web-hpa -n shop`".to_owned(),
        "reject it: `kubectl stepscale reject rec/web-hpa -n shop`".to_owned(),
        format!("run `{analyze}` and review the new proposal"),
        format!(
            "take that back first (`kubectl stepscale revert rec/old -n shop`) and run `{analyze}`"
        ),
        format!("run `{analyze}` and review the new proposal"),
        format!(
            "commit what `{apply} -o patch` prints to its repository, or overrule it with \
             `{apply} --force --reason TEXT`"
        ),
        format!("wait for the end of the rollout, then run `{apply}`"),
        format!("resume the autoscaler, then run `{apply}`"),
        format!(
            "see with `{analyze}` what the metrics source has; what is applied blind cannot be \
             verified"
        ),
        "run `kubectl stepscale license show`; pass a good license with --license FILE and \
         --license-signature FILE"
            .to_owned(),
        format!(
            "wait for one to be verified (`kubectl stepscale status`), or run `{apply}` with a \
             higher --max-in-probation"
        ),
        format!(
            "find out why (`kubectl stepscale status --history NAME`), then run `{apply}` without \
             --stop-on-revert"
        ),
        format!(
            "wait until 3 replicas are enough and run `{apply}`, or run `{analyze}` for a new \
             proposal"
        ),
        format!(
            "let the budget want fewer than 2 pods and run `{apply}`, or run `{analyze}` for a new \
             proposal"
        ),
    ];
    for ((refusal, text), way) in refusals().iter().zip(expected).zip(ways) {
        assert_eq!(refusal.to_string(), text);
        assert_eq!(refusal.way_out(&record()), way);
    }
}

#[test]
fn reasons_are_the_names_of_the_variants() {
    for refusal in refusals() {
        let name = format!("{refusal:?}");
        let end = name.find([' ', '(', '{']).unwrap_or(name.len());
        assert_eq!(refusal.reason(), &name[..end]);
    }
}

#[test]
fn every_owner_has_a_way_around() {
    let text = |it: &str| it.to_owned();
    let patch = "`kubectl stepscale apply rec/web-hpa -n shop -o patch`";
    let flux = Who::Flux {
        kind: text("Kustomization"),
        name: text("a/b"),
    };
    let helm = Who::Helm {
        release: text("shop/web"),
    };
    let controller = Who::Controller {
        owner: text("ScaledObject/orders"),
    };
    let applier = Who::Applier {
        manager: text("kubectl"),
        path: text("/spec/minReplicas"),
    };
    let table = [
        (
            flux,
            format!("commit what {patch} prints to its repository"),
        ),
        (
            helm,
            format!("put what {patch} prints into the values of its chart"),
        ),
        (controller, text("change ScaledObject/orders instead")),
        (applier, format!("give what {patch} prints to kubectl")),
    ];
    for (who, first) in table {
        let refusal = Refusal::Owned(Owner {
            who,
            proof: text("x"),
        });
        let rest = "or overrule it with `kubectl stepscale apply rec/web-hpa -n shop --force \
                    --reason TEXT`";
        assert_eq!(refusal.way_out(&record()), format!("{first}, {rest}"));
    }
}

#[test]
fn for_git_the_schedule_of_an_hpa_is_a_manifest_of_its_own() {
    let way_out = |who: Who, kind: AutoscalerKind| {
        let mut record = record();
        record.autoscaler.kind = kind;
        record.proposal.schedule = vec![json!({ "startCron": "50 7 * * 1-5" })];
        let proof = "x".to_owned();
        Refusal::Owned(Owner { who, proof }).way_out(&record)
    };
    let applier = || Who::Applier {
        manager: "kubectl".to_owned(),
        path: "/spec/minReplicas".to_owned(),
    };
    let told =
        "(`kubectl stepscale apply rec/web-hpa -n shop -o manifest` has CronJobs for its schedule)";
    let of_hpa = way_out(applier(), AutoscalerKind::HorizontalPodAutoscaler);
    assert!(of_hpa.contains(told), "{of_hpa}");
    let of_keda = way_out(applier(), AutoscalerKind::ScaledObject);
    assert!(!of_keda.contains("CronJobs"), "{of_keda}");
    let owner = "ScaledObject/orders".to_owned();
    let of_controller = way_out(
        Who::Controller { owner },
        AutoscalerKind::HorizontalPodAutoscaler,
    );
    assert!(!of_controller.contains("CronJobs"), "{of_controller}");
}

#[test]
fn stale_metrics_are_as_old_as_kubectl_would_say() {
    let table = [
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (7_500, "125m"),
        (187_200, "2d4h"),
    ];
    for (seconds, expected) in table {
        let age = Some(SignedDuration::from_secs(seconds));
        let text = Refusal::StaleMetrics { age }.to_string();
        assert_eq!(
            text,
            format!("stale metrics: the newest sample is {expected} old")
        );
    }
}
