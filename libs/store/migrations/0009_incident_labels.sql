-- Labels of the rule that opened the incident, for people and queries: {"team": "payments"}.
alter table incidents add column labels jsonb not null default '{}';
