//! A whole day at the desk, against the real server: five calls, a support agent (olga) and a
//! supervisor (sara), each at a console of her own, and the holder whom all of it is about.
//!
//! After every act the holder is asked what he has of it: can he sign in, is his session alive, was
//! he told. Every act shows the event that will be written, the event that was, and then stands in
//! the time line.

use countersign_tests::console::{Console, Key};
use countersign_tests::mailbox::Mailbox;
use countersign_tests::server::Server;
use serde_json::json;

use crate::holder::{Holder, LOGIN, PASSWORD, post};
use crate::staff::{Act, ROOMY, SMALL, Staff, choose_in_person, open, url};

const UNLOCK: Act = Act {
    key: "u",
    title: "Unlocking ends waiting times",
    event: "account.lockout_reset",
    reason: "called back, mistyped on a new phone",
    ticket: "4711",
};
const END_SESSIONS: Act = Act {
    key: "e",
    title: "End sessions",
    event: "account.sessions_ended",
    reason: "sees sign-ins that are not his",
    ticket: "4712",
};
const SUSPEND: Act = Act {
    key: "s",
    title: "Suspend the account",
    event: "account.suspended",
    reason: "asks for it until he is home",
    ticket: "4712",
};
const RESUME: Act = Act {
    key: "S",
    title: "Resume the account",
    event: "account.resumed",
    reason: "is home, called back",
    ticket: "4712",
};
const NEW_PASSWORD: Act = Act {
    key: "p",
    title: "New password",
    event: "account.password_mail_asked",
    reason: "has forgotten it",
    ticket: "4713",
};
const ASK_REMOVAL: Act = Act {
    key: "r",
    title: "Remove authenticator: ask for it",
    event: "account.factor_removal_requested",
    reason: "cannot find his phone",
    ticket: "4714",
};
const CANCEL: Act = Act {
    key: "c",
    title: "Remove authenticator: cancel",
    event: "account.factor_removal_cancelled",
    reason: "found it in his coat",
    ticket: "",
};
const ASK_IN_PERSON: Act =
    Act { reason: "the phone is broken, he stands here", ticket: "4715", ..ASK_REMOVAL };
const APPROVE: Act = Act {
    key: "a",
    title: "Remove authenticator: approve",
    event: "account.factor_removal_approved",
    reason: "seen him and his document",
    ticket: "",
};

/// The desk, and whom it serves.
struct Day {
    olga: Console,
    sara: Console,
    holder: Holder,
    /// His session.
    token: String,
    mails: Mailbox,
}

#[test]
fn a_support_agent_and_a_supervisor_do_their_whole_day_in_the_console() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let olga = Staff::set_up(&server, &data, "olga", "support");
    let sara = Staff::set_up(&server, &data, "sara", "supervisor");
    let mut day = Day {
        holder: Holder::with_an_authenticator(server.public),
        token: String::new(),
        mails: Mailbox::of(&data.join("mail")),
        olga: olga.at_a_console(&url(&server), ROOMY),
        sara: sara.at_a_console(&url(&server), SMALL),
    };
    day.holder.proves_his_address(&day.mails);
    open(&mut day.olga, LOGIN);

    day.i_am_locked_out();
    day.somebody_is_in_my_account();
    day.i_am_home_again();
    day.i_forgot_my_password();
    day.i_cannot_find_my_phone();
    day.my_phone_is_broken();
    day.ends();
}

impl Day {
    /// The account as it is now, on olga's screen: the newest event says this.
    fn the_time_line_says(&mut self, sentence: &str) {
        self.olga.press(Key::Function(5)).unwrap();
        self.olga.wait_for_text(sentence).unwrap();
    }

    fn i_am_locked_out(&mut self) {
        self.holder.is_locked_by_wrong_codes();
        self.the_time_line_says("5 wrong tries from devices");
        self.olga.type_text(UNLOCK.key).unwrap();
        self.olga.wait_for_text(UNLOCK.title).unwrap();
        // Waiting times alone, of every method: the password stays.
        self.olga.press(Key::Tab).unwrap();
        self.olga.press(Key::Tab).unwrap();
        UNLOCK.is_confirmed_at(&mut self.olga);
        UNLOCK.is_written_at(&mut self.olga);
        self.the_time_line_says("support ended the waiting");
        self.olga.wait_for_text("nothing is locked").unwrap();
        self.token = self.holder.enters();
    }

