-- How far the stored telemetry of each simulation reaches. Written with every batch of metrics; views, queries and
-- retention are relative to it, never to now(), because simulated time runs up to 1000 times faster.
create table telemetry_clock (
    simulation_id text collate "C" primary key,
    latest_time   timestamptz      not null, -- simulated
    latest_tick   bigint           not null
);

-- signal-service's inbox for telemetry: a watermark per run and shard, moved in the transaction that stores the batch.
-- Runs have one each, so that a late redelivery from an earlier run meets that run's own watermark.
create table telemetry_progress (
    simulation_id   text        not null,
    shard           int         not null,
    run_id          uuid        not null,
    tick            bigint      not null,
    stream_sequence bigint      not null, -- of the last stored message of SIM_METRICS
    updated_at      timestamptz not null default clock_timestamp(),
    primary key (simulation_id, shard, run_id)
);
