//! `microcloud dlq …`: messages that a consumer could not handle.

use bus::dead_letters::{self, DeadLetter, DeadLetterError};
use serde_json::{Value, json};

use crate::cli::DlqCommand;
use crate::output::{self, Failure};
use crate::stack::Target;
use crate::tail;

/// More than a person reads.
const LISTED: usize = 1_000;
/// Bytes of an undecodable message that are shown.
const SHOWN_BYTES: usize = 256;

pub(crate) async fn run(target: &Target, command: DlqCommand) -> Result<(), Failure> {
    let bus = tail::connect(target).await?;
    match command {
        DlqCommand::List { json } => {
            let letters = dead_letters::list(&bus, LISTED).await.map_err(|error| failure(&error))?;
            if json {
                return output::json(&letters.iter().map(summary).collect::<Vec<_>>());
            }
            if letters.is_empty() {
                output::line("No dead letters.");
                return Ok(());
            }
            let rows = letters.into_iter().map(|letter| {
                let at = letter.at.format("%Y-%m-%d %H:%M:%S").to_string();
                vec![letter.sequence.to_string(), at, letter.consumer, letter.subject, letter.reason]
            });
            output::table(&["NUMBER", "AT (UTC)", "CONSUMER", "SUBJECT", "REASON"], rows.collect());
        }
        DlqCommand::Show { sequence } => {
            let letter = dead_letters::show(&bus, sequence).await.map_err(|error| failure(&error))?;
            let mut shown = summary(&letter);
            shown["message"] = tail::decoded(&letter.message_type, &letter.payload);
            let bytes = letter.payload.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}"));
            shown["first_bytes"] = Value::String(bytes.collect());
            output::json(&shown)?;
        }
        DlqCommand::Replay { sequence } => {
            dead_letters::replay(&bus, sequence).await.map_err(|error| failure(&error))?;
            output::line(format!("Dead letter {sequence} is on its way again."));
        }
    }
    Ok(())
}

fn summary(letter: &DeadLetter) -> Value {
    json!({
        "sequence": letter.sequence,
        "at": letter.at,
        "reason": letter.reason,
        "subject": letter.subject,
        "stream": letter.stream,
        "stream_sequence": letter.stream_sequence,
        "consumer": letter.consumer,
        "attempts": letter.attempts,
        "type": letter.message_type,
        "message_id": letter.message_id,
    })
}

fn failure(error: &DeadLetterError) -> Failure {
    match error {
        DeadLetterError::NotFound { .. }
        | DeadLetterError::AlreadyReplayed { .. }
        | DeadLetterError::NoStream => Failure::Refused(error.to_string()),
        DeadLetterError::Stream(_) | DeadLetterError::Publish { .. } => {
            Failure::because("use the dead letters", error)
        }
    }
}