    fn somebody_is_in_my_account(&mut self) {
        assert!(self.holder.is_in(&self.token));
        END_SESSIONS.is_done_at(&mut self.olga);
        self.the_time_line_says("support ended them");
        assert!(!self.holder.is_in(&self.token), "the session is over");

        SUSPEND.is_done_at(&mut self.olga);
        self.the_time_line_says("support suspended the account");
        let right = json!({ "login": LOGIN, "password": PASSWORD });
        let refused = post(self.holder.public, "/v1/sign-ins", None, &right);
        assert_eq!(refused.status, 401, "with the right password: {refused:?}");
        self.holder.is_told(&self.mails, "suspended");
    }

    fn i_am_home_again(&mut self) {
        open(&mut self.sara, LOGIN);
        self.sara.wait_for_text("Suspended       since").unwrap();
        RESUME.is_done_at(&mut self.sara);
        self.sara.wait_until_gone("Suspended       since").unwrap();
        self.the_time_line_says("support ended the suspension");
        self.token = self.holder.enters_by_recovery_code();
        assert!(self.holder.is_in(&self.token), "he signs in as before");
    }

    fn i_forgot_my_password(&mut self) {
        NEW_PASSWORD.is_done_at(&mut self.olga);
        self.the_time_line_says("support had a link to a new password");
        let letter = self.holder.is_told(&self.mails, "A new password");
        assert!(letter.text.contains("choose a new password"), "{}", letter.text);
        let shown = self.olga.screen();
        assert!(!shown.contains('#') && !shown.contains("http://127.0.0.1:0"), "{shown}");
    }

    /// The authenticator, identified by a call back, after the delay; and he finds it.
    fn i_cannot_find_my_phone(&mut self) {
        self.olga.type_text(ASK_REMOVAL.key).unwrap();
        self.olga.wait_for_text(ASK_REMOVAL.title).unwrap();
        self.olga.press(Key::Enter).unwrap();
        // Called back.
        self.olga.press(Key::Right).unwrap();
        self.olga.press(Key::Enter).unwrap();
        self.olga.press(Key::Enter).unwrap();
        ASK_REMOVAL.is_confirmed_at(&mut self.olga);
        ASK_REMOVAL.is_written_at(&mut self.olga);
        self.the_time_line_says("support asked for the removal");

        self.olga.press(Key::Function(4)).unwrap();
        self.olga.wait_for_text("waits for another person").unwrap();
        CANCEL.is_done_at(&mut self.olga);
        self.olga.wait_for_text("No removal waits.").unwrap();
        open(&mut self.olga, LOGIN);
        self.olga.wait_for_text("support gave up what was asked for").unwrap();
        self.holder.is_told(&self.mails, "Your second factor at Countersign stays");
    }

    /// In person, hence without the delay once sara has approved it.
    fn my_phone_is_broken(&mut self) {
        self.olga.type_text(ASK_IN_PERSON.key).unwrap();
        self.olga.wait_for_text(ASK_IN_PERSON.title).unwrap();
        self.olga.press(Key::Enter).unwrap();
        choose_in_person(&mut self.olga);
        self.olga.press(Key::Right).unwrap();
        self.olga.press(Key::Enter).unwrap();
        ASK_IN_PERSON.is_confirmed_at(&mut self.olga);
        ASK_IN_PERSON.is_written_at(&mut self.olga);

        self.sara.press(Key::Function(4)).unwrap();
        let screen = self.sara.wait_for_text("waits for another person").unwrap();
        for part in ["in person", ASK_IN_PERSON.reason, ASK_IN_PERSON.ticket] {
            assert!(screen.contains(part), "{part} in\n{screen}");
        }
        APPROVE.is_done_at(&mut self.sara);
        self.sara.wait_for_text("No removal waits.").unwrap();
        self.holder.is_told(&self.mails, "was removed");
        self.the_time_line_says("the removal that support had asked");
        self.olga.wait_for_text("Authenticators  none").unwrap();
    }

    /// The other screens, the holder's own history, and home.
    fn ends(mut self) {
        let pages = [(3, "No account is locked now."), (6, "Live: following"), (8, "in step")];
        for (key, words) in pages.into_iter().chain([(7, "The last hour: ")]) {
            self.sara.press(Key::Function(key)).unwrap();
            self.sara.wait_for_text(words).unwrap();
        }
        let entered = self.holder.begin();
        let token = entered.text_at("/session/token");
        let acts = [&UNLOCK, &SUSPEND, &RESUME, &NEW_PASSWORD, &CANCEL, &APPROVE];
        let written = self.holder.counts(token, acts.map(|act| act.event));
        assert_eq!(written, [1; 6]);
        assert_eq!(self.holder.counts(token, [ASK_REMOVAL.event]), [2]);
        for mut console in [self.olga, self.sara] {
            console.press(Key::Control('c')).unwrap();
            assert_eq!(console.wait_for_exit().unwrap(), 0);
            console.terminal_is_restored().unwrap();
        }
    }
}
