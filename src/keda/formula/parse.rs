//! Reads a formula by the grammar of expr-lang for Go, 1.17.

mod call;
mod choice;

use super::CompileError;
use super::functions::{Shape, is_elsewhere, named};
use super::token::{Token, refused, tokens};
use super::tree::{Binary, Item, Tree, Unary};

/// How deep a formula may nest, and how many operators may stand in a row: the stack of what
/// reads and evaluates it grows with both.
const DEEPEST: usize = 40;

/// Words that are no names, wherever they stand.
const KEYWORDS: [&str; 13] = [
    "not",
    "in",
    "and",
    "or",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "let",
    "if",
    "else",
    "true",
    "false",
];

/// The tree of a formula over triggers of these names.
pub(super) fn parse(text: &str, names: &[String]) -> Result<Tree, CompileError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
        names,
        locals: Vec::new(),
        given: 0,
        predicates: Vec::new(),
    };
    let tree = parser.program()?;
    if parser.at < tokens.len() {
        return Err(parser.unexpected());
    }
    if tree.height() > DEEPEST {
        return Err(too_deep());
    }
    Ok(tree)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    names: &'a [String],
    /// Names that the formula gives, where they are known; the last one counts.
    locals: Vec<(String, usize)>,
    /// How many names the formula has given so far.
    given: usize,
    /// The functions whose items `#` may ask about, the innermost last.
    predicates: Vec<Shape>,
}

