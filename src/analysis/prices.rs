//! Prices that differ from namespace to namespace.

use std::collections::BTreeMap;

use super::Prices;

/// What requested resources cost, by namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceList {
    /// Where a namespace has no price of its own.
    pub everywhere: Prices,
    pub namespaces: BTreeMap<String, Prices>,
}

impl PriceList {
    /// The prices of a namespace: its own, each filled in with that of everywhere.
    pub fn of(&self, namespace: &str) -> Prices {
        let own = self.namespaces.get(namespace).copied().unwrap_or_default();
        own.or(self.everywhere)
    }

    /// This list, and what `other` has for that which has no price in it: what counts here for all
    /// namespaces goes before what a namespace has there.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        let everywhere = self.everywhere;
        for (namespace, theirs) in &other.namespaces {
            let own = self.namespaces.entry(namespace.clone()).or_default();
            *own = own.or(everywhere).or(*theirs);
        }
        self.everywhere = everywhere.or(other.everywhere);
        self
    }

    /// Whether every namespace has all prices.
    pub fn is_whole(&self) -> bool {
        let Prices { cpu_hour, gib_hour } = self.everywhere;
        cpu_hour.is_some() && gib_hour.is_some()
    }

    /// Whether nothing has a price.
    pub fn is_empty(&self) -> bool {
        let is_none = |it: &Prices| *it == Prices::default();
        is_none(&self.everywhere) && self.namespaces.values().all(is_none)
    }
}

impl From<Prices> for PriceList {
    fn from(everywhere: Prices) -> Self {
        Self {
            everywhere,
            namespaces: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_its_own_prices_and_those_of_everywhere() {
        let prices = |cpu_hour, gib_hour| Prices { cpu_hour, gib_hour };
        let list = PriceList {
            everywhere: prices(Some(0.03), Some(0.004)),
            namespaces: BTreeMap::from([("spot".to_owned(), prices(Some(0.01), None))]),
        };
        assert_eq!(list.of("spot"), prices(Some(0.01), Some(0.004)));
        assert_eq!(list.of("shop"), prices(Some(0.03), Some(0.004)));
        assert!(!list.is_empty() && PriceList::default().is_empty());
    }

    #[test]
    fn a_list_is_filled_in_with_another_where_it_has_no_price() {
        let prices = |cpu_hour, gib_hour| Prices { cpu_hour, gib_hour };
        let list = |everywhere, namespaces: &[(&str, Prices)]| PriceList {
            everywhere,
            namespaces: namespaces
                .iter()
                .map(|it| (it.0.to_owned(), it.1))
                .collect(),
        };
        let other = list(
            prices(Some(0.03), Some(0.004)),
            &[
                ("spot", prices(Some(0.01), Some(0.001))),
                ("own", prices(Some(0.01), Some(0.001))),
            ],
        );
        let given = list(
            prices(Some(0.05), None),
            &[
                ("own", prices(Some(0.5), None)),
                ("mine", prices(None, Some(0.5))),
            ],
        );
        let both = given.or(&other);
        for (namespace, expected) in [
            ("shop", prices(Some(0.05), Some(0.004))),
            ("spot", prices(Some(0.05), Some(0.001))),
            ("own", prices(Some(0.5), Some(0.001))),
            ("mine", prices(Some(0.05), Some(0.5))),
        ] {
            assert_eq!(both.of(namespace), expected, "{namespace}");
        }
        assert!(both.is_whole());
        assert!(!list(prices(Some(0.05), None), &[]).is_whole());
        assert_eq!(PriceList::default().or(&other), other);
    }
}
