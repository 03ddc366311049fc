//! The double's gRPC services.
#![expect(clippy::result_large_err, reason = "the type of refusals is the library's")]

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::APPEND_BYTES_MAX;
use super::log::{Event, Expectation, Log, Proposed, Written};
use super::proto::event_store::client as wire;
use wire::server_features::server_features_server::ServerFeatures;
use wire::server_features::{SupportedMethod, SupportedMethods};
use wire::streams::read_req::options::{
    AllOptions, CountOption, FilterOption, StreamOption, StreamOptions, all_options,
    filter_options, stream_options,
};
use wire::streams::streams_server::Streams;
use wire::streams::{
    AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq,
    ReadResp, TombstoneReq, TombstoneResp, append_req, append_resp, read_req, read_resp,
};

/// The version that it says it is.
const SERVER_VERSION: &str = "24.10.0";
/// `ReadDirection::Backwards`.
const BACKWARDS: i32 = 1;

type Responses<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Both services, over one log.
#[derive(Clone)]
pub(super) struct Service {
    log: Arc<Mutex<Log>>,
}

impl Service {
    pub(super) fn new(log: Arc<Mutex<Log>>) -> Self {
        Self { log }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_one(&self, options: &StreamOptions, order: Order) -> Result<Vec<ReadResp>, Status> {
        use stream_options::RevisionOption;
        let identifier = options.stream_identifier.clone().ok_or_else(missing)?;
        let log = self.log();
        let Some(events) = log.stream(&identifier.stream_name) else {
            let stream_identifier = Some(identifier);
            let not_found = read_resp::StreamNotFound { stream_identifier };
            return Ok(vec![response(read_resp::Content::StreamNotFound(not_found))]);
        };
        let from = match options.revision_option.ok_or_else(missing)? {
            RevisionOption::Revision(revision) => Some(revision),
            RevisionOption::Start(_) => Some(0),
            RevisionOption::End(_) => None,
        };
        let events = events.into_iter();
        Ok(if order.backwards {
            let most = from.unwrap_or(u64::MAX);
            order.cut(events.rev().filter(|event| event.revision <= most))
        } else {
            let Some(least) = from else { return Ok(Vec::new()) };
            order.cut(events.filter(|event| event.revision >= least))
        })
    }

    fn read_all(
        &self,
        options: &AllOptions,
        order: Order,
        prefixes: &[String],
    ) -> Result<Vec<ReadResp>, Status> {
        use all_options::AllOption;
        let log = self.log();
        let from = match options.all_option.ok_or_else(missing)? {
            AllOption::Position(position) => Some(position.commit_position),
            AllOption::Start(_) => Some(0),
            AllOption::End(_) => None,
        };
        let wanted = |event: &&Event| {
            prefixes.is_empty()
                || prefixes.iter().any(|prefix| event.stream.starts_with(prefix.as_bytes()))
        };
        let events = log.all().iter();
        Ok(if order.backwards {
            let most = from.unwrap_or(u64::MAX);
            order.cut(events.rev().filter(|event| event.position <= most).filter(wanted))
        } else {
            let Some(least) = from else { return Ok(Vec::new()) };
            order.cut(events.filter(|event| event.position >= least).filter(wanted))
        })
    }
}

#[derive(Clone, Copy)]
struct Order {
    backwards: bool,
    count: usize,
}

impl Order {
    fn cut<'a>(self, events: impl Iterator<Item = &'a Event>) -> Vec<ReadResp> {
        events
            .take(self.count)
            .map(|event| response(read_resp::Content::Event(recorded(event))))
            .collect()
    }
}

