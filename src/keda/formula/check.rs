//! The types of a formula, by the rules of expr-lang's checker (1.17, `checker`), where every
//! trigger is a number with a fraction.

use super::CompileError;
use super::functions::{Function, Shape};
use super::token::refused;
use super::tree::{Binary, Item, Tree, Type, Unary};

/// What a formula gives.
pub(super) fn check(tree: &Tree) -> Result<Type, CompileError> {
    Checker::default().check(tree)
}

#[derive(Default)]
struct Checker {
    /// By the numbers of the names that the formula gives.
    locals: Vec<(usize, Type)>,
    /// What `#` and `#acc` are, the innermost last.
    items: Vec<(Type, Type)>,
}

impl Checker {
    fn check(&mut self, tree: &Tree) -> Result<Type, CompileError> {
        Ok(match tree {
            Tree::Int(_) => Type::Int,
            Tree::Float(_) | Tree::Trigger(_) => Type::Float,
            Tree::Bool(_) => Type::Bool,
            Tree::Nil => Type::Nil,
            Tree::Text(_) => Type::Text,
            Tree::Local(number) => self.local(*number),
            Tree::Item(item) => self.item(*item),
            Tree::Unary(operator, operand) => unary(*operator, self.check(operand)?)?,
            Tree::Binary(operator, left, right) => {
                let (left, right) = (self.check(left)?, self.check(right)?);
                binary(*operator, left, right)?
            }
            Tree::If(parts) => self.conditional(parts)?,
            Tree::List(items) => self.list(items)?,
            Tree::At(parts) => self.at(parts)?,
            Tree::Call(function, arguments, predicate) => {
                self.call(*function, arguments, predicate.as_deref())?
            }
            Tree::Let(number, parts) => self.named(*number, parts)?,
        })
    }

    fn local(&self, number: usize) -> Type {
        let found = self.locals.iter().find(|it| it.0 == number);
        found.map_or(Type::Any, |it| it.1.clone())
    }

    fn item(&self, item: Item) -> Type {
        let (current, accumulator) = match self.items.last() {
            Some((current, accumulator)) => (current.clone(), accumulator.clone()),
            None => (Type::Any, Type::Any),
        };
        match item {
            Item::Current => current,
            Item::Accumulator => accumulator,
            Item::Index => Type::Int,
        }
    }

    fn conditional(&mut self, [condition, yes, no]: &[Tree; 3]) -> Result<Type, CompileError> {
        let asked = self.check(condition)?;
        if !matches!(asked, Type::Bool | Type::Any) {
            return Err(refused(&format!("`?` asks {asked}, not true or false")));
        }
        Ok(either(self.check(yes)?, self.check(no)?))
    }

    fn list(&mut self, items: &[Tree]) -> Result<Type, CompileError> {
        let mut types = Vec::new();
        for item in items {
            types.push(self.check(item)?);
        }
        let of = types.into_iter().reduce(either).unwrap_or(Type::Any);
        Ok(Type::List(Box::new(of)))
    }

    fn at(&mut self, [list, place]: &[Tree; 2]) -> Result<Type, CompileError> {
        let (list, place) = (self.check(list)?, self.check(place)?);
        match (list, place) {
            (Type::List(of), place) if is_whole(&place) => Ok(*of),
            (Type::Any, place) if is_whole(&place) => Ok(Type::Any),
            (list, place) => Err(refused(&format!("{list} has no item at {place}"))),
        }
    }

