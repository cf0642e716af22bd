//! Serving HTTP until shutdown.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Why an address cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Somebody else listens there, or the address is not this machine's.
    #[error("cannot listen on {addr}: stop what listens there, or choose another address with {variable}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Variable that sets it.
        variable: &'static str,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Accepting connections failed.
    #[error("serving {addr} failed")]
    Serve {
        /// The address.
        addr: SocketAddr,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// Binds an address; a mistake shows before anything else starts.
///
/// # Errors
/// When it is taken or not ours.
pub async fn listen(addr: SocketAddr, variable: &'static str) -> Result<TcpListener, HttpError> {
    TcpListener::bind(addr).await.map_err(|source| HttpError::Listen { addr, variable, source })
}

/// Serves until the token is cancelled, then finishes open requests.
///
/// # Errors
/// When accepting connections fails.
pub async fn serve(listener: TcpListener, router: Router, token: CancellationToken) -> Result<(), HttpError> {
    let addr = listener.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    tracing::info!(%addr, "listening");
    axum::serve(listener, router)
        .with_graceful_shutdown(token.cancelled_owned())
        .await
        .map_err(|source| HttpError::Serve { addr, source })
}
