//! Codes that were accepted: worth nothing for ever after, however they are spelled and wherever
//! they are typed.

use countersign_tests::app::{STEP, TestApp};
use jiff::SignedDuration;
use serde_json::json;

use super::acts::{acts, changes, prove};

/// Looks at the time between two steps, too.
const THIRD: SignedDuration = SignedDuration::from_secs(10);
/// The last of three codes has lapsed after so many thirds of a step, whatever the window.
const THIRDS: usize = 12;

/// AT-06, SR-007: accepted at any place of the window, a code and those before it enter never
/// again, at no instant until all three have lapsed; nor do they prove anything within the session,
/// or change an authenticator. It locks nobody out, and the phone's next code enters.
#[test]
fn at_06_a_code_that_was_accepted_and_those_before_it_enter_never_again() {
    for accepted in [-1, 0, 1] {
        TestApp::run(async |app| {
            let marlene = app.person("marlene.used").await;
            app.pass(STEP * 3).await;
            let codes = [-1, 0, 1].map(|offset| app.code_at(&marlene, offset));
            let place = usize::try_from(accepted + 1).unwrap();
            let sign_in = app.begin(&marlene).await;
            let entered = app.answer(&sign_in, "totp", &codes[place]).await.is(200);
            let token = entered.text_at("/session/token");
            for third in 0..THIRDS {
                // What was never accepted and has left the window is a wrong code like any other.
                let earlier = if third < 3 { 0 } else { place };
                for code in &codes[earlier..=place] {
                    let sign_in = app.begin(&marlene).await;
                    app.answer(&sign_in, "totp", code).await.is(401);
                }
                if third % 3 == 0 {
                    let body = json!({ "method": "totp", "code": codes[place] });
                    prove(app, &token, &body).await.is(401);
                }
                app.pass(THIRD).await;
            }
            assert_eq!(app.count(&marlene.account, "account.cooled_down"), 0);
            // The phone is as far off as it was, and goes on.
            let sign_in = app.begin(&marlene).await;
            let next = app.code_at(&marlene, accepted);
            app.answer(&sign_in, "totp", &next).await.is(200);
            app.pass(SignedDuration::from_secs(301)).await;
            let before = changes(app, &marlene);
            for act in acts(&marlene) {
                act.send(app).bearer(&token).await.is(401);
            }
            assert_eq!(changes(app, &marlene), before, "a step-up is asked for");
            prove(app, &token, &json!({ "method": "totp", "code": next })).await.is(401);
            for act in acts(&marlene) {
                act.send(app).bearer(&token).await.is(401);
            }
        });
    }
}

/// AT-08, SR-009: no spelling of a code that was accepted is another code: what is not six digits
/// is no code at all, and five retypes of the six lock nobody out.
#[test]
fn at_08_no_spelling_of_a_used_code_enters() {
    TestApp::run(async |app| {
        let marlene = app.person("marlene.spelled").await;
        let code = app.code(&marlene);
        let sign_in = app.begin(&marlene).await;
        app.answer(&sign_in, "totp", &code).await.is(200);
        let wide: String = code
            .chars()
            .map(|digit| char::from_u32(u32::from(digit) - u32::from('0') + 0xff10).unwrap())
            .collect();
        let sign_in = app.begin(&marlene).await;
        let spellings = [
            format!(" {code}"),
            format!("{code} "),
            format!("{} {}", &code[..3], &code[3..]),
            format!("{}-{}", &code[..3], &code[3..]),
            format!("+{code}"),
            format!("0{code}"),
            format!("{code}\n"),
            format!("{code}\0"),
            format!("\u{200b}{code}"),
            wide,
        ];
        let path = format!("/v1/sign-ins/{sign_in}/answers");
        let number: u32 = code.parse().unwrap();
        let spelled = spellings.iter().map(|spelling| json!(spelling));
        for spelling in spelled.chain([json!(number), json!([code]), json!({ "code": code })]) {
            // Not kept in mind as a secret: it is the code with something around it.
            let body = json!({ "method": "totp", "code": spelling }).to_string();
            app.post(path.as_str(), &json!({})).bytes(body.into_bytes()).await.is(400);
        }
        for _ in 0..5 {
            app.answer(&sign_in, "totp", &code).await.is(401);
        }
        assert_eq!(app.account(&marlene).await["unresolved"], json!([]));
        app.pass(STEP).await;
        app.answer(&sign_in, "totp", &app.code(&marlene)).await.is(200);
    });
}
