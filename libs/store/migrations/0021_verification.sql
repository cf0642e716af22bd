-- An action that takes back one which did harm names it.
alter table actions add column rolls_back uuid;

-- What was expected of a proposal when it was made, and what came. Bands hold eight futures in ten; NaN where nothing was measured. Times
-- are simulated.
create table action_predictions (
    action_id          uuid primary key,
    simulation_id      text not null,
    run_id             uuid not null,
    made_at_tick       bigint not null,
    made_at            timestamptz not null,
    horizon_s          integer not null,
    due_at_tick        bigint not null,
    futures            integer not null,
    helps              double precision not null,
    harms              double precision not null,
    rank               integer not null,
    options            integer not null,
    refused            text not null,
    p99_ms_low         double precision not null,
    p99_ms_mid         double precision not null,
    p99_ms_high        double precision not null,
    error_pct_low      double precision not null,
    error_pct_mid      double precision not null,
    error_pct_high     double precision not null,
    bad_pct_mid        double precision not null,
    nothing_p99_ms_low      double precision not null,
    nothing_p99_ms_mid      double precision not null,
    nothing_p99_ms_high     double precision not null,
    nothing_error_pct_low   double precision not null,
    nothing_error_pct_mid   double precision not null,
    nothing_error_pct_high  double precision not null,
    nothing_bad_pct_mid     double precision not null,
    -- 0 not due yet, 1 done soon after it was proposed, 2 not done, 3 neither: done late, together with others, or nobody watched.
    came               integer not null default 0,
    came_p99_ms        double precision,
    came_error_pct     double precision,
    recorded_at        timestamptz not null default clock_timestamp()
);
create index action_predictions_due on action_predictions (simulation_id, due_at_tick) where came = 0;

-- What was expected beside what came: of the action where it was done at once, of doing nothing where it was not.
create view action_calibration as
select p.action_id, p.simulation_id, p.run_id, p.made_at, p.horizon_s, p.futures,
       (array['pending', 'acted', 'not acted', 'not comparable'])[p.came + 1] as came_as,
       e.p99_ms_low, e.p99_ms_mid, e.p99_ms_high, p.came_p99_ms,
       case when p.came in (1, 2) then p.came_p99_ms between e.p99_ms_low and e.p99_ms_high end as p99_in_band,
       e.error_pct_low, e.error_pct_mid, e.error_pct_high, p.came_error_pct,
       case when p.came in (1, 2) then p.came_error_pct between e.error_pct_low and e.error_pct_high end as error_in_band
from action_predictions p
cross join lateral (
    select case when p.came = 2 then p.nothing_p99_ms_low else p.p99_ms_low end as p99_ms_low,
           case when p.came = 2 then p.nothing_p99_ms_mid else p.p99_ms_mid end as p99_ms_mid,
           case when p.came = 2 then p.nothing_p99_ms_high else p.p99_ms_high end as p99_ms_high,
           case when p.came = 2 then p.nothing_error_pct_low else p.error_pct_low end as error_pct_low,
           case when p.came = 2 then p.nothing_error_pct_mid else p.error_pct_mid end as error_pct_mid,
           case when p.came = 2 then p.nothing_error_pct_high else p.error_pct_high end as error_pct_high
) e;
