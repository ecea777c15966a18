use proptest::prelude::*;
use serde_json::json;

use super::*;

fn window(start: &str, minutes: u32, zone: &str) -> Window {
    Window::try_from(Written {
        start_cron: start.to_owned(),
        duration_minutes: minutes,
        min_replicas: 6,
        time_zone: zone.to_owned(),
    })
    .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_window_is_open_from_its_start_up_to_its_end() {
    let one = window("50 7 * * 1-5", 130, "Europe/Berlin");
    // Winter: an hour before UTC.
    let open = Open {
        start: at("2026-01-05T06:50:00Z"),
        end: at("2026-01-05T09:00:00Z"),
    };
    assert_eq!(one.open(at("2026-01-05T06:49:59Z")), None);
    assert_eq!(one.open(open.start), Some(open));
    assert_eq!(one.open(at("2026-01-05T08:59:59Z")), Some(open));
    assert_eq!(one.open(open.end), None);
    // Saturday.
    assert_eq!(one.open(at("2026-01-10T07:00:00Z")), None);
}

#[test]
fn a_window_across_midnight_belongs_to_the_day_of_its_start() {
    let one = window("0 22 * * 5", 240, "Etc/UTC");
    let saturday = at("2026-01-10T01:59:00Z");
    let open = one.open(saturday).unwrap();
    assert_eq!(open.start, at("2026-01-09T22:00:00Z"));
    assert_eq!(one.open(at("2026-01-09T01:00:00Z")), None);
    assert_eq!(one.end_cron().as_deref(), Some("0 2 * * 6"));
}

#[test]
fn a_change_of_the_clock_moves_the_start_and_not_the_length() {
    let one = window("30 2 * * *", 60, "Europe/Berlin");
    // From two to three o'clock there is nothing on this day.
    assert_eq!(one.open(at("2026-03-29T01:15:00Z")), None);
    let next = one.next_start(at("2026-03-28T12:00:00Z"));
    assert_eq!(next, Some(at("2026-03-30T00:30:00Z")));
    // In the night of 25 hours it ends an hour of the wall clock earlier.
    let long = window("0 1 * * *", 180, "Europe/Berlin");
    let open = long.open(at("2026-10-25T01:30:00Z")).unwrap();
    assert_eq!(open.end.duration_since(open.start), long.length());
    assert_eq!(open.start, at("2026-10-24T23:00:00Z"));
}

#[test]
fn of_windows_that_are_open_the_highest_counts() {
    let low = json!([
        { "startCron": "0 8 * * *", "durationMinutes": 240, "minReplicas": 4, "timeZone": "UTC" },
        { "startCron": "0 9 * * *", "durationMinutes": 60, "minReplicas": 9 },
    ]);
    let plan: Plan = serde_json::from_value(low).unwrap();
    let cases = [
        ("07:59", None, "08:00"),
        ("08:00", Some(4), "09:00"),
        ("09:00", Some(9), "10:00"),
        ("09:59", Some(9), "10:00"),
        ("10:00", Some(4), "12:00"),
    ];
    for (time, floor, turn) in cases {
        let (now, turn) = (
            at(&format!("2026-05-05T{time}:00Z")),
            at(&format!("2026-05-05T{turn}:00Z")),
        );
        assert_eq!(plan.floor(now), floor.map(Replicas), "{time}");
        assert_eq!(plan.next_turn(now), Some(turn), "{time}");
    }
    assert_eq!(plan.windows()[1].written().time_zone, "Etc/UTC");
    assert_eq!(Plan::default().next_turn(at("2026-05-05T00:00:00Z")), None);
}

#[test]
fn what_comes_again_before_it_is_over_stays_open() {
    let one = window("0 * * * *", 90, "Etc/UTC");
    let open = one.open(at("2026-05-05T10:20:00Z")).unwrap();
    assert_eq!(open.start, at("2026-05-05T10:00:00Z"));
    assert_eq!(one.end_cron(), None);
}

#[test]
fn an_end_is_a_cron_where_five_fields_say_it() {
    let cases = [
        ("50 7 * * 1-5", 130, Some("0 10 * * 1-5")),
        ("0 22 * * *", 240, Some("0 2 * * *")),
        ("0 22 * * 1-5", 240, Some("0 2 * * 2-6")),
        ("0 22 * * 6", 240, Some("0 2 * * 0")),
        ("0 22 * * 0,6", 240, Some("0 2 * * 0,1")),
        ("0 22 * * 6", 3 * 1440, Some("0 22 * * 2")),
        ("0 8 * * 1-5", 1440, Some("0 8 * * 2-6")),
        ("0 8 * * 1-5", 1441, None),
        // Every hour, or some of them.
        ("55 * * * *", 15, Some("10 * * * *")),
        ("55 * * * *", 60, Some("55 * * * *")),
        ("55 * * * *", 61, None),
        ("0 8,12 * * *", 60, Some("0 9,13 * * *")),
        ("55 7-17 * * 1-5", 15, Some("10 8-18 * * 1-5")),
        ("55 23 * * 0-4", 15, Some("10 0 * * 1-5")),
        ("55 8-23 * * *", 15, Some("10 0,9-23 * * *")),
        // Half of these ends are on the next day.
        ("55 22,23 * * 1-5", 15, None),
        ("0,30 8 * * *", 15, None),
        // Days of a month, of which the last four are told together alone.
        ("0 8 1 * *", 60, Some("0 9 1 * *")),
        ("0 8 * 12 *", 60, Some("0 9 * 12 *")),
        ("0 8 28-31 * *", 600, Some("0 18 28-31 * *")),
        ("0 22 28-31 * *", 240, Some("0 2 1,29-31 * *")),
        ("0 22 26,27 * *", 240, Some("0 2 27,28 * *")),
        ("0 22 31 1,3,5 *", 240, None),
        ("0 22 30,31 * *", 240, None),
        ("0 8 31 * *", 2880, None),
        ("0 8 1 * 1", 60, None),
    ];
    for (start, minutes, end) in cases {
        let found = window(start, minutes, "Etc/UTC").end_cron();
        assert_eq!(found.as_deref(), end, "{start} for {minutes}");
    }
}

#[test]
fn what_is_no_window_is_told() {
    let of = |start: &str, minutes, replicas, zone: &str| {
        Window::try_from(Written {
            start_cron: start.to_owned(),
            duration_minutes: minutes,
            min_replicas: replicas,
            time_zone: zone.to_owned(),
        })
        .unwrap_err()
        .to_string()
    };
    let told = [
        of("0 25 * * *", 60, 2, "UTC"),
        of("TZ=UTC 0 8 * * *", 60, 2, "UTC"),
        of("0 8 * * *", 0, 2, "UTC"),
        of("0 8 * * *", LONGEST_MINUTES + 1, 2, "UTC"),
        of("0 8 * * *", 60, 0, "UTC"),
        of("0 8 * * *", 60, 2, "Mars/Olympus"),
        of("0 8 * * *", 60, 2, "Local"),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    `0 25 * * *` is no start of a window: `25` is no hour, which is from 0 to 23
    `TZ=UTC 0 8 * * *` is no start of a window: the time zone has a field of its own
    a window of 0 minutes is not from 1 to 10080
    a window of 10081 minutes is not from 1 to 10080
    a window that keeps no replica changes nothing
    no time zone is called `Mars/Olympus`; write a name such as Europe/Berlin or Etc/UTC
    no time zone is called `Local`; write a name such as Europe/Berlin or Etc/UTC
    ");
}

#[test]
fn what_was_written_is_written_again() {
    let text = json!({ "startCron": "50 7 * * 1-5", "durationMinutes": 130, "minReplicas": 6,
        "timeZone": "Europe/Berlin" });
    let window: Window = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(window).unwrap(), text);
}

proptest! {
    /// Between two turns nothing changes, and no turn is missed.
    #[test]
    fn the_floor_changes_at_turns_alone(
        hour in 0_u32..24,
        minute in 0_u32..60,
        length in 1_u32..2000,
        day in 0_i64..400,
        later in 0_i64..86_400,
    ) {
        let one = window(&format!("{minute} {hour} * * 1,3,6"), length, "America/New_York");
        let plan = Plan::new(vec![one]);
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * day);
        let turn = plan.next_turn(now).unwrap();
        prop_assert!(turn > now);
        let between = (now + SignedDuration::from_secs(later)).min(turn - SignedDuration::from_secs(1));
        prop_assert_eq!(plan.floor(between), plan.floor(now));
    }

    /// By KEDA's reading, both crons give the window on days on which no clock changes.
    #[test]
    fn the_end_is_where_keda_sees_it(
        hour in 0_u32..24,
        minute in 0_u32..60,
        (form, longest) in prop::sample::select(vec![
            ("{m} {h} * * 1,4", 2880), ("{m} * * * *", 59), ("{m} 0,{h} * * *", 59),
            ("{m} {h} 28-31 * *", 1439), ("{m} {h} 31 1,7 *", 59), ("{m} 5-7 * * 1-5", 59),
        ]),
        part in 0.0_f64..1.0,
        second in 0_i64..31_536_000,
    ) {
        let start = form.replace("{m}", &minute.to_string()).replace("{h}", &hour.to_string());
        let length = 1 + (part * f64::from(longest)) as u32;
        let one = window(&start, length, "Etc/UTC");
        let now = at("2026-06-01T00:00:00Z") + SignedDuration::from_secs(second);
        // Only what ends on the next day of some months alone has no end.
        prop_assume!(one.end_cron().is_some());
        let end = Schedule::parse(&one.end_cron().unwrap()).unwrap();
        let start = Schedule::parse(&one.written().start_cron).unwrap();
        let utc = Zone::utc();
        let is_inside = end.next(now, &utc) <= start.next(now, &utc);
        prop_assert_eq!(one.open(now).is_some(), is_inside);
    }
}
