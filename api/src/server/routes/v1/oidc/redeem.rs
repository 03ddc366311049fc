//! `POST /v1/oidc/token`: an app redeems a grant.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use countersign_core::accounts::GrantBrought;
use countersign_core::domain::refusal::Refusal;
use countersign_core::handle::GrantCode;
use countersign_events::actor::By;
use countersign_events::id::ClientId;
use zeroize::Zeroizing;

use crate::contract::oidc::{GrantRedeemed, GrantRefused, RedeemGrant};
use crate::contract::secret::Secret;
use crate::server::answers::{self, Answer};
use crate::server::ask::Ask;
use crate::server::oidc::error::{self, INVALID_CLIENT};
use crate::server::oidc::{Credentials, Form, credentials};
use crate::server::problem::ProblemAnswer;

const GRANT_TYPE: &str = "authorization_code";
/// Characters of a verifier (RFC 7636, 4.1).
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;

/// Redeem a grant
///
/// Once, within a minute, by the app that it was made for. A second use ends what the first led to.
/// Its errors have the form of RFC 6749, 5.2.
#[utoipa::path(
    post, path = "/v1/oidc/token", tag = "openid-connect", operation_id = "redeemGrant",
    request_body(content = RedeemGrant, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Who signed in", body = GrantRedeemed),
        (status = 400, description = "Not redeemed", body = GrantRefused),
        (status = 401, description = "Not an app of ours", body = GrantRefused),
    )
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    match redeem(&ask).await {
        Ok(redeemed) => answers::ok(&redeemed),
        Err(NotRedeemed::Problem(problem)) => Err(problem),
        Err(NotRedeemed::Refused(error, description)) => refused(error, description),
    }
}

/// Why a grant is not redeemed.
enum NotRedeemed {
    Refused(&'static str, &'static str),
    Problem(ProblemAnswer),
}

impl From<ProblemAnswer> for NotRedeemed {
    fn from(problem: ProblemAnswer) -> Self {
        Self::Problem(problem)
    }
}

async fn redeem(ask: &Ask) -> Result<GrantRedeemed, NotRedeemed> {
    let invalid = |what| NotRedeemed::Refused(error::INVALID_REQUEST, what);
    let form = Form::read(ask.body()).ok_or_else(|| invalid("a parameter stands twice"))?;
    let client = app(ask, &form).await?;
    match form.get("grant_type").map(|text| text.as_str()) {
        Some(GRANT_TYPE) => {}
        None => return Err(invalid("grant_type is missing")),
        Some(_) => {
            let detail = "grant_type must be authorization_code";
            return Err(NotRedeemed::Refused(error::UNSUPPORTED_GRANT_TYPE, detail));
        }
    }
    let named = |name, missing| form.get(name).ok_or(invalid(missing));
    let grant = named("code", "code is missing")?;
    let redirect_uri = named("redirect_uri", "redirect_uri is missing")?.to_string();
    let verifier = named("code_verifier", "code_verifier is missing")?.clone();
    if !is_verifier(&verifier) {
        return Err(invalid("code_verifier must be 43 to 128 characters of RFC 7636"));
    }
    let not_good =
        NotRedeemed::Refused(error::INVALID_GRANT, "the code is unknown, over, used or another's");
    let Ok(grant) = GrantCode::parse(grant) else { return Err(not_good) };
    let brought = GrantBrought { grant, verifier, redirect_uri };
    let call = ask.call_of_client(client);
    let told = match ask.verdict_of(ask.accounts().redeem_grant(&call, client, brought).await)? {
        Ok(told) => told,
        Err(Refusal::AuthenticationFailed) => return Err(not_good),
        Err(refusal) => return Err(ask.refused(refusal).into()),
    };
    Ok(GrantRedeemed {
        access_token: Secret::from(told.access_token.reveal()),
        token_type: "Bearer".to_owned(),
        expires_in: told.lives_for.as_secs().unsigned_abs(),
        id_token: Secret::new(told.assertion),
        scope: told.scopes.join(" "),
    })
}

/// The app, by its own word and key.
async fn app(ask: &Ask, form: &Form) -> Result<ClientId, NotRedeemed> {
    let unknown = || NotRedeemed::Refused(error::INVALID_CLIENT, "not an app and a key of it");
    let key = match credentials(ask.headers(), form) {
        Credentials::Given(key) => key,
        Credentials::None => return Err(unknown()),
        Credentials::Twice => {
            let detail = "the app says who it is in the header or in the form, not in both";
            return Err(NotRedeemed::Refused(error::INVALID_REQUEST, detail));
        }
    };
    let call = ask.call(By::Client { id: key.client() });
    let found = ask.verdict_of(ask.accounts().client(&call, &key).await)?;
    let found = found.ok().filter(|found| found.enabled);
    found.map(|found| found.client).ok_or_else(unknown)
}

fn is_verifier(text: &Zeroizing<String>) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    VERIFIER_CHARS.contains(&text.len()) && text.bytes().all(is_unreserved)
}

fn refused(error: &str, description: &str) -> Answer {
    let is_unknown_app = error == INVALID_CLIENT;
    let status = if is_unknown_app { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let mut answer = HttpResponse::build(status);
    if is_unknown_app {
        answer.insert_header((WWW_AUTHENTICATE, "Basic realm=\"Countersign\""));
    }
    let (error, error_description) = (error.to_owned(), description.to_owned());
    Ok(answer.json(GrantRefused { error, error_description }))
}
