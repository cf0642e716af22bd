-- What agent-service knows. Its state is a document: the remediation core owns its shape.
create table agent_state (
    incident_id   uuid        primary key,
    simulation_id text        not null,
    run_id        uuid        not null,
    state         jsonb       not null,
    updated_tick  bigint      not null,
    updated_at    timestamptz not null default clock_timestamp()
);

create index agent_state_run on agent_state (simulation_id, run_id);

-- One decision per incident and tick, the ones not to act included.
create table agent_decisions (
    incident_id uuid        not null,
    tick        bigint      not null,
    action_id   uuid,
    decision    text        not null,
    reason      text        not null,
    decided_at  timestamptz not null default clock_timestamp(),
    primary key (incident_id, tick)
);

-- Until which tick something must not be done again. `key` is the core's: target and type, or a limit's name.
create table agent_cooldowns (
    simulation_id text   not null,
    key           text   not null,
    until_tick    bigint not null,
    primary key (simulation_id, key)
);
