//! The grammar inside `[[ … ]]`.

use crate::ast::Test;
use crate::parse::{Parse, Parser};
use base::Text;

impl Parser<'_> {
    pub(crate) fn test_expression(&mut self) -> Parse<Test> {
        let mut left = self.test_and()?;
        loop {
            self.newlines();
            if !self.eat("||") {
                return Ok(left);
            }
            left = Test::Or(Box::new(left), Box::new(self.test_and()?));
        }
    }
    fn test_and(&mut self) -> Parse<Test> {
        let mut left = self.test_not()?;
        loop {
            self.newlines();
            if !self.eat("&&") {
                return Ok(left);
            }
            left = Test::And(Box::new(left), Box::new(self.test_not()?));
        }
    }
    fn test_not(&mut self) -> Parse<Test> {
        self.enter()?;
        self.newlines();
        let test = if self.keyword("!") {
            Ok(Test::Not(Box::new(self.test_not()?)))
        } else if self.eat("(") {
            let inner = self.test_expression()?;
            if !self.eat(")") {
                return Err(self.unexpected(Some(")")));
            }
            Ok(inner)
        } else {
            self.test_primary()
        };
        self.leave();
        test
    }
    fn test_primary(&mut self) -> Parse<Test> {
        let bare = self.bare();
        if bare.len() == 2 && bare.starts_with('-') && bare.as_bytes()[1].is_ascii_alphabetic() {
            self.at += 2;
            self.blank();
            if self.bare() != "]]" {
                return Ok(Test::Unary(Text::from(bare), self.word_or_unexpected()?));
            }
            self.at -= 2;
        }
        let left = self.word_or_unexpected()?;
        self.blank();
        let operators = ["==", "=~", "!=", "=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];
        let Some(operator) = operators.into_iter().find(|op| self.bare() == *op || matches!(*op, "<" | ">") && self.starts(op))
        else {
            return Ok(Test::Nonempty(left));
        };
        self.at += operator.len();
        self.blank();
        let right = if operator == "=~" { self.regex_word()? } else { self.word_or_unexpected()? };
        Ok(Test::Binary(left, Text::from(operator), right))
    }
}
