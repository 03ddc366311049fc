//! A small server that speaks the contract and knows one account: the console's opposite.
//!
//! It decides nothing by itself. It answers as told, and keeps what it was asked.

use std::future::ready;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::{Bytes, Data, Json, Path};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use countersign_api::contract::IDEMPOTENCY_KEY;
use countersign_api::contract::account::{Account, AccountCreated, Lock, Unresolved};
use countersign_api::contract::event::{By, Event};
use countersign_api::contract::factor::{
    ActivateFactor, Activated, BeginFactor, Factor, FactorOffered,
};
use countersign_api::contract::id::{AccountId, FactorId};
use countersign_api::contract::kind::{Assurance, CodeMethod, FactorKind, Lane, Method};
use countersign_api::contract::log::{
    ENTRY, EVENT_STREAM_MEDIA_TYPE, LAST_EVENT_ID, LogLine, StreamKind,
};
use countersign_api::contract::page::Page;
use countersign_api::contract::problem::{PROBLEM_MEDIA_TYPE, PROOF_FAILED, Problem, ProblemCode};
use countersign_api::contract::secret::Secret;
use countersign_api::contract::session::{Proven, SessionGiven};
use countersign_api::contract::setup::SetUp;
use countersign_api::contract::sign_in::{Answer, MethodOffered, PasswordSignIn, SignInOutcome};
use countersign_api::contract::support::{LockoutEnded, ResetLockout, SearchByLogin, SearchHit};
use futures::StreamExt as _;
use futures::stream;

/// The one-time token of the operator who is not set up.
pub(crate) const SETUP_TOKEN: &str = "c2V0dXAtdG9rZW4tc2V0dXAtdG9rZW4tc2V0dXAtdG9rZW4tc2V0dXA";
/// The code that signs in.
pub(crate) const SIGN_IN_CODE: &str = "111111";
/// The code that proves again.
pub(crate) const STEP_UP_CODE: &str = "222222";
/// The code that activates.
pub(crate) const FIRST_CODE: &str = "333333";

/// What the server was asked, as far as tests look at it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The resets, with their idempotency keys and tokens.
    pub(crate) resets: Vec<(String, String, ResetLockout)>,
    /// After which line the log was followed: nothing the first time.
    pub(crate) after: Vec<String>,
    /// The tokens of the sessions that were ended.
    pub(crate) ended: Vec<String>,
    /// Whether the operator's session is over, until somebody signs in.
    is_over: bool,
    unlocked: bool,
    password: Option<String>,
}

type Shared = Data<Mutex<Asked>>;

/// A running server.
pub(crate) struct Canned {
    pub(crate) url: String,
    asked: Arc<Mutex<Asked>>,
    handle: actix_web::dev::ServerHandle,
}

impl Canned {
    /// Starts on a free port of the loopback.
    pub(crate) fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Starts on a listener that is bound already.
    pub(crate) fn start_on(listener: TcpListener) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Asked::default()));
        let shared: Shared = Data::from(Arc::clone(&asked));
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let server =
                    HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes))
                        .workers(1)
                        .disable_signals()
                        .listen(listener)
                        .unwrap()
                        .run();
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { url, asked, handle: told.recv().unwrap() }
    }

    /// Ends the session: acts are refused for want of one until somebody signs in.
    pub(crate) fn end_the_session(&self) {
        self.asked.lock().unwrap().is_over = true;
    }

    pub(crate) fn asked<T>(&self, look: impl FnOnce(&Asked) -> T) -> T {
        look(&self.asked.lock().unwrap())
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/v1/setup", web::post().to(set_up))
        .route("/v1/sign-ins", web::post().to(sign_in))
        .route("/v1/sign-ins/{id}/answers", web::post().to(answer))
        .route("/v1/session", web::delete().to(sign_out))
        .route("/v1/session/proofs", web::post().to(prove))
        .route("/v1/accounts/me/factors", web::post().to(begin_factor))
        .route("/v1/accounts/me/factors/{factor}/activate", web::post().to(activate_factor))
        .route("/v1/log/stream", web::get().to(follow))
        .route("/v1/support/accounts", web::get().to(locked))
        .route("/v1/support/accounts/search", web::post().to(search))
        .route("/v1/support/accounts/{account}", web::get().to(show))
        .route("/v1/support/accounts/{account}/events", web::get().to(events))
        .route("/v1/support/accounts/{account}/lockout-resets", web::post().to(reset));
}

