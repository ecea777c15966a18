//! The request of a `prometheus` trigger.

use jiff::Timestamp;

use super::Prometheus;
use crate::keda::trigger::text::form_escaped;

impl Prometheus {
    /// The URL of the query at `now`. The namespace goes into it as it is written.
    pub fn url(&self, now: Timestamp) -> String {
        let time = now.strftime("%Y-%m-%dT%H:%M:%SZ");
        let query = form_escaped(&self.query);
        let mut url = format!(
            "{}/api/v1/query?query={query}&time={time}",
            self.server_address
        );
        if !self.namespace.is_empty() {
            url.push_str(&format!("&namespace={}", self.namespace));
        }
        for (key, value) in &self.query_parameters {
            url.push_str(&format!(
                "&{}={}",
                form_escaped(key),
                form_escaped(value.expose())
            ));
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::source;
    use super::super::{Settings, read};

    #[test]
    fn the_url_asks_for_the_query_at_a_time() {
        let source = source(
            "prometheus",
            &[
                ("serverAddress", "http://thanos:9092"),
                ("query", "sum(rate(x{a=\"b\"}[1m])) + 1"),
                ("threshold", "1"),
                ("namespace", "shop"),
                ("queryParameters", "b=ü,a=1 2"),
            ],
        );
        let Settings::Prometheus(settings) = read(&source).unwrap().settings else {
            panic!("not a prometheus trigger");
        };
        let expected = "http://thanos:9092/api/v1/query\
            ?query=sum%28rate%28x%7Ba%3D%22b%22%7D%5B1m%5D%29%29+%2B+1\
            &time=2026-08-20T08:00:01Z&namespace=shop&a=1+2&b=%C3%BC";
        let now = "2026-08-20T08:00:01.9Z".parse().unwrap();
        assert_eq!(settings.url(now), expected);
    }
}
