//! The settings that were tried of which none is both cheaper and better served than another, as a
//! drawing that needs no script.

use crate::analysis::assessment::Point;
use crate::analysis::settings::Settings;
use crate::output::words::{amount, minutes};
use crate::units::window;

pub(super) const WIDTH: f64 = 640.0;
pub(super) const HEIGHT: f64 = 240.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 44.0;

/// What the template draws.
pub(super) struct Frontier {
    pub(super) spots: Vec<Spot>,
    /// Through the spots: what lies on the way was not tried or is worse.
    pub(super) trail: String,
    pub(super) across: Vec<Tick>,
    pub(super) up: Vec<Tick>,
}

/// One of the settings.
pub(super) struct Spot {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) class: &'static str,
    /// Beside the spot; empty for most.
    pub(super) label: &'static str,
    pub(super) label_y: String,
    /// Where the label is anchored.
    pub(super) anchor: &'static str,
    pub(super) label_x: String,
    pub(super) hours: String,
    pub(super) shortfall: String,
    pub(super) settings: String,
}

/// A line of the grid, with its words.
pub(super) struct Tick {
    pub(super) at: String,
    pub(super) text: String,
}

impl Frontier {
    /// `None` where there is nothing to choose between.
    pub(super) fn of(points: &[Point]) -> Option<Self> {
        if points.len() < 2 {
            return None;
        }
        let hours = || points.iter().map(|it| it.replica_hours);
        let (low, high) = (
            hours().fold(f64::MAX, f64::min),
            hours().fold(0.0, f64::max),
        );
        let room = ((high - low) * 0.08).max(high * 0.01).max(0.1);
        let across = Axis {
            from: (low - room).max(0.0),
            to: high + room,
            start: LEFT,
            end: WIDTH - RIGHT,
        };
        let worst = points
            .iter()
            .map(|it| it.shortfall.minutes)
            .fold(1.0, f64::max);
        let up = Axis {
            from: 0.0,
            to: worst * 1.08,
            start: HEIGHT - BOTTOM,
            end: TOP,
        };
        let mut spots: Vec<Spot> = points.iter().map(|it| spot(it, &across, &up)).collect();
        part_labels(&mut spots);
        let way = spots.iter().map(|it| format!("{} {}", it.x, it.y));
        Some(Self {
            trail: format!("M{}", way.collect::<Vec<_>>().join("L")),
            across: across.ticks(0.0, amount),
            up: up.ticks(1.0, minutes),
            spots,
        })
    }
}

/// A scale from values to places of the drawing.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from).max(1e-9);
        self.start + share * (self.end - self.start)
    }

    /// At a few round values, no closer than `least`.
    fn ticks(&self, least: f64, told: fn(f64) -> String) -> Vec<Tick> {
        let rough = (self.to - self.from) / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|it| it * power);
        let step = steps
            .into_iter()
            .find(|it| *it >= rough.max(least))
            .unwrap_or(least);
        let first = (self.from / step).ceil() as i64;
        let last = (self.to / step).floor() as i64;
        let tick = |it: i64| Tick {
            at: place(self.place(it as f64 * step)),
            text: told(it as f64 * step),
        };
        (first..=last).map(tick).collect()
    }
}

fn place(value: f64) -> String {
    format!("{value:.1}")
}

fn spot(point: &Point, across: &Axis, up: &Axis) -> Spot {
    let (x, y) = (
        across.place(point.replica_hours),
        up.place(point.shortfall.minutes),
    );
    let (class, label) = match (point.is_proposed, point.is_today) {
        (true, _) => ("proposed", "proposed"),
        (false, true) => ("today", "today"),
        (false, false) => ("", ""),
    };
    let is_right = x > WIDTH - RIGHT - 80.0;
    Spot {
        label_x: place(if is_right { x - 9.0 } else { x + 9.0 }),
        anchor: if is_right { "end" } else { "start" },
        label_y: place(y - 8.0),
        x: place(x),
        y: place(y),
        class,
        label,
        hours: amount(point.replica_hours),
        shortfall: minutes(point.shortfall.minutes),
        settings: brief(&point.settings),
    }
}

