//! Acts of support, from the wire and back.

use countersign_core::accounts::{answer as core, request};
use countersign_core::domain::removal as domain;
use countersign_events::account::IdentityProof as CoreProof;
use countersign_events::id::EventId;

use super::{account_id, event};
use crate::contract::act::{
    Act, AskAddressChange, AskRemoval, IdentityProof, NoticeState, Removal, RemovalAbout,
    RemovalActed, RemovalFactor, RemovalState,
};
use crate::contract::id::{FactorId, RemovalId};

pub(crate) fn core_act(act: Act) -> request::Act {
    request::Act { reason: act.reason, ticket: act.ticket }
}

pub(crate) fn core_ask_removal(ask: AskRemoval) -> request::AskRemoval {
    let AskRemoval { factor_id, recovery_codes: _, proof, in_person, reason, ticket } = ask;
    request::AskRemoval {
        factor: factor_id.map(|id| countersign_events::id::FactorId::new(id.uuid())),
        proof: core_proof(proof),
        in_person,
        act: request::Act { reason, ticket },
    }
}

pub(crate) fn core_ask_address_change(ask: AskAddressChange) -> request::AskAddressChange {
    let AskAddressChange { email, proof, reason, ticket } = ask;
    let (proof, act) = (core_proof(proof), request::Act { reason, ticket });
    request::AskAddressChange { email, proof, act }
}

const fn core_proof(proof: IdentityProof) -> CoreProof {
    match proof {
        IdentityProof::CallBack => CoreProof::CallBack,
        IdentityProof::InPerson => CoreProof::InPerson,
        IdentityProof::VideoCall => CoreProof::VideoCall,
        IdentityProof::KnownColleague => CoreProof::KnownColleague,
        IdentityProof::Superior => CoreProof::Superior,
        IdentityProof::IdentifiedAnew => CoreProof::IdentifiedAnew,
    }
}

const fn proof(proof: CoreProof) -> IdentityProof {
    match proof {
        CoreProof::CallBack => IdentityProof::CallBack,
        CoreProof::InPerson => IdentityProof::InPerson,
        CoreProof::VideoCall => IdentityProof::VideoCall,
        CoreProof::KnownColleague => IdentityProof::KnownColleague,
        CoreProof::Superior => IdentityProof::Superior,
        CoreProof::IdentifiedAnew => IdentityProof::IdentifiedAnew,
    }
}

const fn state(state: core::RemovalState) -> RemovalState {
    match state {
        core::RemovalState::Pending => RemovalState::Pending,
        core::RemovalState::Completed => RemovalState::Completed,
        core::RemovalState::Cancelled => RemovalState::Cancelled,
        core::RemovalState::Objected => RemovalState::Objected,
    }
}

const fn notice(notice: domain::NoticeState) -> NoticeState {
    match notice {
        domain::NoticeState::NotAwaited => NoticeState::NotAwaited,
        domain::NoticeState::Pending => NoticeState::Pending,
        domain::NoticeState::Sent(_) => NoticeState::Sent,
        domain::NoticeState::Refused(_) => NoticeState::Refused,
        domain::NoticeState::GivenUp => NoticeState::GivenUp,
    }
}

fn removal_id(request: EventId) -> RemovalId {
    RemovalId::new(request.uuid())
}

const fn about(about: core::RemovalAbout) -> RemovalAbout {
    match about {
        core::RemovalAbout::Factor => RemovalAbout::Factor,
        core::RemovalAbout::RecoveryCodes => RemovalAbout::RecoveryCodes,
        core::RemovalAbout::Address => RemovalAbout::Address,
    }
}

pub(crate) fn removal(view: core::RemovalView) -> Removal {
    let (approved_by, approved_at) = view.approved.unzip();
    let factor = |(id, name): (countersign_events::id::FactorId, String)| RemovalFactor {
        id: FactorId::new(id.uuid()),
        name,
    };
    Removal {
        removal_id: removal_id(view.request),
        account_id: account_id(view.account),
        login_hint: view.login_hint,
        about: about(view.about),
        factor: view.factor.map(factor),
        email_hint: view.email_hint,
        asked_by: account_id(view.asked_by),
        asked_by_login: view.asked_by_login,
        asked_at: view.asked_at,
        ticket: view.ticket,
        reason: view.reason,
        proof: proof(view.proof),
        in_person: view.in_person,
        needs_approval: view.needs_approval,
        approved_by: approved_by.map(account_id),
        approved_by_login: view.approved_by_login,
        approved_at,
        runs_at: view.runs_at,
        notice: notice(view.notice),
        can_object: view.can_object,
        state: state(view.state),
    }
}

pub(crate) fn removal_acted(acted: core::RemovalActed) -> RemovalActed {
    RemovalActed { removal: removal(acted.removal), event: event(acted.event) }
}