fn problem(code: ProblemCode) -> HttpResponse {
    let mut problem = Problem::new(code);
    if code == ProblemCode::AuthenticationFailed {
        problem = problem.with_detail(PROOF_FAILED);
    }
    let status = actix_web::http::StatusCode::from_u16(code.status()).unwrap();
    HttpResponse::build(status)
        .content_type(PROBLEM_MEDIA_TYPE)
        .body(serde_json::to_string(&problem).unwrap())
}

fn session(token: &str, assurance: Assurance) -> SessionGiven {
    let expires_at = at("24T22:00:00");
    SessionGiven { token: Secret::new(token), expires_at, assurance, amr: Vec::new() }
}

fn bearer(request: &HttpRequest) -> String {
    let header = request.headers().get("Authorization").map(|value| value.to_str().unwrap());
    header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned()
}

/// A time that no clock of a test comes to: what has ended is shown as ended.
fn in_a_long_time() -> jiff::Timestamp {
    "2099-11-24T14:05:00Z".parse().unwrap()
}

fn at(text: &str) -> jiff::Timestamp {
    format!("2026-11-{text}Z").parse().unwrap()
}

fn account_id() -> AccountId {
    AccountId::parse("6f1c2a9e-0c1d-4a57-9d0e-3c5b7a1f2e48").unwrap()
}

fn operator_id() -> AccountId {
    AccountId::parse("7e9d1b2c-3a4f-4e5d-9c8b-7a6f5e4d3c2b").unwrap()
}

fn factor_id() -> FactorId {
    FactorId::parse("0d9a3c61-7be2-4a0e-8a59-5f6d2b1c4e70").unwrap()
}

async fn set_up(body: Json<SetUp>, asked: Shared) -> HttpResponse {
    if body.setup_token.reveal() != SETUP_TOKEN {
        return problem(ProblemCode::AuthenticationFailed);
    }
    asked.lock().unwrap().password = Some(body.password.reveal().to_owned());
    HttpResponse::Created().json(AccountCreated { account_id: operator_id() })
}

/// `olga` has an authenticator; `nina` was set up just now and has none.
async fn sign_in(body: Json<PasswordSignIn>, asked: Shared) -> HttpResponse {
    let set_up = asked.lock().unwrap().password.clone();
    match (body.login.as_str(), body.password.reveal()) {
        ("olga", "correct horse") => HttpResponse::Ok().json(SignInOutcome::SecondFactorRequired {
            id: Secret::new("sign-in-handle"),
            methods: vec![MethodOffered {
                method: CodeMethod::Totp,
                factor_id: Some(factor_id()),
                name: Some("work phone".to_owned()),
                hint: None,
            }],
            expires_at: at("24T14:10:00"),
        }),
        ("nina", password) if set_up.as_deref() == Some(password) => {
            let session = session("nina-password", Assurance::Password);
            HttpResponse::Ok().json(SignInOutcome::Completed { session, assertion: None })
        }
        _ => problem(ProblemCode::AuthenticationFailed),
    }
}

async fn answer(id: Path<String>, body: Json<Answer>, asked: Shared) -> HttpResponse {
    if id.as_str() != "sign-in-handle" || body.code.reveal() != SIGN_IN_CODE {
        return problem(ProblemCode::AuthenticationFailed);
    }
    asked.lock().unwrap().is_over = false;
    let session = session("olga-first", Assurance::TwoFactor);
    HttpResponse::Ok().json(SignInOutcome::Completed { session, assertion: None })
}

