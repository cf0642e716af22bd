-- Plain PostgreSQL: metrics in range partitions of 6 simulated hours, made before the rows arrive, plus a default
-- partition so that a row is never refused. Run at every start; changes nothing the second time.

do $$
begin
    if (select relkind from pg_class where oid = 'metrics'::regclass) = 'r' then
        alter table metrics rename to metrics_template;
        alter index metrics_series rename to metrics_template_series;
        create table metrics (like metrics_template including defaults including constraints) partition by range (time);
        create index metrics_series on metrics (simulation_id, metric_name, service_id, node_id, time);
        create table metrics_default partition of metrics default;
        -- Nothing was stored yet on a fresh database; a database from elsewhere keeps its rows.
        insert into metrics select * from metrics_template;
        drop table metrics_template;
    end if;
end
$$;

-- Makes the partitions for a span of simulated time, and the next one. Rows that reached the default partition
-- earlier move into the new one. When somebody's long query holds the table for half a second, the rows go to the
-- default partition this time. A span of more than 64 partitions (16 days in one batch) is not a batch of one
-- simulation: the rest goes to the default partition as well.
create or replace function metrics_make_room(first_time timestamptz, last_time timestamptz) returns void
language plpgsql set lock_timeout = '10s' as $$
declare
    width    constant interval := interval '6 hours';
    beginning timestamptz := date_bin(width, first_time, timestamptz '2000-01-01 00:00:00+00');
    final    constant timestamptz := least(last_time, first_time + 64 * width) + width;
    name     text;
begin
    while beginning <= final loop
        name := 'metrics_' || to_char(beginning at time zone 'UTC', 'YYYYMMDD_HH24');
        if to_regclass(name) is null then
            -- One creator at a time, until it commits.
            perform set_config('lock_timeout', '10s', true);
            perform pg_advisory_xact_lock(hashtext('metrics_make_room'));
            perform set_config('lock_timeout', '500ms', true);
            begin
                execute format('create table %I (like metrics including defaults including constraints)', name);
                execute format('alter table %I add constraint %I check (time >= %L and time < %L)',
                               name, name || '_range', beginning, beginning + width);
                execute format('with moved as (delete from metrics_default where time >= %L and time < %L returning *)
                                insert into %I select * from moved', beginning, beginning + width, name);
                execute format('alter table metrics attach partition %I for values from (%L) to (%L)',
                               name, beginning, beginning + width);
            exception
                when duplicate_table then
                    null; -- made while this session waited
                when lock_not_available then
                    raise notice 'metrics partition % is made later: the table is in use', name;
                    return;
            end;
        end if;
        beginning := beginning + width;
    end loop;
end
$$;

-- Drops every partition in which no row is younger than `keep` before its own simulation's latest time and every minute
-- is rolled up, and the old rows of the default partition. Returns the names of what was dropped.
create or replace function metrics_drop_expired(keep interval) returns setof text
language plpgsql set lock_timeout = '2s' as $$
declare
    part    record;
    needed  boolean;
    dropped timestamptz;
begin
    for part in
        select c.relname::text as name,
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\)'))[1]::timestamptz as lower_bound,
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz as upper_bound
        from pg_inherits h join pg_class c on c.oid = h.inhrelid
        where h.inhparent = 'metrics'::regclass and c.relname <> 'metrics_default'
        order by c.relname
    loop
        -- A loose index scan over the simulations in the partition; one that the clock does not know is kept.
        execute format($query$
            with recursive present as (
                (select simulation_id from %1$I order by simulation_id limit 1)
                union all
                select (select m.simulation_id from %1$I m where m.simulation_id > p.simulation_id
                        order by m.simulation_id limit 1)
                from present p where p.simulation_id is not null
            )
            select exists (
                select from present p left join telemetry_clock c using (simulation_id)
                where p.simulation_id is not null
                  and (c.latest_time is null or c.latest_time - $1 < $2))
                or not exists (select from telemetry_clock c where c.latest_time - $1 >= $2)
                or exists (select from rollup_1m_due d where d.time >= $3 and d.time < $2)
        $query$, part.name) into needed using keep, part.upper_bound, part.lower_bound;
        if not needed then
            begin
                execute format('drop table %I', part.name);
                dropped := greatest(dropped, part.upper_bound);
                return next part.name;
            exception when lock_not_available then
                raise notice 'metrics partition % is dropped later: it is in use', part.name;
            end;
        end if;
    end loop;
    delete from metrics_default d using telemetry_clock c
    where c.simulation_id = d.simulation_id and d.time < c.latest_time - keep
      and not exists (select from rollup_1m_due u where u.simulation_id = d.simulation_id and u.time = rollup_minute(d.time));
    -- In order, as the writers take them; last, because they wait for it.
    perform from telemetry_clock c where c.latest_time - keep >= dropped order by c.simulation_id for update;
    update telemetry_clock c set rows_from = greatest(c.rows_from, dropped) where c.latest_time - keep >= dropped;
end
$$;
