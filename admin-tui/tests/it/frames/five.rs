//! What each page is like in its five states.

use countersign_admin_tui::message::{Answer, Followed};
use countersign_api::contract::kind::Role;
use countersign_api::contract::problem::ProblemCode;
use countersign_api::contract::statistics::Window;
use crossterm::event::KeyCode;

use super::accounts::{opening, travelling};
use super::acts::{confirmed, filled, step_up, unlock};
use super::entrance::{enrolling, question, set_up, setting_up};
use super::matrix::{Five, Page};
use super::views::some_lines;
use crate::driver::Console;
use crate::samples::{
    events, health, hit, locked_account, moment, no_numbers, numbers, offered, offline, operators,
    other_hit, refused, removals, too_many, young_account, young_health,
};

/// The states of a page.
pub(super) fn five(page: Page) -> Five {
    match page {
        Page::SignIn => sign_in(),
        Page::Code => code(),
        Page::SetUp => first_password(),
        Page::Enrol => enrolment(),
        Page::Accounts => accounts(),
        Page::Account => asking(
            opening,
            |c| opened(c, young_account(), Vec::new()),
            |c| opened(c, locked_account(), events()),
        ),
        Page::Travel => asking(
            travelling,
            |c| {
                let mut moment = moment();
                moment.changes.clear();
                moment.words.clear();
                c.answer(Answer::Past(moment));
            },
            |c| {
                c.answer(Answer::Past(moment()));
            },
        ),
        Page::Lockouts => asking(
            || Console::at(3),
            |c| {
                c.answer(Answer::Found(Vec::new()));
            },
            |c| {
                let mut other = other_hit();
                other.locked = true;
                c.answer(Answer::Found(vec![hit(), other]));
            },
        ),
        Page::Removals => asking(
            || Console::at(4),
            |c| {
                c.answer(Answer::Removals(Vec::new()));
            },
            |c| {
                c.answer(Answer::Removals(removals()));
            },
        ),
        Page::Live => live(),
        Page::Statistics => asking(
            || Console::at(7),
            |c| {
                c.answer(Answer::Statistics(no_numbers()));
            },
            |c| {
                c.answer(Answer::Statistics(numbers(Window::Hour)));
            },
        ),
        Page::Log => asking(
            || Console::at(8),
            |c| {
                c.answer(Answer::LogHealth(young_health()));
            },
            |c| {
                c.answer(Answer::LogHealth(health()));
            },
        ),
        Page::Operators => operators_listed(),
        Page::Act => act(),
        Page::StepUp => proof(),
    }
}

fn nothing(_: &mut Console) {}

fn wrong(console: &mut Console, sent: fn(&mut Console)) {
    sent(console);
    console.fail(refused(ProblemCode::AuthenticationFailed));
}

fn then_offline(console: &mut Console, sent: fn(&mut Console)) {
    sent(console);
    console.fail(offline());
}

/// A page that asks as it is opened.
fn asking(begin: fn() -> Console, empty: fn(&mut Console), full: fn(&mut Console)) -> Five {
    Five {
        begin,
        empty,
        loading: nothing,
        full,
        error: |c| {
            c.fail(refused(ProblemCode::Forbidden));
        },
        offline: |c| then_offline(c, nothing),
    }
}

fn a_code(console: &mut Console) {
    console.text("000000").press(KeyCode::Enter);
}

fn opened(
    console: &mut Console,
    account: countersign_admin_tui::model::account::Account,
    events: Vec<countersign_admin_tui::model::account::Event>,
) {
    console.answer(Answer::Opened { account: Box::new(account), events, older: None });
}

fn sign_in() -> Five {
    Five {
        begin: Console::start,
        empty: nothing,
        loading: Console::sign_in_with_password,
        full: |c| {
            c.text("olga").press(KeyCode::Tab).text("secret");
        },
        error: |c| wrong(c, Console::sign_in_with_password),
        offline: |c| then_offline(c, Console::sign_in_with_password),
    }
}

fn code() -> Five {
    Five {
        begin: question,
        empty: nothing,
        loading: a_code,
        full: |c| {
            c.text("123456");
        },
        error: |c| {
            a_code(c);
            c.fail(too_many());
        },
        offline: |c| then_offline(c, a_code),
    }
}

fn first_password() -> Five {
    Five {
        begin: setting_up,
        empty: nothing,
        loading: |c| set_up(c, "a long password"),
        full: |c| {
            c.text("the-setup-token").press(KeyCode::Enter);
            c.text("a long password").press(KeyCode::Enter).text("a long pass");
        },
        error: |c| wrong(c, |c| set_up(c, "a long password")),
        offline: |c| then_offline(c, |c| set_up(c, "a long password")),
    }
}

fn enrolment() -> Five {
    fn offer(console: &mut Console) {
        console.answer(offered());
    }
    Five {
        begin: enrolling,
        empty: offer,
        loading: nothing,
        full: |c| {
            offer(c);
            c.text("123");
        },
        error: |c| {
            offer(c);
            wrong(c, a_code);
        },
        offline: |c| {
            offer(c);
            then_offline(c, a_code);
        },
    }
}

fn accounts() -> Five {
    fn searched(console: &mut Console) {
        console.text("ana.lima").press(KeyCode::Enter);
    }
    Five {
        begin: Console::signed_in,
        empty: nothing,
        loading: searched,
        full: |c| {
            searched(c);
            c.answer(Answer::Found(vec![hit(), other_hit()]));
        },
        error: |c| {
            searched(c);
            c.fail(too_many());
        },
        offline: |c| then_offline(c, searched),
    }
}

fn operators_listed() -> Five {
    asking(
        || Console::at_as(9, Role::Admin),
        |c| {
            c.answer(Answer::Operators(Vec::new()));
        },
        |c| {
            c.answer(Answer::Operators(operators())).press(KeyCode::Down).press(KeyCode::Down);
        },
    )
}

fn live() -> Five {
    Five {
        begin: || Console::at(6),
        empty: |c| {
            c.followed(Followed::Open);
        },
        loading: nothing,
        full: |c| {
            c.followed(Followed::Open);
            some_lines(c);
        },
        error: |c| {
            c.followed(Followed::Lost(refused(ProblemCode::Forbidden)));
        },
        offline: |c| {
            c.followed(Followed::Open);
            some_lines(c);
            c.followed(Followed::Lost(offline()));
        },
    }
}

fn act() -> Five {
    Five {
        begin: || unlock(|_| ()),
        empty: nothing,
        full: filled,
        loading: confirmed,
        error: |c| {
            confirmed(c);
            c.fail(refused(ProblemCode::Conflict));
        },
        offline: |c| then_offline(c, confirmed),
    }
}

fn proof() -> Five {
    Five {
        begin: step_up,
        empty: nothing,
        full: |c| {
            c.text("000000");
        },
        loading: a_code,
        error: |c| wrong(c, a_code),
        offline: |c| then_offline(c, a_code),
    }
}
