//! What `gather` asks a source for, and what becomes of the answers.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use crate::metrics::snapshot::{self, Writer};
use crate::metrics::{Delivery, HistoryRequest, Wanted};

/// How many scale targets have a history that could not be read, by the reason.
pub(in crate::cli) type Unread = BTreeMap<String, usize>;

/// One entry for each target with all that its autoscalers want: series are of a target.
pub(super) fn one_per_target(mut wanted: Vec<Wanted>) -> Vec<Wanted> {
    wanted.sort_by(|a, b| a.target.cmp(&b.target));
    wanted.dedup_by(|other, first| {
        let is_shared = other.target == first.target;
        if is_shared {
            merge(first, other);
        }
        is_shared
    });
    wanted
}

fn merge(first: &mut Wanted, other: &mut Wanted) {
    first.memory |= other.memory;
    first.cpu_limited |= other.cpu_limited;
    // Two objects of KEDA on one target are refused by its webhook.
    first.triggers = first.triggers.take().or_else(|| other.triggers.take());
    // The same, unless kinds of one name in two API groups share the name of the target.
    add_missing(&mut first.containers, &mut other.containers);
    add_missing(&mut first.native_sidecars, &mut other.native_sidecars);
    add_missing(&mut first.init_containers, &mut other.init_containers);
}

fn add_missing(names: &mut Vec<String>, more: &mut Vec<String>) {
    more.retain(|it| !names.contains(it));
    names.append(more);
}

/// Writes what is delivered until nobody delivers any more; what could not be read is counted.
pub(super) fn write(
    mut writer: Writer,
    request: &HistoryRequest,
    mut deliveries: mpsc::Receiver<Delivery>,
) -> Result<(Writer, Unread), snapshot::Error> {
    let mut unread = Unread::new();
    while let Some(Delivery { subject, history }) = deliveries.blocking_recv() {
        let history = match history {
            Ok(history) => history,
            Err(why) => {
                *unread.entry(why).or_default() += 1;
                continue;
            }
        };
        let wanted = request.wanted.iter().find(|it| it.subject == subject);
        for (metric, series) in history.iter() {
            if let Some(wanted) = wanted {
                writer.series(&wanted.target, metric, series)?;
            }
        }
    }
    Ok((writer, unread))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::autoscaler::target::TargetRef;
    use crate::fleet::ClusterName;
    use crate::history::{History, Metric};
    use crate::metrics::snapshot::Header;
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

    #[test]
    fn a_shared_target_is_asked_for_all_that_its_autoscalers_want() {
        let on_memory = Wanted {
            memory: true,
            init_containers: vec!["migrate".to_owned()],
            ..wanted(2, "web")
        };
        let limited = Wanted {
            cpu_limited: true,
            containers: vec!["app".to_owned(), "proxy".to_owned()],
            ..wanted(3, "web")
        };
        let all = vec![wanted(0, "web"), wanted(1, "cart"), on_memory, limited];
        let merged = Wanted {
            memory: true,
            cpu_limited: true,
            containers: vec!["app".to_owned(), "proxy".to_owned()],
            init_containers: vec!["migrate".to_owned()],
            ..wanted(0, "web")
        };
        assert_eq!(one_per_target(all), [wanted(1, "cart"), merged]);
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
}
