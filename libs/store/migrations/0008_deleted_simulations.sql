-- Simulations that were deleted, each by its last run: nothing of that run is stored any more, and what is stored of the
-- simulation up to its end is dropped by and by. One that is created later with the same id begins after that end.
create table deleted_simulations (
    simulation_id text collate "C" not null,
    run_id        uuid             not null,
    lived_until   timestamptz      not null, -- simulated
    deleted_at    timestamptz      not null default clock_timestamp(),
    swept_at      timestamptz, -- when the last of its telemetry was dropped
    primary key (simulation_id, run_id)
);
