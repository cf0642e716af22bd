-- TimescaleDB: hypertables for the roll-ups. Run at every start; changes nothing the second time. They are no continuous
-- aggregates: docs/storage.md says why.

select create_hypertable('rollup_1m', 'time', chunk_time_interval => interval '1 day',
                         create_default_indexes => false, if_not_exists => true, migrate_data => true);
select create_hypertable('rollup_1h', 'time', chunk_time_interval => interval '30 days',
                         create_default_indexes => false, if_not_exists => true, migrate_data => true);

do $$
begin
    if current_setting('timescaledb.license', true) = 'timescale'
       and not exists (select from timescaledb_information.hypertables
                       where hypertable_name = 'rollup_1m' and compression_enabled) then
        alter table rollup_1m set (timescaledb.compress,
            timescaledb.compress_segmentby = 'simulation_id, metric_name, service_id, node_id',
            timescaledb.compress_orderby = 'time');
        alter table rollup_1h set (timescaledb.compress,
            timescaledb.compress_segmentby = 'simulation_id, metric_name, service_id, node_id',
            timescaledb.compress_orderby = 'time');
    end if;
end
$$;

-- Drops the chunks of roll-ups that every simulation in them has left behind by this, and compresses older ones. Returns
-- how many chunks were dropped.
create or replace function rollups_drop_expired(keep_minutes interval, keep_hours interval) returns bigint
language sql set lock_timeout = '2s' as $$
    select (select count(*) from drop_expired_chunks('rollup_1m', keep_minutes))
         + (select count(*) from drop_expired_chunks('rollup_1h', keep_hours))
$$;
