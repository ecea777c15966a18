//! Functions and what they ask of the items of a list.

use super::super::CompileError;
use super::super::functions::{Function, Shape, is_elsewhere, named};
use super::super::token::{Token, refused};
use super::super::tree::Tree;
use super::{Parser, unsupported};

impl Parser<'_> {
    /// `value | function(…)`.
    pub(super) fn piped(&mut self, value: Tree) -> Result<Tree, CompileError> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else {
            return Err(self.unexpected());
        };
        self.at += 1;
        self.expect("(")?;
        let call = self.call(name, vec![value])?;
        self.postfix(call)
    }

    /// The arguments of a function, after its parenthesis and what was piped into it.
    pub(super) fn call(
        &mut self,
        name: &str,
        mut arguments: Vec<Tree>,
    ) -> Result<Tree, CompileError> {
        let Some(function) = named(name) else {
            return Err(match is_elsewhere(name) {
                true => unsupported(&format!("the formula uses `{name}`")),
                false => refused(&format!("there is no function `{name}`")),
            });
        };
        let is_piped = !arguments.is_empty();
        if !function.shape.has_predicate() {
            arguments.extend(self.items(")")?);
            return Ok(Tree::Call(function, arguments, None));
        }
        if !is_piped {
            arguments.push(self.expression(0)?);
            if !self.take(",") {
                self.expect(")")?;
                return without_predicate(function, arguments);
            }
        }
        if self.take(")") {
            return without_predicate(function, arguments);
        }
        let predicate = self.predicate(function.shape)?;
        if self.take(",") {
            arguments.extend(self.items(")")?);
        } else {
            self.expect(")")?;
        }
        Ok(Tree::Call(function, arguments, Some(Box::new(predicate))))
    }

    fn predicate(&mut self, shape: Shape) -> Result<Tree, CompileError> {
        self.predicates.push(shape);
        let tree = if self.peeks("{") {
            self.block()?
        } else {
            self.expression(0)?
        };
        self.predicates.pop();
        Ok(tree)
    }
}

fn without_predicate(function: Function, arguments: Vec<Tree>) -> Result<Tree, CompileError> {
    if !function.shape.is_content_without() {
        let message = format!("`{}` needs a predicate", function.name);
        return Err(refused(&message));
    }
    Ok(Tree::Call(function, arguments, None))
}
