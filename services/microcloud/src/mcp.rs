//! `microcloud mcp`: a server of the Model Context Protocol on standard input and output, so that a language model can observe, look ahead and
//! propose. It speaks to the orchestrator as the other commands do, under the name of an agent of its own. It cannot approve: it has no tool
//! for it.

use rmcp::ServiceExt as _;
use rmcp::transport::stdio;

use crate::cli::McpOptions;
use crate::output::{self, Failure};
use crate::stack::Target;

mod identity;
mod parameters;
mod tools;

use tools::Tools;

pub(crate) async fn run(target: &Target, options: &McpOptions) -> Result<(), Failure> {
    let token = identity::token(target, &options.name).await?;
    let tools = Tools::new(target, &options.name, &token)?;
    // Standard output belongs to the protocol.
    output::progress(format!("mcp: agent {} at {}; a client may begin", options.name, target.url()));
    let failed = |error: &dyn std::error::Error| Failure::because("speak with the MCP client", error);
    let session = Box::pin(tools.serve(stdio())).await.map_err(|error| failed(&error))?;
    session.waiting().await.map_err(|error| failed(&error))?;
    Ok(())
}
