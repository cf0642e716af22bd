-- By what an incident is silenced; all null when it is not. As it was at the end when it is over. Silences themselves live in the
-- bucket OPS_SILENCES of NATS.
alter table incidents add column silenced_by uuid;
alter table incidents add column silence_kind integer;    -- 1 silence, 2 maintenance
alter table incidents add column silence_version bigint;  -- of the silence, when it took hold

-- What is wrong now.
create or replace view open_incidents as
select i.id, i.simulation_id, i.run_id, i.severity,
       (array['info', 'warning', 'high', 'critical'])[i.severity] as severity_name,
       i.rule_name, i.family,
       (array['service', 'node', 'zone', 'simulation'])[i.target_kind] as target_kind_name,
       i.target_id, i.title, i.description, i.metric, i.observed_value, i.threshold,
       i.tick_id, i.detected_at, i.updated_at,
       extract(epoch from greatest(c.latest_time - i.detected_at, interval '0'))::double precision as open_for_s,
       coalesce(k.acknowledged_by, '') as acknowledged_by, k.acknowledged_at as acknowledged_at_wall,
       i.silenced_by, (array['silence', 'maintenance'])[i.silence_kind] as silence_kind_name
from incidents i
left join telemetry_clock c on c.simulation_id = i.simulation_id
left join incident_acknowledgements k on k.incident_id = i.id
where not i.resolved;
