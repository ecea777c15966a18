//! Asked through the real client; the whole way is in `tests/it/llm.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::analysis::opinion::Question;
use crate::analysis::opinion::tests::question_about;

/// A server of which nobody has more than a number of what it was asked.
async fn server(
    answer: impl Fn(u32) -> Response + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let route = move || {
        let answer = answer(counted.fetch_add(1, Ordering::SeqCst));
        std::future::ready(answer)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(route);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

pub(super) fn options(url: &str) -> Options {
    Options {
        provider: Provider::OpenAi,
        model: "m".to_owned(),
        base_url: Some(url.to_owned()),
        key: Key::new("hunter2"),
        timeout: Duration::from_secs(5),
        concurrency: 1,
        budget: Budget::default(),
    }
}

fn question() -> Question {
    question_about("web")
}

fn good() -> Response {
    let content = json!({"choices": [{"message": {"content": "words"}}]});
    content.to_string().into_response()
}

async fn asked(options: &Options, times: usize) -> Vec<Result<String, Error>> {
    let request = Request::of(options, &question()).unwrap();
    pass(options, &Forms::default(), &vec![request; times]).await
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let answer = |number| match number {
        0 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        1 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => good(),
    };
    let (url, count) = server(answer).await;
    assert_eq!(asked(&options(&url), 1).await, [Ok("words".to_owned())]);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_form_that_is_refused_is_not_asked_for_again() {
    let answer = |number| match number {
        0 => StatusCode::BAD_REQUEST.into_response(),
        1 => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        _ => good(),
    };
    let (url, count) = server(answer).await;
    let (options, forms) = (options(&url), Forms::default());
    let request = Request::of(&options, &question()).unwrap();
    for expected in [4, 6] {
        let answers = pass(&options, &forms, &vec![request.clone(); 2]).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(count.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn where_every_form_is_refused_the_first_refusal_is_told() {
    let answer = |number: u32| {
        let said = json!({"error": format!("no {number}")}).to_string();
        (StatusCode::BAD_REQUEST, said).into_response()
    };
    let (url, count) = server(answer).await;
    let answers = asked(&options(&url), 1).await;
    assert!(
        matches!(&answers[..], [Err(Error::Refused { said: Some(said), .. })] if said == "no 0"),
        "{answers:?}"
    );
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let anthropic = Options {
        provider: Provider::Anthropic,
        ..options(&url)
    };
    asked(&anthropic, 1).await;
    assert_eq!(count.load(Ordering::SeqCst), 4, "it has one form");
}

#[tokio::test]
async fn who_is_refused_for_good_asks_nobody_else() {
    let (url, count) = server(|_| StatusCode::UNAUTHORIZED.into_response()).await;
    let answers = asked(&options(&url), 3).await;
    assert!(matches!(
        answers[0],
        Err(Error::Refused { status: 401, .. })
    ));
    assert!(matches!(
        answers[1..],
        [Err(Error::GivenUp(_)), Err(Error::GivenUp(_))]
    ));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_budget_holds_for_all_together() {
    let (url, count) = server(|_| good()).await;
    let few = Options {
        budget: Budget {
            requests: 2,
            ..Budget::default()
        },
        ..options(&url)
    };
    let answers = asked(&few, 3).await;
    assert_eq!(answers[2], Err(Error::NoRequests(2)));
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let later = (http::header::RETRY_AFTER, "30");
    let (url, count) =
        server(move |_| (StatusCode::TOO_MANY_REQUESTS, [later.clone()]).into_response()).await;
    let short = Options {
        budget: Budget {
            time: Duration::from_secs(1),
            ..Budget::default()
        },
        ..options(&url)
    };
    assert!(matches!(
        asked(&short, 1).await[..],
        [Err(Error::Refused { status: 429, .. })]
    ));
    assert_eq!(
        count.load(Ordering::SeqCst),
        1,
        "30 s are more than there is"
    );
}

#[tokio::test]
async fn without_a_key_nobody_is_asked_who_wants_one() {
    for (provider, base_url) in [
        (Provider::OpenAi, None),
        (Provider::OpenAi, Some("https://n.openai.azure.com")),
        (Provider::Anthropic, Some("http://127.0.0.1:9")),
    ] {
        let options = Options {
            provider,
            key: None,
            base_url: base_url.map(str::to_owned),
            ..options("")
        };
        let answers = asked(&options, 1).await;
        assert!(matches!(answers[..], [Err(Error::NoKey(_))]), "{answers:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_sent_back_is_taken_out() {
    let answer = |_| {
        let echo = json!({"choices": [{"message": {"content": "Bearer hunter2"}}]});
        echo.to_string().into_response()
    };
    let (url, _) = server(answer).await;
    let answers = asked(&options(&url), 1).await;
    assert!(matches!(
        &answers[..],
        [Err(Error::NoAnswer {
            why: "repeats the key",
            ..
        })]
    ));
    let answer = |_| {
        (
            StatusCode::BAD_REQUEST,
            r#"{"error": "key hunter2 is bad"}"#,
        )
            .into_response()
    };
    let (url, _) = server(answer).await;
    let answers = asked(&options(&url), 1).await;
    assert!(!format!("{answers:?}").contains("hunter2"), "{answers:?}");
    assert!(!format!("{:?}", options(&url)).contains("hunter2"));
}

#[test]
fn an_answer_is_kept_for_the_same_question_to_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || Cache::in_folder(Some(folder.path().join("opinions")));
    let (options, question) = (options("http://me:hunter2@a/v1"), question());
    let now = "2026-03-15T12:00:00Z".parse().unwrap();
    let good = json!({"summary": "Fewer pods are enough.", "candidates":
        [{"id": "settings", "verdict": "keep", "risk": "high", "reason": "It is new."}]});
    kept().put(&options, &question, &good.to_string(), now);
    let found = |options: &Options, question: &Question, days: i64| {
        let now = now + SignedDuration::from_hours(24 * days);
        kept().get(options, question, now).map(|it| it.1)
    };
    assert_eq!(found(&options, &question, 13), Some(good.to_string()));
    assert_eq!(found(&options, &question, 15), None, "it is old");
    let other = Options {
        model: "n".to_owned(),
        ..options.clone()
    };
    assert_eq!(found(&other, &question, 0), None, "another model");
    let other = Options {
        provider: Provider::Ollama,
        ..options.clone()
    };
    assert_eq!(found(&other, &question, 0), None, "another provider");
    let second = question_about("cart");
    assert_eq!(found(&options, &second, 0), None, "another autoscaler");
    kept().put(&options, &question, "nonsense", now);
    assert_eq!(found(&options, &question, 0).as_deref(), Some("nonsense"));
    assert_eq!(
        found(&options, &question, 1),
        None,
        "what does not count is asked again"
    );
    let files = std::fs::read_dir(folder.path().join("opinions")).unwrap();
    for file in files {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
    }
}
