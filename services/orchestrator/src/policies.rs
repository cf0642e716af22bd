//! Approval policies: what may become of them, and whose yes a proposal takes by them.

use chrono::{DateTime, Utc};
use connectrpc_axum::ConnectError;
use proto::ops::v1::{ApprovalPolicies, ApprovalPolicy};
use remedy::policy::{self, Facts, Mode, PolicySet, Ruling};
use rulebook::Kept;
use rulebook::policies::KEY;
use serde_json::{Value, json};
use store::actions;

use crate::app::App;
use crate::change::{self, Last, Subject};
use crate::error;

pub(crate) mod approver;
mod facts;
mod message;
pub(crate) mod trial;

pub(crate) use facts::facts;
pub(crate) use message::checked;

/// What is to become of the policies: these, and no others.
#[derive(Debug, Clone)]
pub(crate) struct Wish(pub(crate) Vec<ApprovalPolicy>);

impl Subject for ApprovalPolicies {
    const SERVICE: &'static str = "PolicyService";
    const CALLED: &'static str = "policies";

    fn version(&self) -> u64 {
        self.version
    }

    fn last(&self) -> Last<'_> {
        Last { verb: "set", by: &self.changed_by, at: self.changed_at, reason: &self.reason }
    }

    fn signed(self, changed_by: String, at: DateTime<Utc>, reason: String) -> Self {
        Self { changed_by, changed_at: Some(at.into()), reason, ..self }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.policies == other.policies
    }

    fn simulation_id(&self) -> String {
        String::new()
    }

    fn state(&self) -> Value {
        json!({ "version": self.version, "policies": self.policies })
    }

    fn ready(_app: &App) -> Result<(), ConnectError> {
        Ok(())
    }
}

impl change::Wish for Wish {
    type Subject = ApprovalPolicies;

    async fn on(
        &self,
        _app: &App,
        _key: &str,
        _kept: Option<&ApprovalPolicies>,
    ) -> Result<ApprovalPolicies, ConnectError> {
        checked(&self.0).map_err(|mistakes| {
            error::invalid(format!("The policies cannot be kept, and nothing was changed: {mistakes}."))
        })?;
        Ok(ApprovalPolicies { policies: self.0.clone(), ..ApprovalPolicies::default() })
    }
}

/// The policies in force.
#[derive(Debug, Clone)]
pub(crate) enum InForce {
    /// They.
    Set(PolicySet),
    /// What is kept cannot be used: every proposal takes two people until somebody sets them anew.
    Unusable(String),
}

impl InForce {
    /// Whether everything is asked about, whatever it is.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Set(set) if set.is_empty())
    }

    /// Whose yes a proposal takes.
    pub(crate) fn decide(&self, facts: &Facts) -> Ruling {
        match self {
            Self::Set(set) => policy::decide(set, facts),
            Self::Unusable(why) => Ruling {
                mode: Mode::TwoPerson,
                policy: policy::DEFAULT.to_owned(),
                reason: format!("{}: the policies that are kept cannot be used ({why}).", Mode::TwoPerson),
                expiry_s: None,
                wants_prediction: false,
            },
        }
    }
}

/// Asks for the policies; `None` while NATS does not answer.
pub(crate) async fn in_force(app: &App) -> Option<InForce> {
    let kept = Kept::<ApprovalPolicies>::read(&app.bus, KEY).await;
    let kept =
        kept.inspect_err(|error| tracing::warn!(%error, "the approval policies cannot be read")).ok()?;
    let kept = kept.map(|kept| kept.value).unwrap_or_default();
    Some(
        checked(&kept.policies).map_or_else(|mistakes| InForce::Unusable(mistakes.to_string()), InForce::Set),
    )
}

/// A ruling as the table takes it.
pub(crate) fn stored(ruling: &Ruling) -> actions::Ruling {
    actions::Ruling {
        mode: message::mode(ruling.mode).into(),
        policy: ruling.policy.clone(),
        reason: ruling.reason.clone(),
        approvals_needed: ruling.mode.approvals().cast_signed(),
    }
}
