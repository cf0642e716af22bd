-- How much of the cloud a proposal would have touched when it was made, % of the replicas there were: policies are tried on it.
alter table action_predictions add column blast_pct double precision;
