//! What support sees of an account's past: time lines by kind, looks folded, what was looked at
//! lately, and whose phone is slow.

use countersign_api::contract::kind::Role;
use countersign_api::server::listener::Listener;
use countersign_tests::app::{Answered, Person, STEP, TestApp};
use jiff::SignedDuration;
use serde_json::{Value, json};

const LOOKED: &str = "account.history_viewed";

async fn ask(app: &TestApp, operator: &Person, path: &str) -> Answered {
    app.get(path).on(Listener::Operator).bearer(&operator.token).await
}

/// The items of all pages.
async fn pages(app: &TestApp, operator: &Person, path: &str, limit: usize) -> Vec<Value> {
    let mut items = vec![];
    let mut cursor = String::new();
    loop {
        let page = ask(app, operator, &format!("{path}&limit={limit}{cursor}")).await.is(200);
        let of_page = page.body["items"].as_array().unwrap();
        assert!(of_page.len() <= limit);
        items.extend(of_page.iter().cloned());
        match page.body["next"].as_u64() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn revisions(items: &[Value]) -> Vec<u64> {
    items.iter().map(|item| item["revision"].as_u64().unwrap()).collect()
}

/// SR-126: looks of one operator for one ticket are one line that says how many; another ticket,
/// another operator and anything else between them is another line. The holder reads the same.
#[test]
fn sr_126_looks_for_one_ticket_are_told_as_one() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.looks").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let paul = app.operator("operator.paul", Role::Support).await;
        let account = format!("/v1/support/accounts/{}", marlene.account);
        for _ in 0..250 {
            ask(app, &olga, &format!("{account}?ticket=4711")).await.is(200);
        }
        ask(app, &olga, &format!("{account}?ticket=4712")).await.is(200);
        ask(app, &paul, &format!("{account}?ticket=4712")).await.is(200);
        let page = ask(app, &paul, &format!("{account}/events?ticket=4712&limit=4")).await.is(200);
        let counts = |items: &[Value]| -> Vec<(String, u64)> {
            let looks = items.iter().filter(|item| item["type"] == LOOKED);
            looks
                .map(|look| {
                    let count = look["looks"]["count"].as_u64().unwrap_or(1);
                    (look["data"]["ticket"].as_str().unwrap().to_owned(), count)
                })
                .collect()
        };
        let told = |ticket: &str, count: u64| (ticket.to_owned(), count);
        let expected = [told("4712", 2), told("4712", 1), told("4711", 250)];
        let items = page.body["items"].as_array().unwrap();
        assert_eq!(counts(items), expected);
        assert_eq!(items.len(), 4);
        let many = &items[2];
        let (last, first) = (many["revision"].as_u64(), many["looks"]["first_revision"].as_u64());
        assert_eq!(last.unwrap() - first.unwrap(), 249);
        // No event is told twice, and none is lost between two pages.
        let rest = page.body["next"].as_u64().unwrap();
        assert_eq!(rest, items[3]["revision"].as_u64().unwrap());
        let oldest = format!("{account}/events?order=oldest&kind=support&ticket=4712");
        let oldest = counts(&pages(app, &paul, &oldest, 2).await);
        assert_eq!(oldest, [told("4711", 250), told("4712", 1), told("4712", 3)]);
        let own = app.history(&marlene).await;
        assert_eq!(counts(&own), [told("4712", 3), told("4712", 1), told("4711", 250)]);
    });
}