fn response(content: read_resp::Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

fn missing() -> Status {
    Status::invalid_argument("a part of the request is missing")
}

fn unimplemented(what: &str) -> Status {
    Status::unimplemented(format!("the double does not do {what}"))
}

fn recorded(event: &Event) -> read_resp::ReadEvent {
    use read_resp::read_event::{Position, RecordedEvent};
    let mut metadata = event.event.kind.clone();
    // In ticks of 100 ns since 1970: some day in 2026.
    metadata.insert("created".to_owned(), "17954784000000000".to_owned());
    let id = wire::uuid::Value::String(event.event.id.clone());
    read_resp::ReadEvent {
        event: Some(RecordedEvent {
            id: Some(wire::Uuid { value: Some(id) }),
            stream_identifier: Some(wire::StreamIdentifier { stream_name: event.stream.clone() }),
            stream_revision: event.revision,
            prepare_position: event.position,
            commit_position: event.position,
            metadata,
            custom_metadata: event.event.metadata.clone(),
            data: event.event.data.clone(),
        }),
        link: None,
        position: Some(Position::CommitPosition(event.position)),
    }
}

fn proposed(message: append_req::ProposedMessage) -> Result<Proposed, Status> {
    let id = match message.id.and_then(|id| id.value).ok_or_else(missing)? {
        wire::uuid::Value::String(id) => id,
        wire::uuid::Value::Structured(id) => {
            let (most, least) = (id.most_significant_bits, id.least_significant_bits);
            uuid::Uuid::from_u64_pair(most.cast_unsigned(), least.cast_unsigned()).to_string()
        }
    };
    let kind = message.metadata;
    Ok(Proposed { id, kind, metadata: message.custom_metadata, data: message.data })
}

fn success(written: Written) -> append_resp::Result {
    use append_resp::success::{CurrentRevisionOption, PositionOption};
    let position = append_resp::Position {
        commit_position: written.position,
        prepare_position: written.position,
    };
    append_resp::Result::Success(append_resp::Success {
        current_revision_option: Some(match written.last {
            Some(last) => CurrentRevisionOption::CurrentRevision(last),
            None => CurrentRevisionOption::NoStream(wire::Empty {}),
        }),
        position_option: Some(PositionOption::Position(position)),
    })
}

fn conflict(expected: Expectation, actual: Option<u64>) -> append_resp::Result {
    use append_resp::wrong_expected_version::{CurrentRevisionOption, ExpectedRevisionOption};
    append_resp::Result::WrongExpectedVersion(append_resp::WrongExpectedVersion {
        current_revision_option: Some(match actual {
            Some(last) => CurrentRevisionOption::CurrentRevision(last),
            None => CurrentRevisionOption::CurrentNoStream(wire::Empty {}),
        }),
        expected_revision_option: Some(match expected {
            Expectation::Revision(revision) => ExpectedRevisionOption::ExpectedRevision(revision),
            Expectation::NoStream => ExpectedRevisionOption::ExpectedNoStream(wire::Empty {}),
        }),
        ..Default::default()
    })
}

#[tonic::async_trait]
impl Streams for Service {
    type ReadStream = Responses<ReadResp>;
    type BatchAppendStream = Responses<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Self::ReadStream>, Status> {
        let options: read_req::Options = request.into_inner().options.ok_or_else(missing)?;
        let count = match options.count_option.ok_or_else(missing)? {
            CountOption::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            CountOption::Subscription(_) => return Err(unimplemented("subscriptions")),
        };
        let prefixes = match options.filter_option {
            None | Some(FilterOption::NoFilter(_)) => Vec::new(),
            Some(FilterOption::Filter(filter)) => match filter.filter {
                Some(filter_options::Filter::StreamIdentifier(by)) if by.regex.is_empty() => {
                    by.prefix
                }
                _ => return Err(unimplemented("filters other than by prefix of the stream")),
            },
        };
        let order = Order { backwards: options.read_direction == BACKWARDS, count };
        let responses = match options.stream_option.ok_or_else(missing)? {
            StreamOption::Stream(options) => self.read_one(&options, order)?,
            StreamOption::All(options) => self.read_all(&options, order, &prefixes)?,
        };
        Ok(Response::new(futures::stream::iter(responses.into_iter().map(Ok)).boxed()))
    }

    async fn append(
        &self,
        request: Request<Streaming<AppendReq>>,
    ) -> Result<Response<AppendResp>, Status> {
        use append_req::Content;
        use append_req::options::ExpectedStreamRevision;
        let mut messages = request.into_inner();
        let mut options = None;
        let mut events = Vec::new();
        while let Some(message) = messages.message().await? {
            match message.content.ok_or_else(missing)? {
                Content::Options(given) => options = Some(given),
                Content::ProposedMessage(message) => events.push(proposed(message)?),
            }
        }
        let options: append_req::Options = options.ok_or_else(missing)?;
        let stream = options.stream_identifier.ok_or_else(missing)?.stream_name;
        let expected = match options.expected_stream_revision.ok_or_else(missing)? {
            ExpectedStreamRevision::NoStream(_) => Expectation::NoStream,
            ExpectedStreamRevision::Revision(revision) => Expectation::Revision(revision),
            ExpectedStreamRevision::Any(_) | ExpectedStreamRevision::StreamExists(_) => {
                return Err(unimplemented("appends that expect no revision"));
            }
        };
        let bytes: usize = events.iter().map(|event| event.data.len() + event.metadata.len()).sum();
        if bytes > APPEND_BYTES_MAX {
            let text = format!("Maximum Append Size of {APPEND_BYTES_MAX} Exceeded.");
            return Err(Status::invalid_argument(text));
        }
        let result = match self.log().append(&stream, expected, events) {
            Ok(written) => success(written),
            Err(actual) => conflict(expected, actual),
        };
        Ok(Response::new(AppendResp { result: Some(result) }))
    }

    async fn delete(&self, _: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        Err(unimplemented("deletion"))
    }

    async fn tombstone(&self, _: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        Err(unimplemented("deletion"))
    }

    async fn batch_append(
        &self,
        _: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Self::BatchAppendStream>, Status> {
        Err(unimplemented("batches"))
    }
}

#[tonic::async_trait]
impl ServerFeatures for Service {
    async fn get_supported_methods(
        &self,
        _: Request<wire::Empty>,
    ) -> Result<Response<SupportedMethods>, Status> {
        let method = |name: &str| SupportedMethod {
            method_name: name.to_owned(),
            service_name: "event_store.client.streams.streams".to_owned(),
            features: Vec::new(),
        };
        Ok(Response::new(SupportedMethods {
            methods: vec![method("append"), method("read")],
            event_store_server_version: SERVER_VERSION.to_owned(),
        }))
    }
}
