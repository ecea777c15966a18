//! The fleet in the words of who pays for it: what it costs now, what would be saved, at what risk,
//! and what to do first. All of it is projected from the window to a month of 730 hours.

use schemars::JsonSchema;
use serde::Serialize;

use super::item::Item;
use super::rounded;
use crate::analysis::Prices;
use crate::analysis::assessment::RiskLevel;
use crate::analysis::money;
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::workload::Workload;
use crate::output::commands::{self, Place};
use crate::output::urgency::{self, Urgency};
use crate::output::words::dollars;

/// What an autoscaler's pods cost now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// On the mean over the window; where that is not known, as its status says.
    pub replicas: f64,
    pub replica_hours_per_month: f64,
    /// Requested, on the mean; absent where nothing is requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_gib: Option<f64>,
    /// US dollars, projected; absent without prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd_per_month: Option<f64>,
}

/// The whole fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// How the amounts were come by: `projected`.
    pub basis: &'static str,
    /// Of the autoscalers whose replicas are known; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Cost>,
    /// How many autoscalers `now` leaves out, and how many of the others are not in its money.
    pub not_counted: usize,
    pub not_priced: usize,
    /// US dollars a month that all recommendations save together; absent without prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved_usd_per_month: Option<Range>,
    /// How many recommendations there are of each risk.
    pub risks: Risks,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<First>,
}

/// An amount, and between which it lies if each recommendation is as bad or as good as its interval
/// says; without them where one has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    pub mean: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Risks {
    pub low: usize,
    pub medium: usize,
    pub high: usize,
}

/// What to do before anything else.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct First {
    pub namespace: String,
    pub kind: AutoscalerKind,
    pub name: String,
    pub why: String,
    pub command: String,
}

impl Cost {
    /// That of `replicas` pods of a workload.
    pub(super) fn of(replicas: f64, workload: &Workload, prices: &Prices) -> Self {
        let requested = money::requested(workload);
        let monthly = replicas * money::HOURS_PER_MONTH;
        let usd = money::per_replica_hour(workload, prices);
        Self {
            replicas: rounded(replicas, 2),
            replica_hours_per_month: rounded(monthly, 1),
            cpu_cores: requested.cpu_cores.map(|it| rounded(it * replicas, 3)),
            memory_gib: requested.memory_gib.map(|it| rounded(it * replicas, 3)),
            usd_per_month: usd.map(|it| rounded(it * monthly, 2)),
        }
    }

    fn and(self, other: Self) -> Self {
        let sum = |a: Option<f64>, b: Option<f64>, digits| {
            let both = a.into_iter().chain(b);
            both.reduce(|a, b| a + b).map(|it| rounded(it, digits))
        };
        Self {
            replicas: rounded(self.replicas + other.replicas, 2),
            replica_hours_per_month: rounded(
                self.replica_hours_per_month + other.replica_hours_per_month,
                1,
            ),
            cpu_cores: sum(self.cpu_cores, other.cpu_cores, 3),
            memory_gib: sum(self.memory_gib, other.memory_gib, 3),
            usd_per_month: sum(self.usd_per_month, other.usd_per_month, 2),
        }
    }
}

impl Overview {
    pub(super) fn of(items: &[Item], place: &Place) -> Self {
        let costs: Vec<Cost> = items.iter().filter_map(|it| it.cost).collect();
        let not_priced = costs.iter().filter(|it| it.usd_per_month.is_none()).count();
        let now = costs.iter().copied().reduce(Cost::and);
        let has_money = now.is_some_and(|it| it.usd_per_month.is_some());
        Self {
            basis: "projected",
            not_counted: items.len() - costs.len(),
            not_priced: if has_money { not_priced } else { 0 },
            now,
            saved_usd_per_month: saved(items),
            risks: risks(items),
            first: first(items, place),
        }
    }
}

fn saved(items: &[Item]) -> Option<Range> {
    let ranges: Vec<Range> = items.iter().filter_map(range).collect();
    let sum = |of: fn(&Range) -> Option<f64>| {
        let all: Option<Vec<f64>> = ranges.iter().map(of).collect();
        all.map(|it| rounded(it.iter().sum(), 2))
    };
    let mean = sum(|it| Some(it.mean))?;
    (!ranges.is_empty()).then(|| Range {
        mean,
        low: sum(|it| it.low),
        high: sum(|it| it.high),
    })
}

/// What one recommendation saves; an interval of shares is one of money at the same price.
fn range(item: &Item) -> Option<Range> {
    let saving = item.saving?;
    let mean = saving.usd_per_month?;
    let interval = item.evidence.proof.as_ref()?.saving_interval;
    let interval = interval.filter(|_| saving.share != 0.0);
    let money = |share: f64| mean * share / saving.share;
    Some(Range {
        mean,
        low: interval.map(|it| money(it.low)),
        high: interval.map(|it| money(it.high)),
    })
}

fn risks(items: &[Item]) -> Risks {
    let mut risks = Risks::default();
    for risk in items.iter().filter_map(|it| it.risk) {
        match risk {
            RiskLevel::Low => risks.low += 1,
            RiskLevel::Medium => risks.medium += 1,
            RiskLevel::High => risks.high += 1,
        }
    }
    risks
}