/// Puts the second of two labels that would stand on each other above the first.
fn part_labels(spots: &mut [Spot]) {
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    let named: Vec<usize> = (0..spots.len())
        .filter(|at| !spots[*at].label.is_empty())
        .collect();
    let [one, other] = named[..] else {
        return;
    };
    let apart = |a: &str, b: &str| (number(a) - number(b)).abs();
    let is_near = apart(&spots[one].label_x, &spots[other].label_x) < 76.0
        && apart(&spots[one].label_y, &spots[other].label_y) < 15.0;
    if is_near {
        let above = number(&spots[one].label_y).min(number(&spots[other].label_y)) - 15.0;
        spots[other].label_y = place(above);
    }
}

/// `2 to 12 replicas, CPU 70%, window 5m`
fn brief(settings: &Settings) -> String {
    let mut parts = vec![format!(
        "{} to {} replicas",
        settings.min_replicas, settings.max_replicas
    )];
    parts.extend(settings.target_cpu_pct.map(|it| format!("CPU {it}%")));
    if let Some(seconds) = settings.polling_interval_s {
        parts.extend(settings.scaling_strategy.clone());
        parts.push(format!("polled every {}", window(seconds)));
        return parts.join(", ");
    }
    parts.push(format!("window {}", window(settings.scale_down_cooldown_s)));
    if let Some(keda) = &settings.keda {
        let thresholds: Vec<&str> = keda
            .trigger_thresholds
            .values()
            .map(String::as_str)
            .collect();
        parts.extend(
            (!thresholds.is_empty()).then(|| format!("thresholds {}", thresholds.join(" and "))),
        );
        parts.push(format!("cooldown {}", window(keda.cooldown_period_s)));
    }
    let policies = [("up", &settings.scale_up), ("down", &settings.scale_down)];
    let policies = policies
        .into_iter()
        .filter_map(|(way, it)| Some((way, it.as_ref()?)));
    parts.extend(policies.map(|(way, it)| format!("{way} {it}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::report::made_up;
    use crate::sim::score::Shortfall;

    fn points(all: &[(f64, f64)]) -> Vec<Point> {
        let report = made_up::report();
        let settings = &report.items[0].today;
        let point = |(index, (hours, minutes)): (usize, &(f64, f64))| Point {
            settings: settings.clone(),
            replica_hours: *hours,
            shortfall: Shortfall {
                minutes: *minutes,
                core_minutes: 0.0,
            },
            is_today: index == 0,
            is_proposed: index + 1 == all.len(),
        };
        all.iter().enumerate().map(point).collect()
    }

    fn within(spot: &Spot) -> bool {
        let (x, y): (f64, f64) = (spot.x.parse().unwrap(), spot.y.parse().unwrap());
        (LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=HEIGHT - BOTTOM).contains(&y)
    }

    #[test]
    fn every_spot_is_within_the_drawing_whatever_the_scores() {
        let cases: [&[(f64, f64)]; 5] = [
            &[(100.0, 0.0), (100.0, 0.0)],
            &[(0.0, 0.0), (0.0, 0.0)],
            &[(900.0, 12.0), (1000.0, 3.0), (4000.0, 0.0)],
            &[(0.01, 1e6), (1e6, 0.0)],
            &[(5.0, 0.2), (5.1, 0.1)],
        ];
        for case in cases {
            let frontier = Frontier::of(&points(case)).unwrap();
            assert!(frontier.spots.iter().all(within), "{case:?}");
            assert!(
                !frontier.across.is_empty() && !frontier.up.is_empty(),
                "{case:?}"
            );
            assert!(
                frontier.across.len() < 12 && frontier.up.len() < 12,
                "{case:?}"
            );
        }
    }

    #[test]
    fn one_setting_is_no_choice() {
        assert!(Frontier::of(&points(&[(1.0, 1.0)])).is_none());
        assert!(Frontier::of(&[]).is_none());
    }

    #[test]
    fn labels_do_not_stand_on_each_other() {
        let frontier = Frontier::of(&points(&[(100.0, 0.0), (100.2, 0.0), (100.1, 0.0)])).unwrap();
        let heights: Vec<f64> = frontier
            .spots
            .iter()
            .filter(|it| !it.label.is_empty())
            .map(|it| it.label_y.parse().unwrap())
            .collect();
        assert_eq!(heights.len(), 2);
        assert!((heights[0] - heights[1]).abs() >= 14.9, "{heights:?}");
    }

    #[test]
    fn settings_are_told_in_a_line() {
        let report = made_up::report();
        assert_eq!(
            brief(&report.items[0].today),
            "2 to 10 replicas, CPU 80%, window 5m"
        );
    }
}
