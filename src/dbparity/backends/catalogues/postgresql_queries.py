"""The queries to pg_catalog.

Catalogue types are cast to plain ones, which all drivers return alike. Only the current schema is
read; partitions belong to their table, and what an extension brought belongs to the extension.
"""

from __future__ import annotations

_MINE = """
mine AS (
  SELECT c.oid, c.relname::text AS name, c.relkind FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm')
  AND NOT c.relispartition AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e'
  )
)"""

RELATIONS = f"""
WITH {_MINE}
SELECT mine.name, relkind::text AS kind, coalesce(description, '') AS comment,
  CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(mine.oid) END AS definition
FROM mine LEFT JOIN pg_description
  ON objoid = mine.oid AND classoid = 'pg_class'::regclass AND objsubid = 0
ORDER BY mine.name
"""

COLUMNS = f"""
WITH {_MINE}, owned AS (
  SELECT DISTINCT d.refobjid AS tbl, d.refobjsubid AS num FROM pg_depend d
  JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.deptype = 'a'
)
SELECT mine.name AS tbl, a.attname::text AS name, a.attnum::int AS num,
  a.atttypid::bigint AS type, a.atttypmod AS modifier,
  format_type(a.atttypid, a.atttypmod) AS native, a.attnotnull AS filled,
  coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS value, a.attidentity::text AS identity,
  a.attgenerated::text AS generated, a.attcollation::bigint AS collation,
  owned.num IS NOT NULL AS owns, coalesce(r.description, '') AS comment
FROM mine
JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN owned ON owned.tbl = a.attrelid AND owned.num = a.attnum
LEFT JOIN pg_description r
  ON r.objoid = a.attrelid AND r.classoid = 'pg_class'::regclass AND r.objsubid = a.attnum
WHERE mine.relkind IN ('r', 'p')
ORDER BY mine.name, a.attnum
"""

TYPES = f"""
WITH RECURSIVE {_MINE}, used AS (
  SELECT DISTINCT a.atttypid AS oid FROM mine JOIN pg_attribute a ON a.attrelid = mine.oid
  UNION
  SELECT unnest(ARRAY[t.typbasetype, t.typelem]) FROM used JOIN pg_type t ON t.oid = used.oid
)
SELECT t.oid::bigint AS oid, t.typname::text AS name, t.typtype::text AS kind,
  t.typbasetype::bigint AS base, t.typtypmod AS modifier, t.typnotnull AS filled,
  coalesce(t.typdefault, '') AS value,
  CASE WHEN t.typcategory = 'A' THEN t.typelem::bigint ELSE 0 END AS element,
  coalesce(labels, '{{}}') AS labels, coalesce(rules, '{{}}') AS rules,
  coalesce(expressions, '{{}}') AS expressions
FROM used JOIN pg_type t ON t.oid = used.oid
LEFT JOIN (
  SELECT enumtypid, array_agg(enumlabel::text ORDER BY enumsortorder) AS labels
  FROM pg_enum GROUP BY enumtypid
) e ON e.enumtypid = t.oid
LEFT JOIN (
  SELECT contypid, array_agg(conname::text ORDER BY conname) AS rules,
    array_agg(pg_get_expr(conbin, 0) ORDER BY conname) AS expressions
  FROM pg_constraint WHERE contypid <> 0 AND contype = 'c' GROUP BY contypid
) k ON k.contypid = t.oid
"""

COLLATIONS = f"""
WITH {_MINE}, used AS (
  SELECT attcollation AS oid FROM mine JOIN pg_attribute ON attrelid = mine.oid
  UNION SELECT unnest(indcollation::oid[]) FROM mine JOIN pg_index ON indrelid = mine.oid
)
SELECT c.oid::bigint AS oid, c.collname::text AS name, c.collisdeterministic AS exact,
  n.nspname::text AS space, d.datcollate::text AS standard
FROM used JOIN pg_collation c ON c.oid = used.oid
JOIN pg_namespace n ON n.oid = c.collnamespace
JOIN pg_database d ON d.datname = current_database()
ORDER BY c.oid
"""

INDEXES = f"""
WITH {_MINE}
SELECT mine.name AS tbl, c.relname::text AS name, m.amname::text AS method,
  i.indisunique AS is_unique, i.indisvalid AS valid, {{nulls_not_distinct}} AS nulls_equal,
  coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
  i.indnkeyatts < k.place AS carried, coalesce(a.attname::text, '') AS part,
  CASE WHEN k.num = 0 THEN pg_get_indexdef(i.indexrelid, k.place::int, false) ELSE '' END
    AS expression,
  coalesce(i.indoption[k.place::int - 1] & 1, 0) = 1 AS descending,
  coalesce(i.indcollation[k.place::int - 1], 0)::bigint AS collation,
  coalesce(a.attcollation, 0)::bigint AS own_collation,
  CASE WHEN o.opcdefault THEN '' ELSE coalesce(o.opcname::text, '') END AS operators
FROM mine
JOIN pg_index i ON i.indrelid = mine.oid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(num, place)
LEFT JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum = k.num AND k.num <> 0
LEFT JOIN pg_opclass o ON o.oid = i.indclass[k.place::int - 1]
WHERE mine.relkind IN ('r', 'p') AND NOT EXISTS (
  SELECT FROM pg_constraint x WHERE x.conindid = i.indexrelid AND x.contype IN ('p', 'u', 'x')
)
ORDER BY mine.name, c.relname, k.place
"""

CONSTRAINTS = f"""
WITH {_MINE}
SELECT mine.name AS tbl, k.conname::text AS name,
  CASE WHEN {{temporal}} THEN 'x' ELSE k.contype::text END AS kind,
  k.condeferrable AS deferrable, k.condeferred AS deferred, {{enforced}} AS enforced,
  {{nulls_not_distinct}} AS nulls_equal,
  k.confmatchtype = 'f' AS whole, {{columns_set}} AS columns_set,
  k.confupdtype::text AS on_update, k.confdeltype::text AS on_delete,
  k.conkey::int[] AS columns,
  ARRAY(
    SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS f(num, place)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = f.num ORDER BY f.place
  ) AS referred,
  CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' ELSE '' END || target.relname
    AS target,
  CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid)
    WHEN k.contype = 'x' OR {{temporal}} THEN pg_get_constraintdef(k.oid) END AS expression
FROM mine
JOIN pg_constraint k ON k.conrelid = mine.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x')
LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
LEFT JOIN pg_class target ON target.oid = k.confrelid
LEFT JOIN pg_namespace n ON n.oid = target.relnamespace
WHERE k.conparentid = 0
ORDER BY mine.name, k.conname
"""

TRIGGERS = f"""
WITH {_MINE}
SELECT mine.name AS tbl, t.tgname::text AS name, t.tgtype::int AS type,
  pg_get_triggerdef(t.oid) || E'\n' || pg_get_functiondef(t.tgfoid) AS definition
FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND NOT t.tgisinternal
ORDER BY mine.name, t.tgname
"""
