//! From what was allocated and what it cost to prices of an hour.
//!
//! OpenCost allocates to a container what it requests, or what it uses where that is more, at the price
//! of its node. So cost by hours is the price of the nodes that a namespace runs on, whatever its pods
//! make of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::analysis::Prices;
use crate::analysis::prices::PriceList;
use crate::redact;

/// Fewest CPU-hours and GiB-hours that give a price of their own. Costs come rounded to 0.00001, which
/// is then less than a percent of the price of an hour.
const FEWEST_HOURS: f64 = 1.0;

/// A price of an hour beyond any machine's.
const HIGHEST_PRICE: f64 = 1e6;

const GIB: f64 = (1_u64 << 30) as f64;

/// Most characters of a text that is not ours.
const MOST_SAID: usize = 200;

/// Why an answer gives no prices.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unusable {
    #[error("this is not an answer of OpenCost's allocation API: {0}")]
    Unreadable(String),
    /// Of the envelope, where HTTP said that all was well.
    #[error("it answered with code {code}: {said}")]
    Code { code: u16, said: String },
    #[error("it knows of no namespace in this window")]
    Empty,
    #[error("it tells of no costs: its nodes may have no prices")]
    NoCosts,
    #[error("the {resource} of namespace `{namespace}` has no cost for its hours")]
    Untold {
        namespace: String,
        resource: Resource,
    },
    #[error("the {resource} of namespace `{namespace}` has a negative cost, or negative hours")]
    Negative {
        namespace: String,
        resource: Resource,
    },
    #[error("the {resource} of namespace `{namespace}` costs more than {HIGHEST_PRICE} an hour")]
    TooHigh {
        namespace: String,
        resource: Resource,
    },
}

/// What has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Cpu,
    Memory,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    code: Option<u16>,
    message: Option<String>,
    /// One set for the whole window, or several one after another where `accumulate` is not known.
    data: Option<Vec<Option<Allocations>>>,
}

/// By namespace.
type Allocations = BTreeMap<String, Option<Allocation>>;

/// Whatever is not a number comes as `null`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Allocation {
    minutes: Option<f64>,
    cpu_cores: Option<f64>,
    cpu_core_hours: Option<f64>,
    cpu_cost: Option<f64>,
    /// What a bill says otherwise than the list of prices.
    cpu_cost_adjustment: Option<f64>,
    ram_bytes: Option<f64>,
    ram_byte_hours: Option<f64>,
    ram_cost: Option<f64>,
    ram_cost_adjustment: Option<f64>,
}

/// An amount of a resource, in CPU-hours or GiB-hours.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    hours: f64,
    /// `None` where it is not told.
    cost: Option<f64>,
}

impl Allocation {
    fn amount(&self, resource: Resource) -> Amount {
        let (mean, hours, cost, adjustment, unit) = match resource {
            Resource::Cpu => (
                self.cpu_cores,
                self.cpu_core_hours,
                self.cpu_cost,
                self.cpu_cost_adjustment,
                1.0,
            ),
            Resource::Memory => (
                self.ram_bytes,
                self.ram_byte_hours,
                self.ram_cost,
                self.ram_cost_adjustment,
                GIB,
            ),
        };
        let on_the_mean = || Some(mean? * self.minutes? / 60.0);
        Amount {
            hours: hours.or_else(on_the_mean).unwrap_or_default() / unit,
            cost: cost.map(|it| it + adjustment.unwrap_or_default()),
        }
    }
}

impl Amount {
    /// Both together; a cost that is missing in one of the two is missing in the sum.
    fn plus(self, other: Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }

    /// Whether this is enough to tell a price by. What costs nothing runs on nodes that OpenCost has no
    /// price for.
    fn tells(self) -> bool {
        self.hours >= FEWEST_HOURS && self.cost.is_some_and(|it| it > 0.0)
    }

    fn price(self) -> Option<f64> {
        self.cost.filter(|_| self.tells()).map(|it| it / self.hours)
    }
}

/// The prices of an answer of `/allocation/compute` by namespace.
///
/// A namespace with too few hours, or without costs, has the price of all others together.
///
/// # Errors
/// Where it is no such answer, or a number in it cannot be.
pub(super) fn prices(json: &[u8]) -> Result<PriceList, Unusable> {
    let sets = sets(json)?;
    let cpu = amounts(&sets, Resource::Cpu)?;
    let memory = amounts(&sets, Resource::Memory)?;
    if cpu.is_empty() && memory.is_empty() {
        return Err(Unusable::Empty);
    }
    let mut list = PriceList::from(Prices {
        cpu_hour: together(&cpu),
        gib_hour: together(&memory),
    });
    if list.is_empty() {
        return Err(Unusable::NoCosts);
    }
    for (&namespace, amount) in &cpu {
        if let Some(price) = amount.price() {
            own(&mut list, namespace).cpu_hour = Some(price);
        }
    }
    for (&namespace, amount) in &memory {
        if let Some(price) = amount.price() {
            own(&mut list, namespace).gib_hour = Some(price);
        }
    }
    Ok(list)
}

