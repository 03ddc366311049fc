//! What a client has not finished sending when it is answered.
//!
//! A body of unknown length that is dropped in the middle is read on by actix after the answer,
//! unlooked at, for as long as the client likes to send it or to say nothing. As long as the body
//! lives, actix closes the connection instead, a moment after the answer. So it is kept until the
//! answer is out, whoever gave it and whether or not anybody read it.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures::Stream;

/// A body of unknown length, kept.
pub(crate) struct Unread {
    _kept: Rc<RefCell<Payload>>,
}

impl Unread {
    /// Takes hold of a request's body; none where its length is known, or there is none.
    pub(crate) fn hold(request: &mut ServiceRequest) -> Option<Self> {
        if !matches!(request.chunked(), Ok(true)) {
            return None;
        }
        let kept = Rc::new(RefCell::new(request.take_payload()));
        let payload = Box::pin(Reading(Rc::clone(&kept)));
        request.set_payload(Payload::Stream { payload });
        Some(Self { _kept: kept })
    }

    /// Keeps it for as long as the answer is being sent.
    pub(crate) fn until_sent(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        response.map_body(|_, body| BoxBody::new(Sending { body, _unread: self }))
    }
}

/// The body, as its reader has it.
struct Reading(Rc<RefCell<Payload>>);

impl Stream for Reading {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// An answer with what is kept beside it.
struct Sending {
    body: BoxBody,
    _unread: Unread,
}

impl MessageBody for Sending {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
