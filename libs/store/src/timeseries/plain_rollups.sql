-- Plain PostgreSQL: the roll-ups are ordinary tables; a hundredth of metrics. Run at every start.

-- Deletes the roll-ups that are older than this before their own simulation's latest time, in whole hours, and no minute
-- whose hour is still to be made. Returns how many rows it were.
create or replace function rollups_drop_expired(keep_minutes interval, keep_hours interval) returns bigint
language plpgsql set lock_timeout = '2s' as $$
declare
    minutes bigint;
    hours   bigint;
begin
    delete from rollup_1m r using telemetry_clock c
    where r.simulation_id = c.simulation_id and r.time < rollup_hour(c.latest_time - keep_minutes)
      and not exists (select from rollup_1h_due d where d.simulation_id = r.simulation_id and d.time = rollup_hour(r.time));
    get diagnostics minutes = row_count;
    delete from rollup_1h r using telemetry_clock c
    where r.simulation_id = c.simulation_id and r.time < rollup_hour(c.latest_time - keep_hours);
    get diagnostics hours = row_count;
    return minutes + hours;
end
$$;
