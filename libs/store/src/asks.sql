-- The login for questions of people: the dashboard's SQL page asks as it. It is only a member of microcloud_reader, so that no
-- `set role` leads anywhere. Its name and password come with the session's settings.
do $$
declare
    login text := current_setting('microcloud.asks_login');
begin
    if not exists (select from pg_roles where rolname = login) then
        execute format('create role %I login connection limit 8', login);
    end if;
    execute format('alter role %I password %L', login, current_setting('microcloud.asks_password'));
    if not pg_has_role(login, 'microcloud_reader', 'member') then
        execute format('grant microcloud_reader to %I', login);
    end if;
exception when insufficient_privilege or undefined_object then
    raise warning 'the login for questions in SQL could not be set up: %', sqlerrm
        using hint = 'run as a superuser: alter role <the user of DB_USER> createrole; then start again';
end
$$;
