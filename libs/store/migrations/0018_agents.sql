-- Who may propose. Names are never given twice: actions and the audit refer to agents by them.
create table agents (
    id              uuid        primary key,
    name            text        not null unique,
    description     text        not null,
    version         text        not null,
    built_in        boolean     not null default false,
    token_hash      bytea       unique,               -- SHA-256; null: no token is in force
    registered_at   timestamptz not null default clock_timestamp(), -- wall clock, as all times here
    token_issued_at timestamptz,
    retired_at      timestamptz,
    retired_by      text        not null default '',
    retire_reason   text        not null default ''
);

-- The agent that ships: it proposes on the bus, and needs no token.
insert into agents (id, name, description, version, built_in)
values ('a1094c3a-a4bc-591f-b88c-c790db44baa0', 'agent-service', 'The agent that ships with Microcloud.', '', true);

-- It holds budgets of other things than approvals, too.
alter table approval_budget rename to budgets;
