//! The calls of a test, each with the fact that it leaves.

use std::collections::BTreeSet;
use std::future::IntoFuture as _;

use countersign_tests::app::{Answered, Call, TestApp};
use futures::future::join_all;

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
        if self.many && name.starts_with("POST ") {
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
        let before = app.recorded().len();
        let answered = self.is_once(app, name, call).await;
        let left = app.recorded().split_off(before);
        let facts = left.iter().filter(|event| *event == fact).count();
        assert_eq!(facts, 1, "{name} left {left:?}");
        answered
    }

    /// Makes a call many times at once under one key, which is answered alike: here, and by a
    /// server on what is left of this one when it is killed. The key is refused for another body.
    pub(super) async fn is_once(&mut self, app: &TestApp, name: &str, call: Call<'_>) -> Answered {
        let key = format!("key-of-many-at-once-{:012}", self.names.len());
        let call = call.keyed(&key);
        let answers = join_all((0..AT_ONCE).map(|_| call.clone().into_future())).await;
        let first = answers.first().unwrap();
        assert!(first.status < 300, "{name}: {:?}", first.face());
        let is_same = |answered: &Answered, when: &str| {
            let same = (answered.status, &answered.bytes) == (first.status, &first.bytes);
            assert!(same, "{name} {when}: {:?} and {:?}", first.face(), answered.face());
        };
        for answered in &answers {
            is_same(answered, "at once");
        }
        let survivor = app.killed().await;
        is_same(&survivor.again(&call).await, "after a kill");
        for other in [call.clone(), survivor.again(&call)] {
            let other = other.other_body().await;
            assert_eq!(other.status, 422, "{name}: {:?}", other.face());
            assert_eq!(other.text_at("/code"), "idempotency-key-reused", "{name}");
        }
        survivor.stop().await;
        self.names.insert(name.to_owned());
        answers.into_iter().next().unwrap()
    }
}
