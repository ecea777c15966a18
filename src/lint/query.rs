//! What the text of a PromQL query tells, without a Prometheus: whether it may answer with several
//! series, and whose metrics it reads. A guess that leans to silence.

/// Operators that make one series of many, unless they keep labels.
const AGGREGATIONS: [&str; 13] = [
    "sum",
    "min",
    "max",
    "avg",
    "count",
    "group",
    "stddev",
    "stdvar",
    "quantile",
    "topk",
    "bottomk",
    "count_values",
    "limitk",
];

/// Functions that give one value whatever they are given.
const SINGLE: [&str; 6] = [
    "scalar",
    "vector",
    "absent",
    "absent_over_time",
    "time",
    "pi",
];

/// Whether a query is of series that are not aggregated into one.
pub(super) fn may_have_several_series(text: &str) -> bool {
    let mut parser = Parser::of(text);
    let found = parser.expression();
    parser.is_whole() && found == Shape::Series
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Numbers and texts.
    Constant,
    One,
    /// One for each bucket of a histogram.
    Buckets,
    /// As many as there are.
    Series,
    /// This reader does not know.
    Unknown,
}

impl Shape {
    /// Of two operands together.
    fn beside(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Constant, it) | (it, Self::Constant) => it,
            (Self::Series | Self::Buckets, _) | (_, Self::Series | Self::Buckets) => Self::Series,
            (Self::One, Self::One) => Self::One,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text,
    Sign(char),
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Deeper queries are not judged.
const DEEPEST: usize = 64;

impl Parser {
    fn of(text: &str) -> Self {
        Self {
            tokens: tokens(text),
            at: 0,
            depth: 0,
        }
    }

    fn is_whole(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    /// Operands with operators between.
    fn expression(&mut self) -> Shape {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.at = self.tokens.len();
            return Shape::Unknown;
        }
        let mut shape = self.operand();
        while self.operator() {
            shape = shape.beside(self.operand());
        }
        self.depth -= 1;
        shape
    }

    fn operator(&mut self) -> bool {
        let is_operator = match self.peek() {
            Some(Token::Sign(sign)) => "+-*/%^=!<>".contains(*sign),
            Some(Token::Word(word)) => ["and", "or", "unless", "atan2"].contains(&word.as_str()),
            Some(Token::Text) | None => false,
        };
        if !is_operator {
            return false;
        }
        self.at += 1;
        while self.takes('=') || self.takes('~') {}
        while let Some("bool" | "on" | "ignoring" | "group_left" | "group_right") = self.word() {
            self.at += 1;
            self.labels();
        }
        true
    }

    fn operand(&mut self) -> Shape {
        while self.takes('-') || self.takes('+') {}
        let shape = match self.peek().cloned() {
            Some(Token::Sign('(')) => {
                self.at += 1;
                let inner = self.expression();
                if !self.takes(')') {
                    return Shape::Unknown;
                }
                inner
            }
            Some(Token::Sign('{')) => Shape::Series,
            Some(Token::Text) => {
                self.at += 1;
                Shape::Constant
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                self.named(&word)
            }
            Some(Token::Sign(_)) | None => Shape::Unknown,
        };
        self.modifiers();
        shape
    }

    /// What begins with a word: a number, a function, an aggregation or a metric.
    fn named(&mut self, word: &str) -> Shape {
        if word.starts_with(|it: char| it.is_ascii_digit() || it == '.') {
            return Shape::Constant;
        }
        let lower = word.to_lowercase();
        if AGGREGATIONS.contains(&lower.as_str()) {
            return self.aggregation(&lower);
        }
        if !self.takes('(') {
            return Shape::Series;
        }
        let given = self.arguments();
        match lower.as_str() {
            it if SINGLE.contains(&it) => Shape::One,
            "histogram_quantile" | "histogram_fraction" if given == Shape::Buckets => Shape::One,
            _ => given,
        }
    }

    /// The arguments up to the parenthesis that closes them, as one shape.
    fn arguments(&mut self) -> Shape {
        let mut shape = Shape::Constant;
        while !self.takes(')') {
            if self.is_whole() {
                return Shape::Unknown;
            }
            shape = match (shape, self.expression()) {
                (Shape::Constant, it) | (it, Shape::Constant) => it,
                (one, other) => one.beside(other),
            };
            if !self.takes(',') && self.peek() != Some(&Token::Sign(')')) {
                return Shape::Unknown;
            }
        }
        shape
    }

    fn aggregation(&mut self, operator: &str) -> Shape {
        let before = self.grouping();
        if !self.takes('(') {
            return Shape::Series;
        }
        let first = self.peek().cloned();
        if self.arguments() == Shape::Unknown {
            return Shape::Unknown;
        }
        let grouping = before.or_else(|| self.grouping());
        let is_one = first == Some(Token::Word("1".to_owned()));
        match (operator, grouping) {
            ("topk" | "bottomk" | "limitk", None) if is_one => Shape::One,
            ("topk" | "bottomk" | "limitk" | "count_values", _) => Shape::Series,
            (_, Some(labels)) if labels == ["le"] => Shape::Buckets,
            (_, Some(labels)) if !labels.is_empty() => Shape::Series,
            (_, Some(_) | None) => Shape::One,
        }
    }

    /// The labels that are kept; `without` keeps some in any case.
    fn grouping(&mut self) -> Option<Vec<String>> {
        let is_without = match self.word()?.to_lowercase().as_str() {
            "by" => false,
            "without" => true,
            _ => return None,
        };
        self.at += 1;
        let labels = self.labels();
        Some(match is_without {
            true => vec!["without".to_owned()],
            false => labels,
        })
    }

