-- What parting the mentions by month would give and cost; run in psql on a data base that bench/generated.py filled.
-- It makes tables of its own and takes nothing from others. docs/decisions/015 has the figures.
\timing on
-- mentions with a time of their own, whole and by month
create table m_whole as select m.*, f.created_at from mentions m join feedback f on f.id = m.feedback_id order by m.id;
create table m_parts (like m_whole) partition by range (created_at);
select format('create table m_p%s partition of m_parts for values from (%L) to (%L)', to_char(d,'YYYYMM'), d, d + interval '1 month') from generate_series('2023-11-01'::timestamptz, '2026-12-01', interval '1 month') d \gexec
insert into m_parts select * from m_whole;
create index on m_whole (feedback_id, sentiment, stage, intent, aspect);
create index on m_whole (stage, intent, sentiment, feedback_id);
create index on m_whole (aspect, sentiment, feedback_id);
create index on m_whole (id);
create index on m_parts (feedback_id, sentiment, stage, intent, aspect);
create index on m_parts (stage, intent, sentiment, feedback_id);
create index on m_parts (aspect, sentiment, feedback_id);
create index on m_parts (id);
vacuum analyze m_whole; vacuum analyze m_parts;
select pg_size_pretty(pg_table_size('m_whole')) t, pg_size_pretty(pg_indexes_size('m_whole')) i;
select pg_size_pretty(sum(pg_table_size(relid))) t, pg_size_pretty(sum(pg_indexes_size(relid))) i from pg_partition_tree('m_parts') where isleaf;
\echo as it is: feedback by time, its mentions
select count(*) from feedback f join mentions m on m.feedback_id=f.id where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.product='p1';
select count(*) from feedback f join mentions m on m.feedback_id=f.id where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.product='p1';
\echo hours of a month
select extract(hour from f.created_at), count(*) from feedback f join mentions m on m.feedback_id=f.id where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.counted group by 1 order by 2 limit 1;
select extract(hour from f.created_at), count(*) from feedback f join m_whole m on m.feedback_id=f.id where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.counted group by 1 order by 2 limit 1;
select extract(hour from f.created_at), count(*) from feedback f join m_parts m on m.feedback_id=f.id and m.created_at >= '2026-09-01' and m.created_at < '2026-10-01' where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.counted group by 1 order by 2 limit 1;
select extract(hour from f.created_at), count(*) from feedback f join m_parts m on m.feedback_id=f.id and m.created_at >= '2026-09-01' and m.created_at < '2026-10-01' where f.created_at >= '2026-09-01' and f.created_at < '2026-10-01' and f.counted group by 1 order by 2 limit 1;
\echo a year of a stage
select count(*) from feedback f join mentions m on m.feedback_id=f.id where f.created_at >= '2025-09-01' and f.created_at < '2026-09-01' and f.counted and m.stage='delivery' and m.sentiment='negative';
select count(*) from feedback f join m_whole m on m.feedback_id=f.id where f.created_at >= '2025-09-01' and f.created_at < '2026-09-01' and f.counted and m.stage='delivery' and m.sentiment='negative';
select count(*) from feedback f join m_parts m on m.feedback_id=f.id and m.created_at >= '2025-09-01' and m.created_at < '2026-09-01' where f.created_at >= '2025-09-01' and f.created_at < '2026-09-01' and f.counted and m.stage='delivery' and m.sentiment='negative';
\echo mentions of fifty messages, by id alone (page, labels): whole, parts
explain (analyze, costs off, summary on) select * from m_whole where feedback_id = any((select array_agg(id) from (select id from feedback order by created_at desc limit 50) q)::bigint[]);
explain (analyze, costs off, timing off, summary on) select * from m_parts where feedback_id = any((select array_agg(id) from (select id from feedback order by created_at desc limit 50) q)::bigint[]);
\echo labels of a batch: delete and insert 256 messages
begin; delete from m_whole where feedback_id between 300000 and 300255; rollback;
begin; delete from m_parts where feedback_id between 300000 and 300255; rollback;
\echo retention: a month by DELETE, by DROP
delete from m_whole where created_at < '2023-12-20' and created_at >= '2023-11-20';
vacuum m_whole;
drop table m_p202312;
\echo what retention has to do besides: the tallies of the messages, the messages
explain (analyze, costs off, timing off, summary on) select f.day, f.source, f.channel, f.brand, m.stage, m.intent, m.aspect, m.sentiment, count(*) from feedback f join mentions m on m.feedback_id=f.id where f.counted and f.created_at < '2023-12-20' group by 1,2,3,4,5,6,7,8;
begin; delete from feedback where created_at < '2023-12-20'; rollback;
drop table m_whole, m_parts;
