use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::labels::Word;
use super::records::MOST_PROBATIONS;
use super::sources::MOST_REQUEST_SERIES;
use super::*;
use crate::license;
use crate::lifecycle::phase::Phase;
use crate::units::ReplicaHours;

const SECOND: Duration = Duration::from_secs(1);

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The value of a series, if there is one.
fn value(metrics: &Metrics, series: &str) -> Option<f64> {
    let page = page(metrics, Form::Text);
    let mut lines = page.lines().filter_map(|it| it.rsplit_once(' '));
    lines.find(|it| it.0 == series)?.1.parse().ok()
}

fn series(metrics: &Metrics, name: &str) -> Vec<String> {
    let page = page(metrics, Form::Text);
    let of_name = page
        .lines()
        .filter(|it| it.starts_with(&format!("{name}{{")));
    of_name.map(str::to_owned).collect()
}

fn probation(name: &str, minutes: i64) -> Probation {
    Probation {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        remaining: SignedDuration::from_mins(minutes),
    }
}

fn license_until(expires_at: Timestamp) -> license::payload::License {
    license::payload::License {
        customer: "c".to_owned(),
        plan: license::payload::Plan::Team,
        issued_at: Timestamp::UNIX_EPOCH,
        expires_at,
        max_clusters: None,
        features: Vec::new(),
    }
}

#[test]
fn a_clone_counts_into_the_same() {
    let metrics = Metrics::new();
    metrics.clone().ticked(SECOND);
    assert_eq!(value(&metrics, "stepscale_ticks_total"), Some(1.0));
    assert_eq!(
        value(&metrics, "stepscale_tick_duration_seconds_sum"),
        Some(1.0)
    );
    // Two registries know nothing of each other.
    assert_eq!(value(&Metrics::new(), "stepscale_ticks_total"), Some(0.0));
}

#[test]
fn every_phase_has_a_series() {
    let metrics = Metrics::new();
    metrics.phases([Phase::Pending, Phase::RolledBack, Phase::Pending]);
    let of = |phase| {
        value(
            &metrics,
            &format!("stepscale_recommendations{{phase=\"{phase}\"}}"),
        )
    };
    for phase in Phase::ALL {
        let expected = match phase {
            Phase::Pending => 2.0,
            Phase::RolledBack => 1.0,
            _ => 0.0,
        };
        assert_eq!(of(phase), Some(expected), "{phase}");
    }
    metrics.phases([]);
    assert_eq!(of(Phase::Pending), Some(0.0));
}

#[test]
fn passes_are_timed_however_they_end() {
    let metrics = Metrics::new();
    metrics.passed(Pass::Apply, SECOND);
    metrics.overran(Pass::Apply, SECOND);
    metrics.pass_failed(Pass::Apply, SECOND);
    let of = |name: &str, pass| value(&metrics, &format!("stepscale_{name}{{pass=\"{pass}\"}}"));
    assert_eq!(of("pass_duration_seconds_count", "apply"), Some(3.0));
    assert_eq!(of("pass_overruns_total", "apply"), Some(1.0));
    assert_eq!(of("pass_failures_total", "apply"), Some(1.0));
    assert_eq!(of("pass_overruns_total", "verify"), Some(0.0));
}

#[test]
fn only_a_change_of_leader_is_a_transition() {
    let metrics = Metrics::new();
    for leads in [false, true, true, false, false, true] {
        metrics.leads(leads);
    }
    let of = |event| {
        let series = format!("stepscale_leader_transitions_total{{event=\"{event}\"}}");
        value(&metrics, &series)
    };
    assert_eq!(value(&metrics, "stepscale_leader"), Some(1.0));
    assert_eq!((of("acquired"), of("lost")), (Some(2.0), Some(1.0)));
}

