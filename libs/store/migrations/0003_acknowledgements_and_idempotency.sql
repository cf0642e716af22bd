-- Who is on an incident. A table of its own, because the orchestrator writes it and signal-service writes incidents.
create table incident_acknowledgements (
    incident_id     uuid        primary key,
    acknowledged_by text        not null,
    acknowledged_at timestamptz not null default clock_timestamp() -- wall clock
);

-- Answers already given, by the key that the client chose. `scope` is the method, so that keys of different methods
-- do not meet.
create table idempotency_keys (
    scope        text        not null,
    key          text        not null,
    request_hash bytea       not null,
    response     bytea,               -- null until the transaction that did the work has recorded its answer
    created_at   timestamptz not null default clock_timestamp(),
    primary key (scope, key)
);

create index idempotency_keys_age on idempotency_keys (created_at);
