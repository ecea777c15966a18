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
        Prices {
            cpu_hour: own.cpu_hour.or(self.everywhere.cpu_hour),
            gib_hour: own.gib_hour.or(self.everywhere.gib_hour),
        }
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
}
