//! Who acts on others: an operator, and what an act of support brings along.

use countersign_core::accounts::answer::OperatorView;
use countersign_core::accounts::request::{Act, Call, Waiting};
use countersign_core::handle::SessionToken;
use countersign_events::actor::By;
use countersign_events::id::{AccountId, EventId};

use super::Ask;
use crate::contract::problem::ProblemCode;
use crate::server::answers;
use crate::server::auth::Auth;
use crate::server::problem::ProblemAnswer;

/// An operator who acts.
pub(crate) struct Acting {
    pub(crate) token: SessionToken,
    pub(crate) call: Call,
    pub(crate) operator: OperatorView,
}

impl Ask {
    /// The operator whose session the bearer must be, in one of the roles that this route wants.
    pub(crate) async fn operator(&self) -> Result<Acting, ProblemAnswer> {
        let (Auth::Operator(roles) | Auth::OperatorOrClient(roles, _)) = self.row.auth else {
            return Err(ProblemAnswer::new(ProblemCode::Internal));
        };
        let token = self.session()?;
        let call = self.call(By::Operator { id: token.account() });
        let operator = self.verdict(self.accounts().operator(&call, &token).await)?;
        if self.accounts().is_archive() {
            return self.reading(Acting { token, call, operator });
        }
        if !operator.enabled || !roles.contains(&answers::role(operator.role)) {
            return Err(ProblemAnswer::detailed(
                ProblemCode::Forbidden,
                "your role does not allow this",
            ));
        }
        Ok(Acting { token, call, operator })
    }

    /// Whoever reads an exported log: everything may be asked, and nothing done.
    fn reading(&self, acting: Acting) -> Result<Acting, ProblemAnswer> {
        if self.request.method().is_safe() {
            return Ok(acting);
        }
        Err(ProblemAnswer::detailed(ProblemCode::Forbidden, "an exported log is only read"))
    }

    /// Whoever may read the log's bytes: an auditor, or a client app with the scope for it.
    pub(crate) async fn log_reader(&self) -> Result<(), ProblemAnswer> {
        match self.client().await {
            Ok(_) => Ok(()),
            Err(problem) if problem.problem().code == ProblemCode::Unauthenticated => {
                self.operator().await.map(drop)
            }
            Err(problem) => Err(problem),
        }
    }

    /// An operator, for an act that needs a second factor proven a short while ago.
    pub(crate) async fn fresh_operator(&self) -> Result<Acting, ProblemAnswer> {
        let acting = self.operator().await?;
        self.verdict(self.accounts().fresh_operator(&acting.call, &acting.token).await)?;
        Ok(acting)
    }

    /// An act of support on the account that the path names: who, on whom, and why.
    pub(crate) async fn act(&self) -> Result<(Acting, AccountId, Act), ProblemAnswer> {
        let acting = self.operator().await?;
        let account = self.named("account", AccountId::parse)?;
        Ok((acting, account, answers::core_act(self.json()?)))
    }
    /// The same on a request that waits, which the path names too.
    pub(crate) async fn act_on_removal(&self) -> Result<(Acting, Waiting, Act), ProblemAnswer> {
        let (acting, account, act) = self.act().await?;
        let request = self.named("removal", EventId::parse)?;
        let address = self.row.path.contains("/address-changes/");
        Ok((acting, Waiting { account, request, address }, act))
    }
}
