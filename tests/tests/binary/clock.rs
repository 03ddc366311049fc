//! The real binary on a log whose time is not that of its machine.
//!
//! Nobody sets the clock of the machine that a test runs on. So it is the log that is made at
//! another time, in this process and on a clock of its own, and then served by the binary.

use std::path::{Path, PathBuf};

use countersign_core::audit::source::Source;
use countersign_core::clock::{Clock as _, SystemClock};
use countersign_events::entry::Entry;
use countersign_events::log_event::{ClockAlarm, LogEvent};
use countersign_tests::app::{PASSWORD, Person, TestApp};
use countersign_tests::bench::prepare::step_now;
use countersign_tests::phone;
use countersign_tests::server::{Answered, Server, call, into_file};
use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A data directory that somebody else has served, and one who must wait for 15 minutes in it.
struct Place {
    directory: TempDir,
    person: Person,
}

impl Place {
    /// Made so long after the present, and then with the clock set by so much.
    fn made(after: SignedDuration, set: SignedDuration) -> Self {
        let mut place = Self { directory: tempfile::tempdir().unwrap(), person: Person::default() };
        TestApp::run_from(
            SystemClock.now() + after,
            |_| {},
            async |app| {
                place.person = app.person("marlene.elsewhere").await;
                let (wrong, sign_in) = (app.wrong_code(&place.person), app.begin(&place.person));
                let sign_in = sign_in.await;
                for _ in 0..5 {
                    app.answer(&sign_in, "totp", &wrong).await.is(401);
                }
                app.clock.step(set);
                app.begin(&place.person).await;
                app.restart_after(|app| copy(app.data(), &place.data())).await.unwrap();
            },
        );
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Serves it, with what it tells in a file.
    fn served(&self, flags: &[&str]) -> Result<Served, String> {
        let path = self.directory.path().join("stderr");
        let _none_before = std::fs::remove_file(&path);
        let served = Server::start_telling(flags, &self.data(), into_file(&path).unwrap());
        // One that ended has told all.
        let told = std::fs::read_to_string(&path).unwrap();
        served.map(|server| Served { server, told: path }).map_err(|_| told)
    }

    fn alarms(&self) -> Vec<ClockAlarm> {
        let mut source = Source::open(&self.data()).unwrap();
        let mut alarms = vec![];
        while let Some(line) = source.next_line().unwrap() {
            let entry = Entry::parse(&line.bytes).unwrap();
            if entry.event_type == "log.clock_alarm" {
                let event = LogEvent::decode(&entry.event_type, entry.version, entry.data.get());
                alarms.extend(match event.unwrap() {
                    LogEvent::ClockAlarm(alarm) => Some(alarm),
                    _ => None,
                });
            }
        }
        alarms
    }
}

struct Served {
    server: Server,
    told: PathBuf,
}

impl Served {
    /// Stops it: what it has told.
    fn stop(self) -> String {
        self.server.terminate().unwrap();
        std::fs::read_to_string(&self.told).unwrap()
    }

    /// A sign-in with the password and this.
    fn answer(&self, person: &Person, method: &str, code: &str) -> Answered {
        let post = |path: &str, body| call(self.server.public, "POST", path, None, Some(body));
        let body = json!({ "login": person.login, "password": PASSWORD });
        let begun = post("/v1/sign-ins", &body).unwrap();
        assert_eq!(begun.status, 200, "{begun:?}");
        let path = format!("/v1/sign-ins/{}/answers", begun.text_at("/id"));
        post(&path, &json!({ "method": method, "code": code })).unwrap()
    }

    /// The same with what a phone shows that goes by the machine's clock.
    fn answer_from_phone(&self, person: &Person) -> Answered {
        self.answer(person, "totp", &phone::code(&person.secret, step_now()).unwrap())
    }

    /// How many hours the machine's clock is ahead, as the metrics say.
    fn hours_ahead(&self) -> i64 {
        let told = call(self.server.ops, "GET", "/metrics", None, None).unwrap();
        assert_eq!(call(self.server.ops, "GET", "/healthz/ready", None, None).unwrap().status, 200);
        let mut lines = told.text.lines();
        let seconds = lines.find_map(|line| line.strip_prefix("countersign_clock_ahead_seconds "));
        let seconds = SignedDuration::from_secs_f64(seconds.unwrap().parse().unwrap());
        seconds.round(jiff::Unit::Hour).unwrap().as_hours()
    }
}

/// The files of a directory, and of those within.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let to = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &to);
        } else if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), to).unwrap();
        }
    }
}

/// SR-097, AT-49: the machine's clock was set two hours ahead and shows it still. A start ends no
/// wait and says what to do; one with `--accept-clock` ends what is over by that clock, on record,
/// and with it the alarm; those after it need the flag no more.
#[test]
fn sr_097_at_49_a_clock_ahead_of_the_log_is_followed_once_it_is_accepted() {
    let place = Place::made(-HOUR * 2, HOUR * 2);
    let person = &place.person;
    let alarms = place.alarms();
    assert_eq!(alarms.len(), 1);
    let served = place.served(&[]).unwrap();
    assert_eq!(served.hours_ahead(), 2);
    let refused = served.answer_from_phone(person);
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(place.alarms(), alarms, "recorded once");
    let told = served.stop();
    assert!(told.contains("restart once with --accept-clock"), "{told}");

    let served = place.served(&["--accept-clock"]).unwrap();
    assert_eq!(served.hours_ahead(), 0);
    let alarms = place.alarms();
    assert_eq!(alarms.len(), 2);
    assert_eq!(alarms[1].last_known, alarms[1].clock);
    let entered = served.answer_from_phone(person);
    assert_eq!(entered.status, 200, "{entered:?}");
    let token = entered.text_at("/session/token");
    let told = served.stop();
    assert!(told.contains("is taken for right"), "{told}");

    let served = place.served(&[]).unwrap();
    assert_eq!(served.hours_ahead(), 0);
    let session = call(served.server.public, "GET", "/v1/session", Some(token), None).unwrap();
    assert_eq!(session.status, 200, "{session:?}");
    assert_eq!(place.alarms(), alarms);
    let told = served.stop();
    assert!(!told.contains("clock of this machine"), "{told}");
}

/// SR-097, AT-49: the machine comes up with a clock two hours behind the log. A start raises the
/// alarm, and goes on from the last entry; to accept that clock is refused, and says why.
#[test]
fn sr_097_at_49_a_clock_behind_the_log_raises_the_alarm_and_is_never_accepted() {
    let place = Place::made(HOUR * 2, SignedDuration::ZERO);
    let person = &place.person;
    assert_eq!(place.alarms(), []);
    let served = place.served(&[]).unwrap();
    assert_eq!(served.hours_ahead(), -2);
    let alarms = place.alarms();
    assert_eq!(alarms.len(), 1);
    assert!(alarms[0].last_known.duration_since(alarms[0].clock) > HOUR);
    assert_eq!(served.answer_from_phone(person).status, 429, "its wait is not over");
    let entered = served.answer(person, "recovery_code", &person.recovery_codes[0]);
    assert_eq!(entered.status, 200, "{entered:?}");
    let told = served.stop();
    assert!(told.contains("behind the log"), "{told}");

    let told = place.served(&["--accept-clock"]).err().unwrap();
    assert!(told.contains("time never goes back"), "{told}");
    assert_eq!(place.alarms(), alarms);
    let served = place.served(&[]).unwrap();
    assert_eq!((served.hours_ahead(), place.alarms()), (-2, alarms));
}
