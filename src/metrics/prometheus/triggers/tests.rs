//! Triggers read from servers, through the real client.

mod rig;

use axum::http::StatusCode;
use serde_json::json;

use super::super::Prometheus;
use super::*;
use crate::history::Metric;
use crate::metrics::triggers::{Question, Schedule};
use rig::{LEN, Server, answer_of, matrix, queue, recorded, refused, request, wanted};

const KEDA: &str = "keda_scaler_metrics_value";

fn query(server: &str, promql: &str) -> Query {
    Query {
        question: Question {
            promql: promql.to_owned(),
            ..Question::default()
        },
        server: server.to_owned(),
        ignores_null: true,
    }
}

fn asking(server: &str, promql: &str) -> Origin {
    Origin::Query(query(server, promql))
}

/// Values of the first trigger of each object, and why there are none.
async fn read(
    prometheus: &Prometheus,
    origins: Vec<Origin>,
) -> Vec<Result<Vec<Option<f64>>, String>> {
    let wanted: Vec<Wanted> = (0..)
        .zip(origins)
        .map(|(at, it)| wanted(at, vec![it]))
        .collect();
    let histories = rig::histories(prometheus, &request(wanted)).await;
    let metric = Metric::Trigger(0);
    let one = |history: &History| match history.get(&metric) {
        Some(series) => Ok(series.iter().collect()),
        None => Err(history.why_missing(&metric).unwrap_or("nothing").to_owned()),
    };
    histories.iter().map(one).collect()
}

#[tokio::test]
async fn a_query_is_asked_once_for_all_who_ask_it_and_its_end_first() {
    let server = Server::start(|asked| match asked.query.as_str() {
        "up" => answer_of(&matrix(asked, &[("a", &|at| at as f64)])),
        _ => recorded(asked, &[]),
    });
    let server = server.await;
    let up = || asking(&server.url, "up");
    let values: Vec<Option<f64>> = (0..LEN).map(|it| Some(it as f64)).collect();
    let read = read(&server.prometheus(), vec![up(), up(), up()]).await;
    assert_eq!(read, vec![Ok(values); 3]);
    let asked = server.asked("up");
    let times: Vec<_> = asked.iter().map(|it| (it.first, it.last)).collect();
    assert_eq!(times, [(LEN - 12, LEN - 1), (0, LEN - 13)]);
    assert_eq!(server.asked(KEDA), [], "all was known by then");
}

#[tokio::test]
async fn what_one_time_gives_is_read_as_keda_reads_it() {
    let server = Server::start(|asked| {
        let nothing = f64::NEG_INFINITY;
        let one = move |at: usize| if at == 3 { f64::NAN } else { at as f64 };
        let second = move |at: usize| if at % 5 == 4 { 1.0 } else { nothing };
        let series: [(&str, &dyn Fn(usize) -> f64); 2] = [("a", &one), ("b", &second)];
        answer_of(&matrix(asked, &series))
    });
    let server = server.await;
    let failing = Query {
        ignores_null: false,
        ..query(&server.url, "x")
    };
    let origins = vec![asking(&server.url, "x"), Origin::Query(failing)];
    let read = read(&server.prometheus(), origins).await;
    let expected = |null: Option<f64>| {
        let value = move |at: usize| match at {
            3 => null,
            _ if at % 5 == 4 => None,
            _ => Some(at as f64),
        };
        Ok((0..LEN).map(value).collect::<Vec<_>>())
    };
    assert_eq!(read, [expected(Some(0.0)), expected(None)]);
}

#[tokio::test]
async fn other_types_are_read_as_keda_told_of_them_in_one_query() {
    let server = Server::start(|asked| {
        let of = |object: &str, index: &str, value| recorded_series(object, index, value);
        recorded(
            asked,
            &[
                of("orders-0", "0", 7.0),
                of("orders-1", "0", 8.0),
                of("x", "0", 9.0),
            ],
        )
    });
    let server = server.await;
    let kafka = |_| Origin::Recorded {
        why: "a kafka trigger asks no Prometheus".to_owned(),
    };
    let read = read(&server.prometheus(), (0..3).map(kafka).collect()).await;
    let lacks = "a kafka trigger asks no Prometheus; no keda_scaler_metrics_value of it was recorded either";
    let expected = [
        Ok(vec![Some(7.0); LEN]),
        Ok(vec![Some(8.0); LEN]),
        Err(lacks.to_owned()),
    ];
    assert_eq!(read, expected);
    let asked = server.asked(KEDA);
    assert_eq!(asked.len(), 1, "{asked:?}");
    let names = "scaledObject=~\"orders-0|orders-1|orders-2\"";
    assert!(asked[0].query.contains(names), "{asked:?}");
}

