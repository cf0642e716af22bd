-- TimescaleDB: hypertables for metrics, incidents and actions. Run at every start; changes nothing the second time.
-- Compression needs the Timescale licence. The policies that come with it compare with now(), which says nothing
-- about simulated time, so retention and compression are ours under either licence: metrics_drop_expired.

select create_hypertable('metrics', 'time', chunk_time_interval => interval '6 hours',
                         create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('incidents', 'detected_at', chunk_time_interval => interval '7 days',
                         create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('actions', 'proposed_at', chunk_time_interval => interval '7 days',
                         create_default_indexes => false, if_not_exists => true, migrate_data => true);

do $$
begin
    if current_setting('timescaledb.license', true) = 'timescale'
       and not exists (select from timescaledb_information.hypertables
                       where hypertable_name = 'metrics' and compression_enabled) then
        alter table metrics set (timescaledb.compress,
            timescaledb.compress_segmentby = 'simulation_id, metric_name, service_id, node_id',
            timescaledb.compress_orderby = 'time');
    end if;
end
$$;

-- Chunks are made by the extension as rows arrive.
create or replace function metrics_make_room(first_time timestamptz, last_time timestamptz) returns void
language sql as $$ select $$;

-- Drops every chunk of metrics in which no row is younger than `keep` before its own simulation's latest time and every
-- minute is rolled up. Returns the names of what was dropped.
create or replace function metrics_drop_expired(keep interval) returns setof text
language plpgsql set lock_timeout = '2s' as $$
declare
    dropped timestamptz;
    part    record;
begin
    for part in select * from drop_expired_chunks('metrics', keep) loop
        dropped := greatest(dropped, part.range_end);
        return next part.name;
    end loop;
    -- In order, as the writers take them; last, because they wait for it.
    perform from telemetry_clock c where c.latest_time - keep >= dropped order by c.simulation_id for update;
    update telemetry_clock c set rows_from = greatest(c.rows_from, dropped) where c.latest_time - keep >= dropped;
end
$$;

-- Drops the chunks of a hypertable of telemetry that every simulation in them has left behind by `keep`; under the
-- Timescale licence compresses the ones that they have left behind by a quarter of it. A chunk with a bucket that is to
-- be rolled up stays.
create or replace function drop_expired_chunks(hypertable text, keep interval)
returns table (name text, range_end timestamptz)
language plpgsql set lock_timeout = '2s' as $$
declare
    part        record;
    young       boolean;
    warm        boolean;
    compressing constant boolean := current_setting('timescaledb.license', true) = 'timescale';
begin
    for part in
        select format('%I.%I', h.chunk_schema, h.chunk_name) as name, h.range_start, h.range_end, h.is_compressed
        from timescaledb_information.chunks h where h.hypertable_name = hypertable order by h.range_start
    loop
        continue when exists (select from rollup_1m_due d where d.time >= part.range_start and d.time < part.range_end)
                   or exists (select from rollup_1h_due d where d.time >= part.range_start and d.time < part.range_end
                              and hypertable <> 'metrics');
        execute format($query$
            select coalesce(bool_or(c.latest_time - $1 < $3), false),
                   coalesce(bool_or(c.latest_time - $1 / 4 < $3), false)
            from telemetry_clock c
            where exists (select from %I m where m.simulation_id = c.simulation_id and m.time >= $2 and m.time < $3)
        $query$, hypertable) into young, warm using keep, part.range_start, part.range_end;
        begin
            if not young and exists (select from telemetry_clock c where c.latest_time - keep >= part.range_end) then
                perform drop_chunks(hypertable::regclass, older_than => part.range_end, newer_than => part.range_start);
                name := part.name;
                range_end := part.range_end;
                return next;
            elsif compressing and not warm and not part.is_compressed then
                perform compress_chunk(part.name::regclass, if_not_compressed => true);
            end if;
        exception when lock_not_available then
            raise notice 'chunk % is dealt with later: it is in use', part.name;
        end;
    end loop;
end
$$;