#[test]
fn a_license_tells_its_state_and_its_time() {
    let metrics = Metrics::new();
    let left = || value(&metrics, "stepscale_license_remaining_seconds");
    let states = || {
        let all = series(&metrics, "stepscale_license_state");
        let on = all.iter().filter(|it| it.ends_with(" 1"));
        (all.len(), on.cloned().collect::<Vec<_>>())
    };
    let day = SignedDuration::from_hours(24);
    let state = license::State::Licensed(license_until(now() + day));
    metrics.license(&state, now());
    assert_eq!(left(), Some(86_400.0));
    let on = |state| {
        (
            3,
            vec![format!("stepscale_license_state{{state=\"{state}\"}} 1")],
        )
    };
    assert_eq!(states(), on("licensed"));
    let state = license::State::Grace {
        license: license_until(now() - day),
        days_left: 13,
    };
    metrics.license(&state, now());
    assert_eq!(left(), Some(-86_400.0));
    assert_eq!(states(), on("grace"));
    let state = license::State::Unlicensed(license::Unlicensed::NoLicense);
    metrics.license(&state, now());
    assert_eq!(left(), None);
    assert_eq!(states(), on("unlicensed"));
}

#[test]
fn a_probation_is_shown_until_it_ends() {
    let metrics = Metrics::new();
    let name = "stepscale_probation_remaining_seconds";
    metrics.probations(vec![probation("web", 5), probation("api", -2)]);
    let of = |it| {
        value(
            &metrics,
            &format!("{name}{{target_namespace=\"shop\",recommendation=\"{it}\"}}"),
        )
    };
    assert_eq!((of("web"), of("api")), (Some(300.0), Some(-120.0)));
    metrics.probations(vec![probation("web", 4)]);
    assert_eq!((of("web"), of("api")), (Some(240.0), None));
    metrics.probations(Vec::new());
    assert_eq!(series(&metrics, name), Vec::<String>::new());
}

#[test]
fn of_many_probations_the_first_to_end_are_shown() {
    let metrics = Metrics::new();
    let all = (0..250).rev().map(|it| probation(&format!("r{it}"), it));
    metrics.probations(all.collect());
    let shown = series(&metrics, "stepscale_probation_remaining_seconds");
    assert_eq!(shown.len(), MOST_PROBATIONS);
    assert!(shown.iter().any(|it| it.contains("\"r0\"")));
    assert!(!shown.iter().any(|it| it.contains("\"r100\"")));
}

#[test]
fn resources_of_any_number_make_a_bounded_number_of_series() {
    let metrics = Metrics::new();
    let get = |resource: &str| metrics.requested(Verb::Get, resource, StatusCode::OK, SECOND);
    for it in 0..2 * MOST_REQUEST_SERIES {
        get(&format!("kind{it}.example.com"));
    }
    // What was known before still counts by itself.
    get("kind0.example.com");
    let shown = series(&metrics, "stepscale_kubernetes_requests_total");
    assert_eq!(shown.len(), MOST_REQUEST_SERIES + 1);
    let of = |resource| {
        let labels = format!("verb=\"get\",resource=\"{resource}\",code=\"200\"");
        value(
            &metrics,
            &format!("stepscale_kubernetes_requests_total{{{labels}}}"),
        )
    };
    assert_eq!(of("other"), Some(MOST_REQUEST_SERIES as f64));
    assert_eq!(of("kind0.example.com"), Some(2.0));
}

/// `docs/signals.md` promises both numbers.
#[test]
fn a_page_is_bounded_whatever_the_fleet_is() {
    let metrics = Metrics::new();
    let count = || {
        let page = page(&metrics, Form::Text);
        page.lines().filter(|it| !it.starts_with('#')).count()
    };
    assert!(count() < 300, "{}", count());
    metrics.phases(Phase::ALL);
    metrics.probations((0..1000).map(|it| probation(&it.to_string(), it)).collect());
    for resource in 0..100 {
        for verb in Verb::ALL {
            for code in 100..600 {
                let code = StatusCode::from_u16(code).unwrap();
                metrics.requested(*verb, &resource.to_string(), code, SECOND);
            }
        }
    }
    assert!(count() < 1200, "{}", count());
}

