"""The queries to information_schema that MySQL and MariaDB share, and those that they do not.

Every column has an alias: MySQL gives their names back in capitals.
"""

from __future__ import annotations

TABLES = """
SELECT table_name AS name, table_comment AS comment FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""

VIEWS = """
SELECT DATABASE() AS space, table_name AS name, view_definition AS definition
FROM information_schema.views WHERE table_schema = DATABASE()
"""

COLUMNS = """
SELECT table_name AS tbl, column_name AS name, column_type AS native, column_default AS value,
  is_nullable AS nullable, character_set_name AS charset, collation_name AS collation,
  extra AS extra, generation_expression AS expression, column_comment AS comment
FROM information_schema.columns WHERE table_schema = DATABASE()
ORDER BY table_name, ordinal_position
"""

INDEXES = """
SELECT table_name AS tbl, index_name AS name, non_unique = 0 AS is_unique, column_name AS part,
  collation AS direction, sub_part AS prefix, index_type AS method, {expression} AS expression
FROM information_schema.statistics WHERE table_schema = DATABASE()
ORDER BY table_name, index_name, seq_in_index
"""

FOREIGN_KEYS = """
SELECT k.table_name AS tbl, k.constraint_name AS name, k.column_name AS source,
  CASE WHEN k.referenced_table_schema = k.table_schema THEN ''
    ELSE concat(k.referenced_table_schema, '.') END AS space,
  k.referenced_table_name AS target, k.referenced_column_name AS referred,
  r.delete_rule AS on_delete, r.update_rule AS on_update
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
  AND r.table_name = k.table_name
WHERE k.table_schema = DATABASE() AND r.constraint_schema = DATABASE()
  AND k.referenced_table_name IS NOT NULL
ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""

# Merged into one another these views take longer with each pair of checks.
MYSQL_CHECKS = """
SELECT /*+ NO_MERGE(t) NO_MERGE(c) */ t.table_name AS tbl, t.constraint_name AS name,
  c.check_clause AS expression, t.enforced = 'YES' AS enforced
FROM (
  SELECT table_name, constraint_name, enforced FROM information_schema.table_constraints
  WHERE table_schema = DATABASE() AND constraint_type = 'CHECK'
) t
JOIN (
  SELECT constraint_name, check_clause FROM information_schema.check_constraints
  WHERE constraint_schema = DATABASE()
) c ON c.constraint_name = t.constraint_name
"""

MARIADB_CHECKS = """
SELECT table_name AS tbl, constraint_name AS name, check_clause AS expression, 1 AS enforced
FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()
"""

TRIGGERS = """
SELECT event_object_table AS tbl, trigger_name AS name, action_timing AS timing,
  event_manipulation AS event, action_statement AS definition
FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""
