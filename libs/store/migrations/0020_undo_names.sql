-- Actions that take something back have names, too. The columns are those of migration 0007.
create or replace view action_outcomes as
select a.id, a.simulation_id, a.run_id, a.incident_id, i.rule_name, i.target_id as incident_target_id, i.severity,
       (array['RESTART_SERVICE', 'SCALE_UP', 'SCALE_DOWN', 'DRAIN_NODE', 'REBALANCE_TRAFFIC', 'ADD_READ_REPLICA', 'ADD_CACHE',
              'ADD_LOAD_BALANCER', 'ADD_CDN', 'ADD_CONSUMERS', 'REMOVE_COMPONENT',
              'UNDRAIN_NODE', 'SPREAD_TRAFFIC'])[a.action_type]
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
