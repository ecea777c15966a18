//! What was probably meant by a name that nothing has.

/// Below this clap too suggests nothing: the words have little in common.
const LIKE: f64 = 0.8;

/// The one of `known` that is most like `text`, the first of several; `None` where none is.
pub(crate) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for it in known {
        let likeness = strsim::jaro_winkler(text, it);
        if likeness > LIKE && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, it));
        }
    }
    best.map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_is_meant_or_none() {
        let known = ["shop", "shop-staging", "monitoring"];
        let cases = [
            ("shp", Some("shop")),
            ("shop-stagin", Some("shop-staging")),
            ("monitorin", Some("monitoring")),
            ("kube-system", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(nearest(text, known), expected, "{text}");
        }
    }
}
