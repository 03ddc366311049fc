//! Sentences.

/// On the sign-in screen.
pub const SIGN_IN: &str = "For operators. First time here? Press F2 and have the setup token \
                           at hand that \"countersign operator add\" printed.";
/// Where a sign-in asks for a new password.
pub const PASSWORD_WANTED: &str =
    "Your account needs a new password: sign in with a browser once and choose it there.";
/// Where a sign-in asks for an authenticator.
pub const ENROLMENT_WANTED: &str =
    "Your account needs an authenticator: sign in with a browser once and add it there.";
/// A login and a password that let nobody in; which of the two, nobody is told.
pub const SIGN_IN_FAILED: &str = "That did not work: type login and password again.";
/// A code of an authenticator that is none.
pub const SIX_DIGITS: &str = "A code of the authenticator has six digits: type it again.";
/// A recovery code that is none.
pub const NO_RECOVERY_CODE: &str =
    "That is no recovery code: type it whole, as it was shown when you were set up.";
/// Where an operator may do no more of an act.
pub const AS_OFTEN_AS_IN_A_DAY: &str =
    "Nothing was done: you have done this as often as an operator may in a day.";
/// Where an operator may search no more.
pub const AS_OFTEN_AS_IN_AN_HOUR: &str =
    "You have searched as often as an operator may in an hour.";
/// Before the code.
pub const CODE: &str = "Type the code that your authenticator shows now. Each code works once.";
/// Before the first password.
pub const SET_UP: &str = "Paste the setup token and choose a password of at least 8 \
                          characters. Then sign in with it and add your authenticator.";
/// Before the first code.
pub const ENROL: &str = "Scan this with your authenticator app, or type the key into it. \
                         Then type the code that it shows.";
/// Where the code does not fit.
pub const QR_TOO_LARGE: &str = "Make the terminal larger to see the QR code.";
/// While the server prepares it.
pub const ENROL_ASKED: &str = "Asking for your authenticator …";
/// Beside the codes.
pub const RECOVERY_CODES: &str = "Each of these lets you in once when your phone is lost. \
                                  They are shown now and never again: write them down, then \
                                  press Enter.";
/// Before any search.
pub const NOTHING_SEARCHED: &str =
    "Type a whole login or address and press Enter, or F3 for what is locked now.";
/// After a search in vain.
pub const NOBODY_FOUND: &str = "No account has exactly this login or address. Have it spelt, or \
                               press Tab and try the other of the two.";
/// Where nothing is locked.
pub const NOBODY_LOCKED: &str = "No account is locked now. Who cannot sign in all the same is \
                                 found by login or address: F2.";
/// While a call is under way.
pub const WAITING: &str = "Asking the server …";
/// Before the first answer.
pub const LOADING: &str = "Loading …";
/// Where there is no answer to show.
pub const NOT_LOADED: &str = "Not loaded: the line below says why. F5 tries again.";
/// Where a time line is empty.
pub const NO_EVENTS: &str = "No events.";
/// Where the filter leaves nothing of a time line.
pub const NO_SUCH_EVENTS: &str = "No events of this kind. f chooses others.";
/// Where nothing is locked on an account.
pub const NOT_LOCKED: &str = "nothing is locked";
/// Until when something is locked that no time ends.
pub const SET_UP_ANEW: &str = "it is set up anew";
/// Where nothing is unresolved.
pub const NO_FAILURES: &str = "none";
/// Where there is no authenticator.
pub const NO_AUTHENTICATOR: &str = "none";
/// Where an account has neither login nor address: a client app knows whose it is.
pub const NO_LOGIN: &str = "none: a client app signs its holder in";
/// Under the fresh code of an act.
pub const PROVE: &str = "A fresh code and Enter write it. Esc goes back.";
/// Before a step-up.
pub const STEP_UP: &str = "This act needs a fresh code. A code that you have used already does \
                           not count: wait for the next one.";
/// Under the event that will be written.
pub const CONFIRM: &str = "y writes it. Esc goes back.";
/// When the server answers again.
pub const CAME_BACK: &str = "The server answers again.";
/// Where nobody looked at anything.
pub const NOBODY_RECENT: &str = "You have not looked at any account lately.";
/// Where no removal waits.
pub const NO_REMOVALS: &str = "No removal waits. One is asked for on an account: F2, then r.";
/// Where nothing was seen of the log yet.
pub const NOTHING_LIVE: &str = "Nothing has happened since you came here. What happens next \
                                appears by itself.";
/// Where nothing is shown of the log, since what comes is held back.
pub const NOTHING_HELD: &str = "What happens waits until you press Space.";
/// Where nothing is seen of the log, and it is not followed either.
pub const NOT_FOLLOWED: &str = "Not followed: the line below says why. F5 tries again.";
/// Where the account of a live event is wanted, and a server's lines name none.
pub const LINES_NAME_NOBODY: &str =
    "Live events name nobody: look the account up by its login or address (F2).";