/// What an answer of a server that refuses says of it.
pub(super) fn said(json: &[u8]) -> Option<String> {
    let answer: Answer = serde_json::from_slice(json).ok()?;
    answer.message.map(|it| plain(&it))
}

fn sets(json: &[u8]) -> Result<Vec<Allocations>, Unusable> {
    let answer: Answer =
        serde_json::from_slice(json).map_err(|it| Unusable::Unreadable(plain(&it.to_string())))?;
    match (answer.code, answer.data) {
        (Some(code), _) if code != 200 => Err(Unusable::Code {
            code,
            said: plain(&answer.message.unwrap_or_default()),
        }),
        (None, None) => Err(Unusable::Unreadable("it has no `data`".to_owned())),
        (_, sets) => Ok(sets.into_iter().flatten().flatten().collect()),
    }
}

/// The sums of all sets by namespace, without what is no namespace, such as `__idle__`.
fn amounts(sets: &[Allocations], resource: Resource) -> Result<BTreeMap<&str, Amount>, Unusable> {
    let mut sums = BTreeMap::new();
    for (namespace, allocation) in sets.iter().flatten() {
        let Some(allocation) = allocation else {
            continue;
        };
        if namespace.starts_with("__") {
            continue;
        }
        let amount = allocation.amount(resource);
        sums.entry(namespace.as_str())
            .and_modify(|it: &mut Amount| *it = it.plus(amount))
            .or_insert(amount);
    }
    sums.iter()
        .try_for_each(|(namespace, amount)| check(namespace, *amount, resource))?;
    Ok(sums)
}

/// Refuses what cannot be. Where next to nothing was allocated, it may be any remainder.
fn check(namespace: &str, amount: Amount, resource: Resource) -> Result<(), Unusable> {
    let namespace = || plain(namespace);
    if amount.hours < 0.0 {
        return Err(Unusable::Negative {
            namespace: namespace(),
            resource,
        });
    }
    if amount.hours < FEWEST_HOURS {
        return Ok(());
    }
    match amount.cost {
        None => Err(Unusable::Untold {
            namespace: namespace(),
            resource,
        }),
        Some(cost) if cost < 0.0 => Err(Unusable::Negative {
            namespace: namespace(),
            resource,
        }),
        Some(cost) if amount.hours.is_finite() && cost / amount.hours <= HIGHEST_PRICE => Ok(()),
        Some(_) => Err(Unusable::TooHigh {
            namespace: namespace(),
            resource,
        }),
    }
}

/// The price of all that have one.
fn together(amounts: &BTreeMap<&str, Amount>) -> Option<f64> {
    let telling = amounts.values().copied().filter(|it| it.tells());
    telling.reduce(Amount::plus)?.price()
}

fn own<'l>(list: &'l mut PriceList, namespace: &str) -> &'l mut Prices {
    list.namespaces.entry(namespace.to_owned()).or_default()
}

