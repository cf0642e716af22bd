-- How often each kind of remedy has helped against each kind of trouble: the agent's own actions with a verdict, of all simulations.
create table agent_track_record (
    ailment     text   not null,
    action_type text   not null,
    helped      bigint not null,
    tried       bigint not null,
    primary key (ailment, action_type),
    check (helped between 0 and tried)
);

-- The rate with Wilson's 95 % interval, %.
create view track_record as
select ailment, action_type, helped, tried, round((100.0 * helped / tried)::numeric, 1) as helped_pct,
       round((100 * greatest(0, (rate + z2 / (2 * tried) - half) / (1 + z2 / tried)))::numeric, 1) as low_pct,
       round((100 * least(1, (rate + z2 / (2 * tried) + half) / (1 + z2 / tried)))::numeric, 1) as high_pct
from agent_track_record
cross join lateral (select 1.959963985 ^ 2 as z2, helped::float8 / tried as rate) as a
cross join lateral (select sqrt(z2 * (rate * (1 - rate) / tried + z2 / (4.0 * tried * tried))) as half) as b
where tried > 0;
