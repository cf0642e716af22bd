-- How many actions may be approved without a person: a bucket of tokens, refilled by the wall clock of the database.
create table approval_budget (
    scope    text primary key,              -- 'automatic' for the one over everything
    tokens   double precision not null,
    as_of    timestamptz      not null      -- wall clock
);
