//! What `gather` asks a source for, and what becomes of the answers.

use std::collections::{BTreeMap, HashSet};

use tokio::sync::mpsc;

use crate::autoscaler::target::TargetRef;
use crate::history::Metric;
use crate::metrics::snapshot::{self, Writer};
use crate::metrics::{Delivery, HistoryRequest};
use crate::redact;

/// How many scale targets have a history that could not be read, by the reason.
pub(in crate::cli) type Unread = BTreeMap<String, usize>;

/// Writes what is delivered until nobody delivers any more; what could not be read is counted.
///
/// Series are of a target, so that of several autoscalers on one the second adds only what the first had
/// not; what each of them desired is written beside.
pub(super) fn write(
    mut writer: Writer,
    request: &HistoryRequest,
    mut deliveries: mpsc::Receiver<Delivery>,
) -> Result<(Writer, Unread), snapshot::Error> {
    let mut unread = Unread::new();
    let shared = shared(request);
    let mut written: HashSet<(&TargetRef, Metric)> = HashSet::new();
    while let Some(Delivery { subject, history }) = deliveries.blocking_recv() {
        let history = match history {
            Ok(history) => history,
            Err(why) => {
                *unread.entry(why).or_default() += 1;
                continue;
            }
        };
        let Some(wanted) = request.wanted.iter().find(|it| it.subject == subject) else {
            continue;
        };
        let target = &wanted.target;
        for (metric, why) in history.missing() {
            // Servers and operators say anything in their errors.
            writer.missing(target, metric, &redact::text(why))?;
        }
        for (metric, series) in history.iter() {
            if shared.contains(target) {
                if *metric == Metric::DesiredReplicas {
                    writer.desired_by(target, &wanted.hpa, series)?;
                }
                if !written.insert((target, metric.clone())) {
                    continue;
                }
            }
            writer.series(target, metric, series)?;
        }
    }
    Ok((writer, unread))
}

/// The targets of several autoscalers.
fn shared(request: &HistoryRequest) -> HashSet<&TargetRef> {
    let mut seen = HashSet::new();
    let targets = request.wanted.iter().map(|it| &it.target);
    targets.filter(|it| !seen.insert(*it)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::fleet::ClusterName;
    use crate::history::History;
    use crate::metrics::Wanted;
    use crate::metrics::snapshot::{Header, Snapshot};
    use crate::series::{Grid, Series};
    use crate::units::Step;

    fn wanted(subject: usize, target: &str) -> Wanted {
        Wanted {
            subject,
            target: TargetRef {
                namespace: "shop".to_owned(),
                name: target.to_owned(),
                kind: "Deployment".to_owned(),
            },
            hpa: format!("hpa-{subject}"),
            containers: vec!["app".to_owned()],
            native_sidecars: vec![],
            init_containers: vec![],
            memory: false,
            cpu_limited: false,
            triggers: None,
        }
    }

    fn request() -> HistoryRequest {
        HistoryRequest {
            grid: Grid::ending_at(
                Timestamp::from_second(1_767_225_600).unwrap(),
                SignedDuration::from_hours(1),
                Step::FIVE_MINUTES,
            ),
            wanted: vec![wanted(0, "web"), wanted(1, "cart"), wanted(2, "pay")],
            pod_owners: Arc::default(),
        }
    }

    fn written(to: &Path, request: &HistoryRequest, deliveries: Vec<Delivery>) -> Unread {
        let header = Header {
            cluster: ClusterName::default(),
            taken_at: request.grid.end(),
        };
        let writer = Writer::create(to, &header).unwrap();
        let (sender, receiver) = mpsc::channel(deliveries.len());
        for it in deliveries {
            sender.try_send(it).unwrap();
        }
        drop(sender);
        let (writer, unread) = write(writer, request, receiver).unwrap();
        writer.finish().unwrap();
        unread
    }

    #[test]
    fn what_could_be_read_is_written_and_the_rest_is_counted_by_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.jsonl");
        let request = request();
        let mut known = History::default();
        let usage = Series::from_values(request.grid, (0..12).map(|it| Some(f64::from(it))));
        known.insert(Metric::CpuUsage, usage);
        let failed = |subject| Delivery {
            subject,
            history: Err("the query is too large".to_owned()),
        };
        let read = Delivery {
            subject: 1,
            history: Ok(known),
        };
        let unread = written(&file, &request, vec![failed(0), read, failed(2)]);
        let expected = Unread::from([("the query is too large".to_owned(), 2)]);
        assert_eq!(unread, expected);
        let text = std::fs::read_to_string(file).unwrap();
        let series = text.lines().filter(|it| it.contains(r#""kind":"Series""#));
        let series: Vec<&str> = series.collect();
        assert!(
            series.len() == 1 && series[0].contains(r#""name":"cart""#),
            "{series:?}"
        );
    }

    #[test]
    fn autoscalers_of_one_target_get_back_what_each_desired_and_why_there_is_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.jsonl");
        let mut request = request();
        request.wanted = vec![wanted(0, "web"), wanted(1, "web")];
        let history = |desired: f64| {
            let mut history = History::default();
            let of = |value| Series::from_values(request.grid, (0..12).map(|_| Some(value)));
            history.insert(Metric::CpuUsage, of(1.0));
            history.insert(Metric::DesiredReplicas, of(desired));
            history.lack(Metric::Trigger(0), "nobody recorded it".to_owned());
            history
        };
        let delivery = |subject, desired| Delivery {
            subject,
            history: Ok(history(desired)),
        };
        let deliveries = vec![delivery(0, 3.0), delivery(1, 5.0)];
        written(&file, &request, deliveries.clone());
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(r#""metric":"cpu_usage_cores""#).count(), 1);
        assert_eq!(text.matches(r#""metric":"desired_replicas""#).count(), 1);
        let mut read = Vec::new();
        let mut snapshot = Snapshot::open(&file, |_, _| Ok(())).unwrap();
        snapshot.deliver(&request, |it| read.push(it)).unwrap();
        assert_eq!(read, deliveries);
    }
}
