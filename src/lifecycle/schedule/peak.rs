//! Whether the peak that a window is for has come.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::schedule::{Open, Plan};

/// So many looks in a row without the peak, and the schedule is retracted; as the original product
/// has it.
pub const IDLE_LOOKS: u32 = 6;

/// A shorter window is not judged: most of it may be the time that pods take to start, and what an HPA
/// reports of its CPU is up to a minute old.
const SHORTEST: SignedDuration = SignedDuration::from_mins(30);

/// CPU utilization in percent of the request, and its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utilization {
    pub current: u32,
    pub target: u32,
}

impl Utilization {
    /// What an HPA, as the API gives it, reports of its first CPU metric with a utilization target;
    /// `None` where it has none, or its controller could not measure it.
    pub fn of(hpa: &Value) -> Option<Self> {
        let metrics = hpa["spec"]["metrics"].as_array()?.iter();
        let (place, target) = metrics
            .filter_map(|it| Some((place(it)?, &it[place(it)?]["target"])))
            .find(|(_, target)| target["type"] == "Utilization")?;
        let of = |it: &&Value| it["type"] == type_of(place) && it[place]["name"] == "cpu";
        let current = hpa["status"]["currentMetrics"]
            .as_array()?
            .iter()
            .find(of)?;
        let percent = |it: &Value| u32::try_from(it["averageUtilization"].as_u64()?).ok();
        Some(Self {
            current: percent(&current[place]["current"])?,
            target: percent(target)?,
        })
    }

    /// Whether there is so little to do that no floor is needed: less than half of the target.
    pub fn is_idle(self) -> bool {
        u64::from(self.current) * 2 < u64::from(self.target)
    }
}

/// Where a metric of CPU has its fields.
fn place(metric: &Value) -> Option<&'static str> {
    let places = ["resource", "containerResource"];
    let mut cpu = places
        .into_iter()
        .filter(|it| metric["type"] == type_of(it));
    cpu.find(|it| metric[*it]["name"] == "cpu")
}

fn type_of(place: &str) -> &'static str {
    match place {
        "resource" => "Resource",
        _ => "ContainerResource",
    }
}

/// Whether the peak of an open window ought to be there now: in the middle half of one that lasts half
/// an hour at least. It begins early, so that pods are ready, and ends where the load has gone down.
pub fn is_expected(plan: &Plan, now: Timestamp) -> bool {
    let windows = plan.windows().iter().filter_map(|it| it.open(now));
    let mut windows = windows.filter(|it| is_in_the_middle(it, now));
    windows.next().is_some()
}

fn is_in_the_middle(open: &Open, now: Timestamp) -> bool {
    let length = open.end.duration_since(open.start);
    let quarter = length / 4;
    length >= SHORTEST
        && now.duration_since(open.start) >= quarter
        && open.end.duration_since(now) > quarter
}

/// How many looks in a row have seen no peak, with this one. What says nothing changes nothing.
pub fn counted(idle: u32, is_expected: bool, seen: Option<Utilization>) -> u32 {
    match seen.filter(|_| is_expected) {
        Some(it) if it.is_idle() => idle.saturating_add(1),
        Some(_) => 0,
        None => idle,
    }
}
