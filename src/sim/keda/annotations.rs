//! What the annotations of an object tell the scale loop.

use std::num::ParseIntError;

pub const PAUSED: &str = "autoscaling.keda.sh/paused";
pub const PAUSED_REPLICAS: &str = "autoscaling.keda.sh/paused-replicas";
pub const PAUSED_SCALE_IN: &str = "autoscaling.keda.sh/paused-scale-in";
pub const PAUSED_SCALE_OUT: &str = "autoscaling.keda.sh/paused-scale-out";
pub const FORCE_ACTIVATION: &str = "autoscaling.keda.sh/force-activation";

/// The annotations that stop an object, or a part of it, or keep it going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// What `paused` says, if it is there.
    pub paused: Option<bool>,
    /// What `paused-replicas` says, if it is there; an error where that is no count.
    pub paused_replicas: Option<Result<i32, ParseIntError>>,
    pub paused_scale_in: bool,
    pub paused_scale_out: bool,
    pub force_activation: bool,
}

impl Annotations {
    /// Those among `all` that matter here.
    pub fn of<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut known = Self::default();
        for (key, value) in all {
            match key {
                PAUSED => known.paused = Some(is_true(value)),
                PAUSED_REPLICAS => known.paused_replicas = Some(value.parse()),
                PAUSED_SCALE_IN => known.paused_scale_in = is_true(value),
                PAUSED_SCALE_OUT => known.paused_scale_out = is_true(value),
                FORCE_ACTIVATION => known.force_activation = is_true(value),
                _ => {}
            }
        }
        known
    }

    /// Whether one of the two that can stop a ScaledObject is there, whatever it says.
    pub fn has_paused(&self) -> bool {
        self.paused.is_some() || self.paused_replicas.is_some()
    }

    /// Whether a ScaledObject with them is stopped: its HPA is gone and its loop does not run.
    pub fn stop_object(&self) -> bool {
        self.paused_replicas.is_some() || self.paused == Some(true)
    }

    /// Whether a ScaledJob with them is stopped.
    pub fn stop_job(&self) -> bool {
        self.paused == Some(true)
    }

    /// The count at which a ScaledObject is held, if one is given and can be read.
    pub fn held_at(&self) -> Option<i32> {
        self.paused_replicas.as_ref()?.as_ref().ok().copied()
    }
}

/// A boolean as KEDA reads it from an annotation: all that does not say no says yes.
pub fn is_true(value: &str) -> bool {
    !matches!(value, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: &str, value: &str) -> Annotations {
        Annotations::of([(key, value), ("example.com/other", "true")])
    }

    #[test]
    fn whatever_does_not_say_no_says_yes() {
        for value in [
            "1", "t", "T", "true", "TRUE", "True", "", "no", "fALSE", " false",
        ] {
            assert!(of(PAUSED, value).stop_object(), "{value}");
            assert!(of(PAUSED_SCALE_IN, value).paused_scale_in, "{value}");
            assert!(of(PAUSED_SCALE_OUT, value).paused_scale_out, "{value}");
            assert!(of(FORCE_ACTIVATION, value).force_activation, "{value}");
        }
        for value in ["0", "f", "F", "false", "FALSE", "False"] {
            assert!(!of(PAUSED, value).stop_object(), "{value}");
            assert!(of(PAUSED, value).has_paused(), "{value}");
        }
    }

    #[test]
    fn a_count_stops_an_object_and_not_a_job_even_one_that_cannot_be_read() {
        for (value, count) in [
            ("5", Some(5)),
            ("-1", Some(-1)),
            ("3000000000", None),
            ("", None),
        ] {
            let found = of(PAUSED_REPLICAS, value);
            assert!(found.stop_object() && !found.stop_job(), "{value}");
            assert_eq!(found.held_at(), count, "{value}");
        }
        let both = Annotations::of([(PAUSED, "false"), (PAUSED_REPLICAS, "2")]);
        assert!(both.stop_object());
    }

    #[test]
    fn other_annotations_say_nothing() {
        assert_eq!(of("example.com/paused", "true"), Annotations::default());
        assert!(!Annotations::default().has_paused());
    }
}
