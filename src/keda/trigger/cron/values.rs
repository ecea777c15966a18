//! What a `cron` trigger answers over time, from its schedule alone.

use super::{Cron, UnknownTimeZone, Zone};
use crate::series::{Grid, Series};

impl Cron {
    /// What the trigger answers at each time of `grid`.
    ///
    /// # Errors
    /// A time zone that does not exist.
    pub fn values(&self, grid: Grid) -> Result<Series, UnknownTimeZone> {
        let zone = Zone::named(&self.time_zone)?;
        let mut series = Series::gaps(grid);
        let mut index = 0;
        while index < grid.len() {
            let window = self.window_in(&zone, grid.time(index));
            let value = self.value(&window);
            // It stands so until then, and a schedule is searched for much longer than compared.
            let until = window.until();
            while index < grid.len() {
                series.set(index, value);
                index += 1;
                if until.is_some_and(|it| it <= grid.time(index)) {
                    break;
                }
            }
        }
        Ok(series)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Schedule;
    use super::*;
    use crate::units::Step;

    fn cron(zone: &str, start: &str, end: &str) -> Cron {
        Cron {
            time_zone: zone.to_owned(),
            start: Schedule::parse(start).unwrap(),
            end: Schedule::parse(end).unwrap(),
            desired_replicas: 5,
        }
    }

    fn hours(start: &str, len: usize) -> Grid {
        Grid::new(start.parse().unwrap(), Step::ONE_HOUR, len)
    }

    #[test]
    fn the_desired_replicas_stand_from_the_start_until_before_the_end() {
        let office = cron("Europe/Berlin", "0 8 * * mon-fri", "0 18 * * mon-fri");
        // Friday, in winter: 08:00 is 07:00 in UTC.
        let series = office.values(hours("2026-01-09T05:00:00Z", 15)).unwrap();
        let inside = |hour: usize| (7..17).contains(&(hour + 5));
        let expected = |hour| Some(if inside(hour) { 5.0 } else { 0.0 });
        assert_eq!(
            series.iter().collect::<Vec<_>>(),
            (0..15).map(expected).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_day_on_which_the_clock_changes_is_an_hour_shorter() {
        let day = cron("Europe/Berlin", "0 0 * * sun", "0 0 * * mon");
        let hours_of = |start| day.values(hours(start, 48)).unwrap().known().sum::<f64>() / 5.0;
        assert_eq!(hours_of("2026-03-28T12:00:00Z"), 23.0);
        assert_eq!(hours_of("2026-04-04T12:00:00Z"), 24.0);
        assert_eq!(hours_of("2026-10-24T12:00:00Z"), 25.0);
    }

    #[test]
    fn schedules_that_never_fire_stand_still() {
        let never = cron("UTC", "0 0 31 2 *", "0 18 * * *");
        let grid = hours("2026-01-09T05:00:00Z", 30);
        assert_eq!(never.values(grid).unwrap(), Series::constant(grid, 5.0));
        let endless = cron("UTC", "0 18 * * *", "0 0 31 2 *");
        assert_eq!(endless.values(grid).unwrap(), Series::constant(grid, 0.0));
    }

    #[test]
    fn a_time_zone_that_does_not_exist_is_said() {
        let lost = cron("Mars/Olympus", "0 8 * * *", "0 18 * * *");
        let grid = hours("2026-01-09T05:00:00Z", 3);
        assert_eq!(
            lost.values(grid),
            Err(UnknownTimeZone("Mars/Olympus".to_owned()))
        );
        let empty = cron("UTC", "0 8 * * *", "0 18 * * *");
        assert!(
            empty
                .values(hours("2026-01-09T05:00:00Z", 0))
                .unwrap()
                .is_empty()
        );
    }

    proptest! {
        #[test]
        fn every_value_is_what_the_trigger_reads_then(
            begin in 1_700_000_000_i64..1_800_000_000,
            step in prop::sample::select(vec![60_u32, 300, 3600]),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York"]),
            (start, end) in prop::sample::select(vec![
                ("0 8 * * *", "0 18 * * *"),
                ("*/7 * * * *", "5 * * * *"),
                ("30 2 * * *", "30 3 * * sun"),
                ("0 22 * * fri", "0 6 1 * *"),
            ]),
        ) {
            let cron = cron(zone, start, end);
            let start = jiff::Timestamp::from_second(begin).unwrap();
            let grid = Grid::new(start, Step::from_seconds(step).unwrap(), 40);
            let series = cron.values(grid).unwrap();
            for index in 0..grid.len() {
                let reading = cron.reading(grid.time(index)).unwrap();
                prop_assert_eq!(series.get(index), Some(reading.value), "{}", grid.time(index));
            }
        }
    }
}