async fn sign_out(request: HttpRequest, asked: Shared) -> HttpResponse {
    asked.lock().unwrap().ended.push(bearer(&request));
    HttpResponse::NoContent().finish()
}

async fn prove(request: HttpRequest, body: Json<Answer>) -> HttpResponse {
    if bearer(&request) != "olga-first" || body.code.reveal() != STEP_UP_CODE {
        return problem(ProblemCode::AuthenticationFailed);
    }
    HttpResponse::Ok().json(Proven { session: session("olga-second", Assurance::TwoFactor) })
}

async fn begin_factor(request: HttpRequest, body: Json<BeginFactor>) -> HttpResponse {
    if bearer(&request) != "nina-password" || body.password.is_none() {
        return problem(ProblemCode::StepUpRequired);
    }
    HttpResponse::Accepted().json(FactorOffered {
        factor_id: factor_id(),
        secret: Secret::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
        otpauth_uri: Secret::new(
            "otpauth://totp/Countersign:nina?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\
             &issuer=Countersign&algorithm=SHA1&digits=6&period=30",
        ),
        qr_svg: Secret::new("<svg/>"),
        expires_at: at("24T14:10:00"),
    })
}

async fn activate_factor(body: Json<ActivateFactor>) -> HttpResponse {
    if body.code.reveal() != FIRST_CODE {
        return problem(ProblemCode::AuthenticationFailed);
    }
    HttpResponse::Ok().json(Activated {
        factor: factor("authenticator"),
        recovery_codes: Some(
            (0..10).map(|n| Secret::new(format!("{n}F3KQ-7WZ2P-M4XVA-90TBR-C6HDN"))).collect(),
        ),
        session: Some(session("nina-second", Assurance::TwoFactor)),
        assertion: None,
    })
}

fn factor(name: &str) -> Factor {
    Factor {
        factor_id: factor_id(),
        kind: FactorKind::Totp,
        name: name.to_owned(),
        enabled_at: at("02T09:14:40"),
        last_used_at: None,
        clock_offset_seconds: None,
        clock_refused: false,
        clock_explanation: None,
    }
}

/// Whether the call has a session of somebody with two factors.
fn may_look(request: &HttpRequest) -> bool {
    matches!(bearer(request).as_str(), "olga-first" | "olga-second" | "nina-second")
}

fn hits(locked: bool) -> Page<SearchHit> {
    let hit = SearchHit {
        account_id: account_id(),
        login_hint: "a••••••a".to_owned(),
        email_hint: Some("a•••@example.org".to_owned()),
        two_factor_enabled: true,
        locked,
        locked_until: locked.then(|| at("24T14:05:00")),
    };
    Page { items: vec![hit], next: None }
}

async fn search(request: HttpRequest, body: Json<SearchByLogin>, asked: Shared) -> HttpResponse {
    if !may_look(&request) {
        return problem(ProblemCode::Unauthenticated);
    }
    if body.login != "ana.lima" {
        return HttpResponse::Ok().json(Page::<SearchHit> { items: Vec::new(), next: None });
    }
    HttpResponse::Ok().json(hits(!asked.lock().unwrap().unlocked))
}

async fn locked(request: HttpRequest) -> HttpResponse {
    if !may_look(&request) || request.query_string() != "state=locked" {
        return problem(ProblemCode::InvalidRequest);
    }
    HttpResponse::Ok().json(hits(true))
}