/// SR-126: whoever makes a cursor up is told of like anybody else: the pages that follow belong to
/// the look that they follow, for a while, and to no other.
#[test]
fn sr_126_no_page_is_read_without_a_look() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.cursor").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let paul = app.operator("operator.paul", Role::Supervisor).await;
        let events = format!("/v1/support/accounts/{}/events", marlene.account);
        let looks = || app.count(&marlene.account, LOOKED);
        let mut told = 0;
        for cursor in ["limit=1&cursor=9000000", "limit=1&order=oldest&cursor=0"] {
            for (operator, more) in [(&olga, 1), (&olga, 0), (&paul, 1)] {
                ask(app, operator, &format!("{events}?{cursor}")).await.is(200);
                told += more;
                assert_eq!(looks(), told, "{cursor}");
            }
        }
        // A look at something else is not the one that a page follows; nor is one of long ago.
        ask(app, &olga, &format!("/v1/support/accounts/{}", marlene.account)).await.is(200);
        ask(app, &olga, &format!("{events}?limit=1&cursor=3")).await.is(200);
        assert_eq!(looks(), told + 2);
        app.pass(SignedDuration::from_mins(15)).await;
        // A session that was idle for so long is over, too.
        let paul = Person { token: app.enter(&paul).await, ..paul };
        ask(app, &paul, &format!("{events}?limit=1&cursor=3")).await.is(200);
        assert_eq!(looks(), told + 3);
    });
}

/// SR-126: what happens after a look is no part of it: whoever reads it has looked again.
#[test]
fn sr_126_what_happened_since_is_not_read_on() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.since").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let account = format!("/v1/support/accounts/{}", marlene.account);
        let (newest, oldest) = ("limit=200&cursor=9999", "limit=200&order=oldest&cursor=1");
        for page in [newest, oldest] {
            let looks = || app.count(&marlene.account, LOOKED);
            let path = format!("{account}/events?{page}&ticket={}", page.len());
            ask(app, &olga, &path).await.is(200);
            let before = looks();
            ask(app, &olga, &path).await.is(200);
            assert_eq!(looks(), before, "nothing has happened");
            app.pass(STEP).await;
            app.enter(&marlene).await;
            let seen = ask(app, &olga, &path).await.is(200);
            assert_eq!(looks(), before + 1, "{page}");
            assert!(seen.bytes.windows(13).any(|part| part == b"code_verified"));
            let earlier = format!("{account}/events?limit=2&cursor=3&ticket={}", page.len());
            ask(app, &olga, &earlier).await.is(200);
            assert_eq!(looks(), before + 1, "the earlier pages belong to it");
        }
        let last = ask(app, &olga, &format!("{account}/state?revision=1")).await.is(200);
        let next = last.body["newest"].as_u64().unwrap() + 1;
        let before = app.count(&marlene.account, LOOKED);
        app.pass(STEP).await;
        app.enter(&marlene).await;
        ask(app, &olga, &format!("{account}/changes?revision={next}")).await.is(200);
        assert_eq!(app.count(&marlene.account, LOOKED), before + 1);
    });
}

/// SR-126: stepping through a history is one look: of one operator, for one ticket, with no other
/// look between, and for a while.
#[test]
fn sr_126_stepping_through_a_history_is_one_look() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.steps").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let paul = app.operator("operator.paul", Role::Supervisor).await;
        let account = format!("/v1/support/accounts/{}", marlene.account);
        let steps = async |operator: &Person, ticket: &str| {
            for revision in 0..3 {
                for what in ["changes", "state"] {
                    let path = format!("{account}/{what}?revision={revision}&ticket={ticket}");
                    ask(app, operator, &path).await.is(200);
                }
            }
            app.count(&marlene.account, LOOKED)
        };
        assert_eq!(steps(&olga, "4711").await, 1);
        assert_eq!(steps(&olga, "4711").await, 1);
        assert_eq!(steps(&olga, "4712").await, 2, "another ticket");
        assert_eq!(steps(&paul, "4712").await, 3, "another operator");
        assert_eq!(steps(&olga, "4712").await, 3, "her own goes on");
        ask(app, &olga, &format!("{account}?ticket=4712")).await.is(200);
        assert_eq!(steps(&olga, "4712").await, 5, "another look between");
        app.pass(SignedDuration::from_mins(15)).await;
        let olga = Person { token: app.enter(&olga).await, ..olga };
        assert_eq!(steps(&olga, "4712").await, 6, "long ago");
    });
}

