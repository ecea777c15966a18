use proptest::prelude::*;

use super::*;

const INPUTS: [(&str, f64); 4] = [("a", 4.0), ("b", 10.0), ("notify", 7.0), ("trueish", 1.0)];

fn compile(formula: &str) -> Result<Formula, CompileError> {
    Formula::compile(formula, INPUTS.map(|it| it.0))
}

fn evaluate(formula: &str) -> Result<Option<f64>, EvaluateError> {
    let inputs = INPUTS.map(|(name, value)| (name.to_owned(), Some(value)));
    compile(formula).unwrap().evaluate(&inputs.into())
}

#[test]
fn formulas_give_what_go_gives() {
    let table = [
        ("a + b", 14.0),
        ("a - b - 1", -7.0),
        ("-a ** 2", -16.0),
        ("2 ** 3 ** 2", 512.0),
        ("10 - 2 * 3", 4.0),
        ("7 / 2", 3.5),
        ("int(a) % 3", 1.0),
        ("1 < a < 5 ? 1 : 0", 1.0),
        ("a > 3 and not (b < 5) ? 1 : 2", 1.0),
        ("a > 5 ? 1 : b > 5 ? 2 : 3", 2.0),
        ("a not in [1, 2] ? 1 : 0", 1.0),
        ("int(a) in 1..5 ? 1 : 2", 1.0),
        ("(a ?? 0) + b", 14.0),
        ("1 + (a ?? 0) * 2", 9.0),
        ("[a, b] | sum()", 14.0),
        ("sum([a, b], # * 2)", 28.0),
        ("reduce([a, b], #acc + #, 1)", 15.0),
        ("let x = a * 2; let y = x + 1; x + y", 17.0),
        ("map([a, b], {let h = # / 2; h + 1})[1]", 6.0),
        ("[a, b][-1]", 10.0),
        ("reduce([a, 1], #acc * #)", 4.0),
        ("map([1, 2], [#, # + a])[1][1]", 6.0),
        ("count([a, b], # > 5) + len([a, b])", 3.0),
        ("mean(a, b) + median([a, b, 1])", 11.0),
        ("round(2.5) + ceil(0.1) + floor(1.9) + abs(-3)", 8.0),
        ("1_000 + 0x10 + 1e3", 2016.0),
        ("a /* the first */ + b // and the second", 14.0),
        ("\"5\"", 5.0),
        ("string(a)", 4.0),
        ("if a > 5 { 1 } else if b > 5 { 2 } else { 3 }", 2.0),
        ("max(3, a, [b])", 10.0),
    ];
    for (formula, expected) in table {
        assert_eq!(evaluate(formula), Ok(Some(expected)), "{formula}");
    }
}

#[test]
fn names_that_begin_like_words_of_the_language_are_names() {
    assert_eq!(evaluate("notify + trueish"), Ok(Some(8.0)));
}

#[test]
fn what_go_refuses_is_refused() {
    let table = [
        ("", "the formula ends where a value is expected"),
        ("a +", "the formula ends where a value is expected"),
        ("(a", "`)` is expected before the end of the formula"),
        ("a b", "`b` is out of place"),
        (
            "a-zzz",
            "`zzz` is not the name of a trigger that is neither cpu nor memory",
        ),
        (
            "a > 9 ? zzz : 1",
            "`zzz` is not the name of a trigger that is neither cpu nor memory",
        ),
        (
            "a > 1",
            "the formula gives true or false and has to give a number",
        ),
        ("[a]", "the formula gives a list and has to give a number"),
        ("a % 2", "`%` between a number and a whole number"),
        (
            "a > 0 ? a % 2 : 1",
            "`%` between a number and a whole number",
        ),
        ("a + true", "`+` between a number and true or false"),
        ("not a > 3 ? 1 : 2", "`not` before a number"),
        ("a ? 1 : 2", "`?` asks a number, not true or false"),
        (
            "a ?? 0 + b",
            "`??` stands beside another operator; put one of them in parentheses",
        ),
        ("avg(a)", "there is no function `avg`"),
        ("ceil(a, b)", "`ceil` of a number and a number"),
        ("filter([a])", "`filter` needs a predicate"),
        ("#", "`#` stands outside of a predicate"),
        ("let a = 1; a", "the name `a` is taken"),
        (
            "[a][3]",
            "with -1 for every trigger, the formula fails: a list of 1 has no item at 3",
        ),
        (
            "\"x\"",
            "with -1 for every trigger, the formula fails: the text \"x\" is no number",
        ),
        ("if a > 5 { 1 }", "`if` has no `else`"),
        ("nil", "the formula gives nil and has to give a number"),
    ];
    for (formula, why) in table {
        let expected = CompileError::Refused(why.to_owned());
        assert_eq!(compile(formula).unwrap_err(), expected, "{formula}");
    }
}