impl Parser<'_> {
    /// `let x = …; …`, or an expression alone.
    fn program(&mut self) -> Result<Tree, CompileError> {
        if !self.take_word("let") {
            return self.expression(0);
        }
        let name = self.new_name()?;
        self.expect("=")?;
        let value = self.expression(0)?;
        self.expect(";")?;
        let number = self.given;
        self.given += 1;
        self.locals.push((name, number));
        let body = self.deeper(Self::program)?;
        self.locals.pop();
        Ok(Tree::Let(number, Box::new([value, body])))
    }

    fn new_name(&mut self) -> Result<String, CompileError> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else {
            return Err(self.unexpected());
        };
        let is_taken = self.names.contains(name)
            || self.locals.iter().any(|it| it.0 == *name)
            || named(name).is_some()
            || is_elsewhere(name)
            || KEYWORDS.contains(&name.as_str());
        if is_taken {
            return Err(refused(&format!("the name `{name}` is taken")));
        }
        self.at += 1;
        Ok(name.clone())
    }

    /// An expression whose operators bind at least as tightly as told.
    fn expression(&mut self, least: u16) -> Result<Tree, CompileError> {
        self.deeper(|it| it.operators(least))
    }

    fn operators(&mut self, least: u16) -> Result<Tree, CompileError> {
        if least == 0 && self.take_word("if") {
            return self.branches();
        }
        let mut left = self.primary()?;
        let mut is_after_coalesce = false;
        loop {
            if least == 0 && self.take("|") {
                left = self.piped(left)?;
                continue;
            }
            let at = self.at;
            let is_negated = self.take_word("not");
            let Some((operator, tightness)) = self.operator(least) else {
                self.at = at;
                break;
            };
            if is_negated && !can_be_negated(operator) {
                return Err(self.unexpected());
            }
            if is_after_coalesce && operator != Binary::Coalesce {
                let message = "`??` stands beside another operator; put one of them in parentheses";
                return Err(refused(message));
            }
            is_after_coalesce = operator == Binary::Coalesce;
            left = self.joined(left, operator, tightness)?;
            if is_negated {
                left = Tree::Unary(Unary::Not, Box::new(left));
            }
        }
        if least == 0 && self.take("?") {
            return self.conditional(left);
        }
        Ok(left)
    }

    /// The operator that comes next, taken, if it binds tightly enough.
    fn operator(&mut self, least: u16) -> Option<(Binary, u16)> {
        let sign = match self.tokens.get(self.at)? {
            Token::Sign(sign) => sign,
            Token::Name(word) => word.as_str(),
            _ => return None,
        };
        let found = Binary::of(sign).filter(|it| it.1 >= least)?;
        self.at += 1;
        Some(found)
    }

    /// What `left` and the operand that follows make.
    fn joined(
        &mut self,
        left: Tree,
        operator: Binary,
        tightness: u16,
    ) -> Result<Tree, CompileError> {
        // Of all operators, powers alone are read from the right.
        let least = tightness + u16::from(operator != Binary::Power);
        let right = self.expression(least)?;
        if !operator.is_order() {
            return Ok(Tree::Binary(operator, Box::new(left), Box::new(right)));
        }
        self.comparison(left, operator, right)
    }

    /// `1 < a <= 5` means that both hold.
    fn comparison(
        &mut self,
        left: Tree,
        operator: Binary,
        right: Tree,
    ) -> Result<Tree, CompileError> {
        let at = self.at;
        let next = self.operator(20).filter(|it| it.0.is_order());
        let Some((next, tightness)) = next else {
            self.at = at;
            return Ok(Tree::Binary(operator, Box::new(left), Box::new(right)));
        };
        if right.height() > 1 {
            // What stands in the middle is asked twice.
            return Err(unsupported("the formula compares several values in a row"));
        }
        let last = self.expression(tightness + 1)?;
        let rest = self.deeper(|it| it.comparison(right.clone(), next, last))?;
        let first = Tree::Binary(operator, Box::new(left), Box::new(right));
        Ok(Tree::Binary(Binary::And, Box::new(first), Box::new(rest)))
    }

    fn primary(&mut self) -> Result<Tree, CompileError> {
        if let Some((operator, tightness)) = self.unary() {
            let operand = self.expression(tightness)?;
            let tree = Tree::Unary(operator, Box::new(operand));
            return self.postfix(tree);
        }
        if self.take("(") {
            let tree = self.expression(0)?;
            self.expect(")")?;
            return self.postfix(tree);
        }
        if self.take("[") {
            let items = self.items("]")?;
            return self.postfix(Tree::List(items));
        }
        let Some(token) = self.tokens.get(self.at) else {
            return Err(refused("the formula ends where a value is expected"));
        };
        let tree = match token {
            Token::Int(it) => Tree::Int(*it),
            Token::Float(it) => Tree::Float(*it),
            Token::Text(it) => Tree::Text(it.clone()),
            Token::Item(it) => self.item(it)?,
            Token::Name(name) => return self.named(name),
            Token::Sign("{") => return Err(unsupported("the formula has a map")),
            Token::Sign(_) => return Err(self.unexpected()),
        };
        self.at += 1;
        self.postfix(tree)
    }

    fn unary(&mut self) -> Option<(Unary, u16)> {
        let found = match self.tokens.get(self.at)? {
            Token::Sign("!") => (Unary::Not, 50),
            Token::Sign("-") => (Unary::Minus, 90),
            Token::Sign("+") => (Unary::Plus, 90),
            Token::Name(word) if word == "not" => (Unary::Not, 50),
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }

    fn item(&self, word: &str) -> Result<Tree, CompileError> {
        let Some(shape) = self.predicates.last() else {
            return Err(refused(&format!("`{word}` stands outside of a predicate")));
        };
        let item = match word {
            "#" => Item::Current,
            "#acc" if *shape == Shape::Reduce => Item::Accumulator,
            "#index" if matches!(shape, Shape::Reduce | Shape::Map) => Item::Index,
            _ => return Err(unsupported(&format!("the formula has `{word}`"))),
        };
        Ok(Tree::Item(item))
    }

    /// What begins with a name.
    fn named(&mut self, name: &str) -> Result<Tree, CompileError> {
        self.at += 1;
        let tree = match name {
            "true" => Tree::Bool(true),
            "false" => Tree::Bool(false),
            "nil" => Tree::Nil,
            _ if self.take("(") => {
                let call = self.call(name, Vec::new())?;
                return self.postfix(call);
            }
            _ if matches!(name, "let" | "if" | "matches") => {
                return Err(unsupported(&format!("the formula has `{name}` in it")));
            }
            _ if KEYWORDS.contains(&name) => {
                return Err(refused(&format!(
                    "`{name}` stands where a value is expected"
                )));
            }
            _ => self.variable(name)?,
        };
        self.postfix(tree)
    }

    fn variable(&self, name: &str) -> Result<Tree, CompileError> {
        let local = self.locals.iter().rev().find(|it| it.0 == name);
        if let Some((_, number)) = local {
            return Ok(Tree::Local(*number));
        }
        let trigger = self.names.iter().position(|it| it == name);
        trigger.map(Tree::Trigger).ok_or_else(|| match name {
            "$env" => unsupported("the formula has `$env`"),
            _ => refused(&format!(
                "`{name}` is not the name of a trigger that is neither cpu nor memory"
            )),
        })
    }

    fn postfix(&mut self, mut tree: Tree) -> Result<Tree, CompileError> {
        loop {
            if self.take("[") {
                let place = self.expression(0)?;
                if self.peeks(":") {
                    return Err(unsupported("the formula cuts a list"));
                }
                self.expect("]")?;
                tree = Tree::At(Box::new([tree, place]));
            } else if self.peeks(".") || self.peeks("?.") {
                return Err(unsupported("the formula asks for a field"));
            } else {
                return Ok(tree);
            }
        }
    }

    /// Expressions with commas between, up to a closing sign; a comma may end them.
    fn items(&mut self, end: &str) -> Result<Vec<Tree>, CompileError> {
        let mut items = Vec::new();
        while !self.take(end) {
            items.push(self.expression(0)?);
            if !self.take(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Tree, CompileError>,
    ) -> Result<Tree, CompileError> {
        if self.depth == DEEPEST {
            return Err(too_deep());
        }
        self.depth += 1;
        let tree = read(self);
        self.depth -= 1;
        tree
    }

    fn peeks(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(it)) if *it == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let takes = self.peeks(sign);
        self.at += usize::from(takes);
        takes
    }

    fn take_word(&mut self, word: &str) -> bool {
        let takes = matches!(self.tokens.get(self.at), Some(Token::Name(it)) if it == word);
        self.at += usize::from(takes);
        takes
    }

    fn expect(&mut self, sign: &str) -> Result<(), CompileError> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.told();
        Err(refused(&format!("`{sign}` is expected before {found}")))
    }

    fn unexpected(&self) -> CompileError {
        refused(&format!("{} is out of place", self.told()))
    }

    /// The next word, as the formula has it.
    fn told(&self) -> String {
        match self.tokens.get(self.at) {
            Some(Token::Int(it)) => format!("`{it}`"),
            Some(Token::Float(it)) => format!("`{it}`"),
            Some(Token::Text(it)) => format!("{it:?}"),
            Some(Token::Name(it) | Token::Item(it)) => format!("`{it}`"),
            Some(Token::Sign(it)) => format!("`{it}`"),
            None => "the end of the formula".to_owned(),
        }
    }
}

/// Whether the language has the operator with `not` before it.
fn can_be_negated(operator: Binary) -> bool {
    use Binary::{Contains, EndsWith, In, StartsWith};
    matches!(operator, In | Contains | StartsWith | EndsWith)
}

fn too_deep() -> CompileError {
    unsupported(&format!("the formula nests deeper than {DEEPEST} levels"))
}

fn unsupported(message: &str) -> CompileError {
    CompileError::Unsupported(message.to_owned())
}
