use serde_json::json;

use super::*;
use crate::output::records::made_up;

/// An HPA as people write one.
const WHOLE: &str = "\
# The front of the shop.
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web   # as its Deployment
  namespace: shop
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 6   # for the night
  maxReplicas: 20
  metrics:
    # Mostly waits.
    - type: External
      external: {metric: {name: queue}, target: {type: AverageValue, averageValue: '30'}}
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: 40}  # percent
";

/// What is laid over it for one cluster.
const PART: &str = "\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  maxReplicas: 20 # more than elsewhere
";

fn setting(key: Key, from: Value, to: Value) -> Setting {
    Setting { key, from, to }
}

fn record(diff: Vec<Setting>) -> Record {
    let mut record = made_up::record();
    record.proposal.diff = diff;
    record
}

fn minimum() -> Setting {
    setting(Key::MinReplicas, json!(6), json!(2))
}

fn target() -> Setting {
    setting(Key::TargetCpuPct, json!(40), json!(65))
}

fn window() -> Setting {
    setting(Key::ScaleDownCooldownS, json!(300), json!(600))
}

#[test]
fn only_the_numbers_change() {
    let record = record(vec![minimum(), target(), window()]);
    let wanted = WHOLE
        .replace("minReplicas: 6 ", "minReplicas: 2 ")
        .replace("averageUtilization: 40", "averageUtilization: 65");
    let wanted =
        format!("{wanted}  behavior:\n    scaleDown:\n      stabilizationWindowSeconds: 600\n");
    let edited = super::edited(WHOLE, &record).unwrap();
    assert_eq!(edited, wanted);
    assert_eq!(super::edited(&edited, &record).as_ref(), Ok(&edited));
    let windows = WHOLE.replace('\n', "\r\n");
    let edited = super::edited(&windows, &record).unwrap();
    assert_eq!(edited, wanted.replace('\n', "\r\n"));
}

#[test]
fn what_is_there_already_is_not_touched_and_the_rest_is_made() {
    let half = WHOLE.replace("minReplicas: 6 ", "minReplicas: 0x2 ");
    let edited = super::edited(&half, &record(vec![minimum(), target()])).unwrap();
    assert_eq!(
        edited,
        half.replace("averageUtilization: 40", "averageUtilization: 65")
    );
}

#[test]
fn a_part_gets_what_it_lays_over_the_rest() {
    let record = record(vec![
        minimum(),
        setting(Key::MaxReplicas, json!(20), json!(12)),
        window(),
    ]);
    let edited = super::edited(PART, &record).unwrap();
    let wanted = "\
spec:
  maxReplicas: 12 # more than elsewhere
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
  minReplicas: 2
";
    assert_eq!(
        edited.split_once("spec:").unwrap().1,
        wanted.split_once("spec:").unwrap().1
    );
    // No maximum here is no maximum of none.
    for spec in ["spec:\n  behavior: {}\n", ""] {
        let (head, _) = PART.split_once("spec:").unwrap();
        let text = format!("{head}{spec}");
        let edited = super::edited(&text, &self::record(vec![minimum()])).unwrap();
        assert!(edited.contains("minReplicas: 2\n"), "{edited}");
    }
}

#[test]
fn what_cannot_be_known_is_refused() {
    let hpa = "HorizontalPodAutoscaler shop/web";
    let old = WHOLE.replace("autoscaling/v2", "autoscaling/v1");
    let memory = WHOLE.replace("name: cpu", "name: memory");
    let implied = WHOLE.replace("  minReplicas: 6   # for the night\n", "");
    let cases = [
        (
            WHOLE.replace("minReplicas: 6 ", "minReplicas: 5 "),
            minimum(),
            format!("{hpa} has min_replicas 5 here, but 6 in the cluster when it was analyzed"),
        ),
        (
            implied,
            minimum(),
            format!("{hpa} has min_replicas 1 here, but 6 in the cluster when it was analyzed"),
        ),
        (
            memory,
            target(),
            format!(
                "{hpa} has target_cpu_pct unset here, but 40 in the cluster when it was analyzed"
            ),
        ),
        (
            PART.to_owned(),
            target(),
            format!("{hpa} leaves its metrics to another file, which has to say target_cpu_pct"),
        ),
        (
            old.clone(),
            window(),
            format!("{hpa} is of autoscaling/v1, which has no scale_down_cooldown_s"),
        ),
        (
            WHOLE.replace("maxReplicas: 20", "maxReplicas: 7"),
            setting(Key::MinReplicas, json!(6), json!(8)),
            format!("{hpa} cannot be changed"),
        ),
    ];
    for (text, setting, wanted) in cases {
        let told = super::edited(&text, &record(vec![setting])).unwrap_err();
        assert_eq!(told.to_string(), wanted);
    }
    assert!(super::edited(&old, &record(vec![minimum()])).is_ok());
}

#[test]
fn an_object_without_a_namespace_is_of_the_one_that_is_given() {
    let (bare, record) = (PART, record(vec![minimum()]));
    assert_eq!(has(bare, &record, "shop"), Ok(true));
    assert_eq!(has(bare, &record, "bank"), Ok(false));
    assert_eq!(has(WHOLE, &record, "bank"), Ok(true));
    assert_eq!(
        has(&WHOLE.replace("name: web ", "name: api "), &record, "shop"),
        Ok(false)
    );
    assert!(has("{{ .Values.x }}", &record, "shop").is_err());
    assert!(has(&format!("{WHOLE}---\n{WHOLE}"), &record, "shop").is_err());
}
