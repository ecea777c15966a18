//! Between which counts a ScaledJob keeps its jobs.

/// The maximum of an object that sets none.
const DEFAULT_MAX: i32 = 100;

/// `minReplicaCount` and `maxReplicaCount` as they take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Jobs that are there whatever the triggers say.
    pub min: i64,
    /// Jobs besides those.
    pub max: i64,
}

impl Bounds {
    /// What an object means that says `min` and `max`.
    ///
    /// The maximum counts the jobs of the minimum, except where it is not set; a minimum above it
    /// is cut to it, and then both count in full.
    pub fn of(min: Option<i32>, max: Option<i32>) -> Self {
        let both = |min: i32, max: i32| Self {
            min: i64::from(min),
            max: i64::from(max),
        };
        match (min, max) {
            (Some(min), Some(max)) if min > max => both(max, max),
            (min, Some(max)) => {
                let min = min.unwrap_or(0);
                Self {
                    min: i64::from(min),
                    max: i64::from(max) - i64::from(min),
                }
            }
            (min, None) => both(min.unwrap_or(0), DEFAULT_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_counts_the_minimum_only_where_it_is_written() {
        let table = [
            (None, None, 0, 100),
            (Some(1), None, 1, 100),
            (None, Some(10), 0, 10),
            (Some(1), Some(10), 1, 9),
            (Some(10), Some(10), 10, 0),
            (Some(10), Some(1), 1, 1),
        ];
        for (min, max, least, most) in table {
            let expected = Bounds {
                min: least,
                max: most,
            };
            assert_eq!(Bounds::of(min, max), expected, "{min:?} {max:?}");
        }
    }
}
