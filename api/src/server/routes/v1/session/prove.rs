//! `POST /v1/session/proofs`: proves again who one is, within a session.

use countersign_core::accounts::request;
use countersign_events::actor::By;

use crate::contract::session::{PasswordProof, Proof, Proven};
use crate::contract::sign_in::Answer as CodeAnswer;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::json;

/// Prove again
///
/// With the password or with a code. There is a new token; the old one is dead. With a code, a page
/// of a known device is given another device cookie, too.
#[utoipa::path(
    post, path = "/v1/session/proofs", tag = "sessions", operation_id = "prove",
    request_body = Proof,
    responses((status = 200, description = "The proof was accepted", body = Proven))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    let token = ask.session()?;
    let proof = if ask.has_key("password")? {
        let body: PasswordProof = ask.json()?;
        request::Proof::Password(body.password.into_inner())
    } else {
        let well_formed = |body: &CodeAnswer| json::well_formed(body.method, &body.code);
        let body = ask.code(ask.with_session(), well_formed).await?;
        request::Proof::Code(answers::core_answer(body))
    };
    let given = ask.verdict(ask.accounts().prove(&ask.call(By::Holder), &token, proof).await)?;
    ask.give_proven(&given)
}
