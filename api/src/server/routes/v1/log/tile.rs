//! `GET /v1/log/tile/…`: the log's tree, and its entries (C2SP `tlog-tiles`).

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use countersign_events::tree::tile::Tile;

use crate::contract::problem::ProblemCode;
use crate::server::answers::Answer;
use crate::server::ask::Ask;
use crate::server::problem::ProblemAnswer;

/// Read a tile of the log's tree, or a bundle of its entries
///
/// C2SP `tlog-tiles` below the prefix `/v1/log`: `<level>/<index>[.p/<width>]` for hashes,
/// `entries/<index>[.p/<width>]` for entries, where `<index>` is written in parts of three digits
/// (`x001/x234/067`). The tiles are those of the last checkpoint.
#[utoipa::path(
    get, path = "/v1/log/tile/{tile}", tag = "log", operation_id = "logTile",
    params(("tile" = String, Path, description = "which one: it holds slashes", example = "0/000")),
    responses((
        status = 200, description = "Hashes, or entries each behind its length",
        content_type = "application/octet-stream", body = String,
    ))
)]
pub(crate) async fn handle(ask: Ask) -> Answer {
    ask.log_reader().await?;
    let tile = ask.named("tile", |path| Tile::parse(&format!("tile/{path}")))?;
    let not_found = || ProblemAnswer::new(ProblemCode::NotFound);
    let checkpoints = ask.accounts().checkpoints().ok_or_else(not_found)?;
    let bytes = checkpoints.tile(tile).await.map_err(|error| {
        tracing::error!(%error, %tile, "a tile does not read");
        ProblemAnswer::new(ProblemCode::Unavailable)
    })?;
    let bytes = bytes.ok_or_else(not_found)?;
    Ok(HttpResponse::Ok().content_type(ContentType::octet_stream()).body(bytes))
}
