-- Views for people: names instead of numbers, units in the column names. All times are simulated unless the column
-- says wall. Nothing here looks at now().

-- One row a minute and series, for the last 6 hours of each simulation.
create view metrics_1m as
select date_bin('1 minute', m.time, timestamptz '2000-01-01 00:00:00+00') as time,
       m.simulation_id, m.service_id, m.node_id, m.metric_name,
       avg(m.metric_value) as avg_value, min(m.metric_value) as min_value, max(m.metric_value) as max_value,
       count(*) as samples
from telemetry_clock c
join metrics m on m.simulation_id = c.simulation_id
              and m.time > c.latest_time - interval '6 hours' and m.time <= c.latest_time
group by 1, m.simulation_id, m.service_id, m.node_id, m.metric_name;

-- One row an hour and series, for everything that is kept.
create view metrics_1h as
select date_bin('1 hour', m.time, timestamptz '2000-01-01 00:00:00+00') as time,
       m.simulation_id, m.service_id, m.node_id, m.metric_name,
       avg(m.metric_value) as avg_value, min(m.metric_value) as min_value, max(m.metric_value) as max_value,
       count(*) as samples
from metrics m
group by 1, m.simulation_id, m.service_id, m.node_id, m.metric_name;

-- What is wrong now.
create view open_incidents as
select i.id, i.simulation_id, i.run_id, i.severity,
       (array['info', 'warning', 'high', 'critical'])[i.severity] as severity_name,
       i.rule_name, i.family,
       (array['service', 'node', 'zone', 'simulation'])[i.target_kind] as target_kind_name,
       i.target_id, i.title, i.description, i.metric, i.observed_value, i.threshold,
       i.tick_id, i.detected_at, i.updated_at,
       extract(epoch from greatest(c.latest_time - i.detected_at, interval '0'))::double precision as open_for_s,
       coalesce(k.acknowledged_by, '') as acknowledged_by, k.acknowledged_at as acknowledged_at_wall
from incidents i
left join telemetry_clock c on c.simulation_id = i.simulation_id
left join incident_acknowledgements k on k.incident_id = i.id
where not i.resolved;

-- Every action with what became of it and of its incident.
create view action_outcomes as
select a.id, a.simulation_id, a.run_id, a.incident_id, i.rule_name, i.target_id as incident_target_id, i.severity,
       (array['RESTART_SERVICE', 'SCALE_UP', 'SCALE_DOWN', 'DRAIN_NODE', 'REBALANCE_TRAFFIC'])[a.action_type]
           as action_type_name,
       a.target_id, a.attempt,
       (array['PROPOSED', 'APPROVED', 'EXECUTING', 'SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED',
              'SUPERSEDED'])[a.status] as status_name,
       (array['NOT_JUDGED', 'EFFECTIVE', 'INEFFECTIVE', 'HARMFUL'])[a.effect + 1] as effect_name,
       a.reason, a.proposed_by, a.decided_by, a.decision_reason, a.outcome,
       a.proposed_at_tick, a.proposed_at, a.executed_at_tick, a.completed_at_tick,
       a.recorded_at as recorded_at_wall, a.decided_at as decided_at_wall,
       extract(epoch from a.decided_at - a.recorded_at)::double precision as decision_latency_wall_s,
       coalesce(i.resolved, false) as incident_resolved,
       extract(epoch from i.resolved_at - a.proposed_at)::double precision as proposal_to_resolution_s
from actions a
left join incidents i on i.id = a.incident_id;

-- The story of each incident, a line an event, numbered in order. Attempts follow each other; within one, a proposal
-- comes before its decision, and that before its execution.
create view incident_timeline as
select e.incident_id, e.simulation_id,
       row_number() over (partition by e.incident_id order by e.attempt, e.stage) as step,
       e.event, e.tick, e.time, e.time_wall, e.actor, e.detail, e.action_id
from (
    select i.id as incident_id, i.simulation_id, 0 as attempt, 1 as stage, 'opened' as event, i.tick_id as tick,
           i.detected_at as time, null::timestamptz as time_wall, 'signal-service' as actor, i.title as detail,
           null::uuid as action_id
    from incidents i
    union all
    select i.id, i.simulation_id, 0, 2, 'acknowledged', null, null, k.acknowledged_at, k.acknowledged_by, '', null
    from incident_acknowledgements k join incidents i on i.id = k.incident_id
    union all
    select a.incident_id, a.simulation_id, a.attempt, 3, 'proposed', a.proposed_at_tick, a.proposed_at, a.recorded_at,
           a.proposed_by, a.action_type_name || ' ' || a.target_id || ': ' || a.reason, a.id
    from (select o.id, o.incident_id, o.simulation_id, o.attempt, o.proposed_at_tick, o.proposed_at,
                 o.recorded_at_wall as recorded_at, o.proposed_by, o.action_type_name, o.target_id, o.reason
          from action_outcomes o) a
    union all
    select a.incident_id, a.simulation_id, a.attempt, 4,
           case when a.status = 6 then 'rejected' else 'approved' end, null, null, a.decided_at, a.decided_by,
           a.decision_reason, a.id
    from actions a where a.decided_at is not null
    union all
    select a.incident_id, a.simulation_id, a.attempt, 5, 'executing', a.executed_at_tick, null, null, 'sim-engine',
           '', a.id
    from actions a where a.executed_at_tick > 0
    union all
    select a.incident_id, a.simulation_id, a.attempt, 6,
           (array[null, null, null, 'succeeded', 'failed', null, 'expired', 'cancelled', 'superseded'])[a.status],
           nullif(a.completed_at_tick, 0), null, a.updated_at,
           case when a.status in (4, 5) then 'sim-engine' else 'orchestrator' end,
           case when a.outcome <> '' then a.outcome else a.decision_reason end, a.id
    from actions a where a.status in (4, 5, 7, 8, 9)
    union all
    select i.id, i.simulation_id, 2147483647, 7, 'resolved', i.updated_tick, i.resolved_at, null, 'signal-service',
           i.resolution, null
    from incidents i where i.resolved
) e;

-- Mean time to resolve, in simulated seconds, by rule.
create view mttr as
select i.simulation_id, i.rule_name, count(*) as incidents,
       count(*) filter (where i.resolved) as resolved,
       avg(extract(epoch from i.resolved_at - i.detected_at))::double precision as mean_s,
       percentile_cont(0.5) within group (order by extract(epoch from i.resolved_at - i.detected_at)) as median_s,
       max(extract(epoch from i.resolved_at - i.detected_at))::double precision as worst_s
from incidents i
group by i.simulation_id, i.rule_name;
