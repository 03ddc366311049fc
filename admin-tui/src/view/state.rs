//! An account's state in words: short, for the top of its screen, and whole.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{LABEL_COLUMNS, pair, wrapped};
use crate::model::Model;
use crate::model::account::{Account, Factor, Lock};
use crate::model::removal::Removal;
use crate::text;
use crate::theme::Theme;

/// Lines of an explanation in the short form.
const EXPLANATION_LINES: usize = 2;

/// What the words are drawn with.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) model: &'a Model,
    pub(super) theme: Theme,
    pub(super) width: u16,
}

impl Words<'_> {
    /// What people call about comes first: what is locked, then the clocks of the phones.
    pub(super) fn short(self, account: &Account) -> Vec<Line<'static>> {
        self.lines(account, Some(EXPLANATION_LINES))
    }

    /// All of it.
    pub(super) fn whole(self, account: &Account) -> Vec<Line<'static>> {
        let mut lines = self.lines(account, None);
        for factor in &account.factors {
            let since = text::time(factor.enabled_at);
            let words = format!("{} in use since {since} UTC", factor.name);
            lines.extend(self.labelled("", &words, self.theme.plain()));
        }
        let revision = account.revision.to_string();
        lines.extend(self.labelled("Last revision", &revision, self.theme.plain()));
        lines
    }

    fn lines(self, account: &Account, explained: Option<usize>) -> Vec<Line<'static>> {
        let theme = self.theme;
        let mut lines = Vec::new();
        if let Some(since) = account.suspended_at {
            let words = format!("since {} UTC: nobody signs in", text::time(since));
            lines.extend(self.labelled("Suspended", &words, theme.trouble()));
        }
        let locks = account.locks_at(self.model.as_of());
        if account.locks.is_empty() {
            lines.extend(self.labelled("Locked", text::say::NOT_LOCKED, theme.success()));
        }
        // By this clock: the server's decides, and is asked by F5.
        for (lock, until) in account.ended_locks_at(self.model.as_of()) {
            let words = text::was_locked(lock.method, until);
            lines.extend(self.labelled("Locked", &words, theme.plain()));
        }
        for lock in locks {
            lines.extend(self.lock(lock, explained));
        }
        if let Some(why) = account.password_change {
            let words = text::password_change(why);
            lines.extend(self.labelled("Password", words, theme.attention()));
        }
        lines.extend(self.factors(account));
        if let Some(removal) = &account.removal {
            let label = text::title::request(removal.is_address());
            lines.extend(self.labelled(label, &self.removal(removal), theme.attention()));
        }
        lines.extend(self.labelled("Unresolved", &unresolved(account), theme.plain()));
        let login = account.login.as_ref().map(ToString::to_string);
        let login: Vec<String> = login.into_iter().chain(email(account)).collect();
        let login = match (login.is_empty(), &self.model.archive) {
            (true, Some(_)) => text::say::NOT_EXPORTED.to_owned(),
            (true, None) => text::say::NO_LOGIN.to_owned(),
            (false, _) => login.join(", "),
        };
        lines.extend(self.labelled("Login", &login, theme.plain()));
        lines.push(self.second_factor(account));
        let created = text::time(account.created_at);
        let sessions = format!("{} alive; account created {created} UTC", account.sessions);
        lines.extend(self.labelled("Sessions", &sessions, theme.plain()));
        if let Some(until) = account.held_until.filter(|until| *until > self.model.as_of()) {
            let until = text::until(self.model.as_of(), until);
            let words = format!("address and factors stay as they are until {until}");
            lines.extend(self.labelled("Held", &words, theme.attention()));
        }
        lines
    }

    fn lock(self, lock: &Lock, explained: Option<usize>) -> Vec<Line<'static>> {
        let until = lock.until.map_or_else(
            || text::say::SET_UP_ANEW.to_owned(),
            |until| text::until(self.model.as_of(), until),
        );
        let words = format!("{} until {until}", text::method(lock.method));
        let mut lines = self.labelled("Locked", &words, self.theme.trouble());
        let narrower = Words { width: self.width.saturating_sub(MARK_COLUMNS), ..self };
        let mut why = narrower.labelled("", lock.explanation.as_str(), self.theme.plain());
        if let Some(most) = explained
            && why.len() > most
        {
            why.truncate(most);
            if let Some(last) = why.last_mut() {
                last.push_span(Span::styled(MARK, self.theme.key()));
            }
        }
        lines.append(&mut why);
        lines
    }

    /// Why the account is locked: each lock with its rule, its numbers and its end.
    pub(super) fn why(self, account: &Account) -> Vec<Line<'static>> {
        let theme = self.theme;
        let mut lines = Vec::new();
        let locks = account.locks_at(self.model.as_of());
        if locks.is_empty() {
            let words = wrapped(text::say::NOT_LOCKED_WHY, self.width);
            lines.extend(words.into_iter().map(Line::from));
            lines.push(Line::default());
            lines.extend(self.factors(account));
        }
        for lock in locks {
            lines.extend(self.lock(lock, None));
            let since = format!("{} UTC", text::time(lock.since));
            lines.push(pair("Since", Span::raw(since), theme));
            lines.push(pair("Refused from", Span::raw(text::lane(lock.lane)), theme));
            let count = text::count(lock.unresolved, "failure", "failures");
            lines.push(pair("Unresolved", Span::raw(count), theme));
            lines.push(pair("Rule", Span::raw(text::rule(lock.rule.as_str())), theme));
            lines.push(Line::default());
        }
        lines
    }

    fn removal(self, removal: &Removal) -> String {
        let what = removal.what();
        let waits = if removal.waits_for_approval() { ", not approved" } else { "" };
        let runs = text::runs(removal, self.model.as_of());
        format!("{what}: asked for by {}{waits}, runs {runs}; see F4", removal.asked_by)
    }

    fn factors(self, account: &Account) -> Vec<Line<'static>> {
        if account.factors.is_empty() {
            return self.labelled(
                "Authenticators",
                text::say::NO_AUTHENTICATOR,
                self.theme.plain(),
            );
        }
        let (off, right): (Vec<_>, Vec<_>) =
            account.factors.iter().partition(|factor| factor.clock_is_off);
        let factors = off.into_iter().chain(right).enumerate();
        factors.flat_map(|(place, factor)| self.factor(place, factor)).collect()
    }

    /// A clock that is off comes first: it is the answer to "my codes never work".
    fn factor(self, place: usize, factor: &Factor) -> Vec<Line<'static>> {
        let label = if place == 0 { "Authenticators" } else { "" };
        let used = factor
            .last_used_at
            .map_or("never used".to_owned(), |at| format!("last used {}", text::time(at)));
        let words = match &factor.clock {
            Some(clock) => format!("{}: {clock}; {used}", name_of(factor)),
            None => format!("{}, {used}", name_of(factor)),
        };
        let style = if factor.clock_is_off { self.theme.attention() } else { self.theme.plain() };
        self.labelled(label, &words, style)
    }

    fn second_factor(self, account: &Account) -> Line<'static> {
        let second = match account.two_factor_enabled {
            true => Span::styled("on", self.theme.success()),
            false => Span::styled("off", self.theme.attention()),
        };
        let mut second = pair("Second factor", second, self.theme);
        let codes = text::count(account.recovery_codes_left, "recovery code", "recovery codes");
        second.push_span(Span::raw(format!(", {codes} left")));
        second
    }

    /// A name and a text beside it, in as many lines as it takes.
    fn labelled(self, label: &str, words: &str, style: Style) -> Vec<Line<'static>> {
        let beside = self.width.saturating_sub(u16::try_from(LABEL_COLUMNS).unwrap_or(0));
        wrapped(words, beside)
            .into_iter()
            .enumerate()
            .map(|(place, line)| {
                let label = if place == 0 { label } else { "" };
                pair(label, Span::styled(line, style), self.theme)
            })
            .collect()
    }
}

/// Behind a text that is cut: which key shows all of it.
const MARK: &str = " … w: all";
/// Columns that are left for it.
const MARK_COLUMNS: u16 = 9;

fn unresolved(account: &Account) -> String {
    let counted: Vec<String> = account
        .unresolved
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(method, count)| format!("{} {count}", text::method(*method)))
        .collect();
    if counted.is_empty() { text::say::NO_FAILURES.to_owned() } else { counted.join(", ") }
}

fn email(account: &Account) -> Option<String> {
    let hint = account.email_hint.as_ref()?;
    let proven = if account.email_confirmed { "confirmed" } else { "not confirmed" };
    Some(format!("{hint} ({proven})"))
}

/// The holder's name for it; where that is not known, as in an exported log, its id.
fn name_of(factor: &Factor) -> String {
    if factor.name.as_str().is_empty() {
        return factor.id.to_string();
    }
    factor.name.to_string()
}
