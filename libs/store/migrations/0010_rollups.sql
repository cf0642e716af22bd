-- Roll-ups of metrics by minute and by hour. They outlive the rows they are made of.
--
-- The rule that keeps them right: whoever writes rows of a minute marks that minute, and its hour, as due in the same
-- transaction. A bucket without a mark is in the roll-up as it is in metrics; one with a mark is read from metrics. So
-- the views are complete at any moment, whatever the job has come to and whatever arrives late.
--
-- Each value follows from the rows in one way only, to the last bit: a minute's sum adds its rows in order of time, tick
-- and value, an hour's sum adds its minutes' sums in order of time.

-- Buckets start at multiples of their width since 2000-01-01 00:00 UTC.
create function rollup_minute(instant timestamptz) returns timestamptz language sql immutable parallel safe as
    $$ select date_bin('1 minute', instant, timestamptz '2000-01-01 00:00:00+00') $$;
create function rollup_hour(instant timestamptz) returns timestamptz language sql immutable parallel safe as
    $$ select date_bin('1 hour', instant, timestamptz '2000-01-01 00:00:00+00') $$;

-- One minute of one series.
create table rollup_1m (
    time          timestamptz      not null, -- start of the minute (simulated)
    simulation_id text collate "C" not null,
    service_id    text collate "C" not null,
    node_id       text collate "C" not null,
    metric_name   text collate "C" not null,
    sum_value     double precision not null,
    min_value     double precision not null,
    max_value     double precision not null,
    p95_value     double precision not null, -- of the minute's rows, interpolated
    first_value   double precision not null,
    last_value    double precision not null,
    first_time    timestamptz      not null, -- simulated
    last_time     timestamptz      not null, -- simulated
    samples       bigint           not null,
    primary key (simulation_id, metric_name, service_id, node_id, time)
);

-- One hour of one series. No percentile: one of percentiles would be none.
create table rollup_1h (
    time          timestamptz      not null,
    simulation_id text collate "C" not null,
    service_id    text collate "C" not null,
    node_id       text collate "C" not null,
    metric_name   text collate "C" not null,
    sum_value     double precision not null,
    min_value     double precision not null,
    max_value     double precision not null,
    first_value   double precision not null,
    last_value    double precision not null,
    first_time    timestamptz      not null,
    last_time     timestamptz      not null,
    samples       bigint           not null,
    primary key (simulation_id, metric_name, service_id, node_id, time)
);

-- For the hours, which are made of every series at once, and for what has expired.
create index rollup_1m_time on rollup_1m (simulation_id, time);
create index rollup_1h_time on rollup_1h (simulation_id, time);

-- Buckets that rows were written to since they were last rolled up. `mark` counts the writes: the job takes a mark
-- away only if it is still the one that it had seen before it read the rows.
create table rollup_1m_due (
    simulation_id text collate "C" not null,
    time          timestamptz      not null,
    mark          bigint           not null default 0,
    primary key (simulation_id, time)
);
create table rollup_1h_due (
    simulation_id text collate "C" not null,
    time          timestamptz      not null,
    mark          bigint           not null default 0,
    primary key (simulation_id, time)
);

-- What was stored before there were roll-ups.
insert into rollup_1m_due (simulation_id, time) select distinct simulation_id, rollup_minute(time) from metrics;
insert into rollup_1h_due (simulation_id, time) select distinct simulation_id, rollup_hour(time) from rollup_1m_due;

-- Rows arrive in order of time: a few bytes per 64 pages find the newest minute among all series. The job keeps the
-- index's summaries current.
create index metrics_time on metrics using brin (time) with (pages_per_range = 64);

-- Rows of metrics before this simulated time have expired; null while none has.
alter table telemetry_clock add column rows_from timestamptz;

-- The due minutes, from their rows.
create view rollup_1m_fresh as
select d.time, d.simulation_id, f.*
from rollup_1m_due d
cross join lateral (
    select m.service_id, m.node_id, m.metric_name,
           sum(m.metric_value order by m.time, m.tick_id, m.metric_value) as sum_value,
           min(m.metric_value) as min_value, max(m.metric_value) as max_value,
           percentile_cont(0.95) within group (order by m.metric_value) as p95_value,
           (array_agg(m.metric_value order by m.time, m.tick_id, m.metric_value))[1] as first_value,
           (array_agg(m.metric_value order by m.time, m.tick_id, m.metric_value))[count(*)] as last_value,
           min(m.time) as first_time, max(m.time) as last_time, count(*) as samples
    from metrics m
    where m.simulation_id = d.simulation_id and m.time >= d.time and m.time < d.time + interval '1 minute'
    group by m.service_id, m.node_id, m.metric_name
) f;

drop view metrics_1m, metrics_1h;

-- Every minute of every series: rolled up, or from the rows.
create view metrics_1m as
select r.time, r.simulation_id, r.service_id, r.node_id, r.metric_name, r.sum_value / r.samples as avg_value,
       r.min_value, r.max_value, r.samples, r.sum_value, r.p95_value, r.first_value, r.last_value, r.first_time, r.last_time
from rollup_1m r
where not exists (select from rollup_1m_due d where d.simulation_id = r.simulation_id and d.time = r.time)
union all
select f.time, f.simulation_id, f.service_id, f.node_id, f.metric_name, f.sum_value / f.samples,
       f.min_value, f.max_value, f.samples, f.sum_value, f.p95_value, f.first_value, f.last_value, f.first_time, f.last_time
from rollup_1m_fresh f;

-- The due hours, from their minutes.
create view rollup_1h_fresh as
select d.time, d.simulation_id, f.*
from rollup_1h_due d
cross join lateral (
    select m.service_id, m.node_id, m.metric_name, sum(m.sum_value order by m.time) as sum_value,
           min(m.min_value) as min_value, max(m.max_value) as max_value,
           (array_agg(m.first_value order by m.time))[1] as first_value,
           (array_agg(m.last_value order by m.time))[count(*)] as last_value,
           min(m.first_time) as first_time, max(m.last_time) as last_time, sum(m.samples)::bigint as samples
    from metrics_1m m
    where m.simulation_id = d.simulation_id and m.time >= d.time and m.time < d.time + interval '1 hour'
    group by m.service_id, m.node_id, m.metric_name
) f;

-- Every hour of every series: rolled up, or from the minutes.
create view metrics_1h as
select r.time, r.simulation_id, r.service_id, r.node_id, r.metric_name, r.sum_value / r.samples as avg_value,
       r.min_value, r.max_value, r.samples, r.sum_value, r.first_value, r.last_value, r.first_time, r.last_time
from rollup_1h r
where not exists (select from rollup_1h_due d where d.simulation_id = r.simulation_id and d.time = r.time)
union all
select f.time, f.simulation_id, f.service_id, f.node_id, f.metric_name, f.sum_value / f.samples,
       f.min_value, f.max_value, f.samples, f.sum_value, f.first_value, f.last_value, f.first_time, f.last_time
from rollup_1h_fresh f;
