-- Incidents that belong together: the first is the lead, the others are its symptoms. The record says what is known about the
-- group: {"symptoms": 3, "open_symptoms": 1, "impact": {...}, "suspects": [...]}; docs/storage.md has its fields.
alter table incidents add column symptom_of uuid;
alter table incidents add column record jsonb not null default '{}';

create index incidents_symptoms on incidents (symptom_of) where symptom_of is not null;

-- One row a lead: whom it reached and what it cost.
create view incident_impact as
select i.id, i.simulation_id, i.title, i.severity, i.detected_at,
       greatest(i.resolved_at, max(s.resolved_at)) as over_at,
       i.resolved and coalesce(bool_and(s.resolved), true) as is_over,
       count(s.id) as symptoms,
       coalesce(array_agg(distinct s.target_id) filter (where s.id is not null), '{}') as affected,
       (i.record -> 'impact' ->> 'requests_milli')::double precision / 1000 as requests,
       (i.record -> 'impact' ->> 'failed_milli')::double precision / 1000 as failed_requests,
       (i.record -> 'impact' ->> 'slow_milli')::double precision / 1000 as slow_requests,
       (i.record -> 'impact' ->> 'worst_permille')::double precision / 10 as worst_affected_pct
from incidents i
left join incidents s on s.symptom_of = i.id
where i.symptom_of is null
group by i.id, i.simulation_id, i.title, i.severity, i.detected_at, i.resolved, i.resolved_at, i.record;

-- One row a suspect of a lead, most likely first.
create view incident_suspects as
select i.id as incident_id, i.simulation_id, i.title, s.rank,
       s.suspect ->> 'kind' as suspect_kind, s.suspect ->> 'id' as suspect_id,
       (s.suspect ->> 'share')::double precision as share, s.suspect -> 'reasons' ->> 0 as reason
from incidents i
cross join lateral jsonb_array_elements(i.record -> 'suspects') with ordinality as s (suspect, rank)
where i.symptom_of is null;
