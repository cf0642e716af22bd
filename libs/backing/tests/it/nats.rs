use backing::{NatsOptions, NatsServer, StartError, process::Stopped};

#[tokio::test]
async fn it_starts_stops_is_killed_and_starts_again_on_its_port() {
    let mut server = NatsServer::ephemeral().await.unwrap();
    let port = server.port();
    assert_eq!(server.url(), format!("nats://127.0.0.1:{port}"));
    assert!(!backing::is_free(port));
    assert!(matches!(server.stop().await.unwrap(), Stopped::InTime(_)));
    assert!(backing::is_free(port));
    server.restart().await.unwrap();
    assert!(!backing::is_free(port));
    server.kill().await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(server.port(), port);
    let home = server.home().to_owned();
    drop(server);
    assert!(backing::is_free(port) && !home.exists());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let server = NatsServer::ephemeral().await.unwrap();
    let taken = server.port();
    let error =
        NatsServer::start(NatsOptions { port: Some(taken), ..NatsOptions::default() }).await.unwrap_err();
    assert!(matches!(error, StartError::PortTaken { port, .. } if port == taken), "{error}");
    assert!(error.to_string().contains("choose another port"), "{error}");
}

#[tokio::test]
async fn a_bad_configuration_shows_what_the_server_said() {
    let options = NatsOptions { extra_config: "no_such_setting: 1".to_owned(), ..NatsOptions::default() };
    let error = NatsServer::start(options).await.unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_home_that_cannot_be_created_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = NatsOptions { home: Some(file.path().join("home")), ..NatsOptions::default() };
    let error = NatsServer::start(options).await.unwrap_err();
    assert!(error.to_string().contains("check that the directory may be written"), "{error}");
}