#[test]
fn what_is_not_reckoned_with_is_told_apart() {
    let deep = "(".repeat(300) + "a" + &")".repeat(300);
    let long = vec!["a"; 60].join(" + ");
    let many = "a".repeat(2_049);
    let doubling_lists = "map(".repeat(16) + "[1]" + &", [#, #])".repeat(16);
    let doubling_lists = format!("len({doubling_lists})");
    let formulas = [
        "upper(\"x\") == \"X\" ? 1 : 2",
        "{\"k\": a}.k",
        "[a, b][0:1][0]",
        "a ?: b",
        "sum(1..2000)",
        "sum(map(1..100, {sum(1..200)}))",
        // Each of these would double what there is with every step.
        "len(reduce(1..30, {[#acc, #acc]}, [1]))",
        "len(reduce(1..30, #acc + #acc, \"x\"))",
        "let x = \"x\"; let y = x + x; len(y)",
        &doubling_lists,
        "let x = [a, b]; sum(map(1..100, {sum(x)}))",
        &deep,
        &long,
        &many,
    ];
    for formula in formulas {
        let found = compile(formula).unwrap_err();
        assert!(
            matches!(found, CompileError::Unsupported(_)),
            "{formula}: {found}"
        );
    }
}

#[test]
fn the_deepest_formulas_are_evaluated() {
    let nested = |times: usize, open: &str, inner: &str, close: &str| {
        open.repeat(times) + inner + &close.repeat(times)
    };
    let table = [
        (nested(38, "max(", "a", ", b)"), 10.0),
        (nested(38, "(", "a", ")"), 4.0),
        (nested(18, "-(", "a", ")"), 4.0),
        (nested(36, "a > 5 ? 1 : ", "2", ""), 2.0),
        (nested(18, "first([", "a", "])"), 4.0),
        (nested(12, "sum(map([1], {", "a", "}))"), 4.0),
        (nested(7, "[[1, 2][int(", "1", ") - 1]][0]"), 1.0),
        (vec!["a"; 38].join(" + "), 152.0),
    ];
    for (formula, expected) in table {
        assert_eq!(evaluate(&formula), Ok(Some(expected)), "{formula}");
    }
}

#[test]
fn a_whole_number_after_a_leading_float_passes_and_fails_later() {
    let found = evaluate("float(a) > 2 ? 1 : 0");
    assert!(matches!(found, Err(EvaluateError::Failed(_))), "{found:?}");
    assert_eq!(evaluate("float(a) > 2 ? 1.0 : 0.0"), Ok(Some(1.0)));
    assert_eq!(evaluate(" float(a) > 2 ? 1 : 0"), Ok(Some(1.0)));
}

#[test]
fn what_follows_a_leading_float_passes_whatever_it_gives() {
    for formula in [
        "float(a) > 2",
        "float(a) > 2 ? \"x\" : \"y\"",
        "float(a) > 2 ? [a] : [b]",
    ] {
        let found = evaluate(formula);
        assert!(
            matches!(found, Err(EvaluateError::Failed(_))),
            "{formula}: {found:?}"
        );
    }
    // Nil is left to the fallback.
    assert_eq!(evaluate("float(a) > 2 ? nil : float(a)"), Ok(None));
    assert!(compile("float(zzz) > 2").is_err());
}

#[test]
fn two_question_marks_beat_a_leading_float() {
    assert_eq!(evaluate("float(a ?? 1) > 2 ? 1 : 0"), Ok(Some(1.0)));
    let refused = compile("float(a ?? 1) > 2").unwrap_err();
    assert!(matches!(refused, CompileError::Refused(_)), "{refused:?}");
    assert_eq!(evaluate("a > (b ?? 1) ? \"7\" : \"5\""), Ok(Some(5.0)));
    let wrapped = "let _kedaCompositeResult = a ?? 1; _kedaCompositeResult > 2 ? 1 : 0";
    assert!(evaluate(wrapped).is_err());
}

#[test]
fn a_text_beyond_a_double_is_no_number() {
    assert!(compile("\"1e999\"").is_err());
    assert_eq!(evaluate("\"1e3\""), Ok(Some(1000.0)));
}

#[test]
fn division_by_zero_passes_and_has_no_value() {
    assert_eq!(evaluate("a / (b - 10)"), Err(EvaluateError::NotFinite));
}

