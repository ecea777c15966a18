//! What resources cost: the prices that were given, filled in with those that an OpenCost tells.

use std::time::Duration;

use tokio::time::Instant;

use crate::analysis::AnalysisSettings;
use crate::analysis::prices::PriceList;
use crate::metrics::{Topic, Warning};
use crate::opencost;
use crate::output::progress::{Progress, Stage};

/// How long prices are taken for those of now: clouds and bills change them by the day.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// How long a server that gave none is left alone, so that not every look waits for it.
const BAD_FOR: Duration = Duration::from_secs(600);

/// What was told last, for whoever asks again and again.
#[derive(Debug, Default)]
pub(super) struct Prices(Option<Kept>);

#[derive(Debug)]
struct Kept {
    of: (opencost::Options, u32),
    told: Result<PriceList, opencost::Error>,
    until: Instant,
}

/// How to judge, with every price that is known.
#[derive(Debug)]
pub(in crate::cli) struct Priced {
    pub(in crate::cli) settings: AnalysisSettings,
    /// That an OpenCost gave no prices, and why.
    pub(in crate::cli) warning: Option<Warning>,
}

/// As [`Prices::of`], for a run that asks once.
pub(in crate::cli) async fn priced(
    settings: &AnalysisSettings,
    opencost: Option<&opencost::Options>,
    progress: &Progress,
) -> Priced {
    if let Some(options) = opencost {
        progress.at(&Stage::Connect {
            to: format!("OpenCost {}", options.name()),
        });
    }
    Prices::default().of(settings, opencost).await
}

impl Prices {
    /// `settings` with prices of `opencost` where they have none. It is not asked where they have all,
    /// and an analysis goes on without it.
    pub(super) async fn of(
        &mut self,
        settings: &AnalysisSettings,
        opencost: Option<&opencost::Options>,
    ) -> Priced {
        let mut settings = settings.clone();
        let mut warning = None;
        if let Some(options) = opencost.filter(|_| !settings.prices.is_whole()) {
            match self.told(options, days(&settings)).await {
                Ok(list) => settings.prices = settings.prices.or(list),
                Err(error) => {
                    let text = format!("no prices from OpenCost: {error}");
                    warning = Some(Warning::of(Topic::Prices, text));
                }
            }
        }
        Priced { settings, warning }
    }

    async fn told(
        &mut self,
        options: &opencost::Options,
        days: u32,
    ) -> Result<&PriceList, &opencost::Error> {
        let of = (options.clone(), days);
        let kept = self.0.take();
        let kept = match kept.filter(|it| it.of == of && Instant::now() < it.until) {
            Some(kept) => kept,
            None => {
                let told = opencost::prices(options, days).await;
                let lasts = if told.is_ok() { GOOD_FOR } else { BAD_FOR };
                let until = Instant::now() + lasts;
                Kept { of, told, until }
            }
        };
        self.0.insert(kept).told.as_ref()
    }
}

/// The window in whole days, at least one.
fn days(settings: &AnalysisSettings) -> u32 {
    let days = settings.window.as_hours() / 24;
    u32::try_from(days).unwrap_or_default().max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Router;
    use axum::response::IntoResponse;
    use http::StatusCode;
    use tokio::net::TcpListener;

    use super::*;
    use crate::analysis;

    const ANSWER: &str = r#"{"code": 200, "data": [{"shop":
        {"cpuCoreHours": 100, "cpuCost": 4, "ramByteHours": 107374182400, "ramCost": 1}}]}"#;

    /// An OpenCost that answers the first `good` requests, and counts all.
    async fn opencost(good: u32) -> (opencost::Options, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let answer = move || {
            let is_good = counted.fetch_add(1, Ordering::SeqCst) < good;
            std::future::ready(match is_good {
                true => ANSWER.into_response(),
                false => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            })
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        (opencost::Options::new(url), asked)
    }

    fn given(cpu_hour: Option<f64>, gib_hour: Option<f64>) -> AnalysisSettings {
        AnalysisSettings {
            prices: PriceList::from(analysis::Prices { cpu_hour, gib_hour }),
            ..AnalysisSettings::default()
        }
    }

    #[tokio::test]
    async fn what_was_given_goes_before_what_is_told() {
        let (options, asked) = opencost(u32::MAX).await;
        for (cpu, gib, expected) in [
            (None, None, (0.04, 0.01)),
            (Some(0.5), None, (0.5, 0.01)),
            (None, Some(0.0), (0.04, 0.0)),
        ] {
            let settings = given(cpu, gib);
            let priced = Prices::default().of(&settings, Some(&options)).await;
            let of = priced.settings.prices.of("shop");
            assert_eq!(
                (of.cpu_hour, of.gib_hour),
                (Some(expected.0), Some(expected.1))
            );
            assert_eq!(priced.warning, None);
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3);
        let whole = given(Some(0.5), Some(0.5));
        let priced = Prices::default().of(&whole, Some(&options)).await;
        assert_eq!(priced.settings, whole);
        assert_eq!(asked.load(Ordering::SeqCst), 3, "there is nothing to ask");
    }

    #[tokio::test]
    async fn no_prices_are_one_warning_and_what_was_given() {
        let (options, _) = opencost(0).await;
        let settings = given(Some(0.5), None);
        let priced = Prices::default().of(&settings, Some(&options)).await;
        assert_eq!(priced.settings, settings);
        let expected = format!("no prices from OpenCost: {} answered HTTP 503", options.url);
        assert_eq!(priced.warning, Some(Warning::of(Topic::Prices, expected)));
        let priced = Prices::default().of(&settings, None).await;
        assert_eq!((priced.settings, priced.warning), (settings, None));
    }

    #[tokio::test]
    async fn who_asks_again_gets_what_was_told_until_it_is_old() {
        let (options, asked) = opencost(1).await;
        let settings = AnalysisSettings::default();
        let mut prices = Prices::default();
        let mut warnings = Vec::new();
        for is_old in [false, false, true, false] {
            if let Some(kept) = prices.0.as_mut().filter(|_| is_old) {
                kept.until = Instant::now();
            }
            warnings.push(prices.of(&settings, Some(&options)).await.warning.is_some());
        }
        assert_eq!(warnings, [false, false, true, true]);
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        let longer = AnalysisSettings {
            window: settings.window * 2,
            ..settings
        };
        prices.of(&longer, Some(&options)).await;
        assert_eq!(
            asked.load(Ordering::SeqCst),
            3,
            "another window is another question"
        );
    }
}