/// Where the account of an event is wanted that is about none.
pub const NOT_ABOUT_AN_ACCOUNT: &str = "This event is not about an account.";
/// Where nobody may act yet.
pub const NO_OPERATORS: &str = "Nobody may act here.";
/// Where an operator never signed in.
pub const NEVER_USED: &str = "never";
/// Where the filter hides all that was seen.
pub const ALL_HIDDEN: &str = "The filter hides all that was seen. f changes it.";
/// Where there is no account state to explain.
pub const NOT_LOCKED_WHY: &str = "Nothing is locked. If the holder cannot sign in all the same, \
                                  look at the clock of the phone and at the newest events.";
/// Above the choice of a ticket.
pub const TICKET: &str = "Looks are told to the holder by the ticket that they are for, and acts \
                          begin with it. Leave it empty for none.";
/// Where an event changed nothing that the state holds.
pub const CHANGED_NOTHING: &str = "Nothing that the state holds.";
/// Where an event changed only what the service alone can read.
pub const CHANGED_INSIDE: &str = "Only what the service alone reads: v shows it.";
/// Where no checkpoint was made yet.
pub const NO_CHECKPOINT: &str = "none yet";
/// Where nobody has pressed a key for a while.
pub const RESTING: &str = "At rest: nothing is asked for by itself until a key is pressed.";
/// Where nothing failed.
pub const NOTHING_FAILED: &str = "Nothing failed.";
/// After setting the password.
pub const PASSWORD_SET: &str = "Your password is set and stands below. Type your login, \
                                then Enter twice.";
/// When a session is over.
pub const SESSION_OVER: &str = "Your session is over: sign in again.";
/// When a session is over in the middle of something.
pub const SESSION_OVER_UNFINISHED: &str =
    "Your session is over: sign in again and go on with what you were filling in.";
/// Back at what was being filled in when the session ended.
pub const AS_YOU_LEFT_IT: &str = "You are where you were, with what you had filled in.";
/// Back at an act that may have been done: nobody knows what became of it.
pub const MAY_BE_DONE: &str = "You are where you were. Whether your act was done is not known: \
                               Esc, and look at the time line before you write it again.";
/// Two passwords that differ.
pub const PASSWORDS_DIFFER: &str = "The two passwords differ.";
/// A login without a way that works here.
pub const NO_WAY: &str = "This console takes authenticator and recovery codes only.";
/// A terminal that is too small.
pub const TOO_SMALL: &str = "The console needs 80 columns and 24 rows.";
/// Where a key is pressed that this role has no use for.
pub const ROLE_MAY_NOT: &str = "Your role does not allow this. Ask somebody whose role does.";
/// While an act is under way.
pub const WRITING: &str = "Writing …";
/// Where the state does not fit above the time line.
pub const MORE_STATE: &str = "… v shows the whole state";
/// Above what a search before found, while another name is being typed.
pub const FOUND_BEFORE: &str = "found by the search before";
/// Where a removal waits for an approval.
pub const APPROVAL_WAITS: &str = "waits for another person than the one who asked";
/// Where a removal needs none.
pub const APPROVAL_NONE: &str = "none is needed here: delay and notice alone";
/// Where a removal waits for an approval alone.
pub const RUNS_WHEN_APPROVED: &str = "at once, when approved";
/// The same in a list.
pub const WHEN_APPROVED: &str = "when approved";
/// Where no link to object could be sent.
pub const CANNOT_OBJECT: &str = "The holder cannot object: no address was proven.";
/// On the edge of a form that was left once, with something in it.
pub const DROP: &str = "Press Esc again to drop it.";
/// Where something is typed into a field that is a choice.
pub const CHOOSE_BY_ARROWS: &str = "This is a choice: ← and → make it, Tab goes on.";
/// Where a removal's time has come.
pub const RUNS_NOW: &str = "now: the service is about to do it";
/// In a list, instead of when a removal runs.
pub const NOT_TOLD: &str = "holder not told";
/// While the notice of a removal has not left.
pub const RUNS_ONCE_TOLD: &str = "only once the holder is told: the notice has not left";
/// Where the notice of a removal was given up.
pub const RUNS_NEVER: &str = "never: the holder could not be told; give it up, ask anew";
/// Before an account of an exported log is named.
pub const NO_ID_TYPED: &str = "Type an account's whole id and press Enter, or take one of a list: \
    the latest, or those locked.";
/// Where what was typed is no account's id.
pub const NO_ACCOUNT_ID: &str = "An exported log holds no names: type an account's whole id.";
/// Where an exported log tells of no account.
pub const NOBODY_IN_LOG: &str = "This log tells of no account.";
/// Where a name would stand that an exported log has no key to.
pub const NOT_EXPORTED: &str = "not in an exported log";
/// Where an exported log's own program has gone.
pub const ARCHIVE_GONE: &str = "What serves the exported log is gone: start the console again.";
/// Where no removal waits in an exported log.
pub const NO_REMOVALS_THEN: &str = "No removal waited when the log ended.";
