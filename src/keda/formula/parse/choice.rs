//! One value or another: `? :`, `if` and `else`.

use super::super::CompileError;
use super::super::token::refused;
use super::super::tree::Tree;
use super::{Parser, unsupported};

impl Parser<'_> {
    /// What comes after a question mark.
    pub(super) fn conditional(&mut self, condition: Tree) -> Result<Tree, CompileError> {
        if self.take(":") {
            return Err(unsupported("the formula has `?:`"));
        }
        let yes = self.expression(0)?;
        self.expect(":")?;
        let no = self.expression(0)?;
        Ok(Tree::If(Box::new([condition, yes, no])))
    }

    /// What comes after `if`: both branches stand in braces.
    pub(super) fn branches(&mut self) -> Result<Tree, CompileError> {
        let condition = self.expression(0)?;
        let yes = self.block()?;
        if !self.take_word("else") {
            return Err(refused("`if` has no `else`"));
        }
        let no = if self.take_word("if") {
            self.deeper(Self::branches)?
        } else {
            self.block()?
        };
        Ok(Tree::If(Box::new([condition, yes, no])))
    }

    pub(super) fn block(&mut self) -> Result<Tree, CompileError> {
        self.expect("{")?;
        let tree = self.deeper(Self::program)?;
        self.expect("}")?;
        Ok(tree)
    }
}
