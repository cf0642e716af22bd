-- Whose yes a proposal takes, who has said it so far, and what was changed when approving. Approvals are part of the row, because the
-- row is what decisions compare and set.
alter table actions add column approval_mode     int   not null default 1 check (approval_mode between 1 and 3); -- 1 ask, 2 auto-approve, 3 two-person
alter table actions add column policy            text  not null default 'default';
alter table actions add column policy_reason     text  not null default '';
alter table actions add column approvals         jsonb not null default '[]'; -- [{"by": "ana", "at": "2026-11-21T14:13:20Z"}], wall clock
alter table actions add column approvals_needed  int   not null default 1 check (approvals_needed between 1 and 2);
alter table actions add column proposed_replicas int;                         -- null: as `replicas`
alter table actions add column replicas_by       text  not null default '';

-- One row a yes.
create view action_approvals as
select a.id as action_id, a.simulation_id, a.policy, p.approval ->> 'by' as approved_by,
       (p.approval ->> 'at')::timestamptz as approved_at_wall
from actions a
cross join lateral jsonb_array_elements(a.approvals) as p (approval);
