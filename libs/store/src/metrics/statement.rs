//! The statements of [`super::query`], put together at compile time.
//!
//! Named series are looked up one by one in the index, which holds all of a key; "every service" reads a range of it.

use super::query::{Aggregate, Source};

/// $1 simulation, $2 metrics, $3 services, $4 nodes, $5 step, $6 first instant, $7 end, $8 limit.
macro_rules! named {
    ($source:literal, $aggregate:literal) => {
        concat!(
            "select s.metric, s.service, s.node, q.step, q.value
             from unnest($2::text[], $3::text[], $4::text[]) with ordinality as s (metric, service, node, place)
             cross join lateral (
                select date_bin($5, m.time, timestamptz '2000-01-01 00:00:00+00') as step, ",
            $aggregate,
            " as value from ",
            $source,
            " m
                where m.simulation_id = $1 and m.metric_name = s.metric and m.service_id = s.service and m.node_id = s.node
                  and m.time >= $6 and m.time < $7
                group by 1) q
             order by s.place, q.step limit $8"
        )
    };
}

/// $1 simulation, $2 metrics, $3 whether services or nodes, $4 step, $5 first instant, $6 end, $7 limit.
macro_rules! every {
    ($source:literal, $aggregate:literal) => {
        concat!(
            "select m.metric_name, m.service_id, m.node_id,
                    date_bin($4, m.time, timestamptz '2000-01-01 00:00:00+00') as step, ",
            $aggregate,
            " as value from ",
            $source,
            " m
             where m.simulation_id = $1 and m.metric_name = any($2) and (m.service_id <> '') = $3 and (m.node_id = '') = $3
               and m.time >= $5 and m.time < $6
             group by 1, 2, 3, 4 order by 1, 2, 3, 4 limit $7"
        )
    };
}

macro_rules! of_rows {
    ($statement:ident, $aggregate:ident) => {
        match $aggregate {
            Aggregate::Avg => $statement!(
                "metrics",
                "sum(m.metric_value order by m.time, m.tick_id, m.metric_value) / count(*)"
            ),
            Aggregate::Min => $statement!("metrics", "min(m.metric_value)"),
            Aggregate::Max => $statement!("metrics", "max(m.metric_value)"),
            Aggregate::P95 => {
                $statement!("metrics", "percentile_cont(0.95) within group (order by m.metric_value)")
            }
            Aggregate::Sum => {
                $statement!("metrics", "sum(m.metric_value order by m.time, m.tick_id, m.metric_value)")
            }
            Aggregate::Count => $statement!("metrics", "count(*)::double precision"),
            Aggregate::Last => $statement!(
                "metrics",
                "(array_agg(m.metric_value order by m.time, m.tick_id, m.metric_value))[count(*)]"
            ),
            Aggregate::Rate => $statement!(
                "metrics",
                "((array_agg(m.metric_value order by m.time, m.tick_id, m.metric_value))[count(*)]
                  - (array_agg(m.metric_value order by m.time, m.tick_id, m.metric_value))[1])
                 / nullif(extract(epoch from max(m.time) - min(m.time)), 0)::double precision"
            ),
        }
    };
}

macro_rules! of_buckets {
    ($statement:ident, $source:literal, $aggregate:ident) => {
        match $aggregate {
            Aggregate::Avg => $statement!($source, "sum(m.sum_value order by m.time) / sum(m.samples)::double precision"),
            Aggregate::Min => $statement!($source, "min(m.min_value)"),
            Aggregate::Max => $statement!($source, "max(m.max_value)"),
            // Asked of steps of one minute only, which are one bucket.
            Aggregate::P95 => $statement!("metrics_1m", "max(m.p95_value)"),
            Aggregate::Sum => $statement!($source, "sum(m.sum_value order by m.time)"),
            Aggregate::Count => $statement!($source, "sum(m.samples)::double precision"),
            Aggregate::Last => $statement!($source, "(array_agg(m.last_value order by m.time))[count(*)]"),
            Aggregate::Rate => $statement!(
                $source,
                "((array_agg(m.last_value order by m.time))[count(*)] - (array_agg(m.first_value order by m.time))[1])
                 / nullif(extract(epoch from max(m.last_time) - min(m.first_time)), 0)::double precision"
            ),
        }
    };
}

pub(super) fn named(source: Source, aggregate: Aggregate) -> &'static str {
    match source {
        Source::Rows => of_rows!(named, aggregate),
        Source::Minutes => of_buckets!(named, "metrics_1m", aggregate),
        Source::Hours => of_buckets!(named, "metrics_1h", aggregate),
    }
}

pub(super) fn every(source: Source, aggregate: Aggregate) -> &'static str {
    match source {
        Source::Rows => of_rows!(every, aggregate),
        Source::Minutes => of_buckets!(every, "metrics_1m", aggregate),
        Source::Hours => of_buckets!(every, "metrics_1h", aggregate),
    }
}
