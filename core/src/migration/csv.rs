//! A table: fields between commas (or semicolons, as some spreadsheets write), with or without
//! quotation marks around them (RFC 4180), and none across lines.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::{NAMELESS, NamedBy, Row, Seed, Why, otpauth, text_of};
use crate::vault::passwords::foreign::ForeignHash;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Login,
    Subject,
    Email,
    EmailVerified,
    Seed,
    Name,
    PasswordHash,
}

/// The columns that the first line names, in order.
pub(super) struct Columns {
    separator: char,
    columns: Vec<Column>,
    named_by: NamedBy,
}

impl Columns {
    /// Reads the first line.
    pub(super) fn of(header: &[u8]) -> Result<Self, String> {
        let header = text_of(header).map_err(|why| why.to_string())?;
        let separator = if header.contains(',') || !header.contains(';') { ',' } else { ';' };
        let named = fields(header, separator).map_err(|why| why.to_string())?;
        let mut columns = vec![];
        for (number, name) in (1..).zip(&named) {
            // What stands there may be the first account, where the header was forgotten.
            let unknown = || format!("column {number} has another name");
            columns.push(column(name).ok_or_else(unknown)?);
        }
        let told: BTreeSet<Column> = columns.iter().copied().collect();
        if told.len() < columns.len() {
            return Err("a column stands there twice".to_owned());
        }
        let has = |column| told.contains(&column);
        let named_by = match (has(Column::Login), has(Column::Subject)) {
            (true, false) => NamedBy::Login,
            (false, true) => NamedBy::Subject,
            _ => return Err("login or subject, and not both".to_owned()),
        };
        if !has(Column::Seed) && !has(Column::PasswordHash) {
            return Err("seed or password_hash, or both".to_owned());
        }
        Ok(Self { separator, columns, named_by })
    }

    pub(super) const fn named_by(&self) -> NamedBy {
        self.named_by
    }

    /// Reads a line.
    pub(super) fn row(&self, line: &str) -> Result<Row, Why> {
        let mut fields = fields(line, self.separator)?;
        let (found, named) = (fields.len(), self.columns.len());
        if found != named {
            return Err(Why::Fields { found, named });
        }
        let mut take = |wanted: Column| {
            let index = self.columns.iter().position(|column| *column == wanted)?;
            let field = std::mem::take(fields.get_mut(index)?);
            Some(field).filter(|field| !field.is_empty())
        };
        let name = match self.named_by {
            NamedBy::Login => take(Column::Login).ok_or(Why::Nameless("login"))?,
            NamedBy::Subject => take(Column::Subject).ok_or(Why::Nameless("subject"))?,
        };
        let seed = take(Column::Seed).map(|seed| seed_of(&seed)).transpose()?;
        let password_hash = take(Column::PasswordHash);
        if let Some(hash) = &password_hash {
            ForeignHash::parse(hash)?;
            if self.named_by == NamedBy::Subject {
                return Err(Why::HashOfSubject);
            }
        }
        if seed.is_none() && password_hash.is_none() {
            return Err(Why::Nothing);
        }
        let email_verified = match take(Column::EmailVerified).as_ref().map(|it| it.as_str()) {
            None | Some("false" | "0" | "no") => false,
            Some("true" | "1" | "yes") => true,
            Some(_) => return Err(Why::Verified),
        };
        let email = take(Column::Email);
        let authenticator = take(Column::Name).map_or(NAMELESS.to_owned(), |name| name.to_string());
        Ok(Row { name, email, email_verified, seed, authenticator, password_hash })
    }
}

fn column(name: &str) -> Option<Column> {
    match name.to_ascii_lowercase().as_str() {
        "login" => Some(Column::Login),
        "subject" => Some(Column::Subject),
        "email" => Some(Column::Email),
        "email_verified" => Some(Column::EmailVerified),
        "seed" => Some(Column::Seed),
        "name" => Some(Column::Name),
        "password_hash" => Some(Column::PasswordHash),
        _ => None,
    }
}

/// A seed, or the URI that holds it: then whatever is known of its codes is looked at, too.
fn seed_of(field: &str) -> Result<Seed, Why> {
    match otpauth::is_one(field) {
        true => otpauth::seed(field),
        false => Seed::parse(field),
    }
}

/// The fields of a line, without the space around them.
fn fields(line: &str, separator: char) -> Result<Vec<Zeroizing<String>>, Why> {
    let mut fields = vec![];
    let mut left = Some(line);
    while let Some(text) = left {
        let (field, rest) = match text.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, separator)?,
            None => {
                let (field, rest) = match text.split_once(separator) {
                    Some((field, rest)) => (field, Some(rest)),
                    None => (text, None),
                };
                if field.contains('"') {
                    return Err(Why::Quotes);
                }
                (Zeroizing::new(field.trim().to_owned()), rest)
            }
        };
        fields.push(field);
        left = rest;
    }
    Ok(fields)
}

/// A field up to the quotation mark that closes it; two of them stand for one.
fn quoted_field(quoted: &str, separator: char) -> Result<(Zeroizing<String>, Option<&str>), Why> {
    // Sized once: a string that grows leaves copies behind.
    let mut field = Zeroizing::new(String::with_capacity(quoted.len()));
    let mut left = quoted;
    loop {
        let (text, rest) = left.split_once('"').ok_or(Why::Quotes)?;
        field.push_str(text);
        if let Some(rest) = rest.strip_prefix('"') {
            field.push('"');
            left = rest;
            continue;
        }
        let rest = rest.trim_start();
        return match rest.strip_prefix(separator) {
            Some(rest) => Ok((field, Some(rest))),
            None if rest.is_empty() => Ok((field, None)),
            None => Err(Why::Quotes),
        };
    }
}
