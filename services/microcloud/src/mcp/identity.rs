//! Who the server is: an agent whose token is kept in the home, for its owner only.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use connectrpc_axum_client::Code;
use proto::ops::v1::{AgentServiceObserveRequest, RegisterAgentRequest};

use crate::api;
use crate::output::Failure;
use crate::stack::Target;

/// Folder of tokens in the home.
const FOLDER: &str = "agents";
/// What agents.list says of it.
const DESCRIPTION: &str = "A language model that speaks by MCP";

/// The token that is kept, if it is in force, or that of a new registration.
pub(super) async fn token(target: &Target, name: &str) -> Result<String, Failure> {
    let file = target.home().join(FOLDER).join(format!("{name}.token"));
    if let Ok(kept) = fs::read_to_string(&file)
        && is_in_force(target, kept.trim()).await?
    {
        return Ok(kept.trim().to_owned());
    }
    let request = RegisterAgentRequest {
        name: name.to_owned(),
        description: DESCRIPTION.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let registered = api::agents(target, None)?.register_agent(&request).await;
    let token = registered.map_err(|error| refused(error, &file))?.into_inner().token;
    keep(&file, &token).map_err(|error| Failure::because("keep the token in the home", &error))?;
    Ok(token)
}

async fn is_in_force(target: &Target, token: &str) -> Result<bool, Failure> {
    let request = AgentServiceObserveRequest { simulation_id: String::new() };
    match api::agents(target, Some(token))?.observe(&request).await {
        Ok(_) => Ok(true),
        // Of another stack, or retired.
        Err(error) if error.code() == Code::Unauthenticated => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn refused(error: connectrpc_axum_client::ClientError, file: &Path) -> Failure {
    if error.code() != Code::AlreadyExists {
        return error.into();
    }
    let message = error.message().unwrap_or_default();
    Failure::Refused(format!(
        "{message} The token would be in {}; --name gives this server another name.",
        file.display()
    ))
}

fn keep(file: &PathBuf, token: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(token.as_bytes())
}