/// A text of a server's in a line of ours.
fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = redact::text(&line);
    match shown.char_indices().nth(MOST_SAID) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A namespace with so many CPU-hours and GiB-hours, and what they cost.
    fn allocation(cpu: (f64, &str), gib: (f64, &str)) -> String {
        let (byte_hours, (cpu_hours, cpu_cost)) = (gib.0 * GIB, cpu);
        format!(
            r#"{{"cpuCoreHours": {cpu_hours}, "cpuCost": {cpu_cost}, "ramByteHours": {byte_hours}, "ramCost": {}}}"#,
            gib.1
        )
    }

    fn answer(namespaces: &[(&str, String)]) -> String {
        let all = namespaces.iter().map(|it| format!("{:?}: {}", it.0, it.1));
        let all = all.collect::<Vec<_>>().join(",");
        format!(r#"{{"code": 200, "data": [{{{all}}}]}}"#)
    }

    fn priced(cpu: f64, gib: f64) -> Prices {
        Prices {
            cpu_hour: Some(cpu),
            gib_hour: Some(gib),
        }
    }

    #[test]
    fn a_price_is_the_cost_by_the_hours() {
        let list = prices(
            answer(&[
                ("shop", allocation((100.0, "4.0"), (200.0, "1.0"))),
                ("batch", allocation((300.0, "2.0"), (600.0, "1.0"))),
            ])
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(list.of("shop"), priced(0.04, 0.005));
        assert_eq!(list.of("batch"), priced(2.0 / 300.0, 1.0 / 600.0));
        // By hours, not the mean of the two.
        assert_eq!(list.of("elsewhere"), priced(6.0 / 400.0, 2.0 / 800.0));
    }

    #[test]
    fn too_few_hours_or_no_cost_have_the_price_of_all_others() {
        let shop = || ("shop", allocation((100.0, "4.0"), (200.0, "1.0")));
        for other in [
            allocation((0.99, "500"), (0.5, "500")),
            allocation((0.0, "0"), (0.0, "0")),
            allocation((0.0, "null"), (0.0, "null")),
            allocation((0.2, "-0.00001"), (0.2, "-0.00001")),
            allocation((100.0, "0"), (100.0, "0")),
            "{}".to_owned(),
            "null".to_owned(),
        ] {
            let list = prices(answer(&[shop(), ("odd", other.clone())]).as_bytes()).unwrap();
            assert_eq!(list.of("odd"), priced(0.04, 0.005), "{other}");
            assert_eq!(list.everywhere, priced(0.04, 0.005), "{other}");
        }
    }

    #[test]
    fn what_is_no_namespace_counts_for_nothing() {
        let odd = || allocation((1000.0, "-5"), (1000.0, "null"));
        let list = prices(
            answer(&[
                ("__idle__", odd()),
                ("__unallocated__", odd()),
                ("shop", allocation((100.0, "4.0"), (200.0, "1.0"))),
            ])
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(list.everywhere, priced(0.04, 0.005));
        assert_eq!(list.namespaces.len(), 1);
    }

    #[test]
    fn several_sets_are_summed_and_bills_count() {
        let json = format!(
            r#"{{"code": 200, "data": [null, {{}},
                {{"shop": {{"cpuCoreHours": 10, "cpuCost": 1.0, "cpuCostAdjustment": -0.5, "ramCost": 0}}}},
                {{"shop": {{"cpuCores": 0.5, "minutes": 1200, "cpuCost": 1.0, "ramBytes": {}, "ramCost": 0}}}}]}}"#,
            2.0 * GIB
        );
        let list = prices(json.as_bytes()).unwrap();
        assert_eq!(list.of("shop").cpu_hour, Some(1.5 / 20.0));
        assert_eq!(list.of("shop").gib_hour, None);
    }

    #[test]
    fn what_cannot_be_gives_no_prices_at_all() {
        let good = || ("shop", allocation((100.0, "4.0"), (200.0, "1.0")));
        let cases = [
            (
                allocation((10.0, "-1"), (10.0, "1")),
                "the CPU of namespace `odd` has a negative cost",
            ),
            (
                allocation((-10.0, "1"), (10.0, "1")),
                "the CPU of namespace `odd` has a negative cost, or negative hours",
            ),
            (
                allocation((10.0, "1"), (10.0, "null")),
                "the memory of namespace `odd` has no cost",
            ),
            (
                allocation((1.0, "1e300"), (1.0, "1")),
                "the CPU of namespace `odd` costs more than 1000000 an hour",
            ),
            (
                allocation((10.0, "NaN"), (10.0, "1")),
                "not an answer of OpenCost's",
            ),
            (
                allocation((10.0, "1e999"), (10.0, "1")),
                "not an answer of OpenCost's",
            ),
            (
                r#"{"cpuCost": "4"}"#.to_owned(),
                "not an answer of OpenCost's",
            ),
        ];
        for (odd, part) in cases {
            let json = answer(&[good(), ("odd", odd)]);
            let why = prices(json.as_bytes()).unwrap_err().to_string();
            assert!(why.contains(part), "{json}: {why}");
        }
    }

    #[test]
    fn what_says_nothing_of_costs_is_told_as_that() {
        let free = answer(&[("shop", allocation((100.0, "0"), (200.0, "0")))]);
        let cases = [
            (free.as_str(), Unusable::NoCosts),
            (r#"{"code": 200, "data": [{"a": {}}]}"#, Unusable::NoCosts),
            (r#"{"code": 200, "data": []}"#, Unusable::Empty),
            (r#"{"code": 200, "data": null}"#, Unusable::Empty),
            (r#"{"code": 200, "data": [{}, null]}"#, Unusable::Empty),
            (
                r#"{"code": 500, "message": "no\n  such http://me:hunter2@prometheus/"}"#,
                Unusable::Code {
                    code: 500,
                    said: "no such http://REDACTED@prometheus/".to_owned(),
                },
            ),
            (
                r#"{"status": "success"}"#,
                Unusable::Unreadable("it has no `data`".to_owned()),
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(prices(json.as_bytes()), Err(expected), "{json}");
        }
        for text in ["", "<html>", "[]", "7", "{\"data\": {}}"] {
            let refused = prices(text.as_bytes());
            assert!(matches!(refused, Err(Unusable::Unreadable(_))), "{text}");
        }
    }
}
