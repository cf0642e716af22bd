-- What happened in simulated clouds, as sim-engine told it on `sim.events`. Few rows beside the samples: an ordinary table, with
-- TimescaleDB or without.
create table simulation_events (
    id            uuid             primary key, -- derived from run, tick and position within it
    position      bigint           not null, -- in the stream: tells the order within a tick
    simulation_id text collate "C" not null,
    run_id        uuid             not null,
    tick_id       bigint           not null,
    time          timestamptz      not null, -- simulated
    kind          integer          not null, -- sim.v1.SimulationEventKind
    target_kind   integer          not null, -- 0 none, 1 service, 2 node, 3 zone, 4 simulation
    target_id     text             not null,
    message       text             not null,
    action_id     uuid,                      -- the action it is the outcome of
    command_id    uuid,                      -- the command that carried the action
    attributes    jsonb            not null  -- details by name; each kind has its own
);
create index simulation_events_time on simulation_events (simulation_id, time, position);

-- The same for people. Of a blind game, faults are left out while it is played: they are what its player has to find.
create view events as
select e.time, e.simulation_id, e.run_id, e.tick_id, e.kind,
       (array['RUN_STARTED', 'SCENARIO_SET', 'FAULT_STARTED', 'FAULT_ENDED', 'SERVICE_DEGRADED', 'SERVICE_RECOVERED', 'REPLICA_CRASHED',
              'REPLICA_READY', 'NODE_DOWN', 'NODE_READY', 'NODE_DRAINED', 'ACTION_EXECUTING', 'ACTION_SUCCEEDED', 'ACTION_FAILED',
              'CLOCK_CHANGED', 'CIRCUIT_OPENED', 'CIRCUIT_HALF_OPEN', 'CIRCUIT_CLOSED', 'SIMULATION_DELETED', 'CHAOS_SET'])[e.kind]
           as kind_name,
       e.target_kind, (array['service', 'node', 'zone', 'simulation'])[e.target_kind] as target_kind_name,
       e.target_id, e.message, e.action_id, e.command_id, e.attributes, e.id, e.position
from simulation_events e
where not (e.kind in (3, 4)
           and exists (select from games g
                       where g.simulation_id = e.simulation_id and g.run_id = e.run_id and not g.practice and g.finished_at is null));

-- What people write about an incident, while they work on it and afterwards.
create table incident_notes (
    id          uuid        primary key,
    incident_id uuid        not null,
    author      text        not null,
    text        text        not null, -- empty once it is removed; the audit keeps it
    written_at  timestamptz not null default clock_timestamp(), -- wall clock
    removed_at  timestamptz           -- wall clock
);
create index incident_notes_of on incident_notes (incident_id, written_at, id) where removed_at is null;

-- The story of each incident, a line an event, numbered in order. Attempts follow each other; within one, a proposal comes before its
-- decision, and that before its execution. A note stands after what was done when it was written.
create or replace view incident_timeline as
select e.incident_id, e.simulation_id,
       row_number() over (partition by e.incident_id order by e.attempt, e.stage, e.time_wall) as step,
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
    select i.id, i.simulation_id, w.attempt, case when w.attempt = 0 then 2 else 8 end, 'note', null, null, n.written_at, n.author, n.text, null
    from incident_notes n
    join incidents i on i.id = n.incident_id
    cross join lateral (
        select case when i.resolved and i.recorded_at <= n.written_at then 2147483647
                    else coalesce((select max(a.attempt) from actions a where a.incident_id = i.id and a.recorded_at <= n.written_at), 0)
               end as attempt) w
    where n.removed_at is null
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