fn recorded_series(object: &str, index: &str, value: f64) -> (serde_json::Value, f64) {
    let labels = json!({ "__name__": KEDA, "namespace": "keda", "exported_namespace": "shop",
        "scaledObject": object, "triggerIndex": index, "type": "scaledobject" });
    (labels, value)
}

#[tokio::test]
async fn a_query_that_fails_leaves_only_its_own_trigger_unknown() {
    let server = Server::start(|asked| match asked.query.as_str() {
        "bad(" => refused(StatusCode::BAD_REQUEST, "bad_data", "parse error"),
        "many" => answer_of(&matrix(asked, &[("a", &|_| 1.0), ("b", &|_| 2.0)])),
        "good" => answer_of(&matrix(asked, &[("a", &|_| 5.0)])),
        _ => recorded(asked, &[recorded_series("orders-0", "0", 4.0)]),
    });
    let server = server.await;
    let of = |promql| asking(&server.url, promql);
    let asked = ["bad(", "bad(", "many", "good"].map(of);
    let read = read(&server.prometheus(), asked.to_vec()).await;
    assert_eq!(read[0], Ok(vec![Some(4.0); LEN]), "KEDA told of it");
    let why = read[1].clone().unwrap_err();
    assert!(why.contains("parse error") && why.contains(KEDA), "{why}");
    let why = read[2].clone().unwrap_err();
    assert!(why.starts_with("its query gives several series"), "{why}");
    assert_eq!(read[3], Ok(vec![Some(5.0); LEN]));
    assert_eq!(server.asked("many").len(), 1, "its end told enough");
}

#[tokio::test]
async fn after_some_that_were_not_answered_no_others_are_asked() {
    let server = Server::start(|asked| match asked.query.as_str() {
        slow if slow.starts_with("slow") => {
            refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too busy")
        }
        _ => recorded(asked, &[]),
    });
    let server = server.await;
    let asked: Vec<String> = (0..8).map(|it| format!("slow{it}")).collect();
    let origins = asked.iter().map(|it| asking(&server.url, it)).collect();
    let read = read(&server.prometheus(), origins).await;
    let not_asked = asked
        .iter()
        .filter(|it| server.asked(it).is_empty())
        .count();
    // Two are under way at once, and so one more may have been begun when the third failed.
    assert!((4..=5).contains(&not_asked), "{not_asked}");
    let why = read[7].clone().unwrap_err();
    assert!(why.starts_with("its query was not asked"), "{why}");
}

#[tokio::test]
async fn another_server_is_not_taken_for_the_source() {
    let server = Server::start(|asked| match asked.query.as_str() {
        "up" => answer_of(&matrix(asked, &[("a", &|_| 5.0)])),
        _ => recorded(asked, &[recorded_series("orders-1", "0", 7.0)]),
    });
    let server = server.await;
    let elsewhere = || asking(&format!("{}/select/1", server.url), "up");
    let read = read(&server.prometheus(), vec![elsewhere(), elsewhere()]).await;
    let why = read[0].clone().unwrap_err();
    assert!(why.starts_with("it asks http://127.0.0.1"), "{why}");
    assert_eq!(read[1], Ok(vec![Some(7.0); LEN]));
    assert_eq!(server.asked("up"), []);
}

