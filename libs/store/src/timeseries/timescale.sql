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

-- Drops every chunk in which no row is younger than `keep` before its own simulation's latest time; under the
-- Timescale licence compresses the ones that every simulation in them has left behind by a quarter of `keep`.
-- Returns the names of what was dropped.
create or replace function metrics_drop_expired(keep interval) returns setof text
language plpgsql set lock_timeout = '2s' as $$
declare
    part        record;
    young       boolean;
    warm        boolean;
    compressing constant boolean := current_setting('timescaledb.license', true) = 'timescale';
begin
    for part in
        select format('%I.%I', chunk_schema, chunk_name) as name, range_start, range_end, is_compressed
        from timescaledb_information.chunks where hypertable_name = 'metrics' order by range_start
    loop
        select coalesce(bool_or(c.latest_time - keep < part.range_end), false),
               coalesce(bool_or(c.latest_time - keep / 4 < part.range_end), false)
        into young, warm
        from telemetry_clock c
        where exists (select from metrics m where m.simulation_id = c.simulation_id
                      and m.time >= part.range_start and m.time < part.range_end);
        begin
            if not young and exists (select from telemetry_clock c where c.latest_time - keep >= part.range_end) then
                perform drop_chunks('metrics', older_than => part.range_end, newer_than => part.range_start);
                return next part.name;
            elsif compressing and not warm and not part.is_compressed then
                perform compress_chunk(part.name::regclass, if_not_compressed => true);
            end if;
        exception when lock_not_available then
            raise notice 'chunk % is dealt with later: it is in use', part.name;
        end;
    end loop;
end
$$;