/// Each kind tells its events and no others, in both orders, whatever the page; together with what
/// is filtered nothing gets lost.
#[test]
fn a_time_line_is_read_by_kind_and_in_both_orders() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.kinds").await;
        for _ in 0..2 {
            let sign_in = app.begin(&marlene).await;
            let wrong = app.wrong_code(&marlene);
            app.answer(&sign_in, "totp", &wrong).await.is(401);
            let code = app.code(&marlene);
            app.answer(&sign_in, "totp", &code).await.is(200);
            app.pass(STEP).await;
        }
        app.settle().await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let events = format!("/v1/support/accounts/{}/events", marlene.account);
        let all = pages(app, &olga, &format!("{events}?ticket=1"), 3).await;
        let newest = revisions(&all);
        assert!(newest.is_sorted_by(|one, next| one > next));
        let mut seen = std::collections::BTreeSet::new();
        for (kind, has, lacks) in [
            ("sign_ins", "account.password_verified", "account.code_rejected"),
            ("codes", "account.code_rejected", "account.password_verified"),
            ("factors", "account.registered", "account.code_verified"),
            ("mail", "account.notice_sent", "account.registered"),
            ("support", LOOKED, "account.registered"),
            ("locks", "", LOOKED),
        ] {
            let path = format!("{events}?kind={kind}");
            let down = pages(app, &olga, &path, 1).await;
            let types: Vec<&str> = down.iter().map(|it| it["type"].as_str().unwrap()).collect();
            assert!(has.is_empty() || types.contains(&has), "{kind}: {types:?}");
            assert!(!types.contains(&lacks), "{kind}: {types:?}");
            let up = revisions(&pages(app, &olga, &format!("{path}&order=oldest"), 2).await);
            assert!(up.is_sorted());
            seen.extend(up);
        }
        let missed: Vec<_> = newest.iter().filter(|revision| !seen.contains(revision)).collect();
        assert!(missed.is_empty(), "{missed:?} are of no kind");
        for bad in ["kind=everything", "order=sideways", "kind=mail&kind=codes", "types=x"] {
            ask(app, &olga, &format!("{events}?{bad}")).await.is(400);
        }
    });
}

/// A view after an act shows the act.
#[test]
fn a_view_after_an_act_shows_it() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        for number in 0..3 {
            let marlene = app.person(&format!("marlene.{number}")).await;
            let sign_in = app.begin(&marlene).await;
            for _ in 0..5 {
                let wrong = app.wrong_code(&marlene);
                app.answer(&sign_in, "totp", &wrong).await;
            }
            let locked = ask(app, &olga, "/v1/support/accounts?state=locked").await.is(200);
            let items = locked.body["items"].as_array().unwrap();
            assert!(items.iter().any(|hit| hit["account_id"] == marlene.account));
            let account = format!("/v1/support/accounts/{}", marlene.account);
            let path = format!("{account}/events?kind=locks&limit=1");
            let newest = ask(app, &olga, &path).await.is(200);
            assert_eq!(newest.text_at("/items/0/type"), "account.cooled_down");
            let body = json!({ "scope": "cool_down", "reason": "on the phone", "ticket": "7" });
            let reset = app.post(format!("{account}/lockout-resets"), &body).on(Listener::Operator);
            reset.bearer(&olga.token).await.is(201);
            let newest = ask(app, &olga, &path).await.is(200);
            assert_eq!(newest.text_at("/items/0/type"), "account.lockout_reset");
            let recent = ask(app, &olga, "/v1/support/accounts?state=recent").await.is(200);
            assert_eq!(recent.body["items"][0]["account_id"], marlene.account);
            assert_eq!(recent.body["items"][0]["locked"], false);
        }
    });
}

/// Those that the one who asks looked at, the latest first, and nobody else's.
#[test]
fn accounts_looked_at_lately_are_ones_own() {
    TestApp::run(async |app| {
        let olga = app.operator("operator.olga", Role::Support).await;
        let paul = app.operator("operator.paul", Role::Supervisor).await;
        let mut accounts = vec![];
        for name in ["ada", "bob", "cleo"] {
            accounts.push(app.registered(&format!("{name}.recent")).await.account);
        }
        for account in accounts.iter().chain([&accounts[0]]) {
            ask(app, &olga, &format!("/v1/support/accounts/{account}")).await.is(200);
        }
        let path = "/v1/support/accounts?state=recent";
        let listed = pages(app, &olga, path, 1).await;
        let listed: Vec<_> = listed.iter().map(|hit| hit["account_id"].as_str().unwrap()).collect();
        assert_eq!(listed, [&accounts[0], &accounts[2], &accounts[1]]);
        assert_eq!(pages(app, &paul, path, 50).await, [] as [Value; 0]);
    });
}

