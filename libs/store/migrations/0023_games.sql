-- Game days: what a person played, and how it was scored.
create table games (
    id             uuid        primary key,
    simulation_id  text        not null,
    run_id         uuid        not null,
    player         text        not null,
    -- Name of the scenario in the folder. The player learns it with the result.
    scenario       text        not null,
    seed           bigint      not null,
    -- Whether the player chose the scenario.
    practice       boolean     not null,
    -- Simulated seconds.
    length_s       double precision not null,
    started_at     timestamptz not null default clock_timestamp(),
    finished_at    timestamptz,
    gave_up        boolean     not null default false,
    -- `ops.v1.GameResult` as JSON.
    result         jsonb,
    check ((finished_at is null) = (result is null))
);
create index games_newest on games (started_at desc, id desc);

-- A row a player of every finished game; `as_played_by` is the person, the others are what the person is compared with.
create view game_rows as
select g.id as game_id, g.player as as_played_by, g.scenario, g.seed, g.practice, g.gave_up, g.started_at as started_at_wall,
       r ->> 'player' as player, (r ->> 'score')::float8 as score, (r ->> 'mitigateS')::float8 as mitigate_s,
       coalesce((r ->> 'sloMinutes')::float8, 0) as slo_minutes, coalesce((r ->> 'harmPct')::float8, 0) as harm_pct
from games g
cross join lateral jsonb_array_elements(g.result -> 'rows') as r
where g.finished_at is not null;
