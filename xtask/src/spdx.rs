//! Licence expressions as crates and packages write them (SPDX 2.3, annex D): names joined by `AND`, `OR`, `WITH` and
//! brackets; `/` for `OR` in old manifests.

/// Can the expression be met by the licences that `allowed` accepts? An expression that does not parse cannot.
pub fn is_met(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut parser = Parser { words: spaced.split_whitespace().collect(), next: 0, allowed };
    let met = parser.any_of();
    met == Some(true) && parser.next == parser.words.len()
}

struct Parser<'a> {
    words: Vec<&'a str>,
    next: usize,
    allowed: &'a dyn Fn(&str) -> bool,
}

impl<'a> Parser<'a> {
    /// `a OR b`: binds loosest.
    fn any_of(&mut self) -> Option<bool> {
        let mut met = self.all_of()?;
        while self.eat("OR") {
            met |= self.all_of()?;
        }
        Some(met)
    }

    /// `a AND b`.
    fn all_of(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.eat("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    /// A name, a name with an exception, or brackets.
    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let met = self.any_of()?;
            return self.eat(")").then_some(met);
        }
        let name = self.take()?;
        if self.eat("WITH") {
            // An exception only ever gives more rights.
            self.take()?;
        }
        Some((self.allowed)(name))
    }

    fn eat(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.next).is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.next += usize::from(is_next);
        is_next
    }

    fn take(&mut self) -> Option<&'a str> {
        let word = *self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_is_enough_and_all_of_several_are_needed() {
        assert!(met("MIT OR GPL-3.0-only"));
        assert!(!met("MIT AND GPL-3.0-only"));
        assert!(met("MIT/Apache-2.0"));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(met("GPL-2.0-only AND GPL-3.0-only OR MIT"));
        assert!(!met("GPL-2.0-only AND (GPL-3.0-only OR MIT)"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(met("Apache-2.0 WITH LLVM-exception AND MIT"));
        assert!(!met("GPL-2.0-only WITH Classpath-exception-2.0"));
    }

    #[test]
    fn what_does_not_parse_is_not_met() {
        for bad in ["", "MIT OR", "(MIT", "MIT MIT", "AND"] {
            assert!(!met(bad), "{bad:?}");
        }
    }

    fn met(expression: &str) -> bool {
        is_met(expression, &|name| ["MIT", "Apache-2.0"].contains(&name))
    }
}
