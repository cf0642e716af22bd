//! Names of the things an incident or an action is about.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($name:ident, $what:literal) => {
        #[doc = concat!("Id of a ", $what, " in the topology.")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Names a ", $what, ".")]
            pub fn new(id: &str) -> Self {
                Self(Arc::from(id))
            }

            /// The id as the topology spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }
    };
}

id!(ServiceId, "service");
id!(NodeId, "node");
id!(ZoneId, "zone");

/// What an incident or an action is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A service, all its replicas.
    Service(ServiceId),
    /// A node.
    Node(NodeId),
    /// A zone.
    Zone(ZoneId),
    /// The simulation as a whole.
    Simulation,
}

impl Target {
    /// The id alone, as it stands in `target_id` of an action; empty for the simulation as a whole.
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) => id.as_str(),
            Self::Node(id) => id.as_str(),
            Self::Zone(id) => id.as_str(),
            Self::Simulation => "",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => write!(f, "{id}"),
            Self::Node(id) => write!(f, "node {id}"),
            Self::Zone(id) => write!(f, "zone {id}"),
            Self::Simulation => f.write_str("the simulation"),
        }
    }
}
