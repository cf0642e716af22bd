-- The role for people who ask questions: SELECT on the tables and views named here, nothing else. It cannot log in;
-- docs/storage.md says how to become it. Roles belong to the whole server, so another database may have made it.
do $$
begin
    if not exists (select from pg_roles where rolname = 'microcloud_reader') then
        begin
            create role microcloud_reader nologin;
        exception when duplicate_object or unique_violation then
            null; -- another database's migration was faster
        end;
    end if;
    if not pg_has_role(current_user, 'microcloud_reader', 'member') then
        execute format('grant microcloud_reader to %I', current_user);
    end if;
    -- Nobody but the owner makes temporary tables or new objects here.
    execute format('revoke temporary on database %I from public', current_database());
    revoke create on schema public from public;
    grant usage on schema public to microcloud_reader;
    grant select on metrics, telemetry_clock, incidents, incident_acknowledgements, actions,
                    metrics_1m, metrics_1h, open_incidents, incident_timeline, action_outcomes, mttr, incident_impact, incident_suspects, action_approvals,
                    action_predictions, action_calibration, game_rows, track_record,
                    anomalies, forecasts, events, incident_notes
        to microcloud_reader;
    revoke execute on function metrics_make_room(timestamptz, timestamptz), metrics_drop_expired(interval),
                               rollups_drop_expired(interval, interval),
                               audit_digest(audit), audit_verify() from public;
exception when insufficient_privilege then
    raise warning 'the role microcloud_reader could not be set up: %', sqlerrm
        using hint = 'run as a superuser: create role microcloud_reader nologin; grant microcloud_reader to the user of DB_USER with admin option; then start again';
end
$$;
