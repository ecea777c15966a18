//! `spec.behavior` of an HPA: how fast it may scale, and what it waits for.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::units::Quantity;

/// Both directions; a direction that the object leaves out is `None` and takes the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behavior {
    pub scale_up: Option<Rules>,
    pub scale_down: Option<Rules>,
}

/// The rules of one direction, as written: `None` is "not said".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Seconds, 0 to 3600.
    pub window_seconds: Option<u32>,
    pub select: Option<Select>,
    pub policies: Option<Vec<Policy>>,
    pub tolerance: Option<Quantity>,
}

/// The policies of one direction, with which of them counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policies {
    #[serde(rename = "selectPolicy")]
    pub select: Select,
    pub policies: Vec<Policy>,
}

impl fmt::Display for Policies {
    /// `the most of 4 pods/15s, 100%/15s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.select {
            Select::Disabled => return f.write_str("disabled"),
            Select::Max if self.policies.len() > 1 => f.write_str("the most of ")?,
            Select::Min if self.policies.len() > 1 => f.write_str("the least of ")?,
            Select::Max | Select::Min => {}
        }
        for (index, policy) in self.policies.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{policy}")?;
        }
        Ok(())
    }
}

/// `selectPolicy`: which of several policies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub enum Select {
    Max,
    Min,
    Disabled,
}

/// At most this much change within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    pub amount: Amount,
    /// Seconds, 1 to 1800.
    pub period_seconds: u32,
}

impl fmt::Display for Policy {
    /// `4 pods/15s`, `100%/15s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = self.period_seconds;
        match self.amount {
            Amount::Pods(1) => write!(f, "1 pod/{period}s"),
            Amount::Pods(pods) => write!(f, "{pods} pods/{period}s"),
            Amount::Percent(percent) => write!(f, "{percent}%/{period}s"),
        }
    }
}

impl Serialize for Policy {
    /// As the API spells it: `{"type": "Pods", "value": 4, "periodSeconds": 15}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, value) = match self.amount {
            Amount::Pods(pods) => ("Pods", pods),
            Amount::Percent(percent) => ("Percent", percent),
        };
        let mut fields = serializer.serialize_struct("Policy", 3)?;
        fields.serialize_field("type", kind)?;
        fields.serialize_field("value", &value)?;
        fields.serialize_field("periodSeconds", &self.period_seconds)?;
        fields.end()
    }
}

impl JsonSchema for Policy {
    fn schema_name() -> Cow<'static, str> {
        "Policy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "At most this much change within a period.",
            "type": "object",
            "required": ["type", "value", "periodSeconds"],
            "properties": {
                "type": { "enum": ["Pods", "Percent"] },
                "value": { "type": "integer", "minimum": 0 },
                "periodSeconds": { "type": "integer", "minimum": 1, "maximum": 1800 },
            },
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    Pods(u32),
    Percent(u32),
}

impl Rules {
    /// The policies as written, with the default of what is left out; `None` where nothing is
    /// said of them. `default` are those of the direction.
    pub fn written_policies(&self, default: &[Policy]) -> Option<Policies> {
        if self.select.is_none() && self.policies.is_none() {
            return None;
        }
        Some(Policies {
            select: self.select.unwrap_or(Select::Max),
            policies: self.policies.clone().unwrap_or_else(|| default.to_vec()),
        })
    }
}

/// The scale-down stabilization window of a controller with default flags
/// (`--horizontal-pod-autoscaler-downscale-stabilization`), in seconds.
pub const DEFAULT_SCALE_DOWN_WINDOW: u32 = 300;

/// The scale-down stabilization window in force, in seconds: the default where nothing is said.
pub fn scale_down_window(behavior: Option<&Behavior>) -> u32 {
    behavior
        .and_then(|it| it.scale_down.as_ref())
        .and_then(|it| it.window_seconds)
        .unwrap_or(DEFAULT_SCALE_DOWN_WINDOW)
}

impl Behavior {
    /// The behavior with everything said that the API server says for an object that leaves it
    /// out, both directions included (`pkg/apis/autoscaling/v2/defaults.go`, v1.36).
    ///
    /// The scale-down window alone stays open: the controller's flag decides it.
    pub fn defaulted(&self) -> Self {
        let up = self.scale_up.clone().unwrap_or_default();
        let down = self.scale_down.clone().unwrap_or_default();
        Self {
            scale_up: Some(Rules {
                window_seconds: up.window_seconds.or(Some(0)),
                select: up.select.or(Some(Select::Max)),
                policies: up.policies.or_else(|| Some(DEFAULT_UP.to_vec())),
                tolerance: up.tolerance,
            }),
            scale_down: Some(Rules {
                window_seconds: down.window_seconds,
                select: down.select.or(Some(Select::Max)),
                policies: down.policies.or_else(|| Some(DEFAULT_DOWN.to_vec())),
                tolerance: down.tolerance,
            }),
        }
    }
}

/// The scale-up policies of an object with a behavior that says nothing of them.
pub const DEFAULT_UP: [Policy; 2] = [
    Policy {
        amount: Amount::Pods(4),
        period_seconds: 15,
    },
    Policy {
        amount: Amount::Percent(100),
        period_seconds: 15,
    },
];

/// The scale-down policies of an object that says nothing of them.
pub const DEFAULT_DOWN: [Policy; 1] = [Policy {
    amount: Amount::Percent(100),
    period_seconds: 15,
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_behavior_is_filled_in_on_both_sides() {
        let defaulted = Behavior::default().defaulted();
        let up = defaulted.scale_up.clone().unwrap();
        assert_eq!((up.window_seconds, up.select), (Some(0), Some(Select::Max)));
        assert_eq!(up.policies.as_deref(), Some(&DEFAULT_UP[..]));
        let down = defaulted.scale_down.clone().unwrap();
        assert_eq!(
            (down.window_seconds, down.select),
            (None, Some(Select::Max))
        );
        assert_eq!(down.policies.as_deref(), Some(&DEFAULT_DOWN[..]));
        assert_eq!(defaulted.defaulted(), defaulted);
    }

    #[test]
    fn what_is_said_stays_and_a_list_of_policies_replaces_the_default_whole() {
        let policy = Policy {
            amount: Amount::Pods(1),
            period_seconds: 600,
        };
        let said = Rules {
            window_seconds: Some(60),
            select: Some(Select::Disabled),
            policies: Some(vec![policy]),
            tolerance: Some("50m".parse().unwrap()),
        };
        let behavior = Behavior {
            scale_up: Some(said.clone()),
            scale_down: Some(said.clone()),
        };
        assert_eq!(behavior.defaulted(), behavior);
    }
}
