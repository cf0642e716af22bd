-- Messages already dealt with: a row is written in the transaction of the effect, so an effect happens once.
create table inbox (
    consumer    text        not null,
    message_id  text        not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (consumer, message_id)
);

create index inbox_age on inbox (received_at);

-- Messages to be published: written in the transaction of the change they tell of, sent by the relay.
create table outbox (
    position        bigint      primary key generated always as identity,
    producer        text        not null,
    message_id      text        not null,
    subject         text        not null,
    message_type    text        not null,
    simulation_id   text        not null,
    traceparent     text,
    -- nats-server takes 1 MiB with headers: a larger one would block the producer's queue for ever.
    payload         bytea       not null check (octet_length(payload) <= 1000000),
    created_at      timestamptz not null default clock_timestamp(),
    sent_at         timestamptz,
    stream_sequence bigint,              -- where the stream put it
    unique (producer, message_id)
);

-- The relay's question. Asking "what is unsent", not "what is past my cursor", finds rows that commit late.
create index outbox_unsent on outbox (producer, position) where sent_at is null;
create index outbox_sent on outbox (sent_at) where sent_at is not null;
