from __future__ import annotations

import pytest

from dbparity.schema.splitting import split

ROUTINE = "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW"


def texts(text: str, grammar: str) -> list[str]:
    return [statement.text for statement in split(text, grammar)]


@pytest.mark.parametrize("grammar", ["postgres", "mysql", "sqlite"])
@pytest.mark.parametrize(
    "whole",
    [
        "INSERT INTO a VALUES ('it''s; one')",
        "CREATE TABLE a (x int /* not; yet */, y int -- nor; here\n)",
        ROUTINE.replace("FOR EACH ROW", "BEGIN UPDATE a SET x = 1; END"),
        f"{ROUTINE} BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; DELETE FROM a; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
    ],
)
def test_a_semicolon_inside_ends_no_statement(grammar: str, whole: str) -> None:
    assert texts(f"{whole};\nSELECT 1", grammar) == [whole, "SELECT 1"]


@pytest.mark.parametrize(
    ("grammar", "whole"),
    [
        ("postgres", "DO $$ BEGIN PERFORM 1; END $$"),
        ("postgres", "CREATE FUNCTION f() AS $a$ SELECT '$$;'; $a$ LANGUAGE sql"),
        ("postgres", r"SELECT E'it\'s; one'"),
        ("postgres", "SELECT 1 /* outer /* inner; */ still; */ + 1"),
        ("postgres", 'CREATE TABLE "a;b" (x int[2])'),
        ("mysql", r"INSERT INTO a VALUES ('it\'s; one')"),
        ("mysql", "CREATE TABLE `a;b` (x int) # the; end\n COMMENT 'x'"),
        ("mysql", "/*!50001 CREATE VIEW v AS SELECT 1 */"),
        ("mysql", f"{ROUTINE} BEGIN IF x THEN SET y = 1; END IF; SET z = 2; END"),
        ("mysql", f"{ROUTINE} BEGIN CASE x WHEN 1 THEN SET y = 1; END CASE; SET z = 2; END"),
        ("sqlite", "CREATE TABLE [a;b] (x)"),
    ],
)
def test_a_semicolon_inside_what_the_dialect_quotes_ends_no_statement(
    grammar: str, whole: str
) -> None:
    assert texts(f"{whole};\nSELECT 1", grammar) == [whole, "SELECT 1"]


def test_a_quote_of_another_dialect_is_an_ordinary_mark() -> None:
    assert texts("SELECT '\\'; SELECT 1", "postgres") == ["SELECT '\\'", "SELECT 1"]


def test_a_transaction_is_no_block() -> None:
    assert texts("BEGIN; CREATE TABLE a (x int); COMMIT;", "postgres") == [
        "BEGIN",
        "CREATE TABLE a (x int)",
        "COMMIT",
    ]


def test_a_column_called_begin_opens_no_block() -> None:
    written = "CREATE TABLE a (begin int); SELECT 1"
    assert texts(written, "sqlite") == ["CREATE TABLE a (begin int)", "SELECT 1"]


def test_a_delimiter_of_the_client_ends_statements_until_the_next_one() -> None:
    written = f"""
        DELIMITER //
        {ROUTINE} BEGIN SET NEW.x = 'http://x'; END//
        DELIMITER ;
        SELECT 1; SELECT 2;
    """
    body = f"{ROUTINE} BEGIN SET NEW.x = 'http://x'; END"
    assert texts(written, "mysql") == [body, "SELECT 1", "SELECT 2"]


def test_what_is_meant_for_a_client_is_left_out() -> None:
    written = "\\restrict abc\nCREATE TABLE a (x int);\nCOPY a (x) FROM stdin;\n1;2\n\\.\nSELECT 1;"
    assert texts(written, "postgres") == ["CREATE TABLE a (x int)", "SELECT 1"]
    assert texts(".mode box\nSELECT 1;", "sqlite") == ["SELECT 1"]


def test_a_statement_knows_the_line_that_it_begins_on() -> None:
    written = "-- first\nSELECT 1; SELECT\n2;\n\n/* a\nb */ SELECT 3"
    assert [statement.line for statement in split(written, "sqlite")] == [2, 2, 6]


def test_a_quote_that_is_never_closed_spoils_its_own_statement_only() -> None:
    assert texts("SELECT 'a; SELECT 1; SELECT 2", "sqlite") == ["SELECT 'a", "SELECT 1", "SELECT 2"]


def test_words_are_in_capitals_and_outside_of_quotes_and_comments() -> None:
    (statement,) = split("/*!50001 create */ view `If` -- exists\n as select 'x', 1", "mysql")

    assert statement.words == ("CREATE", "VIEW", "AS", "SELECT")


def test_qualifiers_are_known_without_their_quotes() -> None:
    (statement,) = split('SELECT a.x FROM "b c".t', "postgres")

    assert statement.qualifiers == {"a", "b c"}


def test_nothing_is_in_an_empty_file() -> None:
    assert texts(" ;; -- nothing\n;", "sqlite") == []
