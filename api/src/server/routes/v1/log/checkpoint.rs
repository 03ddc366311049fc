//! `GET /v1/log/checkpoint`: what is signed of the log (C2SP `tlog-checkpoint`).

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;

use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Show the last checkpoint of the log
///
/// A signed note (C2SP `signed-note`, Ed25519): origin, size and root of the log. Where something
/// is new there is another one every second. The prefix of C2SP `tlog-tiles` is `/v1/log`.
#[utoipa::path(
    get, path = "/v1/log/checkpoint", tag = "log", operation_id = "checkpoint",
    responses((
        status = 200, description = "A signed note",
        content_type = "text/plain; charset=utf-8", body = String,
        example = json!(
            "auth.example.com/log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
             \u{2014} auth.example.com/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4UR\
             YN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        ),
    ))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.log_reader().await?;
    let latest = ask.accounts().checkpoints().and_then(|checkpoints| checkpoints.latest());
    let latest = latest.ok_or_else(|| ProblemAnswer::new(ProblemCode::NotFound))?;
    Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(latest.to_string()))
}