    fn named(&mut self, number: usize, [value, body]: &[Tree; 2]) -> Result<Type, CompileError> {
        let found = self.check(value)?;
        // What a predicate names is copied for each item, which the budget of a run does not see.
        if matches!(found, Type::List(_) | Type::Any) {
            let message = "the formula gives a name to a list".to_owned();
            return Err(CompileError::Unsupported(message));
        }
        self.locals.push((number, found));
        let found = self.check(body);
        self.locals.pop();
        found
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Tree],
        predicate: Option<&Tree>,
    ) -> Result<Type, CompileError> {
        let mut types = Vec::new();
        for argument in arguments {
            types.push(self.check(argument)?);
        }
        let name = function.name;
        if function.shape.has_predicate() {
            return self.over_items(function, &types, predicate);
        }
        match (function.shape, types.as_slice()) {
            (Shape::Same, [it]) if is_number(it) => Ok(it.clone()),
            (Shape::Float, [it]) if is_number(it) => Ok(Type::Float),
            (Shape::ToFloat, [it]) if is_number(it) || *it == Type::Text => Ok(Type::Float),
            (Shape::ToInt, [it]) if is_number(it) || *it == Type::Text => Ok(Type::Int),
            (Shape::ToText, [_]) => Ok(Type::Text),
            (Shape::Extreme | Shape::Average, [_, ..]) => aggregate(function, &types),
            (Shape::Length, [Type::List(_) | Type::Text | Type::Any]) => Ok(Type::Int),
            (Shape::Pick, [Type::List(of)]) => Ok((**of).clone()),
            (Shape::Pick, [Type::Any]) => Ok(Type::Any),
            (Shape::Order, [it @ (Type::List(_) | Type::Any)]) => Ok(it.clone()),
            (Shape::Order, [Type::List(_) | Type::Any, _, ..]) => {
                let message = format!("`{name}` has more than a list");
                Err(CompileError::Unsupported(message))
            }
            (Shape::Bits(count), all) if all.len() == count && all.iter().all(is_whole) => {
                Ok(Type::Int)
            }
            _ => Err(unfit(name, &types)),
        }
    }

    /// A function that goes over the items of a list.
    fn over_items(
        &mut self,
        function: Function,
        types: &[Type],
        predicate: Option<&Tree>,
    ) -> Result<Type, CompileError> {
        let (name, shape) = (function.name, function.shape);
        let of = match types {
            [Type::List(of)] => (**of).clone(),
            [Type::Any] => Type::Any,
            [Type::List(of), _] if shape == Shape::Reduce => (**of).clone(),
            [Type::Any, _] if shape == Shape::Reduce => Type::Any,
            _ => return Err(unfit(name, types)),
        };
        let begins = types.get(1).unwrap_or(&of).clone();
        let answer = match predicate {
            Some(predicate) => {
                self.items.push((of.clone(), begins.clone()));
                let found = self.check(predicate);
                self.items.pop();
                found?
            }
            None => of.clone(),
        };
        let has_to_answer = !matches!(shape, Shape::Map | Shape::Reduce | Shape::Sum);
        if has_to_answer && !matches!(answer, Type::Bool | Type::Any) {
            let message = format!("what `{name}` asks of its items is not true or false");
            return Err(refused(&message));
        }
        // Anything but a number may grow with each item.
        if shape == Shape::Reduce && !(is_surely_number(&begins) && is_surely_number(&answer)) {
            let message = format!("`{name}` makes {answer} of {begins}");
            return Err(CompileError::Unsupported(message));
        }
        if shape == Shape::Sum && !is_number(&answer) {
            return Err(refused(&format!("`{name}` adds up {answer}")));
        }
        Ok(match shape {
            Shape::Count | Shape::FindIndex => Type::Int,
            Shape::Test => Type::Bool,
            Shape::Find => Type::Any,
            Shape::Filter => Type::List(Box::new(of)),
            Shape::Map => Type::List(Box::new(answer)),
            Shape::Sum | Shape::Reduce => answer,
            _ => Type::Any,
        })
    }
}

fn unary(operator: Unary, operand: Type) -> Result<Type, CompileError> {
    match (operator, &operand) {
        (_, Type::Any) | (Unary::Not, Type::Bool) => Ok(operand),
        (Unary::Plus | Unary::Minus, it) if is_surely_number(it) => Ok(operand),
        (Unary::Not, _) => Err(refused(&format!("`not` before {operand}"))),
        (Unary::Plus | Unary::Minus, _) => Err(refused(&format!("a sign before {operand}"))),
    }
}