#[test]
fn nil_stays_nil_only_beside_the_operator_for_it() {
    let nil = BTreeMap::from(INPUTS.map(|it| (it.0.to_owned(), None)));
    assert_eq!(compile("a ?? b").unwrap().evaluate(&nil), Ok(None));
    assert_eq!(
        compile("a ?? b ?? 5").unwrap().evaluate(&nil),
        Ok(Some(5.0))
    );
    let found = compile("a + b").unwrap().evaluate(&nil);
    assert!(matches!(found, Err(EvaluateError::Failed(_))), "{found:?}");
    let found = compile("a").unwrap().evaluate(&nil);
    assert!(matches!(found, Err(EvaluateError::Failed(_))), "{found:?}");
}

#[test]
fn a_trigger_without_an_entry_is_named() {
    let found = compile("a").unwrap().evaluate(&BTreeMap::new());
    assert_eq!(found, Err(EvaluateError::Missing("a".to_owned())));
}

mod composite {
    use super::super::*;
    use crate::keda::objects::{Fallback, FallbackBehavior, ScalingModifiers};

    fn value(formula: &str, input: Option<f64>, behavior: &str) -> Result<i64, CompositeError> {
        let modifiers = ScalingModifiers {
            target: Some("2.5".to_owned()),
            ..ScalingModifiers::default()
        };
        let fallback = Fallback {
            failure_threshold: 3,
            replicas: 7,
            behavior: Some(FallbackBehavior::of(behavior)),
        };
        let formula = Formula::compile(formula, ["a"]).unwrap();
        let inputs = BTreeMap::from([("a".to_owned(), input)]);
        composite(&formula, &modifiers, Some(&fallback), &inputs).map(|it| it.milli)
    }

    #[test]
    fn thousandths_are_cut_towards_zero() {
        assert_eq!(value("a / 3", Some(4.0), "static"), Ok(1333));
        assert_eq!(value("-a / 3", Some(5.0), "static"), Ok(-1666));
    }

    #[test]
    fn nil_is_the_fallback_whatever_its_behavior_is() {
        for behavior in ["scalingModifiers", "static"] {
            assert_eq!(value("a ?? nil", None, behavior), Ok(17_500), "{behavior}");
        }
        let formula = Formula::compile("a ?? nil", ["a"]).unwrap();
        let inputs = BTreeMap::from([("a".to_owned(), None)]);
        let found = composite(&formula, &ScalingModifiers::default(), None, &inputs);
        assert_eq!(found, Err(CompositeError::Nil));
    }

    #[test]
    fn what_no_quantity_holds_is_an_error() {
        let found = value("a ** 30", Some(10.0), "static");
        assert_eq!(found, Err(CompositeError::TooLarge));
    }
}

/// Words of the language in any order: most of it is nonsense, some of it deep.
fn soup() -> impl Strategy<Value = String> {
    let words = [
        "a",
        "b",
        "zzz",
        "1",
        "0",
        "2.5",
        "1e300",
        "9223372036854775807",
        "\"x\"",
        "nil",
        "true",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "+",
        "-",
        "*",
        "/",
        "%",
        "**",
        "..",
        "?",
        ":",
        "??",
        "and",
        "not",
        "in",
        "==",
        "<",
        "|",
        "#",
        "#acc",
        "sum(",
        "map(",
        "max(",
        "reduce(",
        "let",
        "x",
        "=",
        ";",
        "int(",
        "bitshl(",
        "float(",
        "first(",
        "sort(",
        "1..9",
    ];
    let words = prop::collection::vec(prop::sample::select(words.to_vec()), 0..40);
    words.prop_map(|it| it.join(" "))
}

/// Formulas that are right by the grammar.
fn arithmetic() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["a", "b", "1", "2.5", "0", "-1"]).prop_map(str::to_owned);
    leaf.prop_recursive(5, 30, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        let signs = prop::sample::select(vec!["+", "-", "*", "/", "**"]);
        prop_oneof![
            (pair.clone(), signs)
                .prop_map(|((left, right), sign)| format!("{left} {sign} {right}")),
            pair.clone()
                .prop_map(|(left, right)| format!("max({left}, {right})")),
            pair.prop_map(|(left, right)| format!("sum(map([{left}, {right}], # * 2))")),
            inner.prop_map(|it| format!("({it})")),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(text in ".{0,60}") {
        let _ = compile(&text);
    }

    #[test]
    fn any_row_of_words_is_taken_or_refused(text in soup()) {
        if let Ok(formula) = compile(&text) {
            let inputs = INPUTS.map(|it| (it.0.to_owned(), None)).into();
            let _ = formula.evaluate(&inputs);
        }
    }

    #[test]
    fn arithmetic_is_always_taken_and_parentheses_change_nothing(text in arithmetic()) {
        let plain = evaluate(&text);
        let wrapped = evaluate(&format!("({text})"));
        prop_assert_eq!(plain, wrapped);
    }
}