/// 20,000 lines at once; after the last of them one more, and then silence.
async fn follow(request: HttpRequest, asked: Shared) -> HttpResponse {
    let after = request.headers().get(LAST_EVENT_ID).map(|id| id.to_str().unwrap().to_owned());
    let first = after.is_none();
    asked.lock().unwrap().after.push(after.unwrap_or_default());
    let lines = if first { 0..20_000 } else { 20_000..20_001 };
    let text: String = lines.map(line).collect();
    let text = stream::once(ready(Ok::<_, actix_web::Error>(Bytes::from(text))));
    let mut answer = HttpResponse::Ok();
    answer.content_type(EVENT_STREAM_MEDIA_TYPE);
    if first { answer.streaming(text) } else { answer.streaming(text.chain(stream::pending())) }
}

fn line(position: u64) -> String {
    let line = LogLine {
        position,
        at: at("24T13:50:00"),
        stream: StreamKind::Account,
        hint: Some("6f1c2a9e".to_owned()),
        revision: position,
        event_type: "account.code_rejected".to_owned(),
        by: By::Holder,
        explanation: format!("line {position} of the log"),
    };
    let data = serde_json::to_string(&line).unwrap();
    format!("id: {position}\nevent: {ENTRY}\ndata: {data}\n\n")
}

async fn show(request: HttpRequest, asked: Shared) -> HttpResponse {
    if !may_look(&request) {
        return problem(ProblemCode::Unauthenticated);
    }
    let unlocked = asked.lock().unwrap().unlocked;
    let lock = Lock {
        method: Method::Totp,
        lane: Lane::Unknown,
        since: at("24T13:50:00"),
        until: Some(in_a_long_time()),
        unresolved: 5,
        rule: "5 in a row".to_owned(),
        explanation: "five wrong codes in a row".to_owned(),
    };
    HttpResponse::Ok().json(Account {
        account_id: account_id(),
        login: Some("a••••••a".to_owned()),
        email_hint: Some("a•••@example.org".to_owned()),
        email_confirmed: true,
        two_factor_enabled: true,
        factors: vec![factor("Pixel \x1b]2;owned\x07\x1b[2J8")],
        recovery_codes_left: 9,
        locks: if unlocked { Vec::new() } else { vec![lock] },
        unresolved: vec![Unresolved { method: Method::Totp, count: 5 }],
        sessions: 2,
        created_at: at("02T09:12:05"),
        replacement: None,
        held_until: None,
        two_factor_required_from: None,
        suspended_at: None,
        change_demanded: None,
        removal: None,
        revision: if unlocked { 3 } else { 2 },
    })
}

fn event(revision: u64, event_type: &str, by: By, explanation: &str) -> Event {
    Event {
        revision,
        at: at("24T13:50:00"),
        event_type: event_type.to_owned(),
        by,
        data: serde_json::json!({ "revision": revision }),
        explanation: explanation.to_owned(),
        looks: None,
    }
}

fn reset_event() -> Event {
    let by = By::Operator { id: operator_id() };
    event(3, "account.lockout_reset", by, "support ended the waiting times")
}

async fn events(asked: Shared) -> HttpResponse {
    let mut items = vec![
        event(2, "account.cooled_down", By::System, "codes wait until 14:05"),
        event(1, "account.code_rejected", By::Holder, "a code was wrong"),
        event(0, "account.registered", By::Holder, "the account was created"),
    ];
    if asked.lock().unwrap().unlocked {
        items.insert(0, reset_event());
    }
    HttpResponse::Ok().json(Page { items, next: None })
}

/// Only a session that proved again may unlock.
async fn reset(request: HttpRequest, body: Json<ResetLockout>, asked: Shared) -> HttpResponse {
    let key = request.headers().get(IDEMPOTENCY_KEY).map(|key| key.to_str().unwrap());
    let token = bearer(&request);
    let mut asked = asked.lock().unwrap();
    if asked.is_over {
        return problem(ProblemCode::Unauthenticated);
    }
    asked.resets.push((key.unwrap_or_default().to_owned(), token.clone(), body.into_inner()));
    if token != "olga-second" {
        return problem(ProblemCode::StepUpRequired);
    }
    asked.unlocked = true;
    HttpResponse::Created().json(LockoutEnded { event: reset_event() })
}