fn binary(operator: Binary, left: Type, right: Type) -> Result<Type, CompileError> {
    use Binary::*;
    let numbers = is_number(&left) && is_number(&right);
    let texts = is_text(&left) && is_text(&right);
    let fits = match operator {
        Or | And => is_bool(&left) && is_bool(&right),
        Equal | NotEqual => is_comparable(&left, &right),
        Less | LessOrEqual | Greater | GreaterOrEqual | Add => numbers || texts,
        In => match &right {
            Type::List(of) => is_comparable(&left, of),
            right => *right == Type::Any,
        },
        Contains | StartsWith | EndsWith => texts,
        Range | Remainder => is_whole(&left) && is_whole(&right),
        Subtract | Multiply | Divide | Power => numbers,
        Coalesce => true,
    };
    if operator == Add && is_text(&left) && is_text(&right) && !numbers {
        // A row of such additions doubles a text each time.
        let message = "the formula joins texts".to_owned();
        return Err(CompileError::Unsupported(message));
    }
    if !fits {
        let sign = operator.sign();
        return Err(refused(&format!("`{sign}` between {left} and {right}")));
    }
    Ok(match operator {
        Or | And | Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual => Type::Bool,
        In | Contains | StartsWith | EndsWith => Type::Bool,
        Range => Type::List(Box::new(Type::Int)),
        Remainder => Type::Int,
        Divide | Power => Type::Float,
        Add | Subtract | Multiply => sum(&left, &right),
        Coalesce => either(left, right),
    })
}

/// What adding two values gives.
fn sum(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (Type::Text, _) => Type::Text,
        (Type::Int, Type::Int) => Type::Int,
        (Type::Float, _) | (_, Type::Float) => Type::Float,
        _ => Type::Number,
    }
}

/// What it is where it is one of two.
fn either(left: Type, right: Type) -> Type {
    match (left, right) {
        (Type::Nil, it) | (it, Type::Nil) => it,
        (left, right) if left == right => left,
        (left, right) if is_surely_number(&left) && is_surely_number(&right) => Type::Number,
        _ => Type::Any,
    }
}

fn aggregate(function: Function, types: &[Type]) -> Result<Type, CompileError> {
    for it in types {
        match it {
            Type::Int | Type::Float | Type::Number => {}
            // What a list holds is not looked at before it runs.
            Type::List(_) | Type::Any if function.shape == Shape::Extreme => return Ok(Type::Any),
            Type::List(_) | Type::Any => {}
            Type::Bool | Type::Text | Type::Nil => return Err(unfit(function.name, types)),
        }
    }
    match (function.shape, types) {
        (Shape::Extreme, [first, ..]) => Ok(first.clone()),
        _ => Ok(Type::Float),
    }
}

fn unfit(name: &str, types: &[Type]) -> CompileError {
    let told: Vec<String> = types.iter().map(Type::to_string).collect();
    let told = match told.is_empty() {
        true => "nothing".to_owned(),
        false => told.join(" and "),
    };
    refused(&format!("`{name}` of {told}"))
}

fn is_number(it: &Type) -> bool {
    is_surely_number(it) || *it == Type::Any
}

fn is_surely_number(it: &Type) -> bool {
    matches!(it, Type::Int | Type::Float | Type::Number)
}

fn is_whole(it: &Type) -> bool {
    matches!(it, Type::Int | Type::Number | Type::Any)
}

fn is_text(it: &Type) -> bool {
    matches!(it, Type::Text | Type::Any)
}

fn is_bool(it: &Type) -> bool {
    matches!(it, Type::Bool | Type::Any)
}

fn is_comparable(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Nil | Type::Any, _) | (_, Type::Nil | Type::Any) => true,
        (Type::List(_), Type::List(_)) => true,
        (left, right) => left == right || is_number(left) && is_number(right),
    }
}
