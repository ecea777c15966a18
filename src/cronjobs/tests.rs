use serde_json::json;

use super::*;

fn window(start: &str, minutes: u32) -> Value {
    json!({ "startCron": start, "durationMinutes": minutes, "minReplicas": 6,
        "timeZone": "Europe/Berlin" })
}

fn plan(windows: &[Value]) -> Plan {
    serde_json::from_value(json!(windows)).unwrap()
}

fn made(plan: &Plan) -> Result<Vec<Item>, NoEnd> {
    items(&Request {
        namespace: "shop",
        hpa: "web",
        recommendation: "web",
        plan,
        image: IMAGE,
    })
}

fn jobs(items: &[Item]) -> Vec<&Value> {
    let objects = items.iter().map(|it| &it.object);
    objects.filter(|it| it["kind"] == "CronJob").collect()
}

#[test]
fn a_window_has_a_job_for_its_start_and_one_for_its_end() {
    let items = made(&plan(&[
        window("50 7 * * 1-5", 130),
        window("0 22 * * 5", 240),
        window("55 7-17 * * 1-5", 15),
        window("30 7 28-31 * *", 600),
    ]))
    .unwrap();
    let told: Vec<String> = jobs(&items)
        .into_iter()
        .map(|it| {
            let spec = &it["spec"];
            let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
            let words = pod["containers"][0]["command"].as_array().unwrap();
            let words: Vec<&str> = words.iter().skip(2).filter_map(Value::as_str).collect();
            format!(
                "{} at {} {}: {}",
                it["metadata"]["name"].as_str().unwrap(),
                spec["schedule"].as_str().unwrap(),
                spec["timeZone"].as_str().unwrap(),
                words.join(" "),
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    web-floor-1-raise at 50 7 * * 1-5 Europe/Berlin: shop web raise 1 6 130
    web-floor-1-restore at 0 10 * * 1-5 Europe/Berlin: shop web restore 1
    web-floor-2-raise at 0 22 * * 5 Europe/Berlin: shop web raise 2 6 240
    web-floor-2-restore at 0 2 * * 6 Europe/Berlin: shop web restore 2
    web-floor-3-raise at 55 7-17 * * 1-5 Europe/Berlin: shop web raise 3 6 15
    web-floor-3-restore at 10 8-18 * * 1-5 Europe/Berlin: shop web restore 3
    web-floor-4-raise at 30 7 28-31 * * Europe/Berlin: shop web raise 4 6 600
    web-floor-4-restore at 30 17 28-31 * * Europe/Berlin: shop web restore 4
    ");
}

#[test]
fn the_jobs_may_read_and_patch_one_hpa_and_nothing_else() {
    let items = made(&plan(&[window("50 7 * * 1-5", 130)])).unwrap();
    let roles: Vec<&Item> = items
        .iter()
        .filter(|it| it.object["kind"] == "Role")
        .collect();
    assert_eq!(roles.len(), 1);
    assert_eq!(
        roles[0].object["rules"],
        json!([{ "apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"],
            "resourceNames": ["web"], "verbs": ["get", "patch"] }])
    );
    assert_eq!(roles[0].reasons.len(), 1);
}

/// A job that is late is over before the next turn of its window.
#[test]
fn a_job_that_is_late_is_over_in_time() {
    for (start, minutes, closed) in [
        ("50 7 * * *", 1, 1439),
        ("50 7 * * *", 130, 1310),
        ("50 7 * * *", 1439, 1),
        ("55 * * * *", 15, 45),
        ("55 8,9,20 * * 1", 50, 10),
        ("50 7 28-31 * *", 600, 840),
    ] {
        let items = made(&plan(&[window(start, minutes)])).unwrap();
        for (job, room) in jobs(&items).into_iter().zip([minutes, closed]) {
            let spec = &job["spec"];
            let late = spec["startingDeadlineSeconds"].as_u64().unwrap();
            let runs = &spec["jobTemplate"]["spec"]["activeDeadlineSeconds"];
            // Below ten seconds the controller may miss it altogether.
            assert!(late >= 10, "{job}");
            assert!(
                late + runs.as_u64().unwrap() <= u64::from(room) * 60,
                "{job}"
            );
        }
    }
}

#[test]
fn a_window_without_an_end_in_cron_is_refused() {
    for (start, minutes) in [
        ("0,30 8 * * *", 15),
        ("0 8 1 * 1", 60),
        ("0 * * * *", 60),
        ("0 8 * * *", 1440),
        ("0 8 * * 1-5", 1500),
    ] {
        let refused = made(&plan(&[window("0 1 * * *", 60), window(start, minutes)]));
        let start = start.to_owned();
        assert_eq!(refused, Err(NoEnd { start, minutes }));
    }
    // From Friday to Monday there is time to close.
    assert!(made(&plan(&[window("0 8 * * 1", 1440)])).is_ok());
}

#[test]
fn all_objects_are_found_by_one_label() {
    for item in made(&plan(&[window("50 7 * * 1-5", 130)])).unwrap() {
        let metadata = &item.object["metadata"];
        assert_eq!(metadata["labels"]["stepscale.io/cron-floor"], "web-floor");
        assert_eq!(metadata["namespace"], "shop");
    }
}
