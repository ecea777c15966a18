use proptest::prelude::*;

use super::super::tests::{source, words};
use super::*;

fn cron(time_zone: &str, start: &str, end: &str) -> Result<Cron, Vec<Problem>> {
    let metadata = [
        ("timezone", time_zone),
        ("start", start),
        ("end", end),
        ("desiredReplicas", "5"),
    ];
    match read(&source("cron", &metadata))?.settings {
        Settings::Cron(settings) => Ok(settings),
        other => panic!("not a cron trigger: {other:?}"),
    }
}

fn next(schedule: &str, zone: &str, now: &str) -> Option<String> {
    let schedule = Schedule::parse(schedule).unwrap();
    let next = schedule.next(now.parse().unwrap(), &Zone::named(zone).unwrap());
    next.map(|it| it.to_string())
}

#[test]
fn schedules_are_five_fields_as_robfig_reads_them() {
    for good in [
        "0 8 * * mon-fri",
        "*/15 9-17 ? JAN-dec Sun",
        "5/15 8 * * *",
        ", * * * *",
        "*-5/2 * * * *",
        "1,,2 * * * *",
        "  0\t8 * * *  ",
        "TZ=Asia/Tokyo 0 8 * * *",
        "CRON_TZ=UTC  0 8 * * *",
        "0 8 * * 0-6/99999999999",
    ] {
        assert!(Schedule::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "0 8 * *",
        "0 0 8 * * *",
        "@daily",
        "TZ=UTC @daily",
        "TZ=UTC",
        "TZ=Not/AZone 0 8 * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 7",
        "0 0 * * fri-mon",
        "0 0 * * mon-",
        "0 0 1-2-3 * *",
        "*/0 * * * *",
        "*/ * * * *",
        "*/5/5 * * * *",
        "-3 * * * *",
        "5. * * * *",
        "** * * * *",
    ] {
        assert!(Schedule::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn two_restricted_days_are_alternatives_unless_one_is_open() {
    // 2026-09-01 is a Tuesday.
    let after = "2026-09-01T12:00:00Z";
    let on = |schedule: &str| next(schedule, "UTC", after).unwrap();
    assert_eq!(on("0 8 1 * mon"), "2026-09-07T08:00:00Z");
    assert_eq!(on("0 8 1 * *"), "2026-10-01T08:00:00Z");
    assert_eq!(on("0 8 1 * ?"), "2026-10-01T08:00:00Z");
    // A star with a step is a restriction, but one with a step of 1 is not.
    assert_eq!(on("0 8 */10 * mon"), "2026-09-07T08:00:00Z");
    assert_eq!(on("0 8 */1 * mon"), "2026-09-07T08:00:00Z");
    assert_eq!(on("0 8 1 * */6"), "2026-09-05T08:00:00Z");
    assert_eq!(on("0 8 1 * */1"), "2026-10-01T08:00:00Z");
}

#[test]
fn rare_days_are_found_within_five_years() {
    assert_eq!(
        next("0 0 29 2 *", "UTC", "2024-02-29T00:00:00Z").as_deref(),
        Some("2028-02-29T00:00:00Z")
    );
    assert_eq!(next("0 0 31 2 *", "UTC", "2026-08-20T12:00:00Z"), None);
    assert_eq!(next(", 0 * * *", "UTC", "2026-08-20T12:00:00Z"), None);
    assert_eq!(next("0 0 * , *", "UTC", "2026-08-20T12:00:00Z"), None);
    // No leap year from 1897 to 1903.
    assert_eq!(next("0 0 29 2 *", "UTC", "1896-03-01T00:00:00Z"), None);
}

#[test]
fn the_next_time_is_strictly_later_to_the_second() {
    let at = |now| next("* * * * *", "UTC", now).unwrap();
    assert_eq!(at("2026-08-20T08:00:00Z"), "2026-08-20T08:01:00Z");
    assert_eq!(at("2026-08-20T07:59:59.5Z"), "2026-08-20T08:00:00Z");
    assert_eq!(at("1969-12-31T23:58:59.5Z"), "1969-12-31T23:59:00Z");
}

#[test]
fn skipped_times_do_not_come_and_repeated_ones_come_twice() {
    let new_york = |schedule: &str, now: &str| next(schedule, "America/New_York", now).unwrap();
    assert_eq!(
        new_york("30 2 * * *", "2026-03-08T06:00:00Z"),
        "2026-03-09T06:30:00Z"
    );
    assert_eq!(
        new_york("30 1 * * *", "2026-11-01T04:00:00Z"),
        "2026-11-01T05:30:00Z"
    );
    assert_eq!(
        new_york("30 1 * * *", "2026-11-01T05:30:00Z"),
        "2026-11-01T06:30:00Z"
    );
    assert_eq!(
        new_york("30 1 * * *", "2026-11-01T06:30:00Z"),
        "2026-11-02T06:30:00Z"
    );
}

#[test]
fn midnight_may_not_exist() {
    // In 2018 clocks of São Paulo went from 23:59 to 01:00 on November 4.
    let at = |schedule: &str, now: &str| next(schedule, "America/Sao_Paulo", now).unwrap();
    assert_eq!(
        at("0 0 * * *", "2018-11-03T12:00:00Z"),
        "2018-11-05T02:00:00Z"
    );
    assert_eq!(
        at("0 8 4 11 *", "2018-11-01T12:00:00Z"),
        "2018-11-04T10:00:00Z"
    );
    // Samoa left out December 30, 2011.
    let samoa = next("0 8 30 * *", "Pacific/Apia", "2011-12-20T00:00:00Z").unwrap();
    assert_eq!(samoa, "2012-01-29T18:00:00Z");
}

#[test]
fn zones_are_those_of_go_in_their_exact_case() {
    for good in ["UTC", "Local", "Etc/GMT+5", "US/Eastern", "Europe/Prague"] {
        assert!(Zone::named(good).is_ok(), "{good}");
    }
    for bad in ["Not/AZone", "europe/prague", "utc", "+02:00", "../etc"] {
        assert!(Zone::named(bad).is_err(), "{bad}");
    }
    // A bad zone is no reason to refuse the trigger, but every read of it fails.
    let settings = cron("Not/AZone", "0 8 * * *", "0 18 * * *").unwrap();
    assert!(settings.reading(Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn a_schedule_that_never_comes_is_early() {
    let now: Timestamp = "2026-08-20T12:00:00Z".parse().unwrap();
    let inside = |start, end| {
        cron("UTC", start, end)
            .unwrap()
            .window(now)
            .unwrap()
            .is_inside
    };
    assert!(inside("0 8 31 2 *", "0 18 * * *"));
    assert!(!inside("0 8 * * *", "0 18 31 2 *"));
    assert!(inside("0 8 31 2 *", "0 18 31 2 *"));
}

#[test]
fn what_is_no_window_is_refused() {
    let word = |start, end| words(&cron("UTC", start, end).unwrap_err())[0];
    assert_eq!(word("0 8 * * *", "0 8 * * *"), "start-equals-end");
    assert_eq!(word("0 8 * *", "0 8 * * *"), "bad-cron-expression");
    assert!(cron("UTC", "0  8 * * *", "0 8 * * *").is_ok());
}

fn field(max: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        1 => (1..=max).prop_map(|it| it.to_string()),
        1 => (1..=max, 1..=9_u32).prop_map(|(from, step)| format!("{from}/{step}")),
    ]
}

fn schedule() -> impl Strategy<Value = String> {
    (field(59), field(23), field(31), field(12), field(6))
        .prop_map(|(a, b, c, d, e)| format!("{a} {b} {c} {d} {e}"))
}

const ZONES: [&str; 5] = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Pacific/Apia",
];

proptest! {
    /// A search that begins between finds the same; near a change of the clock, robfig's may not.
    #[test]
    fn the_next_time_is_the_first(
        text in schedule(),
        now in 0..2_000_000_000_i64,
        part in 0.0..1.0_f64,
    ) {
        let (schedule, zone) = (Schedule::parse(&text).unwrap(), Zone::named("UTC").unwrap());
        let now = Timestamp::from_second(now).unwrap();
        let Some(next) = schedule.next(now, &zone) else { return Ok(()) };
        prop_assert!(next > now);
        let apart = (next.as_second() - now.as_second()) as f64;
        let between = Timestamp::from_second(now.as_second() + (apart * part) as i64).unwrap();
        prop_assert_eq!(schedule.next(between, &zone), Some(next), "{} from {}", text, between);
    }

    /// The same as trying minute by minute, for schedules of the next days.
    #[test]
    fn the_next_time_is_the_first_minute_that_matches(
        minute in 0..60_i8,
        hours in (0..24_i8, 0..24_i8),
        weekday in 0..7_i8,
        now in 0..4_000_000_000_i64,
    ) {
        let (from, to) = (hours.0.min(hours.1), hours.0.max(hours.1));
        let schedule = Schedule::parse(&format!("{minute} {from}-{to} * * {weekday}")).unwrap();
        let next = schedule.next(Timestamp::from_second(now).unwrap(), &Zone::named("UTC").unwrap());
        let matches = |it: &Timestamp| {
            let local = it.to_zoned(jiff::tz::TimeZone::UTC);
            local.minute() == minute
                && (from..=to).contains(&local.hour())
                && local.weekday().to_sunday_zero_offset() == weekday
        };
        let minutes = (1..=8 * 24 * 60).map(|it| (now.div_euclid(60) + it) * 60);
        let tried = minutes.map(|it| Timestamp::from_second(it).unwrap()).find(matches);
        prop_assert_eq!(next, tried);
    }

    #[test]
    fn the_next_time_is_later_and_shows_on_the_clock(
        minute in 0..60_i8,
        hour in 0..24_i8,
        zone in prop::sample::select(ZONES.to_vec()),
        now in 0..2_000_000_000_i64,
    ) {
        let schedule = Schedule::parse(&format!("{minute} {hour} * * *")).unwrap();
        let now = Timestamp::from_second(now).unwrap();
        let next = schedule.next(now, &Zone::named(zone).unwrap()).unwrap();
        let local = next.in_tz(zone).unwrap();
        prop_assert!(next > now);
        prop_assert_eq!((local.hour(), local.minute(), local.second()), (hour, minute, 0));
    }

    #[test]
    fn no_text_and_no_time_panics(
        text in "[-*/?,0-9a-zA-Z= ]{0,20}|.{0,12}",
        good in schedule(),
        now in any::<i64>(),
        zone in prop::sample::select(ZONES.to_vec()),
    ) {
        let _ = Schedule::parse(&text);
        let limits = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        let span = limits.end() - limits.start();
        let now = Timestamp::from_second(limits.start() + now.rem_euclid(span)).unwrap();
        Schedule::parse(&good).unwrap().next(now, &Zone::named(zone).unwrap());
    }
}

#[test]
fn schedules_in_an_hour_that_the_clock_skips_or_repeats_are_found() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let odd = |text: &str, zone: &Zone| Schedule::parse(text).unwrap().odd_hours(now, zone);
    let skipped = odd("30 2 * * *", &berlin).unwrap();
    assert!(skipped.is_skipped);
    assert_eq!(skipped.from.to_string(), "2026-03-29T02:00:00Z");
    assert_eq!(skipped.to.to_string(), "2026-03-29T03:00:00Z");
    let repeated = odd("30 2 * 10 sun", &berlin).unwrap();
    assert!(!repeated.is_skipped);
    assert_eq!(repeated.from.to_string(), "2026-10-25T02:00:00Z");
    for text in [
        "30 3 * * *",
        "0 * * * *",
        "30 2 * * mon",
        "TZ=Asia/Tokyo 30 2 * * *",
    ] {
        assert_eq!(odd(text, &berlin), None, "{text}");
    }
    assert_eq!(odd("30 2 * * *", &Zone::utc()), None);
}
