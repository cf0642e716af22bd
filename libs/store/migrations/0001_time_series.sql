-- The three tables that grow with simulated time. They are made here as ordinary tables; src/timeseries.rs, which
-- runs right after this file, turns them into hypertables (TimescaleDB) or partitions (plain PostgreSQL).
-- A hypertable's unique keys must contain its time column, hence the two-column primary keys.

-- One measured value. `time` is simulated time. A service's row has an empty node_id, a node's an empty service_id.
-- Ids compare by byte (collate "C"): that is what the index needs and the cheapest order there is.
create table metrics (
    time          timestamptz      not null,
    tick_id       bigint           not null,
    node_id       text collate "C" not null,
    service_id    text collate "C" not null,
    metric_name   text collate "C" not null,
    metric_value  double precision not null,
    labels        jsonb,
    simulation_id text collate "C" not null
);

-- Every question names a simulation and a metric, most name a target, all have a time range.
create index metrics_series on metrics (simulation_id, metric_name, service_id, node_id, time);

-- One incident a row, at its latest transition. `detected_at` follows from `id`, so one id is one row.
create table incidents (
    id             uuid             not null,
    simulation_id  text             not null,
    run_id         uuid             not null,
    detected_at    timestamptz      not null, -- simulated
    tick_id        bigint           not null, -- tick it opened at
    severity       int              not null check (severity between 1 and 4),
    title          text             not null,
    description    text             not null,
    rule_name      text             not null,
    family         text             not null,
    target_kind    int              not null,
    target_id      text             not null,
    metric         text             not null,
    observed_value double precision not null,
    threshold      double precision not null,
    transition     int              not null,
    revision       bigint           not null,
    updated_tick   bigint           not null,
    updated_at     timestamptz      not null, -- simulated
    resolved       boolean          not null default false,
    resolved_at    timestamptz,               -- simulated
    resolution     text             not null default '',
    recorded_at    timestamptz      not null default clock_timestamp(), -- wall clock
    primary key (id, detected_at)
);

create index incidents_newest on incidents (simulation_id, detected_at desc, id desc);
create index incidents_open on incidents (simulation_id, detected_at) where not resolved;

-- One action a row, at its latest version.
create table actions (
    id                uuid        not null,
    simulation_id     text        not null,
    run_id            uuid        not null,
    incident_id       uuid        not null,
    action_type       int         not null,
    target_id         text        not null,
    target_version    bigint      not null,
    replicas          int         not null default 0,
    status            int         not null check (status between 1 and 9),
    version           bigint      not null,
    reason            text        not null,
    proposed_at_tick  bigint      not null,
    proposed_at       timestamptz not null, -- simulated
    proposed_by       text        not null,
    attempt           int         not null,
    expires_at        timestamptz not null, -- wall clock
    decided_by        text        not null default '',
    decided_at        timestamptz,          -- wall clock
    decision_reason   text        not null default '',
    executed_at_tick  bigint      not null default 0,
    completed_at_tick bigint      not null default 0,
    outcome           text        not null default '',
    effect            int         not null default 0 check (effect between 0 and 3),
    recorded_at       timestamptz not null default clock_timestamp(), -- wall clock
    updated_at        timestamptz not null default clock_timestamp(), -- wall clock
    primary key (id, proposed_at)
);

create index actions_newest on actions (simulation_id, proposed_at desc, id desc);
create index actions_of_incident on actions (incident_id, attempt);
create index actions_unfinished on actions (status, expires_at) where status in (1, 2, 3);
