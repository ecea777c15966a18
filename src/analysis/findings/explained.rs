//! What each kind of finding means, for people: when it is told, why that hurts, what its evidence
//! says, what helps. `lint --explain` and `docs/findings.md` are made of it.

mod keda;
mod load;

use std::fmt::Write as _;

use super::{Code, Severity};

/// What a code means. Texts are whole sentences without line breaks.
#[derive(Clone, Copy, Debug)]
pub struct Explained {
    /// Those that it is told with, the worst first.
    pub severities: &'static [Severity],
    /// What was seen, in a sentence.
    pub about: &'static str,
    /// When it is told, with the numbers.
    pub when: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Every piece of evidence that it may have, and what that says.
    pub evidence: &'static [(&'static str, &'static str)],
    /// What helps.
    pub fix: &'static str,
}

impl Explained {
    /// `critical or warning`.
    pub fn severity(&self) -> String {
        let words: Vec<String> = self.severities.iter().map(Severity::to_string).collect();
        match words.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} or {last}", others.join(", "))
            }
            Some(_) | None => words.concat(),
        }
    }
}

impl Code {
    /// What it means, in a sentence.
    pub fn about(self) -> &'static str {
        self.explained().about
    }

    pub fn explained(self) -> Explained {
        match self {
            Self::IdleWindow => load::IDLE_WINDOW,
            Self::OverProvisioned => load::OVER_PROVISIONED,
            Self::ScaleLag => load::SCALE_LAG,
            Self::Thrashing => load::THRASHING,
            Self::PinnedAtMax => load::PINNED_AT_MAX,
            Self::FloorTooLow => load::FLOOR_TOO_LOW,
            Self::MissingRequests => load::MISSING_REQUESTS,
            Self::RequestMismatch => load::REQUEST_MISMATCH,
            Self::SidecarSkew => load::SIDECAR_SKEW,
            Self::NeverScales => load::NEVER_SCALES,
            Self::MetricGaps => load::METRIC_GAPS,
            Self::UnableToScale => load::UNABLE_TO_SCALE,
            Self::TwoAutoscalersOneTarget => load::TWO_AUTOSCALERS_ONE_TARGET,
            Self::CooldownMisread => keda::COOLDOWN_MISREAD,
            Self::NoFallback => keda::NO_FALLBACK,
            Self::ActivationFlapping => keda::ACTIVATION_FLAPPING,
            Self::ThresholdUnreachable => keda::THRESHOLD_UNREACHABLE,
            Self::MaxAbovePartitions => keda::MAX_ABOVE_PARTITIONS,
            Self::ScaleToZeroCandidate => keda::SCALE_TO_ZERO_CANDIDATE,
            Self::PollingTooSlow => keda::POLLING_TOO_SLOW,
            Self::HpaBesideScaledobject => keda::HPA_BESIDE_SCALEDOBJECT,
            Self::PausedAndForgotten => keda::PAUSED_AND_FORGOTTEN,
            Self::AuthUnusedOrMissing => keda::AUTH_UNUSED_OR_MISSING,
            Self::RecurringPeak => load::RECURRING_PEAK,
        }
    }
}

/// All of them as Markdown, as `docs/findings.md` has it: a list, then a section for each.
pub fn markdown() -> String {
    let mut text = String::from("| Code | Severity | What was seen |\n| --- | --- | --- |\n");
    for code in Code::ALL {
        let explained = code.explained();
        let (severity, about) = (explained.severity(), explained.about);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| [`{code}`](#{code}) | {severity} | {about} |");
    }
    for code in Code::ALL {
        text += &section(code);
    }
    text
}

fn section(code: Code) -> String {
    let explained = code.explained();
    let mut text = format!(
        "\n## {code}\n\n**{}.** ",
        capitalized(&explained.severity())
    );
    text += &format!("{}\n\n", explained.about);
    text += &format!("*Told when*: {}\n\n", explained.when);
    text += &format!("*Why it matters*: {}\n\n", explained.why);
    text += &format!("*What helps*: {}\n\n", explained.fix);
    text += "| Evidence | Meaning |\n| --- | --- |\n";
    for (name, meaning) in explained.evidence {
        text += &format!("| `{name}` | {meaning} |\n");
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn texts_are_sentences_that_fit_into_a_table() {
        for code in Code::ALL {
            let it = code.explained();
            for text in [it.about, it.when, it.why, it.fix] {
                assert!(text.ends_with('.') && !text.contains(['|', '\n']), "{text}");
            }
            for (_, meaning) in it.evidence {
                assert!(!meaning.ends_with('.') && !meaning.contains(['|', '\n']));
            }
            assert!(it.severities.is_sorted_by(|a, b| a > b), "{code}");
        }
    }

    /// What a finding is made of stands in its file, and nowhere else.
    #[test]
    fn evidence_and_severities_are_those_that_the_sources_tell() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis/findings");
        for code in Code::ALL {
            let file = folder.join(format!("{}.rs", code.as_str().replace('-', "_")));
            let source = std::fs::read_to_string(&file).unwrap();
            let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
            let told = code.explained();
            let names: BTreeSet<&str> = told.evidence.iter().map(|it| it.0).collect();
            assert_eq!(names, evidence_in(source), "{code}");
            let severities = told.severities.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(severities, severities_in(source), "{code}");
        }
    }

    fn evidence_in(source: &str) -> BTreeSet<&str> {
        let calls = [".number(", ".count(", ".text("];
        let after = calls.iter().flat_map(|it| source.split(it).skip(1));
        after
            .filter_map(|it| it.trim_start().strip_prefix('"')?.split('"').next())
            .collect()
    }

    fn severities_in(source: &str) -> BTreeSet<Severity> {
        let all = [Severity::Info, Severity::Warning, Severity::Critical];
        let is_told = |it: &Severity| source.contains(&format!("Severity::{it:?}"));
        all.into_iter().filter(is_told).collect()
    }
}
