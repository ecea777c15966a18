mod jobs;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::*;
use crate::analysis::AnalysisSettings;
use crate::analysis::portrait::Detail;
use crate::cli::names;
use crate::cluster::{Namespaces, Scope};
use crate::config::explain::{Asked, View};
use crate::config::{Question, Snapshot, Window};
use crate::output::charset::Charset;

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop.jsonl.gz");

/// About an autoscaler of the example.
fn config(name: &str) -> ExplainConfig {
    let window = Window::default();
    ExplainConfig {
        question: Question {
            input: Input::Snapshot(Snapshot::File(PathBuf::from(SHOP))),
            scope: Scope {
                namespaces: Namespaces::All,
                names: names::parse(&[name.to_owned()]).unwrap(),
                ..Scope::default()
            },
            window,
            now: None,
            shard: None,
        },
        analysis: AnalysisSettings {
            window: window.length(),
            portrait: Some(Detail::Every),
            ..AnalysisSettings::default()
        },
        opencost: None,
        llm: None,
        view: View::All,
        asked: None,
        form: Form::Text.into(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn explanation(config: &ExplainConfig) -> Result<Explanation, Error> {
    let cx = Context::silent(|| Timestamp::UNIX_EPOCH);
    let explained = explained(&cx, config).await?;
    Ok(explained.continue_value().unwrap())
}

fn printed(it: &Explanation, form: Form, sheet: Sheet) -> String {
    let mut out = Vec::new();
    explanation::write(&mut out, it, form, sheet).unwrap();
    let plain = anstream::adapter::strip_bytes(&out).into_vec();
    String::from_utf8(plain)
        .unwrap()
        .replace(SHOP, "shop.jsonl.gz")
}

fn sheet(width: usize, charset: Charset) -> Sheet {
    Sheet { width, charset }
}

#[tokio::test]
async fn the_screen_tells_everything_at_80_and_160_columns() {
    let it = explanation(&config("hpa/checkout")).await.unwrap();
    insta::assert_snapshot!(
        "checkout_80",
        printed(&it, Form::Text, sheet(80, Charset::Unicode))
    );
    insta::assert_snapshot!(
        "checkout_160",
        printed(&it, Form::Text, sheet(160, Charset::Unicode))
    );
    let ascii = printed(&it, Form::Text, sheet(80, Charset::Ascii));
    let ascii = Charset::Ascii.shown(&ascii);
    assert!(ascii.is_ascii(), "{ascii}");
    insta::assert_snapshot!("checkout_ascii", ascii);
}

#[tokio::test]
async fn only_commands_are_longer_than_the_screen() {
    for name in [
        "hpa/catalog",
        "hpa/images",
        "so/notifications",
        "hpa/web-legacy",
    ] {
        let it = explanation(&config(name)).await.unwrap();
        for width in [80, 160, 200] {
            let text = printed(&it, Form::Text, sheet(width, Charset::Unicode));
            let lines = text.lines().filter(|it| !it.contains("kubectl "));
            let longest = lines.map(|it| it.chars().count()).max();
            assert!(longest <= Some(width), "{longest:?} of {width}:\n{text}");
        }
    }
}

#[tokio::test]
async fn a_view_is_the_end_of_the_window() {
    let mut config = config("hpa/checkout");
    config.view = View::Day;
    let it = explanation(&config).await.unwrap();
    let text = printed(&it, Form::Text, sheet(80, Charset::Unicode));
    assert!(text.contains("PAST  1 day to 2026-03-02 00:00Z"), "{text}");
    // What is drawn is less; what is told is of the whole window.
    let portrait = it.portrait.as_ref().unwrap();
    assert_eq!(portrait.points, 14 * 288);
}

#[tokio::test]
async fn decisions_of_the_past_are_rebuilt() {
    let mut config = config("hpa/checkout");
    config.asked = Some(Asked::At(at("2026-02-25T12:40:00Z")));
    let it = explanation(&config).await.unwrap();
    insta::assert_snapshot!(
        "decisions",
        printed(&it, Form::Text, sheet(80, Charset::Unicode))
    );
    config.asked = Some(Asked::Since(SignedDuration::from_hours(2)));
    let since = explanation(&config).await.unwrap().decisions.unwrap();
    let span = since.hindsight.span;
    assert_eq!(
        span.to.duration_since(span.from),
        SignedDuration::from_hours(2)
    );
    assert_eq!((span.to, span.at), (at("2026-03-02T00:00:00Z"), span.to));
}

#[tokio::test]
async fn weeks_of_decisions_are_a_page_and_json_has_all() {
    let mut config = config("hpa/checkout");
    config.asked = Some(Asked::Since(SignedDuration::from_hours(336)));
    let it = explanation(&config).await.unwrap();
    let text = printed(&it, Form::Text, sheet(80, Charset::Unicode));
    let table: Vec<&str> = text
        .lines()
        .skip_while(|it| !it.starts_with("DECISIONS"))
        .take_while(|it| !it.contains("decisions are folded into"))
        .collect();
    let hours: Vec<&str> = table[2..].iter().filter_map(|it| it.get(7..9)).collect();
    assert!(text.lines().count() < 200, "{text}");
    assert!(text.contains(" rows of 6h each: --at TIME"), "{text}");
    assert!(hours.contains(&"06") && hours.contains(&"18"), "{text}");
    // The counts of the rows are those of all decisions.
    let count = |line: &&str| -> Option<usize> {
        let before = line.split_once(" decisions; longest")?.0;
        before.rsplit(' ').next()?.parse().ok()
    };
    let counted: usize = table.iter().filter_map(count).sum();
    let folded = text.lines().find(|it| it.contains("decisions are folded"));
    let all: usize = folded.unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(counted > 0 && counted <= all, "{counted} of {all}: {text}");
    let json: Value =
        serde_json::from_str(&printed(&it, Form::Json, sheet(80, Charset::Unicode))).unwrap();
    let passages = json["decisions"]["passages"].as_array().unwrap();
    assert!(passages.len() >= all, "{} of {all}", passages.len());
}

#[tokio::test]
async fn json_and_yaml_hold_the_same_value() {
    let it = explanation(&config("hpa/checkout")).await.unwrap();
    let any = sheet(80, Charset::Unicode);
    let json: Value = serde_json::from_str(&printed(&it, Form::Json, any)).unwrap();
    let yaml = crate::yaml::read(&printed(&it, Form::Yaml, any)).unwrap();
    assert_eq!(serde_json::to_value(yaml).unwrap(), json);
    assert_eq!(json["apiVersion"], "stepscale.io/v1alpha1");
    assert_eq!(json["kind"], "Explanation");
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    let expected = [
        "apiVersion",
        "autoscaler",
        "cluster",
        "kind",
        "managed",
        "next",
        "now",
        "portrait",
        "settings",
        "source",
        "takenAt",
        "window",
    ];
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    let setting = |name: &str| {
        let all = json["settings"].as_array().unwrap();
        let found = all.iter().find(|it| it["name"] == name).unwrap();
        (
            found["value"].as_str().unwrap().to_owned(),
            found["isDefault"] == true,
        )
    };
    assert_eq!(setting("min"), ("4".to_owned(), false));
    assert_eq!(
        setting("scale-up policies"),
        ("2 pods/600s".to_owned(), false)
    );
    assert_eq!(setting("scale-down window"), ("5m".to_owned(), true));
    assert_eq!(json["now"]["metrics"][0]["value"], "49%");
}

#[tokio::test]
async fn what_is_not_there_is_told_with_its_code() {
    let missing = explanation(&config("hpa/nobody")).await.unwrap_err();
    assert_eq!(missing.exit(), Exit::ObjectNotFound);
    assert!(missing.hint().unwrap().contains("analyze --from"));
    let mut config = config("hpa/checkout");
    config.asked = Some(Asked::At(at("2026-03-12T03:12:00Z")));
    let outside = explanation(&config).await.unwrap_err();
    assert_eq!(outside.exit(), Exit::Usage);
    assert!(
        outside
            .hint()
            .unwrap()
            .contains("it reaches from 2026-02-16T00:00:00Z")
    );
}

#[tokio::test]
async fn without_history_there_is_a_screen_and_no_decisions() {
    let mut config = config("hpa/checkout");
    config.question.now = Some(at("2025-01-01T00:00:00Z"));
    let it = explanation(&config).await.unwrap();
    let text = printed(&it, Form::Text, sheet(80, Charset::Unicode));
    assert!(text.contains("not enough history: 0 of 7 days"), "{text}");
    config.asked = Some(Asked::Since(SignedDuration::from_hours(2)));
    let none = explanation(&config).await.unwrap_err();
    assert_eq!(none.exit(), Exit::Unreachable);
    assert!(
        none.to_string().contains("no sample of its load is known"),
        "{none}"
    );
}
