-- What statistics find, and what they have learnt. Few rows: a series that becomes unusual has one, one that moves has some
-- every few minutes. Ordinary tables, with TimescaleDB or without.

-- A series became unusual. A service's row has an empty node_id, a node's an empty service_id.
create table anomalies (
    time          timestamptz      not null, -- simulated
    simulation_id text collate "C" not null,
    run_id        uuid             not null,
    tick_id       bigint           not null,
    node_id       text collate "C" not null,
    service_id    text collate "C" not null,
    metric_name   text collate "C" not null,
    score         double precision not null, -- 1 less the chance that noise alone gives as much evidence
    evidence      double precision not null, -- decades of rarity, 0 to 8
    value         double precision not null, -- mean over ten simulated seconds, in the metric's unit
    expected      double precision not null, -- what was usual, in the metric's unit
    aspect        text             not null, -- value, step, mean, long_mean or season
    primary key (simulation_id, run_id, service_id, node_id, metric_name, time)
);
create index anomalies_time on anomalies (simulation_id, time);

-- A value to come of a series that moves; several horizons a forecast.
create table forecasts (
    made_at          timestamptz      not null, -- simulated
    simulation_id    text collate "C" not null,
    run_id           uuid             not null,
    tick_id          bigint           not null,
    node_id          text collate "C" not null,
    service_id       text collate "C" not null,
    metric_name      text collate "C" not null,
    horizon_s        integer          not null, -- simulated seconds after made_at
    at               timestamptz      not null, -- made_at + horizon_s
    value            double precision not null, -- expected, in the metric's unit
    low              double precision not null, -- one in ten lies below
    high             double precision not null, -- one in ten lies above
    value_now        double precision not null, -- mean of the ten seconds before made_at
    limit_value      double precision,          -- the limit it runs into; null when none is in sight
    limit_in_s       integer,                   -- simulated seconds until half of all courses have reached it
    limit_earliest_s integer,                   -- until one in ten has
    limit_latest_s   integer,                   -- until nine in ten have
    primary key (simulation_id, run_id, service_id, node_id, metric_name, made_at, horizon_s)
);
create index forecasts_time on forecasts (simulation_id, made_at);

-- What statistics had learnt of a shard up to a tick, written every quarter of an hour of simulated time. A restart goes on from it.
create table statistics_memory (
    simulation_id text collate "C" not null,
    shard         integer          not null,
    run_id        uuid             not null,
    tick          bigint           not null,
    format        integer          not null, -- layout of the state; another one is not read
    state         bytea            not null,
    updated_at    timestamptz      not null default clock_timestamp(), -- wall
    primary key (simulation_id, shard)
);