#[tokio::test]
async fn where_the_source_may_be_another_nothing_is_zero_only_once_something_was_found() {
    let server = queue().await;
    let prometheus = server.prometheus();
    let unknown = || vec![asking("http://p.monitoring.svc:9090", "queue")];
    server.set(None);
    let why = read(&prometheus, unknown()).await.remove(0).unwrap_err();
    assert!(why.contains("cannot be told"), "{why}");
    server.set(Some(3.0));
    let found = read(&prometheus, unknown()).await.remove(0);
    assert_eq!(found, Ok(vec![Some(3.0); LEN]));
    server.set(None);
    let empty = read(&prometheus.apart(), unknown()).await.remove(0);
    assert_eq!(empty, Ok(vec![Some(0.0); LEN]));
    let own = vec![asking(&server.url, "queue")];
    let certain = read(&server.prometheus(), own).await.remove(0);
    assert_eq!(certain, Ok(vec![Some(0.0); LEN]), "its own server");
}

#[tokio::test]
async fn what_narrows_a_query_goes_to_its_own_server_alone() {
    let server = queue().await;
    server.set(Some(3.0));
    let narrowed = |address: &str| {
        let mut query = query(address, "queue");
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        query.question.parameters = pair("namespace", "shop & co");
        query.question.headers = pair("X-Scope-OrgID", "shop");
        Origin::Query(query)
    };
    let origins = vec![
        narrowed(&server.url),
        narrowed("http://p.monitoring.svc:9090"),
    ];
    let read = read(&server.prometheus(), origins).await;
    assert_eq!(read[0], Ok(vec![Some(3.0); LEN]));
    let why = read[1].clone().unwrap_err();
    assert!(why.contains("namespace or tenant"), "{why}");
    for asked in server.asked("queue") {
        assert_eq!(asked.url_query, "namespace=shop+%26+co");
        assert_eq!(asked.tenant, "shop");
    }
    assert_eq!(server.asked("queue").len(), 2);
}

#[tokio::test]
async fn a_server_that_allows_less_at_once_is_asked_in_parts() {
    let server = Server::start(|asked| {
        if asked.query == "up" && asked.last + 1 - asked.first > 20 {
            let message = "query processing would load too many samples into memory";
            return refused(StatusCode::UNPROCESSABLE_ENTITY, "execution", message);
        }
        answer_of(&matrix(asked, &[("a", &|at| at as f64)]))
    });
    let server = server.await;
    let read = read(&server.prometheus(), vec![asking(&server.url, "up")]).await;
    let values: Vec<Option<f64>> = (0..LEN).map(|it| Some(it as f64)).collect();
    assert_eq!(read, [Ok(values)]);
}

#[tokio::test]
async fn schedules_are_computed_and_what_is_not_known_is_counted() {
    let server = Server::start(|asked| match asked.query.as_str() {
        "up" => answer_of(&matrix(asked, &[("a", &|_| 5.0)])),
        _ => recorded(asked, &[]),
    });
    let server = server.await;
    let schedule = Origin::Schedule(Schedule {
        time_zone: "UTC".to_owned(),
        start: "0 0 31 2 *".to_owned(),
        end: "0 0 * * *".to_owned(),
        desired_replicas: 4,
    });
    let kafka = Origin::Recorded {
        why: "kafka".to_owned(),
    };
    let up = asking(&server.url, "up");
    let request = request(vec![wanted(0, vec![schedule, kafka.clone(), kafka, up])]);
    let prometheus = server.prometheus();
    let (histories, reading) = rig::read(&prometheus, &request).await.unwrap();
    let known: Vec<String> = histories[0].iter().map(|it| it.0.to_string()).collect();
    assert_eq!(known, ["trigger/0", "trigger/3"]);
    let counted =
        "the past values of 2 triggers are not known: kafka; no keda_scaler_metrics_value";
    assert!(
        reading.warnings[0].starts_with(counted),
        "{:?}",
        reading.warnings
    );
}

#[tokio::test]
async fn schedules_alone_are_no_sign_of_a_history() {
    let server = Server::start(|asked| recorded(asked, &[])).await;
    let schedule = Origin::Schedule(Schedule {
        time_zone: "UTC".to_owned(),
        start: "0 8 * * *".to_owned(),
        end: "0 9 * * *".to_owned(),
        desired_replicas: 4,
    });
    let request = request(vec![wanted(0, vec![schedule])]);
    let error = rig::read(&server.prometheus(), &request).await.unwrap_err();
    assert!(
        error.to_string().contains("for any of 1 scale targets"),
        "{error}"
    );
}
