//! The TOML file: what stands in it, line by line, and what should not.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::layers::{nearest, nearest_section};
use crate::settings::{Origin, Settings};
use crate::table::{Key, SECTIONS};
use crate::value::Raw;

/// One thing that is wrong, in a sentence for a person.
pub type Problem = String;

/// Sets what the file says.
pub(crate) fn apply(settings: &mut Settings, path: &Path, text: &str, problems: &mut Vec<Problem>) {
    let file = File { path, text };
    match DeTable::parse(text) {
        Ok(table) => {
            for (section, content) in table.get_ref() {
                file.section(settings, section, content, problems);
            }
        }
        Err(error) => problems.push(file.at(error.span().unwrap_or(0..0), error.message())),
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    fn section(
        &self,
        settings: &mut Settings,
        section: &Spanned<std::borrow::Cow<'_, str>>,
        content: &Spanned<DeValue<'_>>,
        problems: &mut Vec<Problem>,
    ) {
        let name = section.get_ref().as_ref();
        let Some(keys) = content.get_ref().as_table() else {
            let what = format!("{name:?} stands outside of a section; sections look like [http]");
            problems.push(self.at(section.span(), &what));
            return;
        };
        if !SECTIONS.iter().any(|known| known.name == name) {
            let what = format!("unknown section [{name}]; did you mean [{}]?", nearest_section(name));
            problems.push(self.at(section.span(), &what));
            return;
        }
        for (key_name, value) in keys {
            let path = format!("{name}.{}", key_name.get_ref());
            if let Err(what) = self.key(settings, &path, key_name.span(), value.get_ref()) {
                problems.push(self.at(key_name.span(), &what));
            }
        }
    }

    fn key(&self, settings: &mut Settings, path: &str, span: Range<usize>, value: &DeValue<'_>) -> Result<(), Problem> {
        let key = Key::find(path).ok_or_else(|| format!("unknown key {path}; did you mean {}?", nearest(path)))?;
        let raw = raw(value).ok_or_else(|| format!("{path} must be {}", key.kind.describe()))?;
        let value = key.kind.read(raw).map_err(|wanted| format!("{path} must be {wanted}"))?;
        settings.set(key, value, Origin::File(self.path.to_owned(), self.line(span.start)));
        Ok(())
    }

    fn at(&self, span: Range<usize>, what: &str) -> Problem {
        format!("{}:{}: {what}", self.path.display(), self.line(span.start))
    }

    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// What of TOML has a meaning here.
fn raw(value: &DeValue<'_>) -> Option<Raw> {
    match value {
        DeValue::Boolean(flag) => Some(Raw::Flag(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Raw::Number),
        DeValue::String(text) => Some(Raw::Text(text.clone().into_owned())),
        DeValue::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(|item| Some(item.get_ref().as_str()?.to_owned())).collect();
            items.map(Raw::List)
        }
        DeValue::Table(table) => {
            let pair = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                Some((name.get_ref().clone().into_owned(), value.get_ref().as_str()?.to_owned()))
            };
            table.iter().map(pair).collect::<Option<BTreeMap<_, _>>>().map(Raw::Map)
        }
        DeValue::Float(_) | DeValue::Datetime(_) => None,
    }
}
