//! The calls of a test, each with the fact that it leaves.

use std::collections::BTreeSet;
use std::future::IntoFuture as _;

use countersign_tests::app::{Answered, Call, TestApp};
use futures::future::join_all;

/// A search is a look, whoever asks it again.
const NO_EFFECT: &str = "POST /v1/support/accounts/search";
/// How often a call is sent at once under one key.
const AT_ONCE: usize = 20;

/// The calls that were made, with the facts that they left.
#[derive(Default)]
pub(crate) struct Made {
    pub(super) names: BTreeSet<String>,
    /// Whether each POST is sent many times at once.
    pub(super) many: bool,
}

impl Made {
    /// Makes a call that is done, and finds its fact among what was recorded meanwhile.
    pub(crate) async fn leaves(
        &mut self,
        app: &TestApp,
        (name, fact): (&str, &str),
        call: Call<'_>,
    ) -> Answered {
        if self.many && name.starts_with("POST ") && name != NO_EFFECT {
            return self.leaves_once(app, (name, fact), call).await;
        }
        let before = app.recorded().len();
        let answered = call.await;
        assert!(answered.status < 300, "{name}: {:?}", answered.face());
        let recorded = app.recorded();
        let left = &recorded[before..];
        assert!(left.iter().any(|event| event == fact), "{name} left {left:?} and no {fact}");
        self.names.insert(name.to_owned());
        answered
    }

    /// Makes a call many times at once under one key, which is done once and answered alike.
    async fn leaves_once(
        &mut self,
        app: &TestApp,
        (name, fact): (&str, &str),
        call: Call<'_>,
    ) -> Answered {
        let key = format!("key-of-many-at-once-{:012}", self.names.len());
        let before = app.recorded().len();
        let calls = (0..AT_ONCE).map(|_| call.clone().keyed(&key).into_future());
        let answers = join_all(calls).await;
        for answered in &answers {
            assert!(answered.status < 300, "{name}: {:?}", answered.face());
            let is_same =
                (answered.status, &answered.bytes) == (answers[0].status, &answers[0].bytes);
            assert!(is_same, "{name}: {:?} and {:?}", answered.face(), answers[0].face());
        }
        let left = app.recorded().split_off(before);
        let facts = left.iter().filter(|event| *event == fact).count();
        assert_eq!(facts, 1, "{name} left {left:?}");
        // The same key for something else is refused.
        let other = call.clone().other_body().keyed(&key).await;
        assert_eq!(other.status, 422, "{name}: {:?}", other.face());
        self.names.insert(name.to_owned());
        answers.into_iter().next().unwrap()
    }
}
