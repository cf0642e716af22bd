-- Who did what, when, and why: append-only, each row chained to the one before by SHA-256.
create table audit (
    seq           bigint      primary key,
    at            timestamptz not null,
    actor         text        not null,
    action        text        not null,
    simulation_id text        not null,
    subject_id    text        not null,
    before        jsonb,
    after         jsonb,
    reason        text        not null,
    trace_id      text        not null,
    previous_hash bytea       not null,
    hash          bytea       not null
);

create index audit_subject on audit (subject_id, seq);

-- The newest link. Its row lock puts appends in order; it also shows when the end of the chain was cut off.
create table audit_head (
    only_row boolean primary key default true check (only_row),
    seq      bigint  not null,
    hash     bytea   not null
);

insert into audit_head (seq, hash) values (0, sha256('microcloud audit'::bytea));

-- What is hashed: every column, in an order and a text form that do not depend on settings of the session.
create function audit_digest(entry audit) returns bytea
language sql stable set timezone = 'UTC' set datestyle = 'ISO' as $$
    select sha256(convert_to(jsonb_build_array(
        entry.seq, extract(epoch from entry.at), entry.actor, entry.action, entry.simulation_id, entry.subject_id,
        entry.before, entry.after, entry.reason, entry.trace_id, encode(entry.previous_hash, 'hex'))::text, 'UTF8'))
$$;

create function audit_chain() returns trigger language plpgsql as $$
declare
    head audit_head;
begin
    select * into strict head from audit_head for update;
    new.seq := head.seq + 1;
    new.at := clock_timestamp();
    new.previous_hash := head.hash;
    new.hash := audit_digest(new);
    update audit_head set seq = new.seq, hash = new.hash;
    return new;
end
$$;

create trigger audit_chain before insert on audit for each row execute function audit_chain();

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'audit is append-only: % is refused', lower(tg_op)
        using errcode = 'insufficient_privilege', hint = 'append a correcting entry instead';
end
$$;

create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_refuse();

-- Walks the chain; returns nothing when it is whole, else the first broken entry and what is wrong with it.
create function audit_verify() returns table (seq bigint, problem text) language plpgsql stable as $$
declare
    entry    audit;
    head     audit_head;
    expected bigint := 1;
    previous bytea  := sha256('microcloud audit'::bytea);
begin
    for entry in select * from audit a order by a.seq loop
        if entry.seq <> expected then
            return query select expected, 'entry is missing'::text;
            return;
        elsif entry.previous_hash <> previous then
            return query select entry.seq, 'does not continue the entry before it'::text;
            return;
        elsif entry.hash <> audit_digest(entry) then
            return query select entry.seq, 'was changed after it was written'::text;
            return;
        end if;
        expected := entry.seq + 1;
        previous := entry.hash;
    end loop;
    select * into strict head from audit_head;
    if head.seq <> expected - 1 or head.hash <> previous then
        return query select expected, 'the end of the chain was cut off'::text;
    end if;
end
$$;
