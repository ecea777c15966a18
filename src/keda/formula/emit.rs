//! A formula written anew for the library that evaluates it: everything in parentheses, so that
//! no precedence is left to it, and with names that are no beginning of a word of the language.

use std::fmt::Write;

use super::CompileError;
use super::functions::Shape;
use super::tree::{Binary, Item, Tree, Unary};

/// What a formula is for the library.
pub(super) struct Emitted {
    pub(super) text: String,
    /// Whether parts of it run many times, or make lists longer than the text.
    pub(super) repeats: bool,
}

/// Counts one evaluation of a predicate and gives what it is given.
pub(super) const TICK: &str = "xtick";

/// The whole numbers from one to another.
pub(super) const SPAN: &str = "xspan";

/// The item of a list at a place, which has to be there.
pub(super) const ITEM: &str = "xitem";

/// A list of what it is given. Within predicates lists are made by it, since one of two items
/// that are the same list is twice as large.
pub(super) const LIST: &str = "xlist";

/// The sum of two numbers; the library's own joins texts too, and so lets them grow.
pub(super) const ADD: &str = "xadd";

/// How long the text may get. Formulas grow by their parentheses, a few times over.
const LONGEST: usize = 16_384;

/// The name of a trigger for the library.
pub(super) fn trigger_name(at: usize) -> String {
    format!("xv{at}")
}

pub(super) fn emit(tree: &Tree) -> Result<Emitted, CompileError> {
    let mut emitter = Emitter {
        text: String::new(),
        repeats: false,
        is_in_predicate: false,
    };
    emitter.program(tree)?;
    Ok(Emitted {
        text: emitter.text,
        repeats: emitter.repeats,
    })
}

struct Emitter {
    text: String,
    repeats: bool,
    is_in_predicate: bool,
}

impl Emitter {
    fn program(&mut self, tree: &Tree) -> Result<(), CompileError> {
        let Tree::Let(number, parts) = tree else {
            return self.tree(tree);
        };
        let [value, body] = &**parts;
        self.write(&format!("let xl{number} = "))?;
        self.tree(value)?;
        self.write("; ")?;
        self.program(body)
    }

    fn tree(&mut self, tree: &Tree) -> Result<(), CompileError> {
        match tree {
            Tree::Int(it) => self.write(&format!("({it})")),
            // The form with an exponent where it needs one, as the grammar reads it.
            Tree::Float(it) => self.write(&format!("({it:?})")),
            Tree::Bool(it) => self.write(&format!("({it})")),
            Tree::Nil => self.write("(nil)"),
            Tree::Text(it) => self.quoted(it),
            Tree::Trigger(at) => self.write(&trigger_name(*at)),
            Tree::Local(number) => self.write(&format!("xl{number}")),
            Tree::Item(item) => self.write(item_name(*item)),
            Tree::Unary(operator, operand) => self.unary(*operator, operand),
            Tree::Binary(operator, left, right) => self.binary(*operator, left, right),
            Tree::If(parts) => self.conditional(parts),
            Tree::List(items) if self.is_in_predicate => self.list(&format!("{LIST}("), items, ")"),
            Tree::List(items) => self.list("[", items, "]"),
            Tree::At(parts) => self.list(&format!("{ITEM}("), &**parts, ")"),
            Tree::Call(function, arguments, predicate) => match predicate {
                Some(predicate) => {
                    self.over_items(function.name, function.shape, arguments, predicate)
                }
                None => self.list(&format!("{}(", function.name), arguments, ")"),
            },
            // The grammar has names only where a program begins, and so has the parser.
            Tree::Let(..) => Err(CompileError::Unsupported(
                "the formula has `let` in it".to_owned(),
            )),
        }
    }

    fn unary(&mut self, operator: Unary, operand: &Tree) -> Result<(), CompileError> {
        self.write(match operator {
            Unary::Not => "(!(",
            Unary::Plus => "(+(",
            Unary::Minus => "(-(",
        })?;
        self.tree(operand)?;
        self.write("))")
    }

    fn binary(&mut self, operator: Binary, left: &Tree, right: &Tree) -> Result<(), CompileError> {
        let function = match operator {
            Binary::Range => {
                self.repeats = true;
                Some(SPAN)
            }
            Binary::Add => Some(ADD),
            _ => None,
        };
        if let Some(function) = function {
            self.write(&format!("{function}("))?;
            self.tree(left)?;
            self.write(", ")?;
            self.tree(right)?;
            return self.write(")");
        }
        let sign = operator.sign();
        self.write("(")?;
        self.tree(left)?;
        self.write(&format!(" {sign} "))?;
        self.tree(right)?;
        self.write(")")
    }

    fn conditional(&mut self, [condition, yes, no]: &[Tree; 3]) -> Result<(), CompileError> {
        self.write("(")?;
        self.tree(condition)?;
        self.write(" ? ")?;
        self.tree(yes)?;
        self.write(" : ")?;
        self.tree(no)?;
        self.write(")")
    }

    fn list(&mut self, open: &str, items: &[Tree], close: &str) -> Result<(), CompileError> {
        self.write(open)?;
        for (at, item) in items.iter().enumerate() {
            self.write(if at == 0 { "" } else { ", " })?;
            self.tree(item)?;
        }
        self.write(close)
    }

    fn over_items(
        &mut self,
        name: &str,
        shape: Shape,
        arguments: &[Tree],
        predicate: &Tree,
    ) -> Result<(), CompileError> {
        self.repeats = true;
        let (list, rest) = arguments.split_at(1.min(arguments.len()));
        self.list(&format!("{name}("), list, ", {")?;
        let was_in_predicate = std::mem::replace(&mut self.is_in_predicate, true);
        self.predicate(predicate)?;
        self.is_in_predicate = was_in_predicate;
        self.write("}")?;
        if shape == Shape::Reduce && !rest.is_empty() {
            self.list(", ", rest, "")?;
        }
        self.write(")")
    }

    /// The predicate, each evaluation of which is counted.
    fn predicate(&mut self, tree: &Tree) -> Result<(), CompileError> {
        if let Tree::Let(number, parts) = tree {
            let [value, body] = &**parts;
            self.write(&format!("let xl{number} = "))?;
            self.tree(value)?;
            self.write("; ")?;
            return self.predicate(body);
        }
        self.write(&format!("{TICK}("))?;
        self.tree(tree)?;
        self.write(")")
    }

    fn quoted(&mut self, text: &str) -> Result<(), CompileError> {
        if text.contains(char::is_control) {
            let message = "the formula has a text with a control character";
            return Err(CompileError::Unsupported(message.to_owned()));
        }
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        self.write(&format!("(\"{escaped}\")"))
    }

    fn write(&mut self, text: &str) -> Result<(), CompileError> {
        if self.text.len() + text.len() > LONGEST {
            let message = format!("the formula grows beyond {LONGEST} bytes");
            return Err(CompileError::Unsupported(message));
        }
        // Writing to a text cannot fail.
        let _ = self.text.write_str(text);
        Ok(())
    }
}

fn item_name(item: Item) -> &'static str {
    match item {
        Item::Current => "#",
        Item::Accumulator => "#acc",
        Item::Index => "#index",
    }
}