#[test]
fn a_status_that_nobody_knows_is_counted_as_other() {
    let metrics = Metrics::new();
    for code in 100..1000 {
        let code = StatusCode::from_u16(code).unwrap();
        metrics.requested(Verb::List, "pods", code, SECOND);
    }
    let shown = series(&metrics, "stepscale_kubernetes_requests_total");
    assert!(shown.len() < 80, "{}", shown.len());
    assert!(shown.iter().any(|it| it.contains("code=\"other\"")));
}

#[test]
fn a_saving_is_a_rate_whatever_the_window() {
    let of = |hours, window| {
        let saved = ReplicaHours::from_hours(hours);
        Saving::over(saved, window, None).replicas
    };
    let day = Duration::from_secs(86_400);
    assert_eq!(of(48.0, day), 2.0);
    assert_eq!(of(-12.0, day), -0.5);
    assert_eq!(of(1.0, Duration::ZERO), 0.0);
    let one = Saving {
        replicas: 1.0,
        usd_monthly: None,
    };
    let two = Saving {
        replicas: 2.0,
        usd_monthly: Some(5.0),
    };
    assert_eq!(
        one + two,
        Saving {
            replicas: 3.0,
            usd_monthly: Some(5.0)
        }
    );
    assert_eq!((one + one).usd_monthly, None);
}

#[test]
fn money_without_prices_is_not_zero() {
    let metrics = Metrics::new();
    let usd = || {
        value(
            &metrics,
            "stepscale_saving_usd_monthly{basis=\"projected\"}",
        )
    };
    let saving = |usd_monthly| Saving {
        replicas: 1.5,
        usd_monthly,
    };
    metrics.saving(Basis::Projected, saving(Some(20.0)));
    assert_eq!(usd(), Some(20.0));
    metrics.saving(Basis::Projected, saving(None));
    assert_eq!(usd(), None);
    let replicas = "stepscale_saving_replicas{basis=\"projected\"}";
    assert_eq!(value(&metrics, replicas), Some(1.5));
}

#[test]
fn all_that_can_be_counted_has_a_series_from_the_start() {
    let metrics = Metrics::new();
    let labels = |name: &str| series(&metrics, name).len();
    let (actions, outcomes) = (Action::ALL.len(), Outcome::ALL.len());
    assert_eq!(labels("stepscale_writes_total"), actions * outcomes);
    assert_eq!(labels("stepscale_verifications_total"), Verdict::ALL.len());
    assert_eq!(
        labels("stepscale_prometheus_query_errors_total"),
        QueryError::ALL.len()
    );
    assert_eq!(
        labels("stepscale_kubernetes_request_errors_total"),
        RequestError::ALL.len()
    );
    assert_eq!(
        labels("stepscale_webhook_events_total"),
        Delivery::ALL.len()
    );
    assert_eq!(labels("stepscale_config_reloads_total"), 4);
    assert_eq!(labels("stepscale_leader_transitions_total"), 2);
}

proptest! {
    #[test]
    fn any_name_stays_within_its_line(namespace in ".{0,20}", name in "[\"\\\\\n\r{}#,= a-z]{0,20}") {
        let metrics = Metrics::new();
        metrics.probations(vec![Probation { namespace, name, remaining: SignedDuration::ZERO }]);
        let text = page(&metrics, Form::Text);
        let families: BTreeSet<&str> = text
            .split('\n')
            .filter(|it| it.starts_with("# TYPE "))
            .collect();
        let empty = page(&Metrics::new(), Form::Text);
        prop_assert_eq!(families.len(), empty.matches("# TYPE ").count() + 1);
        prop_assert_eq!(text.split('\n').count(), empty.split('\n').count() + 3);
    }
}