/// The most urgent of what is to be done.
pub(super) fn first(items: &[Item], place: &Place) -> Option<First> {
    let step = urgency::steps(items).into_iter().next()?;
    let item = step.item;
    let told = |why, verb, flags| First {
        namespace: item.namespace.clone(),
        kind: item.kind,
        name: item.name.clone(),
        why,
        command: commands::explain(item, place)
            .unwrap_or_else(|| commands::line(verb, item, flags)),
    };
    Some(match step.what {
        Urgency::Broken(finding) => {
            let why = format!("critical: {}", finding.code);
            told(why, "analyze", " -o wide")
        }
        Urgency::Serves { before, after } => {
            let days = item.evidence.window.days;
            let why = format!("{:.0} min less of shortfall in {days} days", before - after);
            told(why, "apply", "")
        }
        Urgency::Saves(_) => {
            let risk = item.risk.map(|it| format!(" at {it} risk"));
            let why = format!("{}{}", amount(item), risk.unwrap_or_default());
            told(why, "apply", "")
        }
    })
}

fn amount(item: &Item) -> String {
    let saving = item.saving;
    let hours = saving.map_or(0.0, |it| it.replica_hours_per_month);
    match saving.and_then(|it| it.usd_per_month) {
        Some(usd) => format!("saves {} a month, projected,", dollars(usd)),
        None => format!("saves {hours:.0} replica-hours a month, projected,"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;
    use crate::output::report::Outcome;

    /// All of them, and nothing broken.
    fn whole() -> Vec<Item> {
        let mut items = made_up::report().items;
        items.iter_mut().for_each(|it| it.findings.clear());
        items
    }

    #[test]
    fn the_largest_saving_at_the_least_risk_comes_first() {
        let mut items = whole();
        let larger = items.iter_mut().find(|it| it.name == "recommendations");
        let proof = larger.unwrap().evidence.proof.as_mut().unwrap();
        proof.today.shortfall_minutes = proof.proposed.shortfall_minutes + 0.5;
        let first = first(&items, &Place::Cluster).unwrap();
        assert_eq!(first.command, "kubectl stepscale apply hpa/cart -n shop");
        assert_eq!(first.why, "saves $58.40 a month, projected, at low risk");
    }

    #[test]
    fn much_shortfall_goes_before_money() {
        let first = first(&whole(), &Place::Cluster).unwrap();
        assert_eq!(
            first.command,
            "kubectl stepscale apply hpa/recommendations -n shop"
        );
        assert_eq!(first.why, "130 min less of shortfall in 14 days");
    }

    #[test]
    fn what_is_broken_is_to_be_looked_at_before_anything_else() {
        let mut items = made_up::report().items;
        let found = first(&items, &Place::Cluster).unwrap();
        assert_eq!(
            found.command,
            "kubectl stepscale analyze hpa/mail -n shop -o wide"
        );
        items.retain(|it| it.outcome != Outcome::Recommended && it.findings.is_empty());
        assert_eq!(first(&items, &Place::Cluster), None);
        assert_eq!(
            Overview::of(&items, &Place::Cluster).saved_usd_per_month,
            None
        );
    }

    #[test]
    fn of_a_snapshot_there_is_only_something_to_look_at() {
        let place = Place::Snapshot("shop.jsonl.gz".to_owned());
        let broken = first(&made_up::report().items, &place).unwrap();
        assert_eq!(
            broken.command,
            "kubectl stepscale explain hpa/mail -n shop --from shop.jsonl.gz"
        );
        let serves = first(&whole(), &place).unwrap();
        assert_eq!(
            serves.command,
            "kubectl stepscale explain hpa/recommendations -n shop --from shop.jsonl.gz"
        );
        assert_eq!(serves.why, "130 min less of shortfall in 14 days");
    }

    #[test]
    fn what_was_refused_is_not_the_first_thing_to_do() {
        let mut report = made_up::report();
        report.items = whole();
        report.pass_over(|it| it.name == "recommendations");
        let first = report.overview.first.clone().unwrap();
        assert_eq!(first.command, "kubectl stepscale apply hpa/cart -n shop");
        report.pass_over(|it| it.outcome == Outcome::Recommended);
        assert_eq!(report.overview.first, None);
    }

    #[test]
    fn what_is_saved_lies_between_what_the_intervals_say() {
        let items = made_up::report().items;
        let saved = saved(&items).unwrap();
        assert_eq!(saved.mean, 58.4);
        // A third of today is saved on the mean; at worst a quarter, at best 41 %.
        assert_eq!(saved.low, Some(rounded(58.4 * 0.2512 / 0.3333, 2)));
        assert_eq!(saved.high, Some(rounded(58.4 * 0.4123 / 0.3333, 2)));
        assert_eq!(
            risks(&items),
            Risks {
                low: 1,
                medium: 1,
                high: 0
            }
        );
    }

    #[test]
    fn costs_add_up_and_what_is_unknown_adds_nothing() {
        let priced = Cost {
            replicas: 2.0,
            replica_hours_per_month: 1460.0,
            cpu_cores: Some(1.0),
            memory_gib: Some(2.0),
            usd_per_month: Some(30.0),
        };
        let unknown = Cost {
            replicas: 1.0,
            replica_hours_per_month: 730.0,
            ..Cost::default()
        };
        let mut items = made_up::report().items;
        items.truncate(3);
        items[0].cost = Some(priced);
        items[1].cost = Some(unknown);
        items[2].cost = None;
        let overview = Overview::of(&items, &Place::Cluster);
        let expected = Cost {
            replicas: 3.0,
            replica_hours_per_month: 2190.0,
            ..priced
        };
        assert_eq!(overview.now, Some(expected));
        assert_eq!((overview.not_counted, overview.not_priced), (1, 1));
    }
}