/// SR-015: "my codes never work" is answered by the account's page alone.
#[test]
fn sr_015_support_reads_that_a_phone_is_slow() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.slow").await;
        app.pass(STEP + STEP + STEP).await;
        let sign_in = app.begin(&marlene).await;
        let late = app.code_at(&marlene, -3);
        app.answer(&sign_in, "totp", &late).await.is(401);
        let olga = app.operator("operator.olga", Role::Support).await;
        let shown = ask(app, &olga, &format!("/v1/support/accounts/{}", marlene.account)).await;
        let factor = &shown.is(200).body["factors"][0];
        assert_eq!(factor["clock_offset_seconds"], -90);
        assert_eq!(factor["clock_refused"], true);
        let words = "codes about 90 s slow: refused until the phone's clock is set right";
        assert_eq!(factor["clock_explanation"], words);
    });
}

/// SR-128: a search takes a whole name. A pattern is no request, and finds nobody; a name that has
/// such a character in it is found like any other.
#[test]
fn sr_128_a_search_takes_no_pattern() {
    TestApp::run(async |app| {
        app.registered("marlene").await;
        app.registered("star*light").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let search = async |body: Value| {
            let call = app.post("/v1/support/accounts/search", &body).on(Listener::Operator);
            call.bearer(&olga.token).await
        };
        for pattern in ["marl*", "*", "%", "marlen?", "star*", "m%e"] {
            let refused = search(json!({ "login": pattern })).await.is(422);
            assert_eq!(refused.body["code"], "field-refused");
        }
        for pattern in ["*@example.com", "marlene@%", "%@%"] {
            search(json!({ "email": pattern })).await.is(422);
        }
        for (login, found) in [("marlene", 1), ("marl", 0), ("marlene ", 1), ("star*light", 1)] {
            let hits = search(json!({ "login": login })).await.is(200);
            assert_eq!(hits.body["items"].as_array().unwrap().len(), found, "{login}");
        }
    });
}

/// SR-122: a state of then, and what changed, are looks like any other.
#[test]
fn time_travel_tells_the_newest_revision_and_what_each_event_changed() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.travels").await;
        let olga = app.operator("operator.olga", Role::Support).await;
        let account = format!("/v1/support/accounts/{}", marlene.account);
        let then = ask(app, &olga, &format!("{account}/state?revision=0&ticket=1")).await.is(200);
        assert_eq!(then.body["revision"], 0);
        let newest = then.body["newest"].as_u64().unwrap();
        let beyond = format!("{account}/state?revision={}", newest + 50);
        let now = ask(app, &olga, &beyond).await.is(200);
        assert_eq!(now.body["revision"], newest + 1);
        let at = now.text_at("/at");
        let then = ask(app, &olga, &format!("{account}/state?at={at}")).await.is(200);
        assert_eq!(then.body["state"]["standing"], now.body["state"]["standing"]);
        let long_ago = format!("{account}/state?at=2001-01-01T00:00:00Z");
        let before = ask(app, &olga, &long_ago).await.is(200);
        assert_eq!(
            (&before.body["revision"], &before.body["state"]["standing"]),
            (&Value::Null, &json!("vacant"))
        );
        let first = ask(app, &olga, &format!("{account}/changes?revision=0")).await.is(200);
        assert_eq!(first.text_at("/event/type"), "account.registered");
        assert_eq!(first.body["since"], Value::Null);
        assert_eq!(first.body["changes"][0]["path"], "/standing");
        assert_eq!(first.body["changes"][0]["before"], "vacant");
        for (query, status) in [
            ("", 400),
            ("?revision=-1", 400),
            ("?revision=1&since=1", 422),
            ("?revision=99999", 404),
        ] {
            ask(app, &olga, &format!("{account}/changes{query}")).await.is(status);
        }
    });
}
