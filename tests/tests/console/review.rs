//! `operator list`, and the same at an admin's console: who is on the desk, in which role, since
//! when and by whom, and when last seen.

use countersign_tests::console::Key;
use countersign_tests::server::{Server, verb};
use serde_json::Value;

use crate::staff::{SMALL, Staff, url};

#[test]
fn an_access_review_says_of_each_who_gave_the_role_and_when_it_was_last_used() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(&data).unwrap();
    let olga = Staff::set_up(&server, &data, "olga", "support");
    olga.at_a_console(&url(&server), SMALL);
    let anna = Staff::set_up(&server, &data, "anna", "admin");
    let data = data.to_str().unwrap();
    let does = |line: &[&str]| {
        let (exit, out, err) = verb(&[line, &["--data", data]].concat()).unwrap();
        assert_eq!(exit, Some(0), "{line:?}: {err}");
        out
    };
    does(&["operator", "add", "nina", "--role", "supervisor"]);
    does(&["operator", "add", "tom", "--role", "auditor"]);
    let listed: Value = serde_json::from_str(&does(&["operator", "list", "--json"])).unwrap();
    let items = listed["items"].as_array().unwrap();
    let of = |login: &str| items.iter().find(|item| item["login"] == login).unwrap();
    assert_eq!(
        (&of("olga")["role"], &of("nina")["role"]),
        (&"support".into(), &"supervisor".into())
    );
    assert!(of("olga")["last_used_at"].is_string() && of("nina")["last_used_at"].is_null());
    does(&["operator", "disable", of("tom")["account_id"].as_str().unwrap()]);

    let text = does(&["operator", "list"]);
    let paragraph = |login: &str| {
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with(login)).collect();
        lines.get(..2).unwrap().join("\n")
    };
    let (olga, nina, tom) = (paragraph("olga"), paragraph("nina"), paragraph("tom"));
    let system_user =
        String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout);
    for (told, words) in [
        (&olga, ["Support", "enabled", "last used 20"]),
        (&nina, ["Supervisor", "not set up", "never used"]),
        (&tom, ["Auditor", "disabled", "never used"]),
    ] {
        for word in words.into_iter().chain([system_user.as_ref().unwrap().trim()]) {
            assert!(told.contains(word), "{word} in {told}");
        }
        assert!(told.contains("in this role since 20"), "{told}");
    }

    // An admin reads the same at the console.
    let mut console = anna.at_a_console(&url(&server), SMALL);
    console.wait_for_text("F9 operators").unwrap();
    console.press(Key::Function(9)).unwrap();
    let screen = console.wait_for_text("Last used (UTC)").unwrap();
    let row = |login: &str| {
        let begins = |line: &&str| line.trim_start_matches('│').starts_with(login);
        screen.lines().find(begins).unwrap_or_else(|| panic!("{login} in\n{screen}"))
    };
    for (login, words) in [
        ("anna", ["admin", "enabled", "20"]),
        ("olga", ["support", "enabled", "20"]),
        ("nina", ["supervisor", "not set up", "never"]),
        ("tom", ["auditor", "disabled", "never"]),
    ] {
        assert!(words.iter().all(|word| row(login).contains(word)), "{login} in\n{screen}");
    }
    assert!(screen.contains("Given by        user "), "{screen}");
}
