//! Reads what the source of the events says of them: the documented structs and enums of a file,
//! written as `rustfmt` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A field of a payload.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its type, without `Option`.
    pub(crate) rust: String,
    pub(crate) optional: bool,
    pub(crate) doc: String,
}

#[derive(Debug)]
pub(crate) enum Shape {
    Fields(Vec<Field>),
    /// The words of an enum, as JSON has them.
    Words(Vec<(String, String)>),
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) shape: Shape,
}

/// What the attributes above a line say of it.
struct Marks {
    /// The word that a variant is renamed to.
    word: Option<String>,
    /// Whether a field may be left out.
    defaults: bool,
}

/// The items of a file in their order, and which one is the payload of which type.
#[derive(Debug, Default)]
pub(crate) struct Source {
    items: Vec<Item>,
    payloads: BTreeMap<String, String>,
}

impl Source {
    /// The files, separated by spaces, as if they were one.
    pub(crate) fn read(files: &str) -> Self {
        let read = |file: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
            fs::read_to_string(path).unwrap()
        };
        let text: String = files.split(' ').map(read).collect();
        let mut source = Self::default();
        let (mut doc, mut word, mut defaults) = (String::new(), None, false);
        for line in text.lines().map(str::trim) {
            if let Some(more) = line.strip_prefix("///") {
                doc = format!("{doc} {}", more.trim()).trim().to_owned();
            } else if let Some(rest) = line.strip_prefix("#[serde(rename = \"") {
                word = rest.split('"').next().map(str::to_owned);
            } else if line.starts_with("#[serde(default") {
                defaults = true;
            } else if line.starts_with('#') {
                // Another attribute: the documentation above it still belongs to what comes.
            } else {
                let marks = Marks { word: word.take(), defaults: std::mem::take(&mut defaults) };
                source.take_in(line, std::mem::take(&mut doc), marks);
            }
        }
        source
    }

    fn take_in(&mut self, line: &str, doc: String, marks: Marks) {
        let item = |kind: &str| line.strip_prefix(kind)?.split([' ', '{']).next();
        let new = |name: &str, shape| Item { name: name.to_owned(), doc: doc.clone(), shape };
        if let Some(name) = item("pub struct ") {
            self.items.push(new(name, Shape::Fields(vec![])));
        } else if let Some(name) = item("pub enum ") {
            self.items.push(new(name, Shape::Words(vec![])));
        } else if let Some((binding, rest)) = line.split_once(") = \"") {
            let (_, payload) = binding.split_once('(').unwrap();
            let event_type = rest.split('"').next().unwrap();
            self.payloads.insert(event_type.to_owned(), payload.to_owned());
        } else if let Some(Item { shape, .. }) = self.items.last_mut() {
            match shape {
                Shape::Fields(fields) => fields.extend(field(line, doc, marks.defaults)),
                Shape::Words(words) => words.extend(variant(line, doc, marks.word)),
            }
        }
    }

    pub(crate) fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    pub(crate) fn payload(&self, event_type: &str) -> &Item {
        self.item(&self.payloads[event_type]).expect(event_type)
    }

    /// What payloads are made of, and is no payload itself.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !self.payloads.values().any(|name| *name == item.name))
    }
}

/// `pub name: Type,`
fn field(line: &str, doc: String, defaults: bool) -> Option<Field> {
    let (name, rust) = line.strip_prefix("pub ")?.strip_suffix(',')?.split_once(": ")?;
    let inner = rust.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>'));
    let (rust, optional) = (inner.unwrap_or(rust).to_owned(), inner.is_some() || defaults);
    Some(Field { name: name.to_owned(), rust, optional, doc })
}

/// `Variant,`, whose word is in snake case unless it is renamed.
fn variant(line: &str, doc: String, word: Option<String>) -> Option<(String, String)> {
    let name = line.strip_suffix(',')?;
    if !name.chars().all(char::is_alphanumeric) {
        return None;
    }
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    Some((word.unwrap_or(snake), doc))
}