    fn labels(&mut self) -> Vec<String> {
        let mut labels = Vec::new();
        if !self.takes('(') {
            return labels;
        }
        while !self.takes(')') && !self.is_whole() {
            labels.extend(self.word().map(str::to_owned));
            self.at += 1;
        }
        labels
    }

    /// What follows an operand: matchers, ranges, offsets.
    fn modifiers(&mut self) {
        loop {
            if self.skips('{', '}') || self.skips('[', ']') {
                continue;
            }
            let is_offset = self
                .word()
                .is_some_and(|it| it.eq_ignore_ascii_case("offset"));
            if is_offset || self.peek() == Some(&Token::Sign('@')) {
                self.at += 1;
                while self.takes('-') {}
                self.at += 1;
                if self.peek() == Some(&Token::Sign('(')) {
                    self.labels();
                }
            } else {
                return;
            }
        }
    }

    fn skips(&mut self, from: char, to: char) -> bool {
        if !self.takes(from) {
            return false;
        }
        while !self.takes(to) && !self.is_whole() {
            self.at += 1;
        }
        true
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            it if it.is_whitespace() => {}
            '#' => while rest.next_if(|it| *it != '\n').is_some() {},
            quote @ ('"' | '\'' | '`') => {
                while let Some(it) = rest.next() {
                    if it == '\\' && quote != '`' {
                        rest.next();
                    } else if it == quote {
                        break;
                    }
                }
                tokens.push(Token::Text);
            }
            it if is_word(it) => {
                let mut word = String::from(it);
                while let Some(it) = rest.next_if(|it| is_word(*it)) {
                    word.push(it);
                }
                tokens.push(Token::Word(word));
            }
            it => tokens.push(Token::Sign(it)),
        }
    }
    tokens
}

fn is_word(it: char) -> bool {
    it.is_alphanumeric() || "_:.$".contains(it)
}

/// Labels whose value is the name of a workload where a metric is of its own pods.
const OWN_LABELS: [&str; 6] = [
    "app",
    "container",
    "deployment",
    "pod",
    "statefulset",
    "workload",
];

/// Beginnings of metrics that somebody else exports, who names the workload in a label.
const OTHERS: [&str; 12] = [
    "kube_",
    "nginx_ingress_",
    "istio_",
    "envoy_",
    "traefik_",
    "haproxy_",
    "kafka_",
    "rabbitmq_",
    "redis_",
    "aws_",
    "keda_",
    "linkerd_",
];

/// The matcher by which a query selects the metrics of a workload's own pods, if it does.
pub fn selects_pods_of(text: &str, name: &str) -> Option<String> {
    if name.is_empty() || OTHERS.iter().any(|it| text.contains(it)) {
        return None;
    }
    let compact: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    let mut matchers = compact.split(['{', '}', ',']);
    let is_own = |matcher: &&str| {
        let Some((label, value)) = matcher.split_once('=') else {
            return false;
        };
        let value = value.trim_start_matches('~').trim_matches(['"', '\'']);
        let rest = value.trim_start_matches('^').strip_prefix(name);
        let is_name = rest.is_some_and(|it| it.is_empty() || it.starts_with(['-', '.', '$']));
        is_name && OWN_LABELS.contains(&label)
    };
    matchers.find(is_own).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_that_are_not_aggregated_are_found() {
        let several = [
            "up",
            "rate(http_requests_total{app=\"web\"}[2m])",
            "sum by (pod) (rate(x[5m]))",
            "sum(rate(x[5m])) by (pod)",
            "sum without (pod) (x)",
            "topk(3, x)",
            "max_over_time(x[5m]) * 2",
            "{__name__=\"up\"}",
            "x offset 5m",
            "sum(a) or b",
        ];
        for text in several {
            assert!(may_have_several_series(text), "{text}");
        }
    }

    #[test]
    fn queries_of_one_series_are_not() {
        let one = [
            "sum(rate(http_requests_total{app=\"web\"}[2m]))",
            "sum by () (x)",
            "max(a) / sum(b)",
            "ceil(sum(x) / 10)",
            "clamp_max(sum(x), 100)",
            "(sum(x) or vector(0)) + 1",
            "sum(x) or on() vector(0)",
            "histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m])))",
            "avg_over_time(sum(x)[5m:1m])",
            "max_over_time((sum(rate(x[1m])))[10m:])",
            "scalar(x)",
            "topk(1, x)",
            "count(x) > bool 3",
            "avg(x{a=~\"b|c\"} offset 1h) # (comment",
            "quantile(0.9, x)",
            "",
            "sum(",
            "a b",
            "12",
        ];
        for text in one {
            assert!(!may_have_several_series(text), "{text}");
        }
    }

    #[test]
    fn a_query_of_the_workloads_own_pods_is_found() {
        let found = |text| selects_pods_of(text, "web");
        assert_eq!(found("sum(x{app=\"web\"})").as_deref(), Some("app=\"web\""));
        assert!(found("sum(x{namespace=\"shop\", pod =~ \"web-.*\"})").is_some());
        assert!(found("sum(x{app=\"webhook\"})").is_none());
        assert!(found("sum(x{queue=\"web\"})").is_none());
        assert!(found("sum(nginx_ingress_requests{app=\"web\"})").is_none());
        assert!(found("sum(x{app!=\"web\"})").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in ".{0,80}", name in "[a-z]{0,4}") {
            may_have_several_series(&text);
            selects_pods_of(&text, &name);
        }
    }
}
