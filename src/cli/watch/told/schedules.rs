//! Schedules that stand otherwise, and what analyses say of them, a line each.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Told;
use crate::analysis::review::Standing;
use crate::config::watch::Form;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::review::Review;
use crate::lifecycle::schedule::{Carried, State};
use crate::output::exchange::annotation::{Annotation, Level};

/// A schedule that stands otherwise.
#[derive(Clone, Debug)]
pub(in crate::cli::watch) struct Turn<'a> {
    pub(in crate::cli::watch) record: &'a Record,
    pub(in crate::cli::watch) carried: &'a Carried,
    /// `None` where it was not in force before.
    pub(in crate::cli::watch) before: Option<State>,
}

/// A schedule of which an analysis says something else.
#[derive(Clone, Debug)]
pub(in crate::cli::watch) struct Reviewed<'a> {
    pub(in crate::cli::watch) record: &'a Record,
    pub(in crate::cli::watch) review: &'a Review,
    /// `None` where none had looked before.
    pub(in crate::cli::watch) before: Option<Standing>,
}

impl Told {
    /// Takes all records as they are now; the schedules that stand otherwise than before.
    pub(in crate::cli::watch) fn turns<'a>(&mut self, records: &'a [Record]) -> Vec<Turn<'a>> {
        let of = |it: &'a Record| Some((name(it), it, it.status.schedule.as_ref()?));
        let all: Vec<_> = records.iter().filter_map(of).collect();
        let states = all.iter().map(|(name, _, it)| (name.clone(), it.state));
        let before = std::mem::replace(&mut self.schedules, states.collect());
        let turn = |(name, record, carried): ((String, String), &'a Record, &'a Carried)| {
            let before = before.get(&name).copied();
            (before != Some(carried.state)).then_some(Turn {
                record,
                carried,
                before,
            })
        };
        all.into_iter().filter_map(turn).collect()
    }

    /// Takes all records as they are now; the schedules of which something else is said than before. That
    /// nothing speaks against a new one is no news.
    pub(in crate::cli::watch) fn reviews<'a>(
        &mut self,
        records: &'a [Record],
    ) -> Vec<Reviewed<'a>> {
        let of = |it: &'a Record| {
            let review = it.status.schedule.as_ref()?.review.as_ref()?;
            Some((name(it), it, review))
        };
        let all: Vec<_> = records.iter().filter_map(of).collect();
        let standings = all.iter().map(|(name, _, it)| (name.clone(), it.standing));
        let before = std::mem::replace(&mut self.reviews, standings.collect());
        let reviewed = |(name, record, review): ((String, String), &'a Record, &'a Review)| {
            let before = before.get(&name).copied();
            let is_news = match before {
                Some(before) => before != review.standing,
                None => review.standing != Standing::Steady,
            };
            is_news.then_some(Reviewed {
                record,
                review,
                before,
            })
        };
        all.into_iter().filter_map(reviewed).collect()
    }
}

fn name(record: &Record) -> (String, String) {
    (record.namespace.clone(), record.name.clone())
}

impl Turn<'_> {
    /// The line in one of the forms.
    pub(in crate::cli::watch) fn line(&self, form: Form, now: Timestamp) -> String {
        let Carried { state, detail, .. } = self.carried;
        let (namespace, name) = (&self.record.namespace, &self.record.name);
        match form {
            Form::Text => {
                let before = self.before.map_or(String::new(), |it| format!("{it} → "));
                format!("{now} {namespace}/{name} schedule {before}{state}: {detail}")
            }
            Form::Jsonl => {
                let schedule = json!({
                    "before": self.before,
                    "state": state,
                    "detail": detail,
                    "floor": self.carried.floor,
                });
                json_line(self.record, schedule, now)
            }
            Form::Github => Annotation {
                level: match state {
                    State::Waiting | State::Open => Level::Note,
                    State::Withheld | State::Left | State::Retracted => Level::Warning,
                },
                title: &format!("the schedule of {namespace}/{name} is {state}"),
                message: detail,
                place: None,
            }
            .to_string(),
        }
    }
}

impl Reviewed<'_> {
    /// The line in one of the forms.
    pub(in crate::cli::watch) fn line(&self, form: Form, now: Timestamp) -> String {
        let Review {
            standing, detail, ..
        } = self.review;
        let (namespace, name) = (&self.record.namespace, &self.record.name);
        match form {
            Form::Text => {
                let before = self.before.map_or(String::new(), |it| format!("{it} → "));
                format!("{now} {namespace}/{name} schedule reviewed, {before}{standing}: {detail}")
            }
            Form::Jsonl => {
                let review = json!({
                    "before": self.before,
                    "standing": standing,
                    "detail": detail,
                    "chosen": self.review.chosen,
                    "now": self.review.now,
                });
                json_line(self.record, json!({ "review": review }), now)
            }
            Form::Github => Annotation {
                level: match standing {
                    Standing::Steady | Standing::Kept => Level::Note,
                    Standing::Obsolete | Standing::Doubted => Level::Warning,
                },
                title: &format!("the schedule of {namespace}/{name} was reviewed: {standing}"),
                message: detail,
                place: None,
            }
            .to_string(),
        }
    }
}

fn json_line(record: &Record, schedule: Value, now: Timestamp) -> String {
    json!({
        "time": now,
        "namespace": record.namespace,
        "name": record.name,
        "target": record.autoscaler.to_string(),
        "schedule": schedule,
        "phase": record.status.phase.to_string(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;
    use crate::schedule::Plan;

    fn reviewed(standing: Standing) -> [Record; 1] {
        let mut record = made_up::record();
        let mut carried = Carried::begun(Plan::default(), None);
        carried.review = Some(Review {
            standing,
            detail: "on the last 7 days it did nothing".to_owned(),
            chosen: None,
            now: None,
            since: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
        });
        record.status.schedule = Some(carried);
        [record]
    }

    #[test]
    fn a_review_is_told_when_it_says_something_else() {
        let mut told = Told::default();
        assert!(told.reviews(&[made_up::record()]).is_empty());
        let steady = reviewed(Standing::Steady);
        assert!(told.reviews(&steady).is_empty());
        let obsolete = reviewed(Standing::Obsolete);
        let news = told.reviews(&obsolete);
        let line = |form| news[0].line(form, Timestamp::UNIX_EPOCH);
        assert_eq!(
            line(Form::Text),
            "1970-01-01T00:00:00Z shop/web schedule reviewed, steady → obsolete: on the last 7 days it did \
             nothing"
        );
        let json: Value = serde_json::from_str(&line(Form::Jsonl)).unwrap();
        let review = &json["schedule"]["review"];
        assert_eq!(
            (&review["before"], &review["standing"]),
            (&json!("steady"), &json!("obsolete"))
        );
        assert_eq!(
            line(Form::Github),
            "::warning title=the schedule of shop/web was reviewed%3A obsolete::on the last 7 days it did \
             nothing"
        );
        assert!(told.reviews(&obsolete).is_empty());
        assert_eq!(told.reviews(&steady).len(), 1);
        // One that nobody has looked at before is told where something speaks against it.
        assert_eq!(Told::default().reviews(&obsolete).len(), 1);
    }
}
